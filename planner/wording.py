"""How are categories, explanations and titles worded? Title Case, gender where goods carry it, one sentence to "you", no title cut in a word."""

import re

from domain.filters import Filters
from domain.product import Gender

_SMALL = frozenset({"and", "or", "of", "for", "with", "in", "a", "the"})
_LONG_TITLE = 90
_PREFIX: dict[Gender, str] = {"women": "Women's", "men": "Men's", "kids": "Kids'"}
_GENDERED = re.compile(r"^(women'?s|men'?s|kids'?|ladies'?|boys'?|girls'?)\s+", re.IGNORECASE)


def title_case(text: str) -> str:
    """ "hiking boots for women" gives "Hiking Boots for Women"."""
    words = text.replace("\u2019", "'").split()
    return " ".join(w if i and w in _SMALL else w[:1].upper() + w[1:] for i, w in enumerate(words))


def with_gender(text: str, gender: Gender | None) -> str:
    """The text with its gender in front, once; lower-case texts get it in lower case."""
    if gender is None or gender not in _PREFIX:
        return text
    bare = _GENDERED.sub("", text)
    prefix = _PREFIX[gender] if bare[:1].isupper() else _PREFIX[gender].lower()
    return f"{prefix} {bare}"


def without_gender(text: str) -> str:
    """The text without a gender in front; the whole text when it is nothing else."""
    return _GENDERED.sub("", text) or text


def explanation_for(label: str, filters: Filters) -> str:
    """One sentence of at most 20 words, to "you", from what was asked."""
    facts = list(dict.fromkeys([*(filters.features or ())[:2], *(filters.color or ())[:1], *(filters.material or ())[:1]]))
    asked = f": {', '.join(facts)}" if facts else ""
    price = f", within your ${filters.price_max.normalize():f}" if filters.price_max is not None and filters.currency == "USD" else ""
    return f"{label} picked for you{asked}{price}."


def shortened(title: str, most: int = _LONG_TITLE) -> str:
    """A title of bounded length, cut between words; no bracket or comma is left open at its end."""
    if len(title) <= most:
        return title
    cut = title[: most - 1].rsplit(" ", 1)[0]
    if cut.count("(") > cut.count(")"):
        cut = cut[: cut.rindex("(")]
    return f"{cut.rstrip(' ,;:-(')}…"
