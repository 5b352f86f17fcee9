"""Where do carts lie? One row per owner, with a version that no second writer gets past."""

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.cart import Cart
from domain.errors import Conflict
from memory.shop_tables import carts

# Built once: an expression that is put together for every request costs more than SQLite takes to answer it.
_LOAD = select(carts.c.document).where(carts.c.owner == bindparam("mine"))
_SAVE = update(carts).where((carts.c.owner == bindparam("mine")) & (carts.c.version == bindparam("was")))
_INSERT = insert(carts)


class SqlCarts:
    """The Carts port inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def load(self, owner: str) -> Cart:
        found = (await self._connection.execute(_LOAD, {"mine": owner})).scalar()
        return Cart(owner=owner) if found is None else Cart.model_validate(found)

    async def save(self, cart: Cart) -> Cart:
        saved = cart.model_copy(update={"version": cart.version + 1})
        values = {"version": saved.version, "document": saved.model_dump(mode="json")}
        if cart.version:
            saving = {"mine": cart.owner, "was": cart.version, **values}
            stored = (await self._connection.execute(_SAVE, saving)).rowcount == 1
        else:
            stored = await self._insert({"owner": cart.owner, **values})
        if not stored:
            raise Conflict("the cart was changed by another request meanwhile; try again", retry_after_s=1)
        return saved

    async def forget(self, owner: str) -> None:
        await self._connection.execute(delete(carts).where(carts.c.owner == owner))

    async def _insert(self, row: dict[str, object]) -> bool:
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(_INSERT, row)
        except IntegrityError:
            return False
        return True
