"""What may a shopper do with an order, and what does it cost? Rules as data: each with its text, each checked in one place."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from pydantic import Field

from domain.address import Address
from domain.document import Document
from domain.errors import BadInput, Conflict
from domain.money import Money
from domain.offer import Offer
from domain.order import Order, OrderLine, OrderState, ReturnRecord
from domain.shopper import STORE_CREDIT, PaymentMethod

Sameness = Literal["product", "type"]


class CancelTexts(Document):
    state: str
    reason: str
    items_changed: str


class CancelPolicy(Document):
    states: tuple[OrderState, ...]
    reasons: tuple[str, ...]
    after_items_changed: bool
    """Whether an order whose items were changed may still be cancelled."""
    texts: CancelTexts

    def check(self, order: Order, reason: str) -> None:
        """BadInput for a reason outside the set; Conflict with the shop's own words when the order can't be cancelled."""
        if reason not in self.reasons:
            raise BadInput(self.texts.reason.format(reasons=_either(self.reasons)), field="reason", value=reason)
        if order.state not in self.states:
            raise Conflict(self.texts.state.format(order=order.order_id, state=_words(order.state)))
        if order.items_changed and not self.after_items_changed:
            raise Conflict(self.texts.items_changed.format(order=order.order_id))


class ModifyTexts(Document):
    state: str
    items_twice: str
    another_kind: str
    same_variant: str
    payment_same: str
    payment_not_single: str
    refund_elsewhere: str


class ModifyPolicy(Document):
    states: tuple[OrderState, ...]
    items_times: int
    """How often the items of one order may be changed."""
    within: Sameness
    """Whether another variant must be of the same product, or only of the same type of product."""
    refund_anywhere: bool
    """Whether a difference may go back to a method that did not pay; else to the original one or as store credit."""
    texts: ModifyTexts

    def check(self, order: Order) -> None:
        if order.state not in self.states:
            raise Conflict(self.texts.state.format(order=order.order_id, state=_words(order.state)))

    def check_items(self, order: Order) -> None:
        self.check(order)
        if order.items_changed >= self.items_times:
            raise Conflict(self.texts.items_twice.format(order=order.order_id))

    def check_swap(self, line: OrderLine, offer: Offer) -> None:
        """Conflict unless the offer is another variant of what was ordered."""
        if offer.sku == line.sku:
            raise Conflict(self.texts.same_variant.format(item=line.name))
        if not _same(line, offer, self.within):
            raise Conflict(self.texts.another_kind.format(item=line.name, other=offer.name))

    def check_payment(self, order: Order, method: PaymentMethod) -> None:
        """A single payment may be replaced, by another method."""
        self.check(order)
        if method.method_id == order.method_id:
            raise Conflict(self.texts.payment_same.format(method=method.label))
        moved = [t for t in order.transactions if t.state not in ("failed", "void")]
        if len(moved) != 1 or moved[0].state != "settled":
            raise Conflict(self.texts.payment_not_single.format(order=order.order_id))

    def check_refund(self, order: Order, method: PaymentMethod) -> None:
        """Where a difference may go back to."""
        if not self.refund_anywhere and not _paid_with(order, method) and method.kind != STORE_CREDIT:
            raise Conflict(self.texts.refund_elsewhere.format(method=method.label))


class ReturnTexts(Document):
    state: str
    too_late: str
    too_often: str
    nothing_left: str
    refund_elsewhere: str


class ReturnPolicy(Document):
    states: tuple[OrderState, ...]
    within_days: int | None
    per_order: int | None
    """How many requests one order may have; None is no limit."""
    beside_exchange: bool
    """Whether an order with an exchange may also have returns."""
    texts: ReturnTexts

    def check(self, order: Order, now: datetime) -> None:
        _check_back(order, now, self.states, self.within_days, self.texts)
        _check_times(order, "return", self.per_order, self.beside_exchange, self.texts)

    def check_line(self, line: OrderLine, quantity: int) -> None:
        _check_left(line, quantity, self.texts)

    def check_refund(self, order: Order, method: PaymentMethod) -> None:
        """Refunds go to the original method or become store credit."""
        if not _paid_with(order, method) and method.kind != STORE_CREDIT:
            raise Conflict(self.texts.refund_elsewhere.format(method=method.label))


class ExchangeTexts(ReturnTexts):
    another_kind: str
    same_variant: str


class ExchangePolicy(Document):
    states: tuple[OrderState, ...]
    within_days: int | None
    within: Sameness
    per_order: int | None
    beside_return: bool
    same_variant: bool
    """Whether the very same variant may be sent again (a faulty piece)."""
    texts: ExchangeTexts

    def check(self, order: Order, now: datetime) -> None:
        _check_back(order, now, self.states, self.within_days, self.texts)
        _check_times(order, "exchange", self.per_order, self.beside_return, self.texts)

    def check_line(self, line: OrderLine, quantity: int) -> None:
        _check_left(line, quantity, self.texts)

    def check_swap(self, line: OrderLine, offer: Offer) -> None:
        """Conflict unless the offer is of the same kind as what was delivered."""
        if not _same(line, offer, self.within):
            raise Conflict(self.texts.another_kind.format(item=line.name, other=offer.name))
        if offer.sku == line.sku and not self.same_variant:
            raise Conflict(self.texts.same_variant.format(item=line.name))


class ShippingRate(Document):
    name: str
    costs: dict[str, Decimal]
    """By currency."""
    free_from: dict[str, Decimal] = Field(default_factory=dict)
    """Subtotals from which it costs nothing, by currency."""


class Pricing(Document):
    """Shipping and tax."""

    shipping: tuple[ShippingRate, ...] = Field(min_length=1)
    """The first is the standard."""
    tax_percent: dict[str, Decimal] = Field(default_factory=dict)
    """By country, or country and region ("US-CA"); what is not named is not taxed."""
    ships_to: tuple[str, ...] = ("US",)
    ships_to_text: str

    def check_address(self, address: Address) -> None:
        """Conflict where we do not ship to."""
        if address.country not in self.ships_to:
            raise Conflict(self.ships_to_text.format(country=address.country))

    def shipping_for(self, subtotal: Money) -> Money:
        """Standard shipping; Conflict for a currency without a rate."""
        rate = self.shipping[0]
        if subtotal.currency not in rate.costs:
            known = _either(tuple(rate.costs))
            raise Conflict(f"orders in {subtotal.currency} cannot be placed here; this shop ships orders in {known}")
        free_from = rate.free_from.get(subtotal.currency)
        if free_from is not None and subtotal >= Money.of(free_from, subtotal.currency):
            return Money(minor=0, currency=subtotal.currency)
        return Money.of(rate.costs[subtotal.currency], subtotal.currency)

    def tax_on(self, amount: Money, address: Address) -> Money:
        """Rounded half up to the minor unit."""
        percent = self.tax_percent.get(f"{address.country}-{address.region}", self.tax_percent.get(address.country, Decimal(0)))
        minor = (Decimal(amount.minor) * percent / 100).quantize(Decimal(1), ROUND_HALF_UP)
        return Money(minor=int(minor), currency=amount.currency)

    def taxed(self, lines: Iterable[OrderLine], address: Address) -> tuple[OrderLine, ...]:
        """The lines with the tax of that address."""
        return tuple(line.model_copy(update={"tax": self.tax_on(line.line_total, address)}) for line in lines)


class Demo(Document):
    """What stands in for an address and a payment that a shopper of the demo leaves out."""

    address: Address
    method: PaymentMethod


class ShopPolicy(Document):
    """Everything that the shop decides about orders."""

    cancel: CancelPolicy
    modify: ModifyPolicy
    returns: ReturnPolicy
    exchanges: ExchangePolicy
    pricing: Pricing
    demo: Demo
    consent_minutes: int = Field(ge=1)
    """How long a proposal waits for its yes."""
    pay_within_minutes: int = Field(ge=1)
    """How long an order keeps its pieces while its payment is awaited."""
    hand_over: str
    """What a shopper reads when a person takes over."""


class SpendingLimits(Document):
    """The most that may be ordered, in major units of the order's currency; None is no limit."""

    per_order: Decimal | None = None
    per_turn: Decimal | None = None
    per_day: Decimal | None = None

    def check_order(self, total: Money) -> None:
        self._check(total, self.per_order, "one order")

    def check_turn(self, total: Money) -> None:
        self._check(total, self.per_turn, "one message")

    def check_day(self, total: Money, before: Money) -> None:
        self._check(total + before, self.per_day, "one day")

    def _check(self, total: Money, limit: Decimal | None, what: str) -> None:
        if limit is not None and total > Money.of(limit, total.currency):
            most = Money.of(limit, total.currency)
            raise Conflict(f"{total} is above {most}, the most that may be spent in {what} here; order less, or ask the shop")


# ---- what several rules share


def _check_back(order: Order, now: datetime, states: tuple[OrderState, ...], days: int | None, texts: ReturnTexts) -> None:
    if order.state not in states:
        raise Conflict(texts.state.format(order=order.order_id, state=_words(order.state)))
    if days is not None and order.delivered_at is not None and now > order.delivered_at + timedelta(days=days):
        raise Conflict(texts.too_late.format(order=order.order_id, days=days))


def _check_times(order: Order, kind: Literal["return", "exchange"], most: int | None, beside: bool, texts: ReturnTexts) -> None:
    requests = {(record.kind, at) for record, at in _requests(order)}
    mine = sum(found == kind for found, _ in requests)
    if (most is not None and mine >= most) or (not beside and len(requests) > mine):
        raise Conflict(texts.too_often.format(order=order.order_id))


def _requests(order: Order) -> list[tuple[ReturnRecord, str]]:
    """Each record with the request that it came by: records of one request share the part before the dot of their id."""
    return [(record, record.record_id.partition(".")[0]) for line in order.lines for record in line.returns]


def _check_left(line: OrderLine, quantity: int, texts: ReturnTexts) -> None:
    if quantity > line.returnable:
        raise Conflict(texts.nothing_left.format(item=line.name, left=line.returnable, asked=quantity))


def _same(line: OrderLine, offer: Offer, within: Sameness) -> bool:
    same_type = bool(line.product_type) and offer.product_type == line.product_type
    return offer.product_id == line.product_id or (within == "type" and same_type)


def _paid_with(order: Order, method: PaymentMethod) -> bool:
    return any(t.kind == "payment" and t.state == "settled" and t.method_id == method.method_id for t in order.transactions)


def _words(state: str) -> str:
    return state.replace("_", " ")


def _either(values: tuple[str, ...]) -> str:
    quoted = [f"“{value}”" for value in values]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
