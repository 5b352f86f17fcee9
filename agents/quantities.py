"""Does a product measure what was asked for? "16 inch laptop", "65 W", "tent for 4": numbers with units, wanted and listed."""

import re
from dataclasses import dataclass
from functools import lru_cache

from domain.product import Product
from domain.terms import fold

_UNITS: dict[str, str] = {
    "inch": "inch", "inches": "inch", "in": "inch", '"': "inch", "w": "w", "watt": "w", "watts": "w", "mah": "mah", "l": "l", "liter": "l",
    "liters": "l", "litre": "l", "litres": "l", "person": "person", "people": "person", "persons": "person", "piece": "piece",
    "pieces": "piece", "gb": "gb", "tb": "tb", "hz": "hz", "hour": "hour", "hours": "hour", "lb": "lb", "lbs": "lb", "kg": "kg",
    "oz": "oz", "cup": "cup", "cups": "cup", "qt": "qt", "quart": "qt", "port": "port", "ports": "port", "lumen": "lumen",
    "lumens": "lumen",
}  # fmt: skip
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_QUANTITY = re.compile(rf"(?<![\w.$])(\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?)[- ]?({_UNIT})(?!\w)")
_SLEEPS = re.compile(r"\b(?:sleeps|tent for|for) (\d)\b(?! ?-?(?:inch|in|year|month|day|hour))")
_MORE_SERVES = frozenset({"w", "mah", "hour", "lumen", "port", "gb", "tb", "hz"})
"""Units of which more does what less was asked for, if not as well as the very figure."""
_SAME = 0.03


@dataclass(frozen=True)
class Quantity:
    amount: float
    unit: str


def quantities(text: str) -> tuple[Quantity, ...]:
    """The quantities that a text names."""
    found = [Quantity(float(number.replace(",", "")), _UNITS[unit]) for number, unit in _QUANTITY.findall(fold(text))]
    return (*found, *(Quantity(float(number), "person") for number in _SLEEPS.findall(fold(text))))


def quantity_fit(product: Product, request: str) -> float:
    """1 when every wanted quantity is listed, down to -1 when another one is; 0 when nothing is wanted or nothing listed."""
    wanted = _cached(request)
    if not wanted:
        return 0.0
    listed = _listed(product.title, tuple(product.attributes.items()))
    fits = [_fit(want, listed, larger_holds="laptop" in request) for want in wanted]
    return sum(fits) / len(fits)


def _fit(want: Quantity, listed: tuple[Quantity, ...], *, larger_holds: bool) -> float:
    amounts = [q.amount for q in listed if q.unit == want.unit]
    if not amounts:
        return 0.0
    if any(abs(amount - want.amount) <= _SAME * want.amount for amount in amounts):
        return 1.0
    larger = min((amount for amount in amounts if amount > want.amount), default=None)
    if larger is None or not (want.unit in _MORE_SERVES or (want.unit == "inch" and larger_holds)):
        return -1.0
    return 0.5 if larger <= 2 * want.amount else 0.2


@lru_cache(maxsize=4_096)
def _cached(text: str) -> tuple[Quantity, ...]:
    return quantities(text)


@lru_cache(maxsize=20_000)
def _listed(title: str, attributes: tuple[tuple[str, str], ...]) -> tuple[Quantity, ...]:
    named = [quantities(f"{value} {name if name == 'sleeps' else ''}") for name, value in attributes]
    sleeps = [Quantity(float(value), "person") for name, value in attributes if name == "sleeps" and value.isdigit()]
    return (*quantities(title), *(q for found in named for q in found), *sleeps)
