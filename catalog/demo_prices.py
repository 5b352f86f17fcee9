"""What does a model cost? Places prices in a type's usual range, and rounds them as shops do."""

import math
import random

from domain.money import Money


def price_at(low: float, high: float, *, position: float) -> float:
    """Dollars at a place of the range; even steps in proportion, because shops have more price points at the low end."""
    return math.exp(math.log(low) + (math.log(high) - math.log(low)) * position)


def charm(cents: int) -> Money:
    """The nearest price that a shop would print: 12.99, 49.99, 129.95, 349.00."""
    dollars = cents / 100
    if dollars < 8:
        return Money(minor=max(99, round(dollars * 2) * 50 - 1))
    if dollars < 40:
        return Money(minor=max(2, round(dollars)) * 100 - 1)
    if dollars < 120:
        return Money(minor=round(dollars / 5) * 500 - (1 if round(dollars) % 3 else 5))
    if dollars < 300:
        return Money(minor=round(dollars / 10) * 1000 - (1 if round(dollars) % 3 else 100))
    return Money(minor=round(dollars / (10 if dollars < 1000 else 50)) * (1000 if dollars < 1000 else 5000) - 100)


def reduced(price: Money, rng: random.Random) -> Money:
    """A colour that is on sale: 10 to 25 % less."""
    return charm(int(price.minor * rng.uniform(0.75, 0.9)))
