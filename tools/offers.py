"""What can be bought under these ids, now? Offers looked up in the served catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import BadInput, Conflict, NotFound
from domain.offer import Offer, Sku
from domain.ports import ProductSource
from domain.product import Product, Variant


class VariantNeeded(BadInput):
    """The product comes in several variants and none was named: to be asked for, never invented."""

    def __init__(self, product: Product) -> None:
        choices = ", ".join(_words(variant) for variant in product.variants)
        super().__init__(f"{product.title} comes in {choices}; name one as variant_id", field="variant_id")
        self.product = product


@dataclass(frozen=True)
class OfferBook:
    """Offers by id; what is gone from the catalogue is simply not among them."""

    source: ProductSource

    async def of(self, skus: Iterable[Sku]) -> dict[Sku, Offer]:
        wanted = set(skus)
        if not wanted:
            return {}
        products = await self.source.products(sorted({sku.product_id for sku in wanted}))
        offers = [Offer.of(product, variant) for product in products for variant in (product.variants or (None,))]
        return {offer.sku: offer for offer in offers if offer.sku in wanted}

    async def product(self, product_id: str) -> Product:
        """NotFound when the catalogue has no such product."""
        found = await self.source.products([product_id])
        if not found:
            raise NotFound(f"there is no product {product_id!r}")
        return found[0]

    async def one(self, product_id: str, variant_id: str | None) -> Offer:
        """NotFound for an unknown product or variant; VariantNeeded when one must be named; Conflict without a price."""
        product = await self.product(product_id)
        offer = Offer.of(product, _variant(product, variant_id))
        if offer.price is None:
            raise Conflict(f"{offer.title} has no price at the moment and cannot be ordered")
        return offer


def _variant(product: Product, variant_id: str | None) -> Variant | None:
    if variant_id is None:
        if len(product.variants) > 1:
            raise VariantNeeded(product)
        return product.variants[0] if product.variants else None
    found = next((variant for variant in product.variants if variant.variant_id == variant_id), None)
    if found is None:
        raise NotFound(f"{product.title} has no variant {variant_id!r}")
    return found


def _words(variant: Variant) -> str:
    named = " ".join(part for part in (variant.size and f"size {variant.size}", variant.color) if part)
    return f"{named or 'one version'} ({variant.variant_id})"
