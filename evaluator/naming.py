"""Which products does a text name? By their full titles, the longest first, so that a title within a longer one is no other product."""

from collections.abc import Iterable

from domain.product import Product
from domain.reply import Reply


class Names:
    """The titles of a catalogue."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._ids: dict[str, set[str]] = {}
        for product in products:
            self._ids.setdefault(product.title, set()).add(product.product_id)
        self._titles = sorted(self._ids, key=len, reverse=True)

    def named_in(self, text: str) -> tuple[str, ...]:
        """Titles that the text holds, each place counted for the longest title only."""
        found = []
        for title in self._titles:
            if title in text:
                found.append(title)
                text = text.replace(title, "\0")
        return tuple(found)

    def outside_evidence(self, reply: Reply, evidence: frozenset[str]) -> tuple[str, ...]:
        """Titles in the reply's words that none of these products carries."""
        words = " ".join((reply.text, *reply.suggestions, *(c.passage for c in reply.citations)))
        return tuple(title for title in self.named_in(words) if not self._ids[title] & evidence)


def evidence_of(reply: Reply) -> frozenset[str]:
    """Products that this reply shows, compares, cites or holds in its cart or order."""
    compared = reply.comparison.product_ids if reply.comparison else ()
    cited = (citation.product_id for citation in reply.citations if citation.product_id)
    lines = (line["product_id"] for held in (reply.cart, reply.order) if held for line in held.get("lines") or held.get("items") or ())
    return frozenset((*(product.product_id for product in reply.products), *compared, *cited, *lines))
