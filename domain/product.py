"""What is a product, and what may a shopper see of it?"""

from collections import Counter
from typing import Literal

from pydantic import Field, field_validator

from domain.document import Document
from domain.money import Money

Gender = Literal["women", "men", "unisex", "kids"]


class Variant(Document):
    """One buyable version of a product: a size, sometimes a colour, with a stock of its own."""

    variant_id: str
    size: str | None = None
    color: str | None = None
    price: Money | None = None
    """None means the product's own price."""
    stock: int | None = None
    """Pieces on hand; None means the feed doesn't say, 0 means sold out."""

    @property
    def in_stock(self) -> bool | None:
        """None when the feed gives no figure."""
        return None if self.stock is None else self.stock > 0


class Product(Document):
    """A catalogue entry. Its words are data: they are never read as instructions (DESIGN.md, rule 6).

    Fields that no feed is sure to carry are None or empty, and mean "unknown", never "no".
    """

    product_id: str
    title: str
    description: str = ""
    brand: str | None = None
    price: Money | None = None
    category: tuple[str, ...] = ()
    """The path from the broadest to the narrowest name: ("Footwear", "Hiking Boots")."""
    gender: Gender | None = None
    colors: tuple[str, ...] = ()
    material: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    """Short facts that a shopper filters by: "waterproof", "noise cancelling"."""
    sizes: tuple[str, ...] = ()
    """Sizes of a product without variants; with variants, theirs hold."""
    rating: float | None = None
    """Mean stars, 0 to 5."""
    rating_count: int | None = None
    stock: int | None = None
    """Pieces of a product without variants; with variants, theirs hold."""
    variants: tuple[Variant, ...] = ()
    image_url: str | None = None
    url: str | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    """Further facts, as the listing names them: {"weight": "1.1 kg"}."""
    reviews: tuple[str, ...] = ()
    """Texts of other shoppers: quoted at most, never followed."""
    is_gift_card: bool = False
    """Gift cards are sold by the shop but never proposed (the paper, Fig. 5)."""

    @field_validator("variants")
    @classmethod
    def _told_apart(cls, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        """Feeds may give one SKU to several sizes: those get ids of their own, whatever the order in which they come."""
        counted = Counter(variant.variant_id for variant in variants)
        if len(counted) == len(variants):
            return variants
        taken = Counter[str]()
        return tuple(v if counted[v.variant_id] == 1 else v.model_copy(update={"variant_id": _own_id(v, taken)}) for v in variants)

    @property
    def in_stock(self) -> bool | None:
        """Whether any variant (or the product itself) can be bought; None when nothing is known."""
        known = [v.stock for v in self.variants if v.stock is not None] if self.variants else [self.stock]
        figures = [figure for figure in known if figure is not None]
        return any(figure > 0 for figure in figures) if figures else None

    @property
    def offered_sizes(self) -> tuple[str, ...]:
        """Every size of the listing, in its order, once."""
        sizes = [v.size for v in self.variants if v.size] or list(self.sizes)
        return tuple(dict.fromkeys(sizes))

    @property
    def leaf_category(self) -> str | None:
        """The narrowest category name, or None."""
        return self.category[-1] if self.category else None


def _own_id(variant: Variant, taken: Counter[str]) -> str:
    """The id with what tells the variant apart; a number where nothing does."""
    named = "-".join(part for part in (variant.variant_id, variant.size, variant.color) if part)
    taken[named] += 1
    return named if taken[named] == 1 else f"{named}-{taken[named]}"
