"""How does planned money move? Each open transaction is asked of its provider, and the answer written down, until none is open.

An order and its planned transactions are committed before any provider is called, and a transaction's id is the provider's
idempotency key. So a crash at any point loses nothing and doubles nothing: whoever comes next asks again and hears the same.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from domain.cart import Cart, CartLine
from domain.commerce_ports import ShopStore, ShopTransaction
from domain.errors import NotFound, Unavailable
from domain.order import Order, OrderEvent
from domain.order_changes import DECLINED, Changes
from domain.payment import CREDIT, OPEN, Captured, Declined, Outcome, PaymentProvider, Refunded, Transaction
from domain.ports import Clock
from tools.cart import again_on_conflict
from tools.shop_metrics import refunds_declined, settlement_failures

_log = structlog.get_logger()
TOO_LATE = "the payment did not arrive in time"
FAILPOINTS = tuple(
    f"{kind}.{point}" for kind in ("payment", "refund") for point in ("before_provider", "after_provider", "before_commit", "after_commit")
)
"""Where a test may stop the process: around the call to the provider, and around the writing down of its answer."""
_LEASE = timedelta(seconds=30)
_RETRY = timedelta(seconds=5)
_LONGEST_OUTAGE = timedelta(minutes=1)
_LONGEST_DEFECT = timedelta(hours=1)
_SET_ASIDE = timedelta(minutes=5)
_PASSES = 8
_BATCH = 50


def nothing(point: str) -> None:
    """The failpoint of a running shop."""


@dataclass(frozen=True)
class Settlement:
    """Settles orders at once, when due, and when a provider reports; any number of workers may do so at once."""

    store: ShopStore
    providers: Mapping[str, PaymentProvider]
    clock: Clock
    new_id: Callable[[], str]
    failpoint: Callable[[str], None] = field(default=nothing)

    async def settle(self, order_id: str, *, ask_approval: bool = False) -> Order:
        """Moves what is open as far as the providers let it; an unknown outcome is tried again later by ``run_due``.

        With ``ask_approval``, payments that wait for the shopper's approval are asked about, too.
        """
        order = await self._load(order_id)
        for _ in range(_PASSES):
            waiting = [t for t in order.transactions if t.state in OPEN or (ask_approval and t.state == "awaiting_approval")]
            ask_approval = False
            if not waiting:
                return order
            moved = False
            for transaction in waiting:
                moved |= await self._move(order, transaction)
                order = await self._load(order_id)
            if not moved:
                return order
        return order

    async def run_due(self, *, everything: bool = False) -> int:
        """One round of a worker: what others left undone, and orders whose time to pay is over; the number of orders looked at.

        ``everything`` takes also what another worker holds: for a start after a crash.
        """
        now = self.clock.now()
        async with self.store.writing() as tx:
            horizon = now + _LEASE if everything else now
            due = await tx.orders.lease_due(horizon, until=now + _LEASE, limit=_BATCH)
        for order_id in dict.fromkeys(order_id for order_id, _ in due):
            if not await self._alone(order_id, self.settle(order_id, ask_approval=True)):
                await self._set_aside([transaction_id for owner, transaction_id in due if owner == order_id])
        return len(due) + await self._expire_late(now)

    async def prune(self) -> None:
        """Forgets what nobody will ask for any more."""
        async with self.store.writing() as tx:
            await tx.prune(self.clock.now())

    async def heard(self, provider: str, headers: Mapping[str, str], body: bytes) -> bool:
        """A provider's notice; False when it was heard before. Forbidden when it is forged.

        A notice is only a hint to ask: what counts is what the provider answers, so that order and repetition do not matter.
        """
        asked = self._provider(provider)
        notice = await asked.read_webhook(headers, body)
        async with self.store.reading() as tx:
            found = await self._noticed(tx, provider, notice.transaction_id, notice.reference)
        if found is not None:
            await self._look(asked, *found)
        async with self.store.writing() as tx:
            return await tx.webhooks.first_time(provider, notice.event_id, self.clock.now())

    # ---- parts

    async def _move(self, order: Order, transaction: Transaction) -> bool:
        """Asks the provider and writes down what it says; False when the outcome stays unknown or nothing changed."""
        self.failpoint(f"{transaction.kind}.before_provider")
        try:
            outcome = await self._ask(order, transaction)
        except Unavailable as exc:
            _log.warning("payment_outcome_unknown", order_id=order.order_id, transaction_id=transaction.transaction_id, error=str(exc))
            await self._postpone(transaction, _LONGEST_OUTAGE)
            return False
        except Exception:  # noqa: BLE001 - whatever a provider's answer broke, the outcome is unknown and the money stays planned
            _log.exception("payment_failed_unexpectedly", order_id=order.order_id, transaction_id=transaction.transaction_id)
            settlement_failures.labels(transaction.provider).inc()
            await self._postpone(transaction, _LONGEST_DEFECT)
            return False
        self.failpoint(f"{transaction.kind}.after_provider")
        return await self._write_down(order.order_id, transaction, outcome)

    async def _postpone(self, transaction: Transaction, longest: timedelta) -> None:
        """Later the longer it has been open already."""
        now = self.clock.now()
        wait = min(max(_RETRY, (now - transaction.at) / 2), longest)
        async with self.store.writing() as tx:
            await tx.orders.postpone(transaction.transaction_id, now + wait)

    async def _alone(self, order_id: str, step: Awaitable[object]) -> bool:
        """Whether a step for one order went through; what goes wrong with it must not keep the others waiting."""
        try:
            await step
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - one order that cannot be read or settled is that order's trouble alone
            _log.exception("order_set_aside", order_id=order_id)
            settlement_failures.labels("order").inc()
            return False
        return True

    async def _set_aside(self, transaction_ids: Iterable[str]) -> None:
        async with self.store.writing() as tx:
            for transaction_id in transaction_ids:
                await tx.orders.postpone(transaction_id, self.clock.now() + _SET_ASIDE)

    async def _expire_late(self, now: datetime) -> int:
        """All orders whose time to pay is over, page after page: those that cannot be expired stay, and hold up none behind them."""
        looked_at, after = 0, None
        while True:
            async with self.store.reading() as tx:
                late = await tx.orders.unpaid_since(now, limit=_BATCH, after=after)
            for order_id, _ in late:
                await self._alone(order_id, self._expire(order_id))
            looked_at += len(late)
            if len(late) < _BATCH:
                return looked_at
            after = late[-1]

    async def _ask(self, order: Order, transaction: Transaction) -> Outcome:
        provider = self._provider(transaction.provider)
        if transaction.kind == "refund":
            payment = order.transaction(transaction.refunds) if transaction.refunds else None
            return await provider.refund(transaction, payment)
        if transaction.state == "voiding":
            return await provider.void(transaction)
        return await provider.charge(transaction, order_id=order.order_id)

    async def _write_down(self, order_id: str, transaction: Transaction, outcome: Outcome) -> bool:
        async def write() -> bool:
            async with self.store.writing() as tx:
                before = await _loaded(tx, order_id)
                events = Changes(self.clock.now(), self.new_id).settled(before, transaction.transaction_id, outcome)
                if not events:
                    if transaction.state not in OPEN:
                        await tx.orders.postpone(transaction.transaction_id, self.clock.now() + 4 * _RETRY)
                    return False
                after = await tx.orders.append(before, events)
                await settle_credit(tx, after, self.clock.now(), self.new_id)
                self._tell_declined_refund(before, after, transaction)
                if _declined(before, after):
                    await put_back(tx, after)
                self.failpoint(f"{transaction.kind}.before_commit")
            self.failpoint(f"{transaction.kind}.after_commit")
            return True

        return await again_on_conflict(write)

    def _tell_declined_refund(self, before: Order, after: Order, transaction: Transaction) -> None:
        now = after.transaction(transaction.transaction_id)
        if now.kind == "refund" and now.state == "failed" and before.transaction(now.transaction_id).state != "failed":
            refunds_declined.labels(now.provider).inc()
            _log.error(
                "refund_declined", order_id=after.order_id, transaction_id=now.transaction_id, amount=str(now.amount),
                method_id=now.method_id, reason=now.reason, instead="store credit",
            )  # fmt: skip

    async def _expire(self, order_id: str) -> None:
        """Cancels an order that was not paid in time. Its payment is voided; should it have come after all, it goes back."""
        now = self.clock.now()

        async def write() -> None:
            async with self.store.writing() as tx:
                order = await _loaded(tx, order_id)
                if order.state == "pending_payment" and order.pay_by <= now:
                    after = await tx.orders.append(order, Changes(now, self.new_id).cancelled(order, TOO_LATE))
                    await put_back(tx, after)

        await again_on_conflict(write)
        await self.settle(order_id)

    async def _look(self, provider: PaymentProvider, order: Order, transaction_id: str) -> None:
        transaction = order.transaction(transaction_id)
        if transaction.state in (*OPEN, "awaiting_approval"):
            await self.settle(order.order_id, ask_approval=True)
            return
        given_up = transaction.kind == "payment" and transaction.state in ("failed", "void")
        # The provider says that something happened all the same: if the money came, it goes back.
        if given_up and await self._write_down(order.order_id, transaction, await provider.look(transaction)):
            await self.settle(order.order_id)

    async def _noticed(
        self, tx: ShopTransaction, provider: str, transaction_id: str | None, reference: str | None
    ) -> tuple[Order, str] | None:
        order = await tx.orders.owning(transaction_id) if transaction_id else None
        if order is not None and transaction_id is not None:
            return order, transaction_id
        return await tx.orders.by_reference(provider, reference) if reference else None

    async def _load(self, order_id: str) -> Order:
        async with self.store.reading() as tx:
            return await _loaded(tx, order_id)

    def _provider(self, name: str) -> PaymentProvider:
        found = self.providers.get(name)
        if found is None:
            known = ", ".join(self.providers)
            raise NotFound(f"there is no payment provider {name!r} here; there are {known}")
        return found


async def settle_credit(tx: ShopTransaction, order: Order, at: datetime, new_id: Callable[[], str]) -> Order:
    """Moves what is planned in store credit, inside the same transaction: it is our own money."""
    changes = Changes(at, new_id)
    while waiting := [t for t in order.transactions if t.provider == CREDIT and t.state in OPEN]:
        transaction = waiting[0]
        order = await tx.orders.append(order, await _credit_events(tx, order, transaction, changes))
    return order


async def put_back(tx: ShopTransaction, order: Order) -> None:
    """The lines of an order that came to nothing go back into the cart."""
    cart = await tx.carts.load(order.owner)
    lines = tuple(
        CartLine(
            line_id=line.line_id, product_id=line.product_id, variant_id=line.variant_id, title=line.title, options=line.options,
            quantity=line.quantity, unit_price=line.unit_price,
        )
        for line in order.lines
    )  # fmt: skip
    await tx.carts.save(cart.merged(Cart(owner=cart.owner, lines=lines)))


async def _credit_events(tx: ShopTransaction, order: Order, transaction: Transaction, changes: Changes) -> Sequence[OrderEvent]:
    sign = -1 if transaction.kind == "payment" else 1
    moved = await tx.accounts.move_credit(
        order.owner, transaction.method_id, transaction.amount * sign, at=changes.at, transaction_id=transaction.transaction_id
    )
    if not moved:
        return changes.settled(order, transaction.transaction_id, Declined("the store credit does not cover it"))
    done = Captured(CREDIT) if transaction.kind == "payment" else Refunded(CREDIT)
    return changes.settled(order, transaction.transaction_id, done)


def _declined(before: Order, after: Order) -> bool:
    return before.state != "cancelled" and after.state == "cancelled" and after.cancel_reason == DECLINED


async def _loaded(tx: ShopTransaction, order_id: str) -> Order:
    order = await tx.orders.load(order_id)
    if order is None:
        raise NotFound(f"there is no order {order_id!r}")
    return order
