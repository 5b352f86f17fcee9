"""Where do orders lie? An append-only log of events, beside it each order as the log has made it, in the same transaction."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict
from domain.money import Money
from domain.offer import Sku
from domain.order import ORDER_EVENT, Claimed, Order, OrderEvent
from domain.payment import OPEN, Transaction
from memory.database import UtcDateTime
from memory.shop_tables import order_events, orders, transactions
from memory.stock import SqlStock

OWN_GRACE = timedelta(seconds=5)
"""The request that planned a transaction settles it itself; only after this time may a worker take it."""
APPROVAL_POLL = timedelta(seconds=20)
"""How often a provider is asked whether a shopper has approved, for shops that no webhook reaches."""


_LOAD = select(orders.c.document).where(orders.c.order_id == bindparam("wanted"))
_OF_OWNER = (
    select(orders.c.document)
    .where(orders.c.owner == bindparam("mine"))
    .order_by(orders.c.created_at.desc(), orders.c.order_id.desc())
    .limit(bindparam("most", type_=Integer))
)
_OLDER = or_(
    orders.c.created_at < bindparam("moment", type_=UtcDateTime),
    and_(orders.c.created_at == bindparam("moment", type_=UtcDateTime), orders.c.order_id < bindparam("wanted")),
)
_OF_OWNER_BEFORE = _OF_OWNER.where(_OLDER)
_LOG = select(order_events.c.document).where(order_events.c.order_id == bindparam("wanted")).order_by(order_events.c.seq)
_DUE = (
    select(transactions.c.order_id, transactions.c.transaction_id)
    .where(transactions.c.due_at <= bindparam("now", type_=UtcDateTime))
    .order_by(transactions.c.due_at)
    .limit(bindparam("most", type_=Integer))
)
_INSERT = insert(orders)
_SAVE = update(orders).where((orders.c.order_id == bindparam("wanted")) & (orders.c.version == bindparam("was")))
_LOG_EVENTS = insert(order_events)
_PLAN = insert(transactions)
_MOVE = update(transactions).where(transactions.c.transaction_id == bindparam("wanted"))


class SqlOrders:
    """The Orders port inside one transaction."""

    def __init__(self, connection: AsyncConnection, stock: SqlStock) -> None:
        self._connection = connection
        self._stock = stock

    async def load(self, order_id: str) -> Order | None:
        return await self._one(_LOAD, {"wanted": order_id})

    async def of_owner(self, owner: str, *, limit: int, before: tuple[datetime, str] | None = None) -> tuple[Order, ...]:
        query, asked = _OF_OWNER, dict[str, Any](mine=owner, most=limit)
        if before is not None:
            query, asked = _OF_OWNER_BEFORE, {**asked, "moment": before[0], "wanted": before[1]}
        return tuple(Order.model_validate(row[0]) for row in await self._connection.execute(query, asked))

    async def append(self, before: Order | None, events: Sequence[OrderEvent]) -> Order:
        after = Order.rebuilt(events) if before is None else before
        for event in events if before is not None else ():
            after = after.apply(event)
        await self._store(before, after)
        first = before.version + 1 if before else 1
        rows = [_event_row(after.order_id, first + i, event) for i, event in enumerate(events)]
        await self._connection.execute(_LOG_EVENTS, rows)
        await self._store_transactions(before, after, events[-1].at)
        await self._move_stock(before, after)
        return after

    async def log(self, order_id: str) -> tuple[OrderEvent, ...]:
        return tuple(ORDER_EVENT.validate_python(row[0]) for row in await self._connection.execute(_LOG, {"wanted": order_id}))

    async def owning(self, transaction_id: str) -> Order | None:
        joined = select(orders.c.document).join(transactions, transactions.c.order_id == orders.c.order_id)
        return await self._one(joined.where(transactions.c.transaction_id == transaction_id), {})

    async def by_reference(self, provider: str, reference: str) -> tuple[Order, str] | None:
        known = (transactions.c.provider == provider) & (transactions.c.reference == reference)
        query = select(transactions.c.order_id, transactions.c.transaction_id).where(known)
        row = (await self._connection.execute(query)).first()
        order = await self.load(row[0]) if row else None
        return (order, row[1]) if row and order else None

    async def lease_due(self, now: datetime, *, until: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        due = transactions.c.due_at <= now
        leased: list[tuple[str, str]] = []
        for order_id, transaction_id in (await self._connection.execute(_DUE, {"now": now, "most": limit})).all():
            mine = (transactions.c.transaction_id == transaction_id) & due
            taken = await self._connection.execute(update(transactions).where(mine).values(due_at=until))
            if taken.rowcount == 1:
                leased.append((order_id, transaction_id))
        return tuple(leased)

    async def postpone(self, transaction_id: str, until: datetime) -> None:
        still_due = (transactions.c.transaction_id == transaction_id) & transactions.c.due_at.is_not(None)
        await self._connection.execute(update(transactions).where(still_due).values(due_at=until))

    async def unpaid_since(
        self, now: datetime, *, limit: int, after: tuple[str, datetime] | None = None
    ) -> tuple[tuple[str, datetime], ...]:
        late = (orders.c.state == "pending_payment") & (orders.c.pay_by <= now)
        query = select(orders.c.order_id, orders.c.pay_by).where(late)
        if after is not None:
            order_id, pay_by = after
            query = query.where(or_(orders.c.pay_by > pay_by, and_(orders.c.pay_by == pay_by, orders.c.order_id > order_id)))
        rows = await self._connection.execute(query.order_by(orders.c.pay_by, orders.c.order_id).limit(limit))
        return tuple((row[0], row[1]) for row in rows)

    async def spent_since(self, owner: str, since: datetime, currency: str) -> Money:
        mine = (orders.c.owner == owner) & (orders.c.created_at >= since) & (orders.c.currency == currency)
        query = select(func.coalesce(func.sum(orders.c.total_minor), 0)).where(mine & (orders.c.state != "cancelled"))
        placed = int((await self._connection.execute(query)).scalar_one())
        return Money(minor=placed + await self._charged_later(owner, since, currency), currency=currency)

    async def _charged_later(self, owner: str, since: datetime, currency: str) -> int:
        """What orders from before that time were charged since: a dearer variant, an exchange."""
        older = (orders.c.owner == owner) & (orders.c.created_at < since) & (orders.c.currency == currency)
        planned = (order_events.c.order_id == orders.c.order_id) & (order_events.c.type == "transaction_planned")
        lately = exists().where(planned & (order_events.c.at >= since))
        query = select(orders.c.document).where(older & (orders.c.state != "cancelled") & lately)
        found = [Order.model_validate(row[0]) for row in await self._connection.execute(query)]
        charged = [t for order in found for t in order.transactions if t.kind == "payment" and t.purpose in ("difference", "exchange")]
        return sum(t.amount.minor for t in charged if t.at >= since and t.state not in ("failed", "void"))

    async def claim(self, owner: str, by: str, at: datetime) -> None:
        query = select(orders.c.document).where(orders.c.owner == owner).order_by(orders.c.order_id)
        for row in (await self._connection.execute(query)).all():
            await self.append(Order.model_validate(row[0]), [Claimed(at=at, owner=by)])

    # ---- parts of an append

    async def _store(self, before: Order | None, after: Order) -> None:
        row: dict[str, Any] = {
            "owner": after.owner, "state": after.state, "created_at": after.created_at, "pay_by": after.pay_by,
            "total_minor": after.total.minor, "currency": after.shipping.currency, "version": after.version,
            "document": after.model_dump(mode="json"),
        }  # fmt: skip
        if before is None:
            try:
                await self._connection.execute(_INSERT, {"order_id": after.order_id, **row})
            except IntegrityError as exc:
                raise Conflict(f"there is an order {after.order_id} already") from exc
            return
        saving = {"wanted": after.order_id, "was": before.version, **row}
        if (await self._connection.execute(_SAVE, saving)).rowcount != 1:
            raise Conflict(f"order {after.order_id} was changed meanwhile; try again", retry_after_s=1)

    async def _store_transactions(self, before: Order | None, after: Order, at: datetime) -> None:
        known = {t.transaction_id: t for t in before.transactions} if before else {}
        for transaction in after.transactions:
            if known.get(transaction.transaction_id) == transaction:
                continue
            row = {"state": transaction.state, "reference": transaction.reference, "due_at": _due(transaction, at)}
            if transaction.transaction_id in known:
                await self._connection.execute(_MOVE, {"wanted": transaction.transaction_id, **row})
                continue
            fixed = {
                "transaction_id": transaction.transaction_id, "order_id": after.order_id, "provider": transaction.provider,
            }  # fmt: skip
            await self._connection.execute(_PLAN, {**fixed, **row})

    async def _move_stock(self, before: Order | None, after: Order) -> None:
        held, gone = (before.reserved(), before.left()) if before else (Counter[Sku](), Counter[Sku]())
        reserve, release, ship = after.reserved() - held, held - after.reserved(), after.left() - gone
        if reserve or release or ship:
            await self._stock.move(reserve=reserve, release=release, ship=ship)

    async def _one(self, query: Select[Any], asked: dict[str, Any]) -> Order | None:
        found = (await self._connection.execute(query, asked)).scalar()
        return None if found is None else Order.model_validate(found)


def _due(transaction: Transaction, at: datetime) -> datetime | None:
    if transaction.state in OPEN:
        return at + OWN_GRACE
    return at + APPROVAL_POLL if transaction.state == "awaiting_approval" else None


def _event_row(order_id: str, seq: int, event: OrderEvent) -> dict[str, Any]:
    return {"order_id": order_id, "seq": seq, "type": event.type, "at": event.at, "document": event.model_dump(mode="json")}
