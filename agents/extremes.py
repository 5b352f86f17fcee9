"""Which of several is the lightest, the cheapest, the best rated? Told from what the listings state, or that they don't."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.quantities import Quantity, quantities
from domain.product import Product
from domain.terms import fold
from planner.wording import shortened

_SHORT = 70


@dataclass(frozen=True)
class _Measure:
    """A superlative, the facts that decide it, and which end of them it asks for."""

    asked: re.Pattern[str]
    said: str
    fields: tuple[str, ...]
    most: bool


def _measure(pattern: str, said: str, *fields: str, most: bool) -> _Measure:
    return _Measure(re.compile(rf"\b(?:{pattern})\b"), said, fields, most)


_MEASURES = (
    _measure(r"light(?:er|est)", "lightest", "weight", "weight per shoe", "weight per pair", most=False),
    _measure(r"heav(?:ier|iest)", "heaviest", "weight", "weight per shoe", "weight per pair", most=True),
    _measure(r"(?:longe(?:r|st)|best|better|biggest) (?:\w+ )?(?:battery|runtime|charge)|lasts? (?:the )?longe(?:r|st)", "longest lasting",
             "battery life", "runtime", most=True),
    _measure(r"cheap(?:er|est)|least expensive|less expensive|lowest price|costs? (?:less|least)", "cheapest", "price", most=False),
    _measure(r"most expensive|more expensive|dearest|priciest|costs? (?:more|most)", "most expensive", "price", most=True),
    _measure(r"bright(?:er|est)", "brightest", "brightness", most=True),
    _measure(r"warm(?:er|est)", "warmest", "comfort rating", most=False),
    _measure(r"(?:most|more) powerful|strong(?:er|est)|fast(?:er|est) charg\w+", "most powerful", "output", "power", most=True),
    _measure(r"bigge(?:r|st)|larg(?:er|est)|roomi(?:er|est)|(?:holds?|fits?) (?:the )?(?:more|most)|most (?:room|space|capacity)",
             "largest", "capacity", "screen", "sleeps", most=True),
    _measure(r"small(?:er|est)|most compact", "smallest", "capacity", "screen", "sleeps", most=False),
    _measure(r"quiet(?:er|est)", "quietest", "noise", most=False),
    _measure(r"(?:best|better|highe(?:r|st)) (?:rat\w+|review\w+)|most (?:popular|liked)|which (?:\w+ )*(?:is|are) (?:the )?be(?:st|tter)",
             "best rated", "rating", most=True),
)  # fmt: skip


@dataclass(frozen=True)
class Extreme:
    """The answer: who it is, by which fact, in words. Without products, the listings did not tell."""

    text: str
    products: tuple[Product, ...] = ()
    field: str = ""
    passage: str = ""


def extreme(products: Sequence[Product], question: str) -> Extreme | None:
    """None when the question asks for no superlative that we know a fact for."""
    asked = fold(question)
    measure = next((m for m in _MEASURES if m.asked.search(asked)), None)
    if measure is None or len(products) < 2:
        return None
    for field in measure.fields:
        stated = [(quantity, product) for product in products if (quantity := _figure(product, field)) is not None]
        if len(stated) >= 2 and len({quantity.unit for quantity, _ in stated}) == 1:
            return _told(measure, field, stated, total=len(products))
    return Extreme(f"The listings don't say enough to tell which is {measure.said}.")


def _told(measure: _Measure, field: str, stated: list[tuple[Quantity, Product]], *, total: int) -> Extreme:
    choose: Callable[[list[float]], float] = max if measure.most else min
    best = choose([quantity.amount for quantity, _ in stated])
    winners = tuple(product for quantity, product in stated if quantity.amount == best)
    value = _value(winners[0], field) or ""
    names = " and ".join(f"the {shortened(product.title, _SHORT)}" for product in winners[:3])
    verb = "is" if len(winners) == 1 else "are"
    text = f"The {measure.said} {verb} {names}, {'rated' if field == 'rating' else 'at'} {value}."
    if len(stated) < total:
        text += f" {total - len(stated)} of the {total} listings don't say."
    return Extreme(text, winners, field, f"{field}: {value}")


def _figure(product: Product, field: str) -> Quantity | None:
    if field == "price":
        return Quantity(float(product.price.amount), product.price.currency) if product.price else None
    if field == "rating":
        return Quantity(product.rating, "stars") if product.rating is not None and product.rating_count else None
    value = product.attributes.get(field)
    if value is None:
        return None
    found = quantities(value)
    if found:
        return found[0]
    number = re.match(r"\s*(-?[\d,]*\d(?:\.\d+)?)\s*(\S*)", value)
    return Quantity(float(number.group(1).replace(",", "")), number.group(2)) if number else None


def _value(product: Product, field: str) -> str | None:
    if field == "price":
        return str(product.price)
    if field == "rating":
        return f"{product.rating:.1f} by {product.rating_count}"
    return product.attributes.get(field)
