"""How many pieces are there? On hand and reserved, moved by conditional updates, so that nothing is sold twice."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Integer, bindparam, case, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict
from domain.offer import Offer, Sku
from memory.shop_tables import stock

_AT_ONCE = 400


class SqlStock:
    """The Stock port inside one transaction. Rows are taken in the order of their Sku, so that two orders cannot deadlock."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def available(self, offers: Iterable[Offer]) -> dict[Sku, int | None]:
        asked = {offer.sku: offer for offer in offers}
        rows = await self._rows(asked)
        found: dict[Sku, int | None] = {}
        for sku, offer in asked.items():
            row = rows.get(sku)
            if row is None:
                found[sku] = None if offer.stock is None else max(offer.stock, 0)
                continue
            feed_figure, on_hand, reserved = row
            new_figure = offer.stock is not None and offer.stock != feed_figure
            found[sku] = max(offer.stock or 0, reserved) - reserved if new_figure else on_hand - reserved
        return found

    async def sync(self, offers: Iterable[Offer]) -> None:
        counted = {offer.sku: max(offer.stock, 0) for offer in offers if offer.stock is not None}
        rows = await self._rows(counted)
        for sku, figure in sorted(counted.items()):
            if sku not in rows:
                await self._connection.execute(_INSERT, {"product": sku.product_id, "variant": sku.variant_id, "figure": figure})
            elif rows[sku][0] != figure:
                # A new feed counts anew; what is promised already stays promised even where it counts less.
                on_hand = case((stock.c.reserved > figure, stock.c.reserved), else_=figure)
                await self._connection.execute(update(stock).where(_is(sku)).values(feed_figure=figure, on_hand=on_hand))

    async def move(self, *, reserve: Counter[Sku], release: Counter[Sku], ship: Counter[Sku]) -> None:
        for sku, pieces in sorted(release.items()):
            # Reserved before stock was counted here: there is nothing to give back.
            await self._connection.execute(_RELEASE, _of(sku, pieces))
        for sku, pieces in sorted(ship.items()):
            await self._connection.execute(_SHIP, _of(sku, pieces))
        for sku, pieces in sorted(reserve.items()):
            await self._reserve(sku, pieces)

    async def figures(self) -> dict[Sku, tuple[int, int]]:
        """(on hand, reserved) of everything counted: for checks over the whole shop."""
        rows = await self._connection.execute(select(stock.c.product_id, stock.c.variant_id, stock.c.on_hand, stock.c.reserved))
        return {Sku(product, variant): (on_hand, reserved) for product, variant, on_hand, reserved in rows}

    async def _reserve(self, sku: Sku, pieces: int) -> None:
        moved = await self._connection.execute(_RESERVE, _of(sku, pieces))
        if moved.rowcount == 1:
            return
        row = (await self._connection.execute(select(stock.c.on_hand - stock.c.reserved).where(_is(sku)))).scalar()
        if row is not None:
            raise Conflict(f"only {row} of {sku.product_id} {sku.variant_id}".rstrip() + f" are left, not {pieces}; nothing was done")

    async def _rows(self, skus: Iterable[Sku]) -> dict[Sku, tuple[int, int, int]]:
        wanted, found = sorted(set(skus)), dict[Sku, tuple[int, int, int]]()
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            for product, variant, *figures in await self._connection.execute(_ROWS, {"skus": part}):
                found[Sku(product, variant)] = (figures[0], figures[1], figures[2])
        return found


_THIS = (stock.c.product_id == bindparam("product")) & (stock.c.variant_id == bindparam("variant"))
_PIECES = bindparam("pieces", type_=Integer)
_FREE = stock.c.on_hand - stock.c.reserved
_RESERVE = update(stock).where(_THIS & (_FREE >= _PIECES)).values(reserved=stock.c.reserved + _PIECES)
_RELEASE = update(stock).where(_THIS).values(reserved=case((stock.c.reserved >= _PIECES, stock.c.reserved - _PIECES), else_=0))
_SHIP = (
    update(stock)
    .where(_THIS)
    .values(on_hand=case((stock.c.on_hand - _PIECES >= stock.c.reserved, stock.c.on_hand - _PIECES), else_=stock.c.reserved))
)
_ROWS = select(stock.c.product_id, stock.c.variant_id, stock.c.feed_figure, stock.c.on_hand, stock.c.reserved).where(
    tuple_(stock.c.product_id, stock.c.variant_id).in_(bindparam("skus", expanding=True))
)
_INSERT = text(
    "INSERT INTO stock (product_id, variant_id, feed_figure, on_hand, reserved) "
    "VALUES (:product, :variant, :figure, :figure, 0) ON CONFLICT DO NOTHING"
)


def _of(sku: Sku, pieces: int) -> dict[str, object]:
    return {"product": sku.product_id, "variant": sku.variant_id, "pieces": pieces}


def _is(sku: Sku) -> ColumnElement[bool]:
    return (stock.c.product_id == sku.product_id) & (stock.c.variant_id == sku.variant_id)
