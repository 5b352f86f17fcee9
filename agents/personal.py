"""How much is a product to this customer's taste, and why? From the weights of a profile; nothing here hides a product."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.product import Product
from domain.profile import in_price_band

_KINDS: Mapping[str, float] = {"brand": 0.3, "category": 0.25, "gender": 0.15, "price": 0.1, "color": 0.1, "material": 0.1}
"""What a fact of each kind says about the next purchase; together 1."""
_REASONS: Mapping[str, str] = {
    "brand": "a brand that you buy",
    "color": "in a colour that you buy",
    "material": "of a material that you buy",
}
_TELLING = 0.3
"""Weight from which a fact is given as a reason."""


@dataclass(frozen=True)
class Affinity:
    """``score`` in 0..1; ``reason`` is the strongest fact that a shopper would accept as one."""

    score: float
    reason: str | None = None


_UNKNOWN = Affinity(0.0)


def affinity(product: Product, tastes: Mapping[str, float]) -> Affinity:
    """``tastes`` maps fact ids ("brand:acme") to weights in 0..1; without any, no product is dearer than another."""
    if not tastes:
        return _UNKNOWN
    score, strongest, reason = 0.0, _TELLING, None
    for kind, share in _KINDS.items():
        weight = _price_weight(product, tastes) if kind == "price" else _weight(product, kind, tastes)
        score += share * weight
        if weight >= strongest and kind in _REASONS:
            strongest, reason = weight, _REASONS[kind]
    return Affinity(score, reason)


def _weight(product: Product, kind: str, tastes: Mapping[str, float]) -> float:
    return max((tastes.get(f"{kind}:{value.casefold()}", 0.0) for value in _values(product, kind)), default=0.0)


def _price_weight(product: Product, tastes: Mapping[str, float]) -> float:
    if product.price is None:
        return 0.0
    bands = [(fact.partition(":")[2], weight) for fact, weight in tastes.items() if fact.startswith("price:")]
    return max((weight for band, weight in bands if in_price_band(band, float(product.price.amount))), default=0.0)


def _values(product: Product, kind: str) -> tuple[str, ...]:
    if kind == "category":
        return (product.leaf_category,) if product.leaf_category else ()
    if kind == "color":
        return product.colors
    if kind == "material":
        return product.material
    value = product.brand if kind == "brand" else product.gender
    return (value,) if value else ()
