"""What does a client see of a cart, an order and a proposal? CART, ORDER and PENDING of API.md."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from domain.address import Address
from domain.cart import Cart, LineChange
from domain.document import Document
from domain.money import Money
from domain.offer import Offer, Sku
from domain.order import HistoryEntry, Order, OrderLine, OrderState, ReturnRecord, ReturnState, Totals
from domain.payment import Transaction
from domain.pending import Action, Pending


class CartLineView(Document):
    line_id: str
    product_id: str
    variant_id: str | None
    title: str
    options: dict[str, str]
    quantity: int
    unit_price: Money
    line_total: Money


class CartView(Document):
    """CART: present prices; ``changes`` against what the shopper last saw."""

    lines: tuple[CartLineView, ...]
    subtotal: Money
    changes: tuple[LineChange, ...]
    version: int

    @classmethod
    def of(cls, cart: Cart, offers: Mapping[Sku, Offer], available: Mapping[Sku, int | None], *, currency: str = "USD") -> "CartView":
        present = cart.seen(offers)
        lines = tuple(
            CartLineView(
                **{name: getattr(line, name) for name in CartLineView.model_fields if name != "line_total"}, line_total=line.line_total
            )
            for line in present.lines
        )
        return cls(lines=lines, subtotal=present.subtotal(currency), changes=cart.changes(offers, available), version=cart.version)


class ReturnView(Document):
    """``refund`` is what the shopper gets back, ``due`` what an exchange still costs; ``return_id`` is what the warehouse names."""

    return_id: str
    kind: Literal["return", "exchange"]
    state: ReturnState
    quantity: int
    refund: Money | None
    due: Money | None
    replacement: str | None

    @classmethod
    def of(cls, record: ReturnRecord) -> "ReturnView":
        return cls(
            return_id=record.record_id, kind=record.kind, state=record.state, quantity=record.quantity, refund=record.refund,
            due=record.due, replacement=record.replacement.name if record.replacement else None,
        )  # fmt: skip


class OrderLineView(Document):
    line_id: str
    product_id: str
    variant_id: str | None
    title: str
    options: dict[str, str]
    quantity: int
    unit_price: Money
    line_total: Money
    tax: Money
    returnable: int
    """Pieces that can still be sent back, once the order is delivered."""
    returns: tuple[ReturnView, ...]

    @classmethod
    def of(cls, line: OrderLine) -> "OrderLineView":
        plain = {name: getattr(line, name) for name in cls.model_fields if name != "returns"}
        return cls(**plain, returns=tuple(ReturnView.of(record) for record in line.returns))


class PaymentView(Document):
    provider: str
    method: str
    state: str
    approve_url: str | None
    paid: Money
    refunded: Money


class OrderView(Document):
    """ORDER."""

    order_id: str
    state: OrderState
    lines: tuple[OrderLineView, ...]
    subtotal: Money
    shipping: Money
    tax: Money
    total: Money
    payment: PaymentView
    address: Address
    tracking: str | None
    created_at: str
    history: tuple[dict[str, str], ...]

    @classmethod
    def of(cls, order: Order) -> "OrderView":
        totals = order.totals
        return cls(
            order_id=order.order_id, state=order.state, lines=tuple(OrderLineView.of(line) for line in order.lines),
            subtotal=totals.subtotal, shipping=totals.shipping, tax=totals.tax, total=totals.total, payment=_payment(order),
            address=order.address, tracking=order.tracking, created_at=_time(order.created_at),
            history=tuple(_entry(entry) for entry in order.history),
        )  # fmt: skip


class PendingView(Document):
    """PENDING."""

    pending_id: str
    action: Action
    summary: str
    totals: Totals | None
    expires_at: str
    order_id: str | None = Field(default=None)

    @classmethod
    def of(cls, pending: Pending) -> "PendingView":
        return cls(
            pending_id=pending.pending_id, action=pending.command.action, summary=pending.summary, totals=pending.totals,
            expires_at=_time(pending.expires_at), order_id=pending.order_id,
        )  # fmt: skip


def document(view: CartView | OrderView | PendingView) -> dict[str, Any]:
    """JSON-ready."""
    return view.model_dump(mode="json")


def _payment(order: Order) -> PaymentView:
    waiting = next((t for t in order.transactions if t.state == "awaiting_approval"), None)
    return PaymentView(
        provider=order.provider, method=order.method_id, state=_payment_state(order), paid=order.paid, refunded=order.refunded,
        approve_url=waiting.approve_url if waiting else None,
    )  # fmt: skip


def _payment_state(order: Order) -> str:
    payments = [t for t in order.transactions if t.kind == "payment"]
    for state, word in (("awaiting_approval", "awaiting_approval"), ("planned", "processing"), ("voiding", "processing")):
        if any(t.state == state for t in payments):
            return word
    if not _settled(payments):
        return "failed" if any(t.state == "failed" for t in payments) else "voided"
    if order.refunded.minor == 0:
        return "captured"
    return "refunded" if order.refunded >= order.paid else "partly_refunded"


def _settled(payments: list[Transaction]) -> bool:
    return any(t.state == "settled" for t in payments)


def _entry(entry: HistoryEntry) -> dict[str, str]:
    return {"at": _time(entry.at), "what": entry.what}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
