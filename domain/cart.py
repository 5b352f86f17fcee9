"""What is in a cart? Lines with the price last seen, changes since, and the rules of adding, changing and merging."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from domain.document import Document
from domain.errors import BadInput, Conflict, NotFound
from domain.money import Money
from domain.offer import Offer, Sku, named

MOST_PIECES = 99
MOST_LINES = 50


class CartLine(Document):
    """One thing in a cart; ``unit_price`` is the price that the shopper last saw."""

    line_id: str
    product_id: str
    variant_id: str | None
    title: str
    options: dict[str, str] = Field(default_factory=dict)
    quantity: int = Field(ge=1, le=MOST_PIECES)
    unit_price: Money

    @property
    def sku(self) -> Sku:
        return Sku(self.product_id, self.variant_id or "")

    @property
    def name(self) -> str:
        return named(self.title, self.options)

    @property
    def line_total(self) -> Money:
        return self.unit_price * self.quantity


class LineChange(Document):
    """What is not as the shopper last saw it: a price, or fewer pieces left than the line asks for."""

    line_id: str
    what: Literal["price", "stock"]
    was: Money | int
    now: Money | int


class Cart(Document):
    """One owner's cart. Immutable: each rule returns the next cart; ``version`` grows when it is stored."""

    owner: str
    lines: tuple[CartLine, ...] = ()
    version: int = 0

    @property
    def currency(self) -> str | None:
        """The currency of all lines; None while the cart is empty."""
        return self.lines[0].unit_price.currency if self.lines else None

    def subtotal(self, currency: str = "USD") -> Money:
        """The sum of the lines; zero in ``currency`` when there is none."""
        total = Money(minor=0, currency=self.currency or currency)
        for line in self.lines:
            total += line.line_total
        return total

    def line(self, line_id: str) -> CartLine:
        """NotFound when the cart has no such line."""
        found = next((line for line in self.lines if line.line_id == line_id), None)
        if found is None:
            raise NotFound(f"the cart has no line {line_id!r}")
        return found

    def of_sku(self, sku: Sku) -> CartLine | None:
        return next((line for line in self.lines if line.sku == sku), None)

    def added(self, line: CartLine) -> "Cart":
        """With the line; the same thing twice is one line with the sum. Conflict on a second currency or a full cart."""
        if self.currency not in (None, line.unit_price.currency):
            raise Conflict(f"{line.name} is sold in {line.unit_price.currency}, the cart is in {self.currency}; order it by itself")
        present = self.of_sku(line.sku)
        if present is not None:
            checked_quantity(present.quantity + line.quantity)
            return self._replaced(
                present, line.model_copy(update={"line_id": present.line_id, "quantity": present.quantity + line.quantity})
            )
        if len(self.lines) >= MOST_LINES:
            raise Conflict(f"the cart holds {MOST_LINES} different things, which is the most; order these first")
        return self.model_copy(update={"lines": (*self.lines, line)})

    def with_quantity(self, line_id: str, quantity: int) -> "Cart":
        """BadInput unless 1 to 99; NotFound when there is no such line."""
        line = self.line(line_id)
        return self._replaced(line, line.model_copy(update={"quantity": checked_quantity(quantity)}))

    def with_variant(self, line_id: str, offer: Offer) -> "Cart":
        """The line in another variant; joins a line that holds that variant already."""
        line = self.line(line_id)
        assert offer.price is not None
        changed = line.model_copy(
            update={
                "product_id": offer.product_id, "variant_id": offer.variant_id, "title": offer.title, "options": offer.options,
                "unit_price": offer.price,
            }
        )  # fmt: skip
        twin = self.of_sku(offer.sku)
        if twin is None or twin.line_id == line_id:
            return self._replaced(line, changed)
        return self.without(line_id).added(changed)

    def without(self, line_id: str) -> "Cart":
        line = self.line(line_id)
        return self.model_copy(update={"lines": tuple(other for other in self.lines if other != line)})

    def emptied(self) -> "Cart":
        return self.model_copy(update={"lines": ()})

    def merged(self, other: "Cart") -> "Cart":
        """With what an anonymous cart held; what does not fit (currency, too many pieces) is capped or stays behind."""
        cart = self
        for line in other.lines:
            if cart.currency not in (None, line.unit_price.currency):
                continue
            present = cart.of_sku(line.sku)
            room = MOST_PIECES - (present.quantity if present else 0)
            if room > 0 and (present or len(cart.lines) < MOST_LINES):
                cart = cart.added(line.model_copy(update={"quantity": min(line.quantity, room)}))
        return cart

    def seen(self, offers: Mapping[Sku, Offer]) -> "Cart":
        """With the present prices as those last seen; a thing that is gone or has no price keeps its old one."""
        return self.model_copy(update={"lines": tuple(_priced(line, offers.get(line.sku)) for line in self.lines)})

    def changes(self, offers: Mapping[Sku, Offer], available: Mapping[Sku, int | None]) -> tuple[LineChange, ...]:
        """What differs from what the shopper last saw. ``available`` is None where stock is not counted."""
        found: list[LineChange] = []
        for line in self.lines:
            offer = offers.get(line.sku)
            price = offer.price if offer else None
            if price is not None and price != line.unit_price:
                found.append(LineChange(line_id=line.line_id, what="price", was=line.unit_price, now=price))
            left = available.get(line.sku) if price is not None else 0
            if left is not None and left < line.quantity:
                found.append(LineChange(line_id=line.line_id, what="stock", was=line.quantity, now=left))
        return tuple(found)

    def _replaced(self, line: CartLine, by: CartLine) -> "Cart":
        return self.model_copy(update={"lines": tuple(by if other == line else other for other in self.lines)})


def checked_quantity(quantity: int) -> int:
    """BadInput unless 1 to 99."""
    if not 1 <= quantity <= MOST_PIECES:
        raise BadInput(f"quantity {quantity!r} is not between 1 and {MOST_PIECES}", field="quantity", value=quantity)
    return quantity


def _priced(line: CartLine, offer: Offer | None) -> CartLine:
    if offer is None or offer.price is None or offer.price.currency != line.unit_price.currency:
        return line
    return line.model_copy(update={"unit_price": offer.price, "title": offer.title, "options": offer.options})
