"""What does the formulator answer? The search query, the attributes said, and the paper's Proposal (Fig. 5 and 10)."""

import re
from decimal import Decimal

from domain.document import Document
from domain.product import Gender

MAX_CATEGORIES = 4
PRODUCTS_PER_CATEGORY = 6
_ADDRESSES_YOU = re.compile(r"\b(you|your|yours|you'll|you're|you've)\b", re.IGNORECASE)
_SPEAKS_OF_A_SHOPPER = re.compile(r"\b(the )?(shopper|customer|user)s?\b", re.IGNORECASE)
_GIFT_CARD = re.compile(r"\b(gift|store|e-?gift)[\s-]?(card|voucher|certificate)s?\b", re.IGNORECASE)


class Attributes(Document):
    """What the conversation states about the need; nothing invented. None or empty means not said."""

    category: str | None = None
    """Head noun phrase of the thing wanted: "hiking boots"."""
    brand: tuple[str, ...] = ()
    color: tuple[str, ...] = ()
    size: str | None = None
    gender: Gender | None = None
    material: tuple[str, ...] = ()
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    features: tuple[str, ...] = ()
    recipient: str | None = None
    """Whom it is for, when not the shopper: "my dad"."""
    occasion: str | None = None
    """What it is for: "ski trip"."""
    exclude: tuple[str, ...] = ()
    """What is ruled out: "leather"."""


class ProposedCategory(Document):
    """One category with hypothetical products: three specific titles, then three generic phrases."""

    category: str
    """Two to four words in Title Case; "Men's" or "Women's" only for gendered goods."""
    products: tuple[str, ...]
    """Six different titles: three as shops list them, three as people search."""
    explanation: str = ""
    """One sentence of at most 20 words, addressed to "you"."""


class Proposal(Document):
    """Up to four categories that answer the need. Empty when there is nothing to search for."""

    categories: tuple[ProposedCategory, ...] = ()

    def broken_rules(self) -> tuple[str, ...]:
        """Names of the paper's rules that this proposal breaks, each once; empty when it may be answered with."""
        broken: list[str] = []
        if not 1 <= len(self.categories) <= MAX_CATEGORIES:
            broken.append("one_to_four_categories")
        if any(len({p.casefold() for p in c.products}) != PRODUCTS_PER_CATEGORY for c in self.categories):
            broken.append("six_different_products")
        if any(not _speaks_to_you(c.explanation) for c in self.categories):
            broken.append("explanation_addresses_you")
        if any(_GIFT_CARD.search(text) for c in self.categories for text in (c.category, *c.products)):
            broken.append("no_gift_cards")
        if len({c.category.casefold() for c in self.categories}) != len(self.categories):
            broken.append("categories_differ")
        return tuple(broken)


class Formulation(Document):
    """One formulation of a turn, by whichever implementation."""

    query: str
    """What one would type into a search box; empty when nothing is to be searched."""
    attributes: Attributes = Attributes()
    proposal: Proposal = Proposal()


def is_gift_card_text(text: str) -> bool:
    """Whether the words name a gift card, voucher or certificate."""
    return _GIFT_CARD.search(text) is not None


def _speaks_to_you(explanation: str) -> bool:
    return bool(_ADDRESSES_YOU.search(explanation)) and not _SPEAKS_OF_A_SHOPPER.search(explanation)
