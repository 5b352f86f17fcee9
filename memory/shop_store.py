"""How does the shop write? Carts, stock, orders, proposals and keys in one SQL transaction: all of it or none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from memory.accounts import SqlAccounts
from memory.carts import SqlCarts
from memory.database import reading, writing
from memory.idempotency import SqlKeys, SqlWebhooks
from memory.orders import SqlOrders
from memory.pending import SqlPendings
from memory.pruning import prune
from memory.stock import SqlStock


class SqlShopTransaction:
    """The ShopTransaction port over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.carts = SqlCarts(connection)
        self.stock = SqlStock(connection)
        self.orders = SqlOrders(connection, self.stock)
        self.pending = SqlPendings(connection)
        self.keys = SqlKeys(connection)
        self.accounts = SqlAccounts(connection)
        self.webhooks = SqlWebhooks(connection)
        self._connection = connection

    async def prune(self, now: datetime) -> None:
        await prune(self._connection, now)


@dataclass(frozen=True)
class SqlShopStore:
    """The ShopStore port."""

    engine: AsyncEngine

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqlShopTransaction]:
        async with writing(self.engine) as connection:
            yield SqlShopTransaction(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlShopTransaction]:
        async with reading(self.engine) as connection:
            yield SqlShopTransaction(connection)
