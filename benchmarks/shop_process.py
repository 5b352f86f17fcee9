"""What does a shop do that may be killed at any moment? Buys, cancels and returns in a process of its own, saying what it has done.

Started by ``python -m benchmarks.commerce crash``. Each purchase has a number and each of its requests a key made of that number, so
that a purchase which was cut off can be asked for again. On standard output: ``begin N`` before and ``done N`` after each.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from catalog.policy import load_policy
from domain.errors import Conflict
from domain.money import Money
from domain.order import Order
from domain.pending import CancelOrder, Command, LineQuantity, ReturnLines
from domain.product import Product
from domain.shopper import Shopper
from memory.database import create_engine, create_tables, database_url
from memory.shop_store import SqlShopStore
from tools.payments.local_payments import LocalPayments
from tools.settlement import nothing
from tools.shop import Shop, open_shop

_ROUNDS = 50
_LAMP = Product(product_id="lamp", title="Lamp", price=Money.usd("29.50"), category=("Home", "Lamps"), stock=1_000_000)


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Shelf:
    """One product, without end."""

    async def products(self, product_ids: object) -> tuple[Product, ...]:
        return (_LAMP,)


@dataclass
class Failpoint:
    """Kills this process the n-th time that the point is passed, without a word."""

    name: str
    times: int

    def __call__(self, point: str) -> None:
        if point == self.name:
            self.times -= 1
            if self.times <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Buyer:
    """Plays purchase after purchase; every third is cancelled, every third comes back."""

    shop: Shop

    async def play(self, number: int) -> None:
        shopper, key = Shopper(session_id=f"s{number}"), f"p{number}"
        await self.shop.carts.add(shopper, "lamp", quantity=2, key=f"{key}-add")
        pending = await self.shop.consent.propose_checkout(shopper, key=f"{key}-checkout")
        order = (await self.shop.consent.answer(shopper, pending.pending_id, accept=True, key=f"{key}-yes")).order
        assert order is not None
        if number % 3 == 1:
            await self._yes(shopper, CancelOrder(order_id=order.order_id, reason="other"), f"{key}-cancel")
        if number % 3 == 2:
            await self._come_back(shopper, order, key)

    async def _come_back(self, shopper: Shopper, order: Order, key: str) -> None:
        # A payment that is still on its way: the warehouse waits for it.
        order = await self.shop.settlement.settle(order.order_id)
        # Played a second time after a kill, the warehouse has reported some of this already.
        if order.state == "paid":
            order = await self.shop.orders.shipped(order.order_id)
        if order.state == "shipped":
            order = await self.shop.orders.delivered(order.order_id)
        line = order.lines[0].line_id
        command = ReturnLines(order_id=order.order_id, lines=(LineQuantity(line_id=line, quantity=1),), refund_to="original")
        await self._yes(shopper, command, f"{key}-return")
        try:
            await self.shop.orders.received(order.order_id, line)
        except Conflict:
            # Reported before this process was cut off; the refund is settled by whoever comes next.
            return

    async def _yes(self, shopper: Shopper, command: Command, key: str) -> None:
        pending = await self.shop.consent.propose(shopper, command, key=f"{key}-propose")
        await self.shop.consent.answer(shopper, pending.pending_id, accept=True, key=f"{key}-yes")


async def run(options: argparse.Namespace, key: str) -> None:
    engine = create_engine(database_url(options.database_url, options.folder))
    await create_tables(engine)
    failpoint: Callable[[str], None] = Failpoint(options.failpoint, options.times) if options.failpoint else nothing
    policy = load_policy()

    async def url() -> str:
        return str(options.provider)

    payments = LocalPayments.connect(url, key)
    shop = open_shop(
        SqlShopStore(engine), Shelf(), Clock(), policy=policy, providers={"test": payments}, methods=(policy.demo.method,),
        failpoint=failpoint,
    )  # fmt: skip
    buyer = Buyer(shop)
    for number in range(options.start, options.end):
        print(f"begin {number}", flush=True)
        await buyer.play(number)
        print(f"done {number}", flush=True)
    if options.settle:
        await _settle(shop, options.end)
    await payments.close()
    await engine.dispose()


async def _settle(shop: Shop, count: int) -> None:
    """Settles what the killed process left, as a shop does when it starts; then tells every order."""
    for _ in range(_ROUNDS):
        if not await shop.settlement.run_due(everything=True):
            break
    for number in range(count):
        found, _ = await shop.orders.of(Shopper(session_id=f"s{number}"), limit=10)
        for order in found:
            told = {"number": number, "order": order.model_dump(mode="json")}
            print(f"order {json.dumps(told)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--database-url")
    parser.add_argument("--provider", required=True, help="address of the test provider; its key comes on standard input")
    parser.add_argument("--failpoint")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--end", type=int, required=True)
    parser.add_argument("--settle", action="store_true")
    options = parser.parse_args()
    asyncio.run(run(options, sys.stdin.readline().strip()))


if __name__ == "__main__":
    main()
