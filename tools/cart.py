"""How does a cart change? Each change checks stock and price, is one transaction, and happens once per idempotency key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from domain.cart import Cart, CartLine, checked_quantity
from domain.commerce_ports import ShopStore, ShopTransaction
from domain.errors import Conflict
from domain.offer import Offer, Sku
from domain.pending import fingerprint
from domain.ports import Clock
from domain.shop_views import CartView
from domain.shopper import Shopper
from tools.offers import OfferBook

_TRIES = 4
T = TypeVar("T")


@dataclass(frozen=True)
class CartService:
    """Carts of shoppers. ``key`` is the caller's idempotency key; without one, each call counts."""

    store: ShopStore
    offers: OfferBook
    clock: Clock
    new_id: Callable[[], str]
    currency: str = "USD"

    async def view(self, shopper: Shopper) -> CartView:
        """The cart at present prices, with what has changed since the shopper last changed it."""
        async with self.store.reading() as tx:
            cart = await tx.carts.load(shopper.owner)
        offers = await self.offers.of(line.sku for line in cart.lines)
        async with self.store.reading() as tx:
            available = await tx.stock.available(offers.values())
        return CartView.of(cart, offers, available, currency=self.currency)

    async def before(self, shopper: Shopper, prefix: str) -> CartView | None:
        """The cart as it was before the first change under a key that begins so; None when there was none."""
        async with self.store.reading() as tx:
            stored = await tx.keys.earliest(shopper.session_id, prefix)
        return CartView.model_validate(stored["before"]) if stored else None

    async def add(
        self, shopper: Shopper, product_id: str, *, quantity: int = 1, variant_id: str | None = None, key: str | None = None
    ) -> CartView:
        """NotFound, VariantNeeded, BadInput for a bad quantity, Conflict when too few are left."""
        asked = {"add": product_id, "variant_id": variant_id, "quantity": quantity}
        if known := await self._answered(shopper, key, asked):
            return known
        checked_quantity(quantity)
        offer = await self.offers.one(product_id, variant_id)
        line = self._line(offer, quantity)
        return await self._write(shopper, key, asked, lambda cart: cart.added(line), new=offer)

    async def change(
        self, shopper: Shopper, line_id: str, *, quantity: int | None = None, variant_id: str | None = None, key: str | None = None
    ) -> CartView:
        """Another quantity, another variant of the same product, or both."""
        asked = {"change": line_id, "variant_id": variant_id, "quantity": quantity}
        if known := await self._answered(shopper, key, asked):
            return known
        offer = None
        if variant_id is not None:
            async with self.store.reading() as tx:
                line = (await tx.carts.load(shopper.owner)).line(line_id)
            offer = await self.offers.one(line.product_id, variant_id)

        def changed(cart: Cart) -> Cart:
            if quantity is not None:
                cart = cart.with_quantity(line_id, quantity)
            return cart.with_variant(line_id, offer) if offer else cart

        return await self._write(shopper, key, asked, changed, new=offer)

    async def remove(self, shopper: Shopper, line_id: str, *, key: str | None = None) -> CartView:
        return await self._write(shopper, key, {"remove": line_id}, lambda cart: cart.without(line_id))

    async def clear(self, shopper: Shopper, *, key: str | None = None) -> CartView:
        return await self._write(shopper, key, {"clear": True}, lambda cart: cart.emptied())

    async def claim(self, shopper: Shopper) -> None:
        """A customer was bound to the session: its anonymous cart, orders and credit become the customer's. May be repeated."""
        assert shopper.customer_id is not None

        async def write() -> None:
            async with self.store.writing() as tx:
                theirs = await tx.carts.load(shopper.anonymous)
                if theirs.lines:
                    await tx.carts.save((await tx.carts.load(shopper.owner)).merged(theirs))
                if theirs.version:
                    await tx.carts.forget(shopper.anonymous)
                await tx.orders.claim(shopper.anonymous, shopper.owner, self.clock.now())
                await tx.accounts.claim(shopper.anonymous, shopper.owner)

        await again_on_conflict(write)

    async def _answered(self, shopper: Shopper, key: str | None, asked: dict[str, Any]) -> CartView | None:
        """The first answer to this key, before anything is looked up: by now the product or the line may be gone."""
        if key is None:
            return None
        async with self.store.reading() as tx:
            stored = await tx.keys.answer(shopper.session_id, key, fingerprint(asked))
        return CartView.model_validate(stored["view"]) if stored else None

    async def _write(
        self, shopper: Shopper, key: str | None, asked: dict[str, Any], change: Callable[[Cart], Cart], *, new: Offer | None = None
    ) -> CartView:
        async def write() -> CartView:
            offers, version = await self._offers(shopper, new)
            async with self.store.writing() as tx:
                return await self._write_once(tx, shopper, key, asked, change, offers, version=version)

        return await again_on_conflict(write)

    async def _write_once(
        self, tx: ShopTransaction, shopper: Shopper, key: str | None, asked: dict[str, Any], change: Callable[[Cart], Cart],
        offers: dict[Sku, Offer], *, version: int,
    ) -> CartView:  # fmt: skip
        print_ = fingerprint(asked)
        answered = await tx.keys.answer(shopper.session_id, key, print_) if key else None
        if answered is not None:
            return CartView.model_validate(answered["view"])
        before = await tx.carts.load(shopper.owner)
        if before.version != version:
            raise Conflict("the cart was changed by another request meanwhile; try again", retry_after_s=1)
        after = change(before)
        available = await tx.stock.available(offers.values())
        _check_stock(before, after, available)
        saved = await tx.carts.save(after.seen(offers))
        told = before.model_copy(update={"lines": tuple(line for line in before.lines if after.of_sku(line.sku))})
        view = CartView.of(saved, offers, available, currency=self.currency)
        # What changed is told once more by the very change that takes note of it.
        view = view.model_copy(update={"changes": _still_there(told, saved).changes(offers, available)})
        if key:
            was = CartView.of(before, offers, available, currency=self.currency)
            stored = {"view": view.model_dump(mode="json"), "before": was.model_dump(mode="json")}
            await tx.keys.store(shopper.session_id, key, print_, stored, at=self.clock.now())
        return view

    async def _offers(self, shopper: Shopper, new: Offer | None) -> tuple[dict[Sku, Offer], int]:
        """What is offered for all lines, and the version of the cart that was asked for."""
        async with self.store.reading() as tx:
            cart = await tx.carts.load(shopper.owner)
        offers = await self.offers.of(line.sku for line in cart.lines)
        return (offers | {new.sku: new} if new else offers), cart.version

    def _line(self, offer: Offer, quantity: int) -> CartLine:
        assert offer.price is not None
        return CartLine(
            line_id=self.new_id(), product_id=offer.product_id, variant_id=offer.variant_id, title=offer.title,
            options=offer.options, quantity=quantity, unit_price=offer.price,
        )  # fmt: skip


async def again_on_conflict(write: Callable[[], Awaitable[T]]) -> T:
    """Repeats a transaction that lost against another writer; any other Conflict is the caller's."""
    for _ in range(_TRIES - 1):
        try:
            return await write()
        except Conflict as conflict:
            if conflict.retry_after_s is None:
                raise
    return await write()


def _check_stock(before: Cart, after: Cart, available: dict[Sku, int | None]) -> None:
    """Conflict when a line asks for more than there is, unless it asks for no more than it did before."""
    for line in after.lines:
        left = available.get(line.sku)
        had = before.of_sku(line.sku)
        more = had is None or line.quantity > had.quantity
        if left is not None and more and line.quantity > left:
            raise Conflict(f"{line.name} is sold out" if left <= 0 else f"only {left} of {line.name} are left, not {line.quantity}")


def _still_there(told: Cart, saved: Cart) -> Cart:
    """The prices that the shopper saw before, with the quantities of now."""
    kept = [(line, saved.of_sku(line.sku)) for line in told.lines]
    lines = tuple(line.model_copy(update={"quantity": now.quantity, "line_id": now.line_id}) for line, now in kept if now)
    return told.model_copy(update={"lines": lines})
