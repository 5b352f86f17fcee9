"""Which of several would we take? The best rated that can be bought, a rating of few people counting little; told with its facts."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.product import Product
from planner.wording import shortened

_PRIOR_RATING, _PRIOR_COUNT = 4.0, 20
"""Ratings of few people are drawn towards this one, as in the ranking."""
_SHORT = 80


@dataclass(frozen=True)
class Pick:
    """The product, the sentence that says why, and the fact it rests on."""

    product: Product
    text: str
    field: str
    passage: str


def pick_of(products: Sequence[Product]) -> Pick:
    """One of at least two; where no rating tells them apart, the cheapest."""
    best = min(products, key=_order)
    others = [product for product in products if product is not best]
    name = f"I would take the {shortened(best.title, _SHORT)}"
    if best.rating is not None and best.rating_count:
        passage = f"rated {best.rating:.1f} by {best.rating_count} people"
        text = f"{name}: it is {passage}{_lead(best, others)}{_cost(best, others)}."
        return Pick(best, text, "rating", passage)
    if best.price is not None:
        text = f"{name}: nobody has rated these yet, and it is the cheapest of the {len(products)}, at {best.price}."
        return Pick(best, text, "price", str(best.price))
    return Pick(best, f"{name}, although the listings give me little to choose by.", "title", best.title)


def _order(product: Product) -> tuple[bool, float, int]:
    return product.in_stock is False, -_mean(product), product.price.minor if product.price else 1 << 60


def _mean(product: Product) -> float:
    count = product.rating_count or 0
    return ((product.rating or _PRIOR_RATING) * count + _PRIOR_RATING * _PRIOR_COUNT) / (count + _PRIOR_COUNT)


def _lead(best: Product, others: Sequence[Product]) -> str:
    """Said only where it is so: the highest rating, or the most people behind a good one."""
    if all((other.rating or 0.0) < (best.rating or 0.0) for other in others):
        return f", the best of the {len(others) + 1}"
    if all((other.rating_count or 0) < (best.rating_count or 0) for other in others):
        return f", more people than any other of the {len(others) + 1}"
    return ""


def _cost(best: Product, others: Sequence[Product]) -> str:
    if best.price is None:
        return ""
    comparable = [other.price for other in others if other.price and other.price.currency == best.price.currency]
    if comparable and best.price < min(comparable):
        return f", and at {best.price} it is also the cheapest"
    return f", and costs {best.price}"
