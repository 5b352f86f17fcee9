"""What does the catalogue offer right now under a product and variant id?"""

from typing import NamedTuple

from domain.document import Document
from domain.money import Money
from domain.product import Product, Variant


class Sku(NamedTuple):
    """What stock is counted by. Sortable, so that rows are always locked in one order."""

    product_id: str
    variant_id: str = ""
    """Empty for a product without variants."""


class Offer(Document):
    """One buyable thing with its price and stock figure, as the catalogue has it now."""

    product_id: str
    variant_id: str | None
    title: str
    product_type: str
    """The narrowest category: what "the same kind of thing" means in an exchange."""
    options: dict[str, str]
    """What tells the variant from its siblings: {"size": "M"}."""
    price: Money | None
    stock: int | None
    """The feed's figure; None where it gives none."""

    @property
    def sku(self) -> Sku:
        return Sku(self.product_id, self.variant_id or "")

    @property
    def name(self) -> str:
        """The title with the variant's options."""
        return named(self.title, self.options)

    @classmethod
    def of(cls, product: Product, variant: Variant | None = None) -> "Offer":
        options = {"size": variant.size, "color": variant.color} if variant else {}
        return cls(
            product_id=product.product_id,
            variant_id=variant.variant_id if variant else None,
            title=product.title,
            product_type=product.leaf_category or "",
            options={name: value for name, value in options.items() if value},
            price=(variant.price if variant else None) or product.price,
            stock=variant.stock if variant else product.stock,
        )


def named(title: str, options: dict[str, str]) -> str:
    """ "Ridge Boot (size 8)"."""
    words = ", ".join(f"{name} {value}" for name, value in options.items())
    return f"{title} ({words})" if words else title
