"""How do tests get a shop? Real services over a real database, a still clock, and the test provider in this process."""

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from catalog.policy import load_policy
from domain.filters import Filters
from domain.money import Money
from domain.order import Order
from domain.payment import PaymentProvider
from domain.policy import ShopPolicy, SpendingLimits
from domain.product import Product, Variant
from domain.search import Candidate, HybridQuery, Retrieved
from domain.shopper import PaymentMethod, Shopper
from domain.terms import fold
from memory.shop_store import SqlShopStore
from tests.fakes import FakeClock, ListCatalog
from tools.payments.in_process import InProcessProvider, Wire
from tools.payments.ledger import Ledger
from tools.payments.local_payments import LocalPayments
from tools.settlement import nothing
from tools.shop import Shop, open_shop, random_id, random_order_id

KEY = "provider-key"
ANN = Shopper(session_id="ann")
BEN = Shopper(session_id="ben")


def boot(price: str = "100.00", **stock: int) -> Product:
    """Boots in sizes 8, 9 and 10."""
    pieces = {"8": 5, "9": 2, "10": 0} | {size.removeprefix("size"): count for size, count in stock.items()}
    variants = tuple(Variant(variant_id=f"boot-{size}", size=size, stock=count) for size, count in pieces.items())
    return Product(product_id="boot", title="Ridge Boot", price=Money.usd(price), category=("Footwear", "Boots"), variants=variants)


def product(product_id: str, price: str | None, *, stock: int | None = 10, category: str = "Lamps", currency: str = "USD") -> Product:
    cost = Money.of(price, currency) if price else None
    return Product(product_id=product_id, title=product_id.title(), price=cost, category=("Home", category), stock=stock)


GOODS = (
    boot(), product("lamp", "29.50"), product("lantern", "35.00"), product("mug", "8.25", stock=1, category="Mugs"),
    product("poster", None), product("book", "12.00", stock=None, category="Books"), product("teapot", "40.00", currency="EUR"),
)  # fmt: skip


@dataclass
class Till:
    """A shop with what tests look at behind it."""

    shop: Shop
    store: SqlShopStore
    clock: FakeClock
    catalog: "Shelf"
    payments: LocalPayments
    ledger: Ledger
    wire: Wire

    async def order(self, shopper: Shopper = ANN, *, goods: Sequence[tuple[str, int]] = (("lamp", 2),), **how: Any) -> Order:
        """Puts goods into the cart, checks out and says yes."""
        for product_id, quantity in goods:
            variant = product_id if product_id.startswith("boot-") else None
            await self.shop.carts.add(shopper, "boot" if variant else product_id, quantity=quantity, variant_id=variant)
        pending = await self.shop.consent.propose_checkout(shopper, **how)
        answered = await self.shop.consent.answer(shopper, pending.pending_id, accept=True)
        assert answered.order is not None
        return answered.order

    async def delivered(self, shopper: Shopper = ANN, **how: Any) -> Order:
        order = await self.order(shopper, **how)
        await self.shop.orders.shipped(order.order_id, tracking="T1")
        return await self.shop.orders.delivered(order.order_id)

    async def stock(self) -> dict[str, tuple[int, int]]:
        """(on hand, reserved) by variant or product id."""
        async with self.store.reading() as tx:
            return {sku.variant_id or sku.product_id: figures for sku, figures in (await tx.stock.figures()).items()}

    async def stored(self, order_id: str) -> Order:
        async with self.store.reading() as tx:
            found = await tx.orders.load(order_id)
        assert found is not None
        return found

    async def rebuilt(self, order_id: str) -> Order:
        async with self.store.reading() as tx:
            return Order.rebuilt(await tx.orders.log(order_id))

    def money(self) -> tuple[int, int]:
        """(captured, refunded) in the provider's books."""
        payments, refunds = self.ledger.everything()
        captured = sum(p.minor for p in payments if p.state == "captured")
        return captured, sum(r.minor for r in refunds if r.state == "refunded")


class Shelf(ListCatalog):
    """A catalogue whose products a test can change."""

    async def retrieve(self, query: HybridQuery, filters: Filters, *, limit: int) -> Retrieved:
        """What shares a word with the query is like it, the rest is not."""
        words = set(fold(query.text).split())
        fitting = [p for p in self._products.values() if filters.admits(p)]
        shared = {p.product_id: len(words & set(fold(f"{p.title} {' '.join(p.category)}").split())) for p in fitting}
        ranked = sorted(fitting, key=lambda p: -shared[p.product_id])[:limit]
        found = tuple(Candidate(product=p, score=0.5, dense=0.45 if shared[p.product_id] else 0.0) for p in ranked)
        return Retrieved(candidates=found, total=len(fitting))

    def put(self, changed: Product) -> None:
        self._products[changed.product_id] = changed

    def drop(self, product_id: str) -> None:
        del self._products[product_id]


@asynccontextmanager
async def till(
    engine: AsyncEngine, *, goods: Sequence[Product] = GOODS, policy: ShopPolicy | None = None, limits: SpendingLimits | None = None,
    methods: tuple[PaymentMethod, ...] = (), providers: dict[str, PaymentProvider] | None = None,
    failpoint: Callable[[str], None] = nothing, counted_ids: bool = True,
) -> AsyncIterator[Till]:  # fmt: skip
    """A shop over this database; ``methods`` come after the demo's."""
    clock, shelf, provider = FakeClock(), Shelf(goods), InProcessProvider.open(key=KEY)
    store, rules, numbers = SqlShopStore(engine), policy or load_policy(), itertools.count(1)
    shop = open_shop(
        store, shelf, clock, policy=rules, providers=providers or {"test": provider.payments}, methods=(rules.demo.method, *methods),
        limits=limits, failpoint=failpoint,
        new_id=(lambda: f"id-{next(numbers)}") if counted_ids else random_id,
        new_order_id=(lambda: _order_id(next(numbers))) if counted_ids else random_order_id,
    )  # fmt: skip
    yield Till(shop, store, clock, shelf, provider.payments, provider.ledger, provider.wire)
    await provider.close()


def _order_id(number: int) -> str:
    """An id of the shape that shops give out, so that it is read as one."""
    return "A-" + str(number).translate(str.maketrans("01", "XY")).rjust(10, "Z")


def demo(suffix: str) -> PaymentMethod:
    """A demo method that misbehaves: "declined", "approval"."""
    return PaymentMethod(method_id=f"demo_{suffix}", kind="demo", label=f"the {suffix} card", provider="test")
