"""Do the shop's invariants hold whatever happens in whatever order? A Hypothesis state machine over a real SQLite file.

Stock is never negative and never sold twice, totals are the sums of their lines, no order is paid twice, no refund is above its
payment, and every log replays to its order. `python -m benchmarks.commerce operations` runs it at length.
"""

import asyncio
import atexit
import itertools
import shutil
from collections import Counter
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.shop_sqlite import create_inline_engine
from catalog.policy import load_policy
from domain.address import Address
from domain.errors import BadInput, Conflict, NotFound
from domain.money import Money
from domain.offer import Sku
from domain.order import Order, Totals
from domain.pending import (
    CancelOrder,
    Command,
    ExchangeLines,
    LineQuantity,
    LineSwap,
    ModifyOrder,
    ReturnLines,
)
from domain.policy import ShopPolicy
from domain.product import Product, Variant
from domain.shopper import STORE_CREDIT, PaymentMethod, Shopper
from memory.database import create_tables, database_url, reading
from memory.shop_store import SqlShopStore, SqlShopTransaction
from memory.shop_tables import orders
from tools.payments.in_process import InProcessProvider, uncut
from tools.shop import Shop, open_shop

T = TypeVar("T")
OPERATIONS: Counter[str] = Counter()
"""How often each rule has run in this process."""
REFUSALS: Counter[str] = Counter()
CHECKS: Counter[str] = Counter()
_REFUSED = (Conflict, NotFound, BadInput)
_SHOPPERS = (Shopper(session_id="ann"), Shopper(session_id="ben"), Shopper(session_id="eva", customer_id="eva"))
_METHODS = ("demo", "demo", "demo", "demo_declined", "demo_approval", STORE_CREDIT)
_ADDRESSES = tuple(Address(line1="1 Main St", city="X", region=region, postal_code="10000") for region in ("OR", "NY", "CA", "NJ"))
_SIZES = ("s", "m", "l")
_LINES = st.integers(0, 5)
_ORDERS = st.integers(0, 50)
_PEOPLE = st.integers(0, len(_SHOPPERS) - 1)
_CHECK_EVERY = 10


class Clock:
    """Moves when told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Shelf:
    """The ProductSource port; prices and stock change under the shop."""

    def __init__(self) -> None:
        sized = (("boot", "Boots", 10_000), ("glove", "Gloves", 2_499))
        plain = (("lamp", "Lamps", 2_950), ("lantern", "Lamps", 3_533), ("mug", "Mugs", 825), ("book", "Books", 1_299))
        self.products_by_id = {
            product_id: Product(
                product_id=product_id, title=product_id.title(), price=Money(minor=price), category=(category,),
                variants=tuple(Variant(variant_id=f"{product_id}-{size}", size=size, stock=3) for size in _SIZES),
            )
            for product_id, category, price in sized
        }  # fmt: skip
        for product_id, category, price in plain:
            stock = None if product_id == "book" else 4
            self.products_by_id[product_id] = Product(
                product_id=product_id, title=product_id.title(), price=Money(minor=price), category=(category,), stock=stock
            )
        self.ids = tuple(self.products_by_id)

    async def products(self, product_ids: Any) -> tuple[Product, ...]:
        return tuple(self.products_by_id[i] for i in product_ids if i in self.products_by_id)

    def choose(self, index: int) -> tuple[str, str | None]:
        """A product, and a variant of it where it has any."""
        product = self.products_by_id[self.ids[index % len(self.ids)]]
        variant = product.variants[index // len(self.ids) % len(product.variants)] if product.variants else None
        return product.product_id, variant.variant_id if variant else None

    def alike(self, product_id: str, index: int) -> tuple[str, str | None]:
        """Something that the thing may be exchanged for, or once in six times anything."""
        if index % 6 == 5:
            return self.choose(index)
        kind = self.products_by_id[product_id].category
        fitting = [self.choose(i) for i in range(len(self.ids) * len(_SIZES))]
        fitting = sorted({choice for choice in fitting if self.products_by_id[choice[0]].category == kind}, key=str)
        return fitting[index % len(fitting)]


class Ground:
    """One database file and one event loop for all series of this process; every series begins with an empty database."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self._file = Path(self._folder.name) / "aisle.sqlite"
        self._empty = Path(self._folder.name) / "empty.sqlite"
        self.loop = asyncio.new_event_loop()
        self.engine: AsyncEngine = create_inline_engine(database_url(None, self._file.parent))
        self.loop.run_until_complete(create_tables(self.engine))
        self.close()
        shutil.copy(self._file, self._empty)
        atexit.register(self.end)

    @classmethod
    def ready(cls) -> "Ground":
        """The process's ground, with an empty database on it."""
        ground: Ground | None = getattr(cls, "_made", None)
        if ground is None:
            ground = cls._made = cls()
        for left in ("-wal", "-shm"):
            Path(f"{ground._file}{left}").unlink(missing_ok=True)
        shutil.copy(ground._empty, ground._file)
        return ground

    _made: "Ground"

    def close(self) -> None:
        """Closes all connections; the file is whole then."""
        self.loop.run_until_complete(self.engine.dispose())

    def end(self) -> None:
        self.close()
        self.loop.close()
        self._folder.cleanup()


class ShopMachine(RuleBasedStateMachine):
    """Shoppers, a warehouse, a feed, a provider and a wire, each doing what it may at any time."""

    @initialize()
    def open(self) -> None:
        self.ground = Ground.ready()
        self.clock, self.shelf = Clock(), Shelf()
        self.provider = InProcessProvider.open()
        self.store = SqlShopStore(self.ground.engine)
        policy, numbers = _policy(), itertools.count(1)
        extra = tuple(PaymentMethod(method_id=m, kind="demo", label=m, provider="test") for m in ("demo_declined", "demo_approval"))
        self.shop: Shop = open_shop(
            self.store, self.shelf, self.clock, policy=policy, providers={"test": self.provider.payments},
            methods=(policy.demo.method, *extra), new_id=lambda: f"i{next(numbers)}", new_order_id=lambda: f"A-{next(numbers)}",
        )  # fmt: skip
        self.orders: list[str] = []
        self.pendings: list[tuple[Shopper, str]] = []
        self.feed: dict[Sku, int] = {}
        self.verified: dict[str, Order] = {}
        self.steps, self.filled = 0, False
        self.run(self._give_credit())

    # ---- shoppers

    @rule(who=_PEOPLE, what=st.integers(0, 17), quantity=st.integers(1, 4))
    def add(self, who: int, what: int, quantity: int) -> None:
        product_id, variant_id = self.shelf.choose(what)
        added = self.attempt("add", self.shop.carts.add(_SHOPPERS[who], product_id, variant_id=variant_id, quantity=quantity))
        self.filled = self.filled or added is not None

    @rule(who=_PEOPLE, line=_LINES, quantity=st.integers(0, 5))
    def change(self, who: int, line: int, quantity: int) -> None:
        cart = self.run(self.shop.carts.view(_SHOPPERS[who]))
        assert cart.subtotal == sum((x.line_total for x in cart.lines), start=Money(minor=0))
        if cart.lines:
            line_id = cart.lines[line % len(cart.lines)].line_id
            change = self.shop.carts.change(_SHOPPERS[who], line_id, quantity=quantity) if quantity else None
            self.attempt("change", change or self.shop.carts.remove(_SHOPPERS[who], line_id))

    @rule(who=_PEOPLE, what=st.integers(0, 17), quantity=st.integers(1, 3), method=st.sampled_from(_METHODS), where=st.integers(0, 3))
    def buy(self, who: int, what: int, quantity: int, method: str, where: int) -> None:
        """From the catalogue to an order in one go."""
        self.add(who, what, quantity)
        self.check_out(who, method, where, True)

    @rule(who=_PEOPLE, what=st.integers(0, 17), quantity=st.integers(1, 3), where=st.integers(0, 3))
    def buy_and_receive(self, who: int, what: int, quantity: int, where: int) -> None:
        """The way to everything that is only possible after a delivery."""
        before = len(self.orders)
        self.buy(who, what, quantity, "demo", where)
        if len(self.orders) > before:
            self.report(len(self.orders) - 1, "shipped")
            self.report(len(self.orders) - 1, "delivered")

    @precondition(lambda self: self.filled)
    @rule(who=_PEOPLE, method=st.sampled_from(_METHODS), where=st.integers(0, 3), answer=st.sampled_from((True, True, True, False, None)))
    def check_out(self, who: int, method: str, where: int, answer: bool | None) -> None:
        shopper = _SHOPPERS[who]
        proposing = self.shop.consent.propose_checkout(shopper, method_id=method, address=_ADDRESSES[where])
        pending = self.attempt("check_out", proposing)
        self._answer(shopper, pending, answer)

    @precondition(lambda self: self.pendings)
    @rule(which=_ORDERS, accept=st.booleans(), who=_PEOPLE)
    def answer_again(self, which: int, accept: bool, who: int) -> None:
        """An old proposal, perhaps by somebody else."""
        owner, pending_id = self.pendings[which % len(self.pendings)]
        answered = self.attempt("answer_again", self.shop.consent.answer(_SHOPPERS[who], pending_id, accept=accept))
        if answered is not None:
            assert owner == _SHOPPERS[who]
            self._placed(answered.order)

    @precondition(lambda self: self.orders)
    @rule(which=_ORDERS, reason=st.sampled_from(("other", "no longer needed", "because")), answer=st.sampled_from((True, True, False)))
    def cancel(self, which: int, reason: str, answer: bool) -> None:
        order = self._order(which)
        self._propose("cancel", order, CancelOrder(order_id=order.order_id, reason=reason), answer)

    @precondition(lambda self: self.orders)
    @rule(
        which=_ORDERS,
        line=_LINES,
        what=st.integers(0, 17),
        quantity=st.integers(1, 3),
        method=st.sampled_from(_METHODS),
        answer=st.booleans(),
    )
    def modify_items(self, which: int, line: int, what: int, quantity: int, method: str, answer: bool) -> None:
        order = self._order(which)
        swap = self._swap(order, line, what, quantity)
        self._propose("modify_items", order, ModifyOrder(order_id=order.order_id, lines=(swap,), method_id=method), answer)

    @precondition(lambda self: self.orders)
    @rule(which=_ORDERS, where=st.integers(0, 3))
    def modify_address(self, which: int, where: int) -> None:
        order = self._order(which)
        self._propose("modify_address", order, ModifyOrder(order_id=order.order_id, address=_ADDRESSES[where]), True)

    @precondition(lambda self: self.orders)
    @rule(which=_ORDERS, method=st.sampled_from(_METHODS))
    def modify_payment(self, which: int, method: str) -> None:
        order = self._order(which)
        self._propose("modify_payment", order, ModifyOrder(order_id=order.order_id, method_id=method), True)

    @precondition(lambda self: self.orders)
    @rule(which=_ORDERS, line=_LINES, quantity=st.integers(1, 3), to=st.sampled_from(("original", STORE_CREDIT, "demo_declined")))
    def give_back(self, which: int, line: int, quantity: int, to: str) -> None:
        order = self._order(which)
        part = LineQuantity(line_id=order.lines[line % len(order.lines)].line_id, quantity=quantity)
        self._propose("give_back", order, ReturnLines(order_id=order.order_id, lines=(part,), refund_to=to), True)

    @precondition(lambda self: self.orders)
    @rule(which=_ORDERS, line=_LINES, what=st.integers(0, 17), quantity=st.integers(1, 3), method=st.sampled_from(("original", *_METHODS)))
    def exchange(self, which: int, line: int, what: int, quantity: int, method: str) -> None:
        order = self._order(which)
        swap = self._swap(order, line, what, quantity)
        self._propose("exchange", order, ExchangeLines(order_id=order.order_id, lines=(swap,), method_id=method), True)

    # ---- the warehouse, the provider, time and the feed

    @precondition(lambda self: self.orders)
    @rule(which=_ORDERS, state=st.sampled_from(("shipped", "delivered")))
    def report(self, which: int, state: str) -> None:
        order_id = self.orders[which % len(self.orders)]
        reporting = self.shop.orders.shipped(order_id) if state == "shipped" else self.shop.orders.delivered(order_id)
        self.attempt(f"report {state}", reporting)

    @precondition(lambda self: self.orders)
    @rule(which=_ORDERS, line=_LINES)
    def receive(self, which: int, line: int) -> None:
        order = self._order(which)
        # A parcel that was announced, where there is one; else one that nobody expects, which must be refused.
        lines = [x for x in order.lines if any(record.state == "requested" for record in x.returns)] or order.lines
        chosen = lines[line % len(lines)]
        announced = next((record.record_id for record in chosen.returns if record.state == "requested"), None)
        self.attempt("receive", self.shop.orders.received(order.order_id, chosen.line_id, return_id=announced))

    @precondition(lambda self: self.orders)
    @rule(which=_ORDERS)
    def approve(self, which: int) -> None:
        order = self._order(which)
        self.provider.ledger.approve(order.transactions[0].transaction_id)
        self._count("approve")

    @precondition(lambda self: self.orders)
    @rule(seconds=st.sampled_from((1, 6, 40, 1000, 1900)))
    def wait(self, seconds: int) -> None:
        self.clock.time += timedelta(seconds=seconds)
        self.attempt("wait", self.shop.settlement.run_due())

    @rule(how=st.sampled_from(("whole", "whole", "whole", "before", "after")), path=st.sampled_from(("/payments", "/refunds", "")))
    def cut(self, how: str, path: str) -> None:
        """The wire to the provider, cut before a request arrives or before its answer does, or whole again."""
        self.provider.wire.cut_before = (lambda p: p.startswith(path)) if how == "before" else uncut
        self.provider.wire.cut_after = (lambda p: p.startswith(path)) if how == "after" else uncut
        self._count("cut")

    @rule(what=st.integers(0, 17), price=st.integers(100, 12_000), stock=st.integers(0, 6))
    def change_feed(self, what: int, price: int, stock: int) -> None:
        product_id, variant_id = self.shelf.choose(what)
        product = self.shelf.products_by_id[product_id]
        variants = tuple(v.model_copy(update={"stock": stock}) if v.variant_id == variant_id else v for v in product.variants)
        counted = None if product.stock is None else stock
        update = {"price": Money(minor=price), "variants": variants, "stock": counted}
        self.shelf.products_by_id[product_id] = product.model_copy(update=update)
        self._count("change_feed")

    # ---- what must always be so

    def check(self, *, whole: bool) -> None:
        """Stock and books against all orders; logs are replayed of orders that have changed, or ``whole``, of all."""
        self.run(self._check(whole=whole))
        CHECKS["whole" if whole else "of what changed"] += 1

    async def _check(self, *, whole: bool) -> None:
        if whole:
            self.verified.clear()
        async with reading(self.ground.engine) as connection:
            versions = (await connection.execute(select(orders.c.order_id, orders.c.version))).all()
        assert {order_id for order_id, _ in versions} >= set(self.verified), "an order is gone"
        async with self.store.reading() as tx:
            for order_id, version in versions:
                known = self.verified.get(order_id)
                if known is None or known.version != version:
                    self.verified[order_id] = await _replayed(tx, order_id)
            figures = await tx.stock.figures()
        self._check_books()
        reserved = sum((order.reserved() for order in self.verified.values()), start=Counter[Sku]())
        for sku, (on_hand, held) in figures.items():
            assert 0 <= held <= on_hand, f"{sku} is oversold: {held} of {on_hand}"
            assert held == reserved[sku], f"{sku}: {held} are reserved, orders need {reserved[sku]}"

    def _check_books(self) -> None:
        """What we call settled stands in the provider's books with the same amount, and nothing stands there that we don't know."""
        payments, refunds = self.provider.ledger.everything()
        by_id = {payment.transaction_id: payment for payment in payments}
        gone = {refund.transaction_id: refund for refund in refunds}
        known = [t for order in self.verified.values() for t in order.transactions]
        for t in known:
            if t.provider == "test" and t.state == "settled":
                booked = by_id[t.transaction_id] if t.kind == "payment" else gone[t.transaction_id]
                assert booked.minor == t.amount.minor and booked.state in ("captured", "refunded")
        assert set(by_id) | set(gone) <= {t.transaction_id for t in known}, "the provider moved money that no order knows of"

    def teardown(self) -> None:
        if not hasattr(self, "ground"):
            return
        self.provider.wire.cut_before = self.provider.wire.cut_after = uncut
        try:
            for _ in range(4):
                self.clock.time += timedelta(minutes=40)
                self.run(self.shop.settlement.run_due(everything=True))
            self.check(whole=True)
            self.run(self._check_settled())
        finally:
            self.run(self.provider.close())
            self.ground.close()

    async def _check_settled(self) -> None:
        """In the end nothing is open, and both books agree to the cent."""
        payments, refunds = self.provider.ledger.everything()
        ours: Counter[str] = Counter()
        async with self.store.reading() as tx:
            for order in await _all_orders(tx):
                assert not order.open_transactions, f"{order.order_id} is not settled: {order.open_transactions}"
                assert order.state != "pending_payment"
                if order.state == "cancelled":
                    assert order.paid == order.refunded, f"{order.order_id} is cancelled and keeps {order.paid - order.refunded}"
                for t in order.transactions:
                    if t.provider == "test" and t.state == "settled":
                        ours[t.kind] += t.amount.minor
        assert ours["payment"] == sum(p.minor for p in payments if p.state == "captured")
        assert ours["refund"] == sum(r.minor for r in refunds if r.state == "refunded")

    # ---- small things

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        # Not asyncio.Runner: it sets the process's signal handler each time.
        return self.ground.loop.run_until_complete(work)

    def attempt(self, name: str, work: Coroutine[Any, Any, T]) -> T | None:
        """The result, or None when the shop refuses with a reason; any other failure is one."""
        try:
            found = self.run(work)
        except _REFUSED:
            REFUSALS[name] += 1
            found = None
        self._count(name)
        return found

    def _count(self, name: str) -> None:
        OPERATIONS[name] += 1
        self.steps += 1
        if self.steps % _CHECK_EVERY == 0:
            self.check(whole=False)

    def _propose(self, name: str, order: Order, command: Command, answer: bool | None) -> None:
        shopper = next(s for s in _SHOPPERS if s.owner == order.owner)
        self._answer(shopper, self.attempt(name, self.shop.consent.propose(shopper, command)), answer)

    def _answer(self, shopper: Shopper, pending: Any, answer: bool | None) -> None:
        if pending is None:
            return
        self.pendings.append((shopper, pending.pending_id))
        if answer is not None:
            answered = self.attempt("answer", self.shop.consent.answer(shopper, pending.pending_id, accept=answer))
            if answered is not None:
                self._placed(answered.order)

    def _placed(self, order: Order | None) -> None:
        if order is not None and order.order_id not in self.orders:
            self.orders.append(order.order_id)
        if order is not None:
            check_order(order)

    def _order(self, which: int) -> Order:
        return self.run(self._load(self.orders[which % len(self.orders)]))

    async def _load(self, order_id: str) -> Order:
        async with self.store.reading() as tx:
            order = await tx.orders.load(order_id)
        assert order is not None
        return order

    def _swap(self, order: Order, line: int, what: int, quantity: int) -> LineSwap:
        of = order.lines[line % len(order.lines)]
        product_id, variant_id = self.shelf.alike(of.product_id, what)
        return LineSwap(line_id=of.line_id, quantity=quantity, product_id=product_id, variant_id=variant_id)

    async def _give_credit(self) -> None:
        async with self.store.writing() as tx:
            for shopper in _SHOPPERS:
                amount = Money(minor=15_000)
                await tx.accounts.move_credit(
                    shopper.owner, STORE_CREDIT, amount, at=self.clock.now(), transaction_id=f"gift-{shopper.session_id}"
                )


@cache
def _policy() -> ShopPolicy:
    return load_policy()


async def _replayed(tx: SqlShopTransaction, order_id: str) -> Order:
    """The stored order, which its log must replay to."""
    order = await tx.orders.load(order_id)
    assert order is not None
    assert Order.rebuilt(await tx.orders.log(order_id)) == order, "the log does not replay to the order"
    check_order(order)
    return order


async def _all_orders(tx: SqlShopTransaction) -> list[Order]:
    return [order for shopper in _SHOPPERS for order in await tx.orders.of_owner(shopper.owner, limit=1000)]


def check_order(order: Order) -> None:
    """What must be so of every order at any time."""
    assert order.totals == Totals.of(order.lines, order.shipping)
    assert order.total.minor == sum(x.unit_price.minor * x.quantity + x.tax.minor for x in order.lines) + order.shipping.minor
    assert order.refunded <= order.paid, f"{order.order_id}: {order.refunded} refunded of {order.paid}"
    paid = [t for t in order.transactions if t.kind == "payment" and t.purpose == "order" and t.state == "settled"]
    assert len(paid) <= 1, f"{order.order_id} is paid twice"
    for t in order.transactions:
        if t.kind == "payment" and t.state == "settled":
            assert order.remaining(t).minor >= 0, f"{order.order_id}: more than {t.amount} went back on one payment"
    for line in order.lines:
        assert line.returnable >= 0
    if order.state == "pending_payment":
        assert order.paid.minor == 0
    settled = order.before is None and not any(t.state in ("planned", "awaiting_approval", "voiding") for t in order.transactions)
    returned = any(line.returns for line in order.lines)
    failed = any(t.state == "failed" and t.kind == "refund" for t in order.transactions)
    if settled and order.state in ("paid", "shipped") and not returned and not failed:
        assert order.paid - order.refunded == order.total, f"{order.order_id} costs {order.total} and holds {order.paid - order.refunded}"
