"""Does planned money keep moving whatever breaks, and is none of it ever forgotten?"""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from domain.errors import Unavailable
from domain.money import Money
from domain.order import Order
from domain.payment import Declined, PaymentProvider, RefundOutcome, Transaction
from domain.pending import CancelOrder, LineQuantity, ReturnLines
from memory.shop_tables import carts, idempotency_keys, orders, webhooks
from memory.shop_tables import pending as pendings
from tests.shop_kit import ANN, BEN, GOODS, Till, product, till
from tools.payments.local_payments import LocalPayments
from tools.settlement_worker import SettlementWorker

pytestmark = pytest.mark.integration


class Refusing(LocalPayments):
    """A provider that takes money and gives none back."""

    async def refund(self, refund: Transaction, payment: Transaction | None) -> RefundOutcome:
        return Declined("the account is closed")


class Broken(LocalPayments):
    """A provider whose answers to refunds cannot be read."""

    async def refund(self, refund: Transaction, payment: Transaction | None) -> RefundOutcome:
        raise KeyError("status")


def put(t: Till, kind: type[LocalPayments]) -> None:
    """Another provider in the place of the test one, over the same wire."""
    books = t.payments
    providers = cast(dict[str, PaymentProvider], t.shop.settlement.providers)
    providers["test"] = kind(books.client, books.key, books.url)


async def cancelled(t: Till, order: Order) -> Order:
    pending = await t.shop.consent.propose(ANN, CancelOrder(order_id=order.order_id, reason="other"))
    answered = await t.shop.consent.answer(ANN, pending.pending_id, accept=True)
    assert answered.order is not None
    return answered.order


async def credit(t: Till) -> Money:
    async with t.store.reading() as tx:
        return await tx.accounts.credit(ANN.owner, "store_credit", "USD")


async def test_a_refund_that_is_declined_becomes_store_credit_and_is_told_to_the_operator(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        put(t, Refusing)
        counted = REGISTRY.get_sample_value("aisle_refunds_declined_total", {"provider": "test"}) or 0.0
        with capture_logs() as logs:
            after = await cancelled(t, order)

        assert after.refunded == after.paid == Money.usd("59.00")
        assert await credit(t) == Money.usd("59.00")
        assert [entry["log_level"] for entry in logs if entry["event"] == "refund_declined"] == ["error"]
        assert REGISTRY.get_sample_value("aisle_refunds_declined_total", {"provider": "test"}) == counted + 1
        assert await t.rebuilt(order.order_id) == after


async def test_a_return_whose_refund_is_declined_ends_as_store_credit(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.delivered()
        line = order.lines[0].line_id
        command = ReturnLines(order_id=order.order_id, lines=(LineQuantity(line_id=line, quantity=1),), refund_to="original")
        pending = await t.shop.consent.propose(ANN, command)
        await t.shop.consent.answer(ANN, pending.pending_id, accept=True)
        put(t, Refusing)
        after = await t.shop.orders.received(order.order_id, line)

        assert after.lines[0].returns[0].state == "refunded"
        assert await credit(t) == Money.usd("29.50")


async def test_an_answer_that_cannot_be_read_leaves_the_refund_open_until_it_can(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        put(t, Broken)
        after = await cancelled(t, order)
        assert after.state == "cancelled" and len(after.open_transactions) == 1
        t.clock.advance(10)
        await t.shop.settlement.run_due()
        assert len((await t.stored(order.order_id)).open_transactions) == 1
        put(t, LocalPayments)
        t.clock.advance(3700)
        await t.shop.settlement.run_due()

        assert not (await t.stored(order.order_id)).open_transactions
        assert t.money() == (5900, 5900)


async def test_a_failing_payment_is_tried_less_often_the_longer_it_fails(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        put(t, Broken)
        await cancelled(t, order)
        tries = 0
        for _ in range(120):
            t.clock.advance(60)
            tries += await t.shop.settlement.run_due()

    assert 5 <= tries <= 25


async def test_orders_that_cannot_be_settled_or_expired_hold_up_no_other(engine: AsyncEngine) -> None:
    async with till(engine, goods=(*GOODS, product("globe", "60.00"))) as t:
        t.wire.cut_before = lambda path: path == "/payments"
        elsewhere = await t.order(ANN)
        unreadable = await t.order(ANN, goods=[("lantern", 1)])
        healthy = await t.order(BEN, goods=[("globe", 1)])
        # One was placed with a provider that this shop has no more, the other has lost its document.
        async with t.store.engine.begin() as connection:
            found = (await connection.execute(select(orders.c.document).where(orders.c.order_id == elsewhere.order_id))).scalar_one()
            document: dict[str, Any] = {**found, "transactions": [{**found["transactions"][0], "provider": "gone"}]}
            await connection.execute(update(orders).where(orders.c.order_id == elsewhere.order_id).values(document=document))
            await connection.execute(update(orders).where(orders.c.order_id == unreadable.order_id).values(document={}))
        t.wire.cut_before = lambda path: False
        t.clock.advance(10)
        await t.shop.settlement.run_due()
        assert (await t.stored(healthy.order_id)).state == "paid"

        t.wire.cut_before = lambda path: path == "/payments"
        late = await t.order(BEN, goods=[("globe", 1)])
        t.wire.cut_before = lambda path: path.startswith("/payments")
        t.clock.advance(31 * 60)
        await t.shop.settlement.run_due()

        assert (await t.stored(late.order_id)).state == "cancelled"
        assert (await t.stored(elsewhere.order_id)).state == "cancelled"


async def test_more_orders_that_cannot_be_expired_than_one_page_hold_up_none_behind_them(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.settlement._BATCH", 2)
    async with till(engine) as t:
        t.wire.cut_before = lambda path: path == "/payments"
        for _ in range(3):
            bad = await t.order(ANN, goods=[("book", 1)])
            async with t.store.engine.begin() as connection:
                await connection.execute(update(orders).where(orders.c.order_id == bad.order_id).values(document={}))
            t.clock.advance(1)
        good = await t.order(BEN, goods=[("book", 1)])
        t.clock.advance(31 * 60)
        await t.shop.settlement.run_due()

        assert (await t.stored(good.order_id)).state == "cancelled"


async def test_the_worker_outlives_any_exception_and_says_how_it_is_doing() -> None:
    rounds: list[bool] = []

    async def settle(first: bool) -> None:
        rounds.append(first)
        if len(rounds) <= 6:
            raise ZeroDivisionError("a defect")

    async def prune() -> None:
        raise RuntimeError("another")

    worker = SettlementWorker(settle, prune, every_s=0.001)
    with pytest.raises(Unavailable, match="not running"):
        await worker.check()
    task = worker.start()
    while len(rounds) < 6:
        await asyncio.sleep(0.001)
    with pytest.raises(Unavailable, match="ZeroDivisionError"):
        await worker.check()
    while len(rounds) < 12:
        await asyncio.sleep(0.001)
    await worker.check()
    task.cancel()
    await asyncio.wait({task})

    assert rounds[:8] == [True] * 7 + [False]
    with pytest.raises(Unavailable, match="not running"):
        await worker.check()


async def test_what_nobody_asks_for_any_more_is_forgotten_and_the_cart_of_a_customer_is_not(engine: AsyncEngine) -> None:
    customer = ANN.model_copy(update={"customer_id": "c1"})
    async with till(engine) as t:
        for shopper in (BEN, customer):
            await t.shop.carts.add(shopper, "lamp", key="k")
            await t.shop.consent.propose_checkout(shopper)
        async with t.store.writing() as tx:
            await tx.webhooks.first_time("test", "e1", t.clock.now())
        await t.shop.settlement.prune()
        before = await counts(engine)
        async with engine.begin() as connection:
            await connection.execute(update(carts).values(changed_at=t.clock.now()))
        t.clock.advance(timedelta(days=91).total_seconds())
        await t.shop.settlement.prune()

        assert before == {"carts": 2, "pending": 2, "idempotency_keys": 2, "webhooks": 1}
        assert await counts(engine) == {"carts": 1, "pending": 0, "idempotency_keys": 0, "webhooks": 0}
        assert (await t.shop.carts.view(customer)).lines


async def counts(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        return {
            table.name: (await connection.execute(text(f"SELECT COUNT(*) FROM {table.name}"))).scalar_one()
            for table in (carts, pendings, idempotency_keys, webhooks)
        }
