"""What does the shop need from storage? One transaction over carts, stock, orders, proposals and keys: all of it or none."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from domain.cart import Cart
from domain.money import Money
from domain.offer import Offer, Sku
from domain.order import Order, OrderEvent
from domain.pending import Pending
from domain.shopper import Account


class Carts(Protocol):
    async def load(self, owner: str) -> Cart:
        """The owner's cart; an empty one of version 0 when there is none."""
        ...

    async def save(self, cart: Cart) -> Cart:
        """Stores it with version + 1; Conflict with retry_after_s when another writer was first."""
        ...

    async def forget(self, owner: str) -> None: ...


class Stock(Protocol):
    """Pieces on hand and reserved. What the feed gives no figure for is not counted."""

    async def available(self, offers: Iterable[Offer]) -> dict[Sku, int | None]:
        """Pieces that can be ordered now; None where stock is not counted."""
        ...

    async def sync(self, offers: Iterable[Offer]) -> None:
        """Takes over the feed's figures where they are new or have changed; to be called before reserving."""
        ...

    async def move(self, *, reserve: Counter[Sku], release: Counter[Sku], ship: Counter[Sku]) -> None:
        """Reserves, releases, and takes shipped pieces off the shelf. Conflict, naming the thing, when too few are left."""
        ...


class Orders(Protocol):
    async def load(self, order_id: str) -> Order | None: ...

    async def of_owner(self, owner: str, *, limit: int, before: tuple[datetime, str] | None = None) -> tuple[Order, ...]:
        """Newest first; with ``before`` = (created_at, order_id) of an order, those older than it."""
        ...

    async def append(self, before: Order | None, events: Sequence[OrderEvent]) -> Order:
        """Adds events to the log and stores what the order has become; Conflict when another writer was first.

        Its open transactions become due for settlement; stock moves by what it reserved and shipped before and after.
        """
        ...

    async def log(self, order_id: str) -> tuple[OrderEvent, ...]: ...

    async def owning(self, transaction_id: str) -> Order | None:
        """The order that a transaction belongs to."""
        ...

    async def by_reference(self, provider: str, reference: str) -> tuple[Order, str] | None:
        """The order and transaction that a provider knows by its own id."""
        ...

    async def lease_due(self, now: datetime, *, until: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """(order_id, transaction_id) pairs that are due, and not again before ``until``."""
        ...

    async def postpone(self, transaction_id: str, until: datetime) -> None:
        """Makes a transaction due (again) at ``until``."""
        ...

    async def unpaid_since(
        self, now: datetime, *, limit: int, after: tuple[str, datetime] | None = None
    ) -> tuple[tuple[str, datetime], ...]:
        """(order_id, pay_by) of orders whose time to pay is over, the longest over first; those after one of these pairs."""
        ...

    async def spent_since(self, owner: str, since: datetime, currency: str) -> Money:
        """The totals of the owner's orders that were placed since then, and what older ones were charged more since; none cancelled."""
        ...

    async def claim(self, owner: str, by: str, at: datetime) -> None:
        """Makes all orders of one owner another's."""
        ...


class Pendings(Protocol):
    async def add(self, pending: Pending) -> None:
        """Stores a proposal; an older one of the session that still waits is superseded."""
        ...

    async def load(self, pending_id: str) -> Pending | None: ...

    async def waiting(self, session_id: str) -> Pending | None:
        """The session's newest that still waits, expired or not."""
        ...

    async def answer(self, pending: Pending) -> None:
        """Stores its new state; Conflict when it no longer waits."""
        ...


class Keys(Protocol):
    """Idempotency keys of a session with the answer that each was given."""

    async def answer(self, session_id: str, key: str, fingerprint: str | None) -> Any | None:
        """The stored answer; None for a new key; Conflict when the key came with another request before.

        Without a fingerprint the key alone counts: a chat turn's key belongs to one message.
        """
        ...

    async def earliest(self, session_id: str, prefix: str) -> Any | None:
        """The first answer that was stored under a key that begins so."""
        ...

    async def store(self, session_id: str, key: str, fingerprint: str, answer: Any, *, at: datetime) -> None: ...


class Accounts(Protocol):
    async def load(self, owner: str) -> Account | None: ...

    async def save(self, account: Account) -> None: ...

    async def credit(self, owner: str, method_id: str, currency: str) -> Money:
        """The balance of money that the shop owes under this method."""
        ...

    async def move_credit(self, owner: str, method_id: str, amount: Money, *, at: datetime, transaction_id: str) -> bool:
        """Adds (or, negative, takes) an amount; False when the balance is too small. Once per transaction_id."""
        ...

    async def claim(self, owner: str, by: str) -> None:
        """Gives one owner's credit, and what of its account the other lacks, to another owner."""
        ...


class Webhooks(Protocol):
    async def first_time(self, provider: str, event_id: str, at: datetime) -> bool:
        """Remembers a notice; False when it was heard before."""
        ...


class ShopTransaction(Protocol):
    """Everything in one transaction of the database."""

    @property
    def carts(self) -> Carts: ...
    @property
    def stock(self) -> Stock: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def pending(self) -> Pendings: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def webhooks(self) -> Webhooks: ...

    async def prune(self, now: datetime) -> None:
        """Forgets what nobody will ask for any more: old keys, proposals and notices, carts of sessions long over."""
        ...


class ShopStore(Protocol):
    def writing(self) -> AbstractAsyncContextManager[ShopTransaction]:
        """Committed at the end, rolled back on any error; Unavailable when the database is down."""
        ...

    def reading(self) -> AbstractAsyncContextManager[ShopTransaction]:
        """One consistent view; nothing may be written."""
        ...


Offers = Mapping[Sku, Offer]
