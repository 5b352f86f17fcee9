"""What is an order? Its lines and prices, an explicit state machine, and the log of events that it can be rebuilt from.

pending_payment -> paid -> shipped -> delivered;  pending_payment | paid -> cancelled
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from domain.address import Address
from domain.document import Document
from domain.errors import Conflict, NotFound
from domain.money import Money
from domain.offer import Sku, named
from domain.payment import OPEN, Transaction, TransactionState

OrderState = Literal["pending_payment", "paid", "shipped", "delivered", "cancelled"]
ReturnState = Literal["requested", "received", "refunded", "exchanged"]
_NEXT: dict[OrderState, frozenset[OrderState]] = {
    "pending_payment": frozenset({"paid", "cancelled"}),
    "paid": frozenset({"shipped", "cancelled"}),
    "shipped": frozenset({"delivered"}),
    "delivered": frozenset(),
    "cancelled": frozenset(),
}
_NEXT_RETURN: dict[ReturnState, frozenset[ReturnState]] = {
    "requested": frozenset({"received"}),
    "received": frozenset({"refunded", "exchanged"}),
    "refunded": frozenset(),
    "exchanged": frozenset(),
}


class Replacement(Document):
    """What an exchange sends instead."""

    product_id: str
    variant_id: str | None
    title: str
    options: dict[str, str] = Field(default_factory=dict)
    unit_price: Money

    @property
    def sku(self) -> Sku:
        return Sku(self.product_id, self.variant_id or "")

    @property
    def name(self) -> str:
        return named(self.title, self.options)


class ReturnRecord(Document):
    """A part of a line on its way back."""

    record_id: str
    kind: Literal["return", "exchange"]
    state: ReturnState = "requested"
    quantity: int = Field(ge=1)
    refund: Money | None = None
    """What the shopper gets back; for an exchange the difference, when it is in the shopper's favour."""
    due: Money | None = None
    """For an exchange: what the shopper has still to pay."""
    method_id: str
    """Where the money goes, or comes from."""
    replacement: Replacement | None = None


class OrderLine(Document):
    """One thing ordered, at the price and tax of that moment."""

    line_id: str
    product_id: str
    variant_id: str | None
    title: str
    options: dict[str, str] = Field(default_factory=dict)
    product_type: str = ""
    quantity: int = Field(ge=1)
    unit_price: Money
    tax: Money
    returns: tuple[ReturnRecord, ...] = ()

    @property
    def sku(self) -> Sku:
        return Sku(self.product_id, self.variant_id or "")

    @property
    def name(self) -> str:
        return named(self.title, self.options)

    @property
    def line_total(self) -> Money:
        return self.unit_price * self.quantity

    @property
    def returnable(self) -> int:
        """Pieces that no return or exchange has claimed yet."""
        return self.quantity - sum(record.quantity for record in self.returns)

    def worth(self, quantity: int) -> Money:
        """What the next ``quantity`` pieces cost with their tax; over all pieces it adds up to the cent."""
        before = self.quantity - self.returnable
        tax = self.tax.minor * (before + quantity) // self.quantity - self.tax.minor * before // self.quantity
        return self.unit_price * quantity + Money(minor=tax, currency=self.tax.currency)

    def record(self, record_id: str) -> ReturnRecord:
        found = next((record for record in self.returns if record.record_id == record_id), None)
        if found is None:
            raise NotFound(f"line {self.line_id!r} has no return {record_id!r}")
        return found


class Totals(Document):
    """What an order, or a proposed one, comes to."""

    subtotal: Money
    shipping: Money
    tax: Money
    total: Money

    @classmethod
    def of(cls, lines: Iterable[OrderLine], shipping: Money) -> "Totals":
        subtotal = tax = Money(minor=0, currency=shipping.currency)
        for line in lines:
            subtotal, tax = subtotal + line.line_total, tax + line.tax
        return cls(subtotal=subtotal, shipping=shipping, tax=tax, total=subtotal + shipping + tax)


class HistoryEntry(Document):
    """One thing that happened, for the shopper."""

    at: datetime
    what: str


class Before(Document):
    """What a modification comes back to when its payment fails."""

    lines: tuple[OrderLine, ...]
    shipping: Money
    address: Address
    items: bool
    transaction_id: str


# ---- events: what happened, in order; an order is nothing but these applied one after another


class Placed(Document):
    type: Literal["placed"] = "placed"
    at: datetime
    order_id: str
    owner: str
    lines: tuple[OrderLine, ...]
    shipping: Money
    address: Address
    method_id: str
    provider: str
    pay_by: datetime
    """A payment that has not come until then cancels the order."""


class TransactionPlanned(Document):
    type: Literal["transaction_planned"] = "transaction_planned"
    at: datetime
    transaction: Transaction


class TransactionMoved(Document):
    type: Literal["transaction_moved"] = "transaction_moved"
    at: datetime
    transaction_id: str
    state: TransactionState
    reference: str | None = None
    approve_url: str | None = None
    reason: str | None = None


class Cancelled(Document):
    type: Literal["cancelled"] = "cancelled"
    at: datetime
    reason: str


class Shipped(Document):
    type: Literal["shipped"] = "shipped"
    at: datetime
    tracking: str | None = None


class Delivered(Document):
    type: Literal["delivered"] = "delivered"
    at: datetime


class Modified(Document):
    """Lines, shipping and address as they are now; ``awaits`` names the payment that it stands or falls with."""

    type: Literal["modified"] = "modified"
    at: datetime
    lines: tuple[OrderLine, ...]
    shipping: Money
    address: Address
    items: bool
    awaits: str | None = None


class ReturnAsked(Document):
    type: Literal["return_asked"] = "return_asked"
    at: datetime
    line_id: str
    record: ReturnRecord


class ReturnMoved(Document):
    type: Literal["return_moved"] = "return_moved"
    at: datetime
    line_id: str
    record_id: str
    state: ReturnState


class Claimed(Document):
    """A customer was bound to the session that ordered."""

    type: Literal["claimed"] = "claimed"
    at: datetime
    owner: str


OrderEvent = Annotated[
    Placed | TransactionPlanned | TransactionMoved | Cancelled | Shipped | Delivered | Modified | ReturnAsked | ReturnMoved | Claimed,
    Field(discriminator="type"),
]
ORDER_EVENT: TypeAdapter[OrderEvent] = TypeAdapter(OrderEvent)


class Order(Document):
    """An order as its events have made it. ``version`` is their number."""

    order_id: str
    owner: str
    state: OrderState
    lines: tuple[OrderLine, ...]
    shipping: Money
    address: Address
    method_id: str
    provider: str
    created_at: datetime
    pay_by: datetime
    delivered_at: datetime | None = None
    tracking: str | None = None
    cancel_reason: str | None = None
    items_changed: int = 0
    """How many times the items were modified."""
    before: Before | None = None
    transactions: tuple[Transaction, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    version: int = 1

    # ---- reading

    @property
    def totals(self) -> Totals:
        return Totals.of(self.lines, self.shipping)

    @property
    def total(self) -> Money:
        return self.totals.total

    @property
    def zero(self) -> Money:
        return Money(minor=0, currency=self.shipping.currency)

    @property
    def paid(self) -> Money:
        """What has reached us."""
        return self._sum(t for t in self.transactions if t.kind == "payment" and t.state == "settled")

    @property
    def refunded(self) -> Money:
        """What went back, or is about to."""
        return self._sum(t for t in self.transactions if t.kind == "refund" and t.state in ("planned", "settled"))

    @property
    def open_transactions(self) -> tuple[Transaction, ...]:
        """Those in which the provider must be asked."""
        return tuple(t for t in self.transactions if t.state in OPEN)

    def line(self, line_id: str) -> OrderLine:
        found = next((line for line in self.lines if line.line_id == line_id), None)
        if found is None:
            raise NotFound(f"order {self.order_id} has no line {line_id!r}")
        return found

    def transaction(self, transaction_id: str) -> Transaction:
        found = next((t for t in self.transactions if t.transaction_id == transaction_id), None)
        if found is None:
            raise NotFound(f"order {self.order_id} has no transaction {transaction_id!r}")
        return found

    def remaining(self, payment: Transaction) -> Money:
        """What of a settled payment has not gone back on it."""
        back = [t for t in self.transactions if t.refunds == payment.transaction_id and t.state in ("planned", "settled")]
        return payment.amount - self._sum(back)

    def reserved(self) -> Counter[Sku]:
        """Pieces that must be kept in the warehouse for this order."""
        if self.state in ("pending_payment", "paid"):
            # While a modification awaits its payment either outcome must stay possible: per thing the larger number.
            return _pieces(self.lines) | (_pieces(self.before.lines) if self.before else Counter())
        if self.state == "cancelled":
            return Counter()
        return self._replacements({"requested", "received"})

    def left(self) -> Counter[Sku]:
        """Pieces that have left the warehouse for this order."""
        if self.state not in ("shipped", "delivered"):
            return Counter()
        # What an exchange replaced left too: the line's own pieces went out first.
        return _pieces(self.lines) + self._replacements({"exchanged"})

    # ---- the log

    @classmethod
    def rebuilt(cls, events: Iterable[OrderEvent]) -> "Order":
        """The order from its whole log; ValueError when it doesn't begin with Placed."""
        order: Order | None = None
        for event in events:
            if isinstance(event, Placed):
                order = cls._placed(event)
            elif order is None:
                raise ValueError(f"the log begins with {event.type!r}, not with 'placed'")
            else:
                order = order.apply(event)
        if order is None:
            raise ValueError("the log is empty")
        return order

    def apply(self, event: OrderEvent) -> "Order":
        """The order after one more event; Conflict when its state forbids that."""
        match event:
            case TransactionPlanned():
                after = self._with(transactions=(*self.transactions, event.transaction))
            case TransactionMoved():
                after = self._moved(event)
            case Cancelled():
                after = self._to("cancelled", cancel_reason=event.reason, before=None)
            case Shipped():
                after = self._to("shipped", tracking=event.tracking)
            case Delivered():
                after = self._to("delivered", delivered_at=event.at)
            case Modified():
                after = self._modified(event)
            case ReturnAsked():
                after = self._asked(event)
            case ReturnMoved():
                after = self._return_moved(event)
            case Claimed():
                after = self._with(owner=event.owner)
            case Placed():
                raise Conflict(f"order {self.order_id} is placed already")
        entry = _told(self, event)
        history = (*self.history, HistoryEntry(at=event.at, what=entry)) if entry else self.history
        return after._with(version=self.version + 1, history=history)

    @classmethod
    def _placed(cls, event: Placed) -> "Order":
        return cls(
            order_id=event.order_id, owner=event.owner, state="pending_payment", lines=event.lines, shipping=event.shipping,
            address=event.address, method_id=event.method_id, provider=event.provider, created_at=event.at, pay_by=event.pay_by,
            history=(HistoryEntry(at=event.at, what="placed"),),
        )  # fmt: skip

    def _to(self, state: OrderState, **update: object) -> "Order":
        if state not in _NEXT[self.state]:
            raise Conflict(f"order {self.order_id} is {self.state.replace('_', ' ')} and cannot become {state}")
        return self._with(state=state, **update)

    def _moved(self, event: TransactionMoved) -> "Order":
        found = self.transaction(event.transaction_id)
        changed = found.model_copy(
            update={
                "state": event.state, "reference": event.reference or found.reference, "approve_url": event.approve_url,
                "reason": event.reason,
            }
        )  # fmt: skip
        after = self._with(transactions=tuple(changed if t == found else t for t in self.transactions))
        if event.state == "settled" and found.purpose == "order" and self.state == "pending_payment":
            return after._to("paid")
        if event.state == "settled" and found.kind == "payment" and found.purpose == "replacement":
            return after._with(method_id=found.method_id, provider=found.provider)
        if self.before and self.before.transaction_id == event.transaction_id:
            if event.state == "settled":
                return after._with(before=None)
            if event.state in ("failed", "void"):
                return after._undone()
        return after

    def _modified(self, event: Modified) -> "Order":
        if self.state not in ("pending_payment", "paid"):
            raise Conflict(f"order {self.order_id} is {self.state} and cannot be modified")
        before = None
        if event.awaits:
            before = Before(lines=self.lines, shipping=self.shipping, address=self.address, items=event.items, transaction_id=event.awaits)
        return self._with(
            lines=event.lines, shipping=event.shipping, address=event.address, before=before,
            items_changed=self.items_changed + event.items,
        )  # fmt: skip

    def _undone(self) -> "Order":
        assert self.before is not None
        old = self.before
        return self._with(
            lines=old.lines, shipping=old.shipping, address=old.address, before=None, items_changed=self.items_changed - old.items
        )

    def _asked(self, event: ReturnAsked) -> "Order":
        line = self.line(event.line_id)
        if self.state != "delivered" or event.record.quantity > line.returnable:
            raise Conflict(f"{line.returnable} of {line.name} can come back, and only once the order is delivered")
        return self._with_line(line.model_copy(update={"returns": (*line.returns, event.record)}))

    def _return_moved(self, event: ReturnMoved) -> "Order":
        line = self.line(event.line_id)
        record = line.record(event.record_id)
        if event.state not in _NEXT_RETURN[record.state]:
            raise Conflict(f"the {record.kind} of {line.name} is {record.state} and cannot become {event.state}")
        moved = record.model_copy(update={"state": event.state})
        return self._with_line(line.model_copy(update={"returns": tuple(moved if r == record else r for r in line.returns)}))

    def _with_line(self, line: OrderLine) -> "Order":
        return self._with(lines=tuple(line if other.line_id == line.line_id else other for other in self.lines))

    def _with(self, **update: object) -> "Order":
        return self.model_copy(update=update)

    def _sum(self, transactions: Iterable[Transaction]) -> Money:
        total = self.zero
        for transaction in transactions:
            total += transaction.amount
        return total

    def _replacements(self, states: set[ReturnState]) -> Counter[Sku]:
        found: Counter[Sku] = Counter()
        for line in self.lines:
            for record in line.returns:
                if record.replacement and record.state in states:
                    found[record.replacement.sku] += record.quantity
        return found


def _pieces(lines: Iterable[OrderLine]) -> Counter[Sku]:
    found: Counter[Sku] = Counter()
    for line in lines:
        found[line.sku] += line.quantity
    return found


def _told(order: Order, event: OrderEvent) -> str | None:
    """The event as the shopper reads it in the order's history; None for what is only bookkeeping."""
    match event:
        case TransactionMoved():
            moved = order.transaction(event.transaction_id)
            if event.state == "settled":
                return f"{moved.kind} of {moved.amount} settled"
            return f"{moved.kind} of {moved.amount} failed: {event.reason}" if event.state == "failed" else None
        case TransactionPlanned():
            planned = event.transaction
            return f"refund of {planned.amount} to {planned.method_id}" if planned.kind == "refund" else None
        case Cancelled():
            return f"cancelled: {event.reason}"
        case Shipped():
            return f"shipped{f', tracking {event.tracking}' if event.tracking else ''}"
        case Modified():
            return "items changed" if event.items else "address changed"
        case ReturnAsked():
            return f"{event.record.kind} of {event.record.quantity} × {order.line(event.line_id).name} requested"
        case ReturnMoved():
            record = order.line(event.line_id).record(event.record_id)
            return f"{record.kind} of {record.quantity} × {order.line(event.line_id).name} {event.state}"
        case Claimed():
            return None
    return event.type
