"""How is a proposal put into words? What its summary says of lines, totals and differences."""

from collections.abc import Iterable

from domain.money import Money
from domain.order import OrderLine, Totals
from domain.shopper import PaymentMethod


def listed(lines: Iterable[OrderLine]) -> str:
    """Lines in words: "2 × Lamp and 1 × Mug"."""
    return joined(f"{line.quantity} × {line.name}" for line in lines)


def joined(parts: Iterable[str]) -> str:
    """A list in words."""
    *first, last = list(parts)
    return f"{', '.join(first)} and {last}" if first else last


def parts_of(totals: Totals) -> str:
    """What a total is made of."""
    shipping = f"{totals.shipping} shipping" if totals.shipping.minor else "free shipping"
    return f"{totals.subtotal} plus {shipping} and {totals.tax} tax"


def difference_words(difference: Money, method: PaymentMethod) -> str:
    """What a change costs, or gives back."""
    if difference.minor == 0:
        return "The price stays the same."
    if difference.minor > 0:
        return f"{difference} more is charged to {method.label}."
    return f"{Money(minor=-difference.minor, currency=difference.currency)} goes back to {method.label}."
