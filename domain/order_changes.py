"""Which events does a decision about an order come to? Pure: an order in, events out; whether it is allowed is the policy's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.address import Address
from domain.errors import Conflict
from domain.money import Money
from domain.order import (
    Cancelled,
    Delivered,
    Modified,
    Order,
    OrderEvent,
    OrderLine,
    Placed,
    Replacement,
    ReturnAsked,
    ReturnMoved,
    ReturnRecord,
    ReturnState,
    Shipped,
    Totals,
    TransactionMoved,
    TransactionPlanned,
)
from domain.payment import CREDIT, OPEN, AwaitingApproval, Captured, Declined, Outcome, Purpose, Refunded, Transaction, Voided
from domain.shopper import STORE_CREDIT, PaymentMethod

DECLINED = "payment declined"


class Returned(NamedTuple):
    """Pieces of a line that come back."""

    line_id: str
    quantity: int


class Swap(NamedTuple):
    """Pieces of a line that are exchanged, with what comes instead and its tax."""

    line_id: str
    quantity: int
    replacement: Replacement
    tax: Money


class Destination(NamedTuple):
    """Where money goes back: on the payments that it came from, or to a method by itself."""

    method: PaymentMethod | None = None


@dataclass(frozen=True)
class Changes:
    """Makes events at one moment. ``new_id`` gives ids that never repeat."""

    at: datetime
    new_id: Callable[[], str]

    def placed(
        self, order_id: str, owner: str, lines: tuple[OrderLine, ...], *, shipping: Money, address: Address,
        method: PaymentMethod, pay_by: datetime,
    ) -> list[OrderEvent]:  # fmt: skip
        """A new order and its payment."""
        payment = self._payment(Totals.of(lines, shipping).total, "order", method)
        placed = Placed(
            at=self.at, order_id=order_id, owner=owner, lines=lines, shipping=shipping, address=address,
            method_id=method.method_id, provider=method.provider, pay_by=pay_by,
        )  # fmt: skip
        return [placed, TransactionPlanned(at=self.at, transaction=payment)]

    def cancelled(self, order: Order, reason: str) -> list[OrderEvent]:
        """Open payments are voided; every settled one goes back on its own method."""
        events: list[OrderEvent] = [Cancelled(at=self.at, reason=reason)]
        for payment in order.transactions:
            if payment.kind == "payment" and payment.state in ("planned", "awaiting_approval"):
                events.append(TransactionMoved(at=self.at, transaction_id=payment.transaction_id, state="voiding"))
        return events + self.refunds(order, order.paid - order.refunded, "cancellation", Destination())

    def shipped(self, order: Order, tracking: str | None) -> list[OrderEvent]:
        """Conflict while money of a modification is still on its way."""
        if order.before is not None:
            raise Conflict(f"a payment for the changed items of order {order.order_id} is still open; try again shortly", retry_after_s=5)
        return [Shipped(at=self.at, tracking=tracking)]

    def delivered(self) -> list[OrderEvent]:
        return [Delivered(at=self.at)]

    def modified(
        self, order: Order, lines: tuple[OrderLine, ...], *, shipping: Money, address: Address, items: bool,
        method: PaymentMethod, destination: Destination,
    ) -> list[OrderEvent]:  # fmt: skip
        """New lines or a new address; a difference is charged to ``method`` first, or goes back to ``destination``."""
        difference = Totals.of(lines, shipping).total - order.total
        payment = self._payment(difference, "difference", method) if difference.minor > 0 else None
        modified = Modified(
            at=self.at, lines=lines, shipping=shipping, address=address, items=items,
            awaits=payment.transaction_id if payment else None,
        )  # fmt: skip
        if payment:
            return [TransactionPlanned(at=self.at, transaction=payment), modified]
        back = Money(minor=-difference.minor, currency=difference.currency)
        return [modified, *self.refunds(order, back, "difference", destination)]

    def payment_replaced(self, order: Order, method: PaymentMethod) -> list[OrderEvent]:
        """The whole is charged to the new method; once that has settled, the old payments go back."""
        payment = self._payment(order.total, "replacement", method)
        return [TransactionPlanned(at=self.at, transaction=payment)]

    def return_asked(self, order: Order, items: Sequence[Returned], *, method_id: str) -> list[OrderEvent]:
        """A record per line; money moves when the goods have arrived."""
        events: list[OrderEvent] = []
        request = self.new_id()
        for i, item in enumerate(items):
            line = order.line(item.line_id)
            record = ReturnRecord(
                record_id=f"{request}.{i}", kind="return", quantity=item.quantity, refund=line.worth(item.quantity),
                method_id=method_id,
            )  # fmt: skip
            events.append(ReturnAsked(at=self.at, line_id=line.line_id, record=record))
            order = order.apply(events[-1])
        return events

    def exchange_asked(self, order: Order, swaps: Sequence[Swap], *, method_id: str) -> list[OrderEvent]:
        """A record per line with what comes instead; a difference is settled when the goods have arrived."""
        events: list[OrderEvent] = []
        request = self.new_id()
        for i, swap in enumerate(swaps):
            line = order.line(swap.line_id)
            difference = exchange_difference(line, swap)
            back = Money(minor=-difference.minor, currency=difference.currency)
            record = ReturnRecord(
                record_id=f"{request}.{i}", kind="exchange", quantity=swap.quantity, method_id=method_id,
                replacement=swap.replacement, due=difference if difference.minor > 0 else None,
                refund=back if back.minor > 0 else None,
            )  # fmt: skip
            events.append(ReturnAsked(at=self.at, line_id=line.line_id, record=record))
            order = order.apply(events[-1])
        return events

    def received(
        self, order: Order, line_id: str, record: ReturnRecord, *, method: PaymentMethod, destination: Destination
    ) -> list[OrderEvent]:
        """The goods of this record have arrived: now its money moves. Nothing when that was reported before."""
        if record.state != "requested" and not self._stuck(order, record):
            return []
        events: list[OrderEvent] = []
        if record.state == "requested":
            events.append(ReturnMoved(at=self.at, line_id=line_id, record_id=record.record_id, state="received"))
        if record.due is not None:
            due = self._payment(record.due, "exchange", method, record_id=record.record_id)
            return [*events, TransactionPlanned(at=self.at, transaction=due)]
        purpose: Purpose = record.kind
        back = self.refunds(order, record.refund, purpose, destination, record_id=record.record_id) if record.refund else []
        if back:
            return [*events, *back]
        # Worth nothing, or given back already: there is no money to wait for.
        return [*events, ReturnMoved(at=self.at, line_id=line_id, record_id=record.record_id, state=_end(record))]

    def settled(self, order: Order, transaction_id: str, outcome: Outcome) -> list[OrderEvent]:
        """What a provider's answer comes to. Nothing when it was known already, so that it may be told twice."""
        transaction = order.transaction(transaction_id)
        moved = _moved(self.at, transaction, outcome)
        if moved is None:
            return []
        after = order.apply(moved)
        return [moved, *self._consequences(after, after.transaction(transaction_id))]

    def refunds(
        self, order: Order, amount: Money, purpose: Purpose, destination: Destination, *, record_id: str | None = None
    ) -> list[OrderEvent]:
        """Refunds that add up to the amount, never above what was paid and has not gone back."""
        amount = min(amount, order.paid - order.refunded)
        if amount.minor <= 0:
            return []
        if destination.method is not None:
            return [self._refund(amount, purpose, destination.method.method_id, destination.method.provider, None, record_id)]
        events: list[OrderEvent] = []
        for payment in _payments_to_refund(order):
            part = min(amount, order.remaining(payment))
            if part.minor > 0:
                amount -= part
                events.append(self._refund(part, purpose, payment.method_id, payment.provider, payment.transaction_id, record_id))
        return events

    # ---- small things

    def _consequences(self, order: Order, transaction: Transaction) -> list[OrderEvent]:
        if transaction.kind == "payment":
            return self._after_payment(order, transaction)
        if transaction.state == "failed" and transaction.provider != CREDIT:
            # What the shopper was told goes back does go back: what its provider will never take becomes store credit.
            return [self._refund(transaction.amount, transaction.purpose, STORE_CREDIT, CREDIT, None, transaction.record_id)]
        return self._after_record(order, transaction)

    def _after_payment(self, order: Order, payment: Transaction) -> list[OrderEvent]:
        if payment.state == "failed" and payment.purpose == "order" and order.state == "pending_payment":
            return self.cancelled(order, DECLINED)
        if payment.state != "settled":
            return []
        if order.state == "cancelled":
            # Money that came after the order was over goes straight back.
            return [self._refund(payment.amount, "late", payment.method_id, payment.provider, payment.transaction_id, None)]
        if payment.purpose == "replacement":
            old = [t for t in _payments_to_refund(order) if t.transaction_id != payment.transaction_id]
            parts = [(t, order.remaining(t)) for t in old]
            return [
                self._refund(part, "replacement", t.method_id, t.provider, t.transaction_id, None) for t, part in parts if part.minor > 0
            ]
        return self._after_record(order, payment)

    def _after_record(self, order: Order, transaction: Transaction) -> list[OrderEvent]:
        """A return or exchange ends when all of its money has moved."""
        if transaction.record_id is None or transaction.state != "settled":
            return []
        others = [t for t in order.transactions if t.record_id == transaction.record_id]
        if any(t.state != "settled" and t.state != "failed" for t in others):
            return []
        line = next(line for line in order.lines if any(r.record_id == transaction.record_id for r in line.returns))
        record = line.record(transaction.record_id)
        if record.state != "received":
            return []
        return [ReturnMoved(at=self.at, line_id=line.line_id, record_id=record.record_id, state=_end(record))]

    def _stuck(self, order: Order, record: ReturnRecord) -> bool:
        """Received, but its payment failed: the warehouse may report it again."""
        mine = [t for t in order.transactions if t.record_id == record.record_id]
        return record.state == "received" and all(t.state in ("failed", "void") for t in mine)

    def _payment(self, amount: Money, purpose: Purpose, method: PaymentMethod, *, record_id: str | None = None) -> Transaction:
        return Transaction(
            transaction_id=self.new_id(), kind="payment", purpose=purpose, amount=amount, method_id=method.method_id,
            provider=method.provider, at=self.at, record_id=record_id, label=method.label,
        )  # fmt: skip

    def _refund(
        self, amount: Money, purpose: Purpose, method_id: str, provider: str, refunds: str | None, record_id: str | None
    ) -> OrderEvent:
        refund = Transaction(
            transaction_id=self.new_id(), kind="refund", purpose=purpose, amount=amount, method_id=method_id, provider=provider,
            at=self.at, refunds=refunds, record_id=record_id,
        )  # fmt: skip
        return TransactionPlanned(at=self.at, transaction=refund)


def arrived_record(order: Order, line_id: str, return_id: str | None) -> ReturnRecord:
    """The return that a report is about. Conflict when the line alone does not say which: a repeated report must pay nothing else."""
    line = order.line(line_id)
    if return_id is not None:
        return line.record(return_id)
    if not line.returns:
        raise Conflict(f"nothing of {line.name} is on its way back")
    if len(line.returns) > 1:
        known = ", ".join(f"{record.record_id} ({record.quantity}, {record.state})" for record in line.returns)
        raise Conflict(f"{line.name} came back more than once; name the one that has arrived as return_id: {known}")
    return line.returns[0]


def exchange_difference(line: OrderLine, swap: Swap) -> Money:
    """What the replacement costs more (or, negative, less) than the pieces that come back, with tax."""
    return swap.replacement.unit_price * swap.quantity + swap.tax - line.worth(swap.quantity)


def _moved(at: datetime, transaction: Transaction, outcome: Outcome) -> TransactionMoved | None:
    match outcome:
        case Captured() | Refunded():
            # Also after it was given up (failed, void): money that did move is never ignored.
            if transaction.state == "settled":
                return None
            return TransactionMoved(at=at, transaction_id=transaction.transaction_id, state="settled", reference=outcome.reference)
        case AwaitingApproval():
            if transaction.state != "planned" and transaction.approve_url == outcome.approve_url:
                return None
            if transaction.state not in ("planned", "awaiting_approval"):
                return None
            return TransactionMoved(
                at=at, transaction_id=transaction.transaction_id, state="awaiting_approval", reference=outcome.reference,
                approve_url=outcome.approve_url,
            )  # fmt: skip
        case Declined():
            if transaction.state not in (*OPEN, "awaiting_approval"):
                return None
            return TransactionMoved(at=at, transaction_id=transaction.transaction_id, state="failed", reason=outcome.reason)
        case Voided():
            if transaction.state not in (*OPEN, "awaiting_approval"):
                return None
            return TransactionMoved(at=at, transaction_id=transaction.transaction_id, state="void")


def _payments_to_refund(order: Order) -> list[Transaction]:
    """Settled payments, the present method's first, larger before smaller."""
    settled = [t for t in order.transactions if t.kind == "payment" and t.state == "settled"]
    return sorted(settled, key=lambda t: (t.method_id != order.method_id, -t.amount.minor))


def _end(record: ReturnRecord) -> ReturnState:
    return "refunded" if record.kind == "return" else "exchanged"
