"""How much is a product to this customer's taste, and why? From the weights of a profile; nothing here hides a product."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from domain.filters import Filters
from domain.product import Product
from domain.profile import SAID, SEEN, in_price_band
from domain.terms import fold, fold_size

KIND_WEIGHTS: Mapping[str, float] = {
    "category": 0.33, "gender": 0.27, "brand": 0.24, "color": 0.08, "material": 0.08, "size": 0.08, "price": 0.02,
}  # fmt: skip
"""What a fact of each kind adds to a score, at most. Category, gender and price are learned from simulated purchases
(``python -m training.ranker_tastes``); the simulation knows no tastes of the other kinds, and theirs are set by hand.
"""
_REASONS: Mapping[str, str] = {
    "brand": "a brand that you {}",
    "color": "in a colour that you {}",
    "material": "of a material that you {}",
    "size": "in stock in your size",
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
    for kind, share in KIND_WEIGHTS.items():
        fact, weight = _strongest(product, kind, tastes)
        score += share * weight
        if weight >= strongest and kind in _REASONS:
            strongest, reason = weight, _REASONS[kind].format(_known_by(fact, tastes))
    return Affinity(score, reason)


def _known_by(fact: str, tastes: Mapping[str, float]) -> str:
    if f"{SAID}{fact}" in tastes:
        return "like"
    return "looked at" if f"{SEEN}{fact}" in tastes else "buy"


def affinities(product: Product, tastes: Mapping[str, float]) -> tuple[float, ...]:
    """The strongest fact of each kind that the product meets, in the order of KIND_WEIGHTS: what the weights are learned from."""
    return tuple(_strongest(product, kind, tastes)[1] for kind in KIND_WEIGHTS)


def shunned(product: Product, tastes: Mapping[str, float], request: str) -> bool:
    """Whether the product is what the customer said to avoid, and does not ask for all the same ("leather belt")."""
    words = [fact.partition(":")[2] for fact in tastes if fact.startswith("avoid:")]
    avoided = tuple(word for word in words if word not in request.casefold())
    return bool(avoided) and not _excluding(avoided).admits(product)


@lru_cache(maxsize=1_000)
def _excluding(words: tuple[str, ...]) -> Filters:
    return Filters(exclude=words)


def _strongest(product: Product, kind: str, tastes: Mapping[str, float]) -> tuple[str, float]:
    """The id and weight of the strongest fact of a kind that the product meets; weight 0 without one."""
    if kind in ("price", "size"):
        fits = _in_band if kind == "price" else _in_size
        told = [fact for fact in tastes if fact.startswith(f"{kind}:")]
        met = [(fact, tastes[fact]) for fact in told if fits(product, fact.partition(":")[2])]
    else:
        ids = {f"{kind}:{form}" for value in _values(product, kind) for form in (value.casefold(), _folded(value))}
        met = [(fact, tastes[fact]) for fact in sorted(ids) if fact in tastes]
    return max(met, key=lambda item: item[1], default=("", 0.0))


@lru_cache(maxsize=20_000)
def _folded(value: str) -> str:
    return fold(value)


def _in_band(product: Product, band: str) -> bool:
    return product.price is not None and in_price_band(band, float(product.price.amount))


def _in_size(product: Product, told: str) -> bool:
    """ "boots 9": a product of that kind that can be bought in that size; "any" is every kind."""
    thing, _, size = told.rpartition(" ")
    if thing != "any" and not any(thing in level.casefold() for level in product.category):
        return False
    wanted = fold_size(size)
    return any(variant.size and fold_size(variant.size) == wanted and variant.in_stock is not False for variant in product.variants)


def _values(product: Product, kind: str) -> tuple[str, ...]:
    if kind == "category":
        return (product.leaf_category,) if product.leaf_category else ()
    if kind == "color":
        return product.colors
    if kind == "material":
        return product.material
    value = product.brand if kind == "brand" else product.gender
    return (value,) if value else ()
