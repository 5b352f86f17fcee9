"""What became of an order? Reading one's own, and what the warehouse reports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.commerce_ports import ShopStore, ShopTransaction
from domain.errors import BadInput, NotFound
from domain.order import Order, OrderEvent
from domain.order_changes import Changes, arrived_record
from domain.pending import fingerprint
from domain.ports import Clock
from domain.shopper import Shopper
from tools.cart import again_on_conflict
from tools.proposals import Proposals, owned
from tools.settlement import Settlement, settle_credit

_WAREHOUSE = "warehouse"
"""Whose idempotency keys those of reports are; no session has such an id."""


@dataclass(frozen=True)
class OrderBook:
    """Orders of shoppers, and of the warehouse that ships them."""

    store: ShopStore
    proposals: Proposals
    settlement: Settlement
    clock: Clock
    new_id: Callable[[], str]

    async def get(self, shopper: Shopper, order_id: str) -> Order:
        """NotFound when there is none, or it is another's."""
        async with self.store.reading() as tx:
            return await owned(tx, shopper, order_id)

    async def of(self, shopper: Shopper, *, limit: int, cursor: str | None = None) -> tuple[tuple[Order, ...], str | None]:
        """Newest first, and the cursor of what follows."""
        async with self.store.reading() as tx:
            before = await self._position(tx, shopper, cursor) if cursor else None
            found = await tx.orders.of_owner(shopper.owner, limit=limit + 1, before=before)
        page = found[:limit]
        return page, page[-1].order_id if len(found) > limit else None

    async def shipped(self, order_id: str, *, tracking: str | None = None) -> Order:
        """The warehouse has sent it. Conflict in a state that forbids it; a repeated report changes nothing."""
        return await self._report(order_id, "shipped", lambda order, changes: changes.shipped(order, tracking))

    async def delivered(self, order_id: str) -> Order:
        return await self._report(order_id, "delivered", lambda order, changes: changes.delivered())

    async def received(self, order_id: str, line_id: str, *, return_id: str | None = None, key: str | None = None) -> Order:
        """What the shopper sent back has arrived: its money moves now, once. ``return_id`` may be left out where a line has one return."""
        print_ = fingerprint(["received", order_id, line_id, return_id])

        async def write() -> Order:
            async with self.store.writing() as tx:
                order = await self._any(tx, order_id)
                if key and await tx.keys.answer(_WAREHOUSE, key, print_) is not None:
                    return order
                record = arrived_record(order, line_id, return_id)
                method = await self.proposals.method_of(tx, order, record.method_id)
                now = self.clock.now()
                destination = self.proposals.destination(order, method)
                events = Changes(now, self.new_id).received(order, line_id, record, method=method, destination=destination)
                if key:
                    await tx.keys.store(_WAREHOUSE, key, print_, {"order_id": order_id}, at=now)
                if not events:
                    return order
                return await settle_credit(tx, await tx.orders.append(order, events), now, self.new_id)

        await again_on_conflict(write)
        return await self.settlement.settle(order_id)

    async def _report(
        self, order_id: str, state: Literal["shipped", "delivered"], events: Callable[[Order, Changes], Sequence[OrderEvent]]
    ) -> Order:
        async def write() -> Order:
            async with self.store.writing() as tx:
                order = await self._any(tx, order_id)
                if order.state == state:
                    return order
                return await tx.orders.append(order, events(order, Changes(self.clock.now(), self.new_id)))

        return await again_on_conflict(write)

    async def _any(self, tx: ShopTransaction, order_id: str) -> Order:
        order = await tx.orders.load(order_id)
        if order is None:
            raise NotFound(f"there is no order {order_id!r}")
        return order

    async def _position(self, tx: ShopTransaction, shopper: Shopper, cursor: str) -> tuple[datetime, str]:
        order = await tx.orders.load(cursor)
        if order is None or order.owner != shopper.owner:
            raise BadInput(f"cursor {cursor!r} is none that was given out; start without one", field="cursor", value=cursor)
        return order.created_at, order.order_id
