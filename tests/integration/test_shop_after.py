"""What can be done after the purchase? Every rule of the policy, on SQLite and on PostgreSQL alike."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from catalog.policy import load_policy
from domain.address import Address
from domain.errors import BadInput, Conflict, NotFound
from domain.money import Money
from domain.order import Order
from domain.pending import (
    CancelOrder,
    ChangeAddress,
    Command,
    ExchangeLines,
    LineQuantity,
    LineSwap,
    ModifyOrder,
    ReturnLines,
)
from domain.policy import ShopPolicy, SpendingLimits
from tests.shop_kit import ANN, Till, boot, demo, product, till

pytestmark = pytest.mark.integration
_NEW_YORK = Address(line1="5 Main St", city="Albany", region="NY", postal_code="12207")
_DAY_S = 24 * 3600


async def do(t: Till, command: Command) -> Order:
    """Proposes and says yes; the books must be right afterwards."""
    pending = await t.shop.consent.propose(ANN, command)
    answered = await t.shop.consent.answer(ANN, pending.pending_id, accept=True)
    assert answered.order is not None
    await sound(t, answered.order.order_id)
    return answered.order


async def sound(t: Till, order_id: str) -> None:
    """The log replays to the order, no refund is above the payments, and the provider's books say the same."""
    order = await t.stored(order_id)
    assert await t.rebuilt(order_id) == order
    assert order.refunded <= order.paid
    captured, refunded = t.money()
    test = [x for x in order.transactions if x.provider == "test" and x.state == "settled"]
    assert captured >= sum(x.amount.minor for x in test if x.kind == "payment")
    assert refunded >= sum(x.amount.minor for x in test if x.kind == "refund")


def swap(order: Order, product_id: str, variant_id: str | None = None, *, quantity: int | None = None, line: int = 0) -> LineSwap:
    of = order.lines[line]
    return LineSwap(line_id=of.line_id, quantity=quantity or of.quantity, product_id=product_id, variant_id=variant_id)


def some(order: Order, quantity: int = 1, line: int = 0) -> LineQuantity:
    return LineQuantity(line_id=order.lines[line].line_id, quantity=quantity)


def policy(change: Callable[[ShopPolicy], dict[str, object]]) -> ShopPolicy:
    shipped = load_policy()
    return shipped.model_copy(update=change(shipped))


# ---- cancel


async def test_cancelling_gives_everything_back_and_releases_the_stock(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order(address=_NEW_YORK)
        cancelled = await do(t, CancelOrder(order_id=order.order_id, reason="no longer needed"))

        assert (cancelled.state, cancelled.cancel_reason) == ("cancelled", "no longer needed")
        assert t.money() == (6136, 6136)
        assert (await t.stock())["lamp"] == (10, 0)


async def test_an_order_whose_payment_is_awaited_is_cancelled_without_being_charged(engine: AsyncEngine) -> None:
    async with till(engine, methods=(demo("approval"),)) as t:
        order = await t.order(method_id="demo_approval")
        cancelled = await do(t, CancelOrder(order_id=order.order_id, reason="other"))
        t.ledger.approve(order.transactions[0].transaction_id)
        await t.shop.settlement.run_due(everything=True)

        assert cancelled.transactions[0].state == "void"
        assert t.money() == (0, 0)


async def test_a_reason_outside_the_set_is_refused(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        with pytest.raises(BadInput, match="no longer needed"):
            await t.shop.consent.propose(ANN, CancelOrder(order_id=order.order_id, reason="just because"))


async def test_what_has_shipped_or_is_cancelled_cannot_be_cancelled(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        await t.shop.orders.shipped(order.order_id)
        with pytest.raises(Conflict, match="before it ships"):
            await t.shop.consent.propose(ANN, CancelOrder(order_id=order.order_id, reason="other"))
        other = await t.order(goods=[("book", 1)])
        await do(t, CancelOrder(order_id=other.order_id, reason="other"))
        with pytest.raises(Conflict, match="is cancelled"):
            await t.shop.consent.propose(ANN, CancelOrder(order_id=other.order_id, reason="other"))


async def test_a_yes_to_cancel_after_the_order_shipped_does_nothing(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        pending = await t.shop.consent.propose(ANN, CancelOrder(order_id=order.order_id, reason="other"))
        await t.shop.orders.shipped(order.order_id)
        with pytest.raises(Conflict, match="changed since"):
            await t.shop.consent.answer(ANN, pending.pending_id, accept=True)

        assert (await t.stored(order.order_id)).state == "shipped"


# ---- change


async def test_items_change_to_another_variant_and_the_difference_is_charged_or_given_back(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        dear = await do(t, ModifyOrder(order_id=(order := await t.order()).order_id, lines=(swap(order, "lantern"),)))
        assert dear.total == Money.usd("70.00")
        assert t.money() == (7000, 0)
        assert (await t.stock())["lantern"] == (10, 2) and (await t.stock())["lamp"] == (10, 0)
        order = await t.order(goods=[("lantern", 2)])
        cheap = await do(t, ModifyOrder(order_id=order.order_id, lines=(swap(order, "lamp"),)))

        assert cheap.total == Money.usd("59.00")
        assert t.money() == (14000, 1100)


async def test_a_part_of_a_line_changes_and_the_rest_stays(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order(goods=[("boot-8", 3)])
        changed = await do(t, ModifyOrder(order_id=order.order_id, lines=(swap(order, "boot", "boot-9", quantity=1),)))

        assert [(line.variant_id, line.quantity) for line in changed.lines] == [("boot-8", 2), ("boot-9", 1)]
        assert (await t.stock())["boot-8"] == (5, 2) and (await t.stock())["boot-9"] == (2, 1)


async def test_items_change_once_and_then_the_order_is_not_cancelled_but_its_address_may_change(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await do(t, ModifyOrder(order_id=(await t.order(goods=[("boot-8", 1)])).order_id, address=_NEW_YORK))
        order = await do(t, ModifyOrder(order_id=order.order_id, lines=(swap(order, "boot", "boot-9"),)))
        for command, words in (
            (ModifyOrder(order_id=order.order_id, lines=(swap(order, "boot", "boot-8"),)), "only once"),
            (CancelOrder(order_id=order.order_id, reason="other"), "no longer be cancelled"),
        ):
            with pytest.raises(Conflict, match=words):
                await t.shop.consent.propose(ANN, command)
        moved = await do(t, ModifyOrder(order_id=order.order_id, address=_NEW_YORK.model_copy(update={"region": "OR"})))

        assert moved.totals.tax == Money.usd("0.00")
        assert (moved.paid - moved.refunded) == moved.total


async def test_another_kind_the_same_variant_and_what_is_sold_out_are_no_change(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order(goods=[("boot-8", 1)])
        for to, words in ((("lamp", None), "something else"), (("boot", "boot-8"), "already"), (("boot", "boot-10"), "sold out")):
            with pytest.raises(Conflict, match=words):
                await t.shop.consent.propose(ANN, ModifyOrder(order_id=order.order_id, lines=(swap(order, *to),)))
        with pytest.raises(NotFound):
            await t.shop.consent.propose(ANN, ModifyOrder(order_id=order.order_id, lines=(swap(order, "boot", "boot-99"),)))
        with pytest.raises(Conflict, match="1 of"):
            await t.shop.consent.propose(ANN, ModifyOrder(order_id=order.order_id, lines=(swap(order, "boot", "boot-9", quantity=2),)))


async def test_a_declined_difference_brings_the_old_items_and_their_stock_back(engine: AsyncEngine) -> None:
    async with till(engine, methods=(demo("declined"),)) as t:
        order = await t.order()
        command = ModifyOrder(order_id=order.order_id, lines=(swap(order, "lantern"),), method_id="demo_declined")
        after = await do(t, command)

        assert [line.product_id for line in after.lines] == ["lamp"]
        assert after.items_changed == 0
        assert (await t.stock())["lamp"] == (10, 2) and (await t.stock())["lantern"] == (10, 0)
        assert after.paid == after.total == Money.usd("59.00")


async def test_while_a_difference_is_unpaid_both_things_are_kept_and_nothing_ships(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        t.wire.cut_before = lambda path: path == "/payments"
        after = await do(t, ModifyOrder(order_id=order.order_id, lines=(swap(order, "lantern"),)))
        assert (await t.stock())["lamp"] == (10, 2) and (await t.stock())["lantern"] == (10, 2)
        with pytest.raises(Conflict, match="still open"):
            await t.shop.orders.shipped(order.order_id)
        t.wire.cut_before = lambda path: False
        t.clock.advance(10)
        await t.shop.settlement.run_due()
        await t.shop.orders.shipped(order.order_id)
        await sound(t, order.order_id)

        assert after.before is not None
        assert (await t.stock())["lamp"] == (10, 0) and (await t.stock())["lantern"] == (8, 0)


async def test_the_address_changes_with_its_tax(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        moved = await do(t, ModifyOrder(order_id=order.order_id, address=_NEW_YORK))

        assert moved.address == _NEW_YORK
        assert moved.total == Money.usd("61.36")
        assert t.money() == (6136, 0)


async def test_the_payment_is_replaced_once_and_only_by_another(engine: AsyncEngine) -> None:
    async with till(engine, methods=(demo("second"),)) as t:
        order = await t.order()
        with pytest.raises(Conflict, match="already"):
            await t.shop.consent.propose(ANN, ModifyOrder(order_id=order.order_id, method_id="demo"))
        with pytest.raises(Conflict, match="does not cover"):
            await t.shop.consent.propose(ANN, ModifyOrder(order_id=order.order_id, method_id="store_credit"))
        with pytest.raises(BadInput, match="nothing to change"):
            await t.shop.consent.propose(ANN, ModifyOrder(order_id=order.order_id))
        after = await do(t, ModifyOrder(order_id=order.order_id, method_id="demo_second"))
        with pytest.raises(Conflict, match="more than one payment"):
            await t.shop.consent.propose(ANN, ModifyOrder(order_id=order.order_id, method_id="demo"))

        assert after.method_id == "demo_second"
        assert t.money() == (11800, 5900)


async def test_a_declined_new_payment_leaves_the_old_one(engine: AsyncEngine) -> None:
    async with till(engine, methods=(demo("declined"),)) as t:
        order = await t.order()
        after = await do(t, ModifyOrder(order_id=order.order_id, method_id="demo_declined"))

        assert (after.state, after.method_id) == ("paid", "demo")
        assert t.money() == (5900, 0)


async def test_what_has_shipped_is_no_longer_changed(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        await t.shop.orders.shipped(order.order_id)
        for command in (
            ModifyOrder(order_id=order.order_id, address=_NEW_YORK),
            ModifyOrder(order_id=order.order_id, method_id="store_credit"),
            ModifyOrder(order_id=order.order_id, lines=(swap(order, "lantern"),)),
        ):
            with pytest.raises(Conflict, match="before it ships"):
                await t.shop.consent.propose(ANN, command)


async def test_the_default_address_changes_for_later_orders_only(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        pending = await t.shop.consent.propose(ANN, ChangeAddress(address=_NEW_YORK))
        await t.shop.consent.answer(ANN, pending.pending_id, accept=True)
        later = await t.order(goods=[("book", 1)])
        with pytest.raises(Conflict, match="not to FR"):
            await t.shop.consent.propose(ANN, ChangeAddress(address=_NEW_YORK.model_copy(update={"country": "FR"})))

        assert (await t.stored(order.order_id)).address != _NEW_YORK
        assert later.address == _NEW_YORK


# ---- return


async def test_a_part_of_an_order_comes_back_and_its_money_moves_when_it_has_arrived(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.delivered(goods=[("lamp", 3), ("book", 1)], address=_NEW_YORK)
        asked = await do(t, ReturnLines(order_id=order.order_id, lines=(some(order, 2),), refund_to="original"))
        assert t.money()[1] == 0
        arrived = await t.shop.orders.received(order.order_id, order.lines[0].line_id)
        await sound(t, order.order_id)

        assert [r.state for r in asked.lines[0].returns] == ["requested"]
        assert [(r.state, r.refund) for r in arrived.lines[0].returns] == [("refunded", Money.usd("61.36"))]
        assert t.money()[1] == 6136


async def test_returns_of_all_pieces_one_by_one_add_up_to_the_cent(engine: AsyncEngine) -> None:
    goods = (product("lamp", "9.99"),)
    texas = _NEW_YORK.model_copy(update={"region": "NJ"})
    async with till(engine, goods=goods) as t:
        order = await t.delivered(goods=[("lamp", 7)], address=texas)
        for _ in range(7):
            await do(t, ReturnLines(order_id=order.order_id, lines=(some(order),), refund_to="original"))
            returned = (await t.stored(order.order_id)).lines[0].returns[-1].record_id
            after = await t.shop.orders.received(order.order_id, order.lines[0].line_id, return_id=returned)

        assert after.refunded == after.paid - after.shipping
        with pytest.raises(Conflict, match="0 can still"):
            await t.shop.consent.propose(ANN, ReturnLines(order_id=order.order_id, lines=(some(order),), refund_to="original"))


async def test_a_refund_goes_back_to_what_paid_or_becomes_store_credit_and_nowhere_else(engine: AsyncEngine) -> None:
    async with till(engine, methods=(demo("second"),)) as t:
        order = await t.delivered()
        with pytest.raises(Conflict, match="becomes store credit"):
            await t.shop.consent.propose(ANN, ReturnLines(order_id=order.order_id, lines=(some(order),), refund_to="demo_second"))
        await do(t, ReturnLines(order_id=order.order_id, lines=(some(order),), refund_to="store_credit"))
        after = await t.shop.orders.received(order.order_id, order.lines[0].line_id)
        async with t.store.reading() as tx:
            credit = await tx.accounts.credit(ANN.owner, "store_credit", "USD")

        assert after.lines[0].returns[0].state == "refunded"
        assert credit == Money.usd("29.50")
        assert t.money()[1] == 0


async def test_only_what_was_delivered_and_is_still_there_comes_back_and_only_in_time(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order()
        command = ReturnLines(order_id=order.order_id, lines=(some(order, 2),), refund_to="original")
        with pytest.raises(Conflict, match="once they are delivered"):
            await t.shop.consent.propose(ANN, command)
        await t.shop.orders.shipped(order.order_id)
        await t.shop.orders.delivered(order.order_id)
        with pytest.raises(Conflict, match="2 can still be sent back, not 3"):
            await t.shop.consent.propose(
                ANN, ReturnLines(order_id=order.order_id, lines=(some(order, 2), some(order)), refund_to="original")
            )
        with pytest.raises(NotFound, match="no line"):
            line = LineQuantity(line_id="none", quantity=1)
            await t.shop.consent.propose(ANN, ReturnLines(order_id=order.order_id, lines=(line,), refund_to="original"))
        t.clock.advance(30 * _DAY_S)
        assert await t.shop.consent.propose(ANN, command)
        t.clock.advance(1)
        with pytest.raises(Conflict, match="30 days"):
            await t.shop.consent.propose(ANN, command)


async def test_a_policy_may_allow_one_request_an_order(engine: AsyncEngine) -> None:
    once = policy(lambda p: {"returns": p.returns.model_copy(update={"per_order": 1, "beside_exchange": False})})
    async with till(engine, policy=once) as t:
        order = await t.delivered(goods=[("lamp", 2), ("book", 1)])
        await do(t, ReturnLines(order_id=order.order_id, lines=(some(order), some(order, line=1)), refund_to="original"))
        with pytest.raises(Conflict, match="on their way back already"):
            await t.shop.consent.propose(ANN, ReturnLines(order_id=order.order_id, lines=(some(order),), refund_to="original"))


# ---- exchange


async def test_an_exchange_reserves_what_comes_instead_and_ends_when_the_goods_arrive(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.delivered(goods=[("boot-8", 1)])
        await do(t, ExchangeLines(order_id=order.order_id, lines=(swap(order, "boot", "boot-9"),), method_id="original"))
        assert (await t.stock())["boot-9"] == (2, 1)
        after = await t.shop.orders.received(order.order_id, order.lines[0].line_id)
        await sound(t, order.order_id)

        assert after.lines[0].returns[0].state == "exchanged"
        assert (await t.stock())["boot-9"] == (1, 0)
        assert t.money() == (10000, 0)


async def test_a_difference_of_an_exchange_is_settled_when_the_goods_arrive(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.delivered(goods=[("lamp", 2)])
        dearer = ExchangeLines(order_id=order.order_id, lines=(swap(order, "lantern", quantity=1),), method_id="original")
        await do(t, dearer)
        assert t.money() == (5900, 0)
        after = await t.shop.orders.received(order.order_id, order.lines[0].line_id)
        other = await t.delivered(goods=[("lantern", 1), ("book", 2)])
        await do(t, ExchangeLines(order_id=other.order_id, lines=(swap(other, "lamp"),), method_id="original"))
        cheaper = await t.shop.orders.received(other.order_id, other.lines[0].line_id)

        assert after.lines[0].returns[0].state == cheaper.lines[0].returns[0].state == "exchanged"
        assert after.paid == Money.usd("64.50")
        assert cheaper.refunded == Money.usd("5.50")


async def test_an_exchange_whose_difference_is_declined_waits_and_can_be_reported_again(engine: AsyncEngine) -> None:
    async with till(engine, methods=(demo("declined"),)) as t:
        order = await t.delivered(goods=[("lamp", 1), ("book", 3)])
        command = ExchangeLines(order_id=order.order_id, lines=(swap(order, "lantern"),), method_id="demo_declined")
        await do(t, command)
        for _ in range(2):
            after = await t.shop.orders.received(order.order_id, order.lines[0].line_id)
            await sound(t, order.order_id)

        assert after.lines[0].returns[0].state == "received"
        assert [x.state for x in after.transactions[1:]] == ["failed", "failed"]


async def test_an_exchange_is_within_a_kind_once_an_order_and_of_what_is_there(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.delivered(goods=[("boot-8", 2)])
        for to, words in ((("lamp", None), "something else"), (("boot", "boot-10"), "sold out")):
            with pytest.raises(Conflict, match=words):
                await t.shop.consent.propose(ANN, ExchangeLines(order_id=order.order_id, lines=(swap(order, *to),), method_id="original"))
        first = ExchangeLines(order_id=order.order_id, lines=(swap(order, "boot", "boot-9", quantity=1),), method_id="original")
        await do(t, first)
        with pytest.raises(Conflict, match="only once"):
            await t.shop.consent.propose(ANN, first)
        back = await do(t, ReturnLines(order_id=order.order_id, lines=(some(order),), refund_to="original"))

        assert [r.kind for r in back.lines[0].returns] == ["exchange", "return"]


async def test_a_policy_may_keep_exchanges_within_one_product(engine: AsyncEngine) -> None:
    narrow = policy(lambda p: {"exchanges": p.exchanges.model_copy(update={"within": "product", "same_variant": False})})
    async with till(engine, policy=narrow, goods=(boot(), product("lamp", "29.50"), product("lantern", "35.00"))) as t:
        order = await t.delivered(goods=[("lamp", 2), ("boot-8", 1)])
        with pytest.raises(Conflict, match="same kind"):
            await t.shop.consent.propose(ANN, ExchangeLines(order_id=order.order_id, lines=(swap(order, "lantern"),), method_id="original"))
        with pytest.raises(Conflict, match="have already"):
            await t.shop.consent.propose(
                ANN, ExchangeLines(order_id=order.order_id, lines=(swap(order, "boot", "boot-8", line=1),), method_id="original")
            )


async def test_nothing_arrives_that_is_not_on_its_way(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.delivered()
        with pytest.raises(Conflict, match="on its way back"):
            await t.shop.orders.received(order.order_id, order.lines[0].line_id)
        with pytest.raises(NotFound):
            await t.shop.orders.received("none", "x")


async def test_a_repeated_report_pays_nothing_else(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.delivered(goods=[("lamp", 3)])
        line = order.lines[0].line_id
        await do(t, ReturnLines(order_id=order.order_id, lines=(some(order),), refund_to="original"))
        for _ in range(2):
            once = await t.shop.orders.received(order.order_id, line)
        assert t.money()[1] == 2950 and once.lines[0].returns[0].state == "refunded"

        # A second parcel is announced, and the first is reported once more: the line alone does not say which has come.
        asked = await do(t, ReturnLines(order_id=order.order_id, lines=(some(order),), refund_to="original"))
        first, second = [record.record_id for record in asked.lines[0].returns]
        with pytest.raises(Conflict, match=f"return_id: {first}"):
            await t.shop.orders.received(order.order_id, line)
        for _ in range(2):
            await t.shop.orders.received(order.order_id, line, return_id=first, key="report-1")
        assert t.money()[1] == 2950
        with pytest.raises(Conflict, match="another request"):
            await t.shop.orders.received(order.order_id, line, return_id=second, key="report-1")
        for _ in range(2):
            await t.shop.orders.received(order.order_id, line, return_id=second)
        with pytest.raises(NotFound, match="no return"):
            await t.shop.orders.received(order.order_id, line, return_id="none")
        await sound(t, order.order_id)

        assert t.money()[1] == 5900


async def test_the_money_of_each_return_goes_where_that_return_said(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.delivered()
        line = order.lines[0].line_id
        for where in ("store_credit", "original"):
            asked = await do(t, ReturnLines(order_id=order.order_id, lines=(some(order),), refund_to=where))
        as_credit, to_card = [record.record_id for record in asked.lines[0].returns]
        await t.shop.orders.received(order.order_id, line, return_id=to_card)
        async with t.store.reading() as tx:
            credit = await tx.accounts.credit(ANN.owner, "store_credit", "USD")
        assert t.money()[1] == 2950 and credit == Money.usd("0.00")
        await t.shop.orders.received(order.order_id, line, return_id=as_credit)
        async with t.store.reading() as tx:
            credit = await tx.accounts.credit(ANN.owner, "store_credit", "USD")

        assert t.money()[1] == 2950 and credit == Money.usd("29.50")


async def test_a_return_worth_nothing_ends_without_money(engine: AsyncEngine) -> None:
    async with till(engine, goods=(product("sample", "0.00"), product("lamp", "29.50"))) as t:
        order = await t.delivered(goods=[("sample", 1), ("lamp", 1)])
        await do(t, ReturnLines(order_id=order.order_id, lines=(some(order),), refund_to="original"))
        for _ in range(2):
            after = await t.shop.orders.received(order.order_id, order.lines[0].line_id)

        assert after.lines[0].returns[0].state == "refunded"
        assert t.money()[1] == 0


async def test_limits_hold_for_what_a_change_adds(engine: AsyncEngine) -> None:
    limits = SpendingLimits(per_order=Decimal(80), per_day=Decimal(150))
    async with till(engine, limits=limits, goods=(product("lamp", "29.50"), product("lantern", "75.00"), product("candle", "35.00"))) as t:
        order = await t.order()
        with pytest.raises(Conflict, match="one order"):
            await t.shop.consent.propose(ANN, ModifyOrder(order_id=order.order_id, lines=(swap(order, "lantern"),)))
        await t.order(goods=[("lantern", 1)])
        # $59.00 and $75.00 today: $11.00 more is within a day's $150.00, another such change is not.
        other = await t.stored(order.order_id)
        await do(t, ModifyOrder(order_id=other.order_id, lines=(swap(other, "candle"),)))
        with pytest.raises(Conflict, match="one day"):
            await t.order(goods=[("candle", 1)])


async def test_what_older_orders_were_charged_today_counts_for_the_day(engine: AsyncEngine) -> None:
    limits = SpendingLimits(per_day=Decimal(85))
    async with till(engine, limits=limits, goods=(product("lamp", "29.50"), product("lantern", "75.00"))) as t:
        old = await t.order(goods=[("lamp", 1)])
        t.clock.advance(2 * _DAY_S)
        await do(t, ModifyOrder(order_id=old.order_id, lines=(swap(old, "lantern"),)))
        with pytest.raises(Conflict, match="one day"):
            await t.order(goods=[("lantern", 1)])


async def test_an_order_paid_in_a_way_that_is_no_longer_offered_is_still_cancelled_and_returned(engine: AsyncEngine) -> None:
    async with till(engine, methods=(demo("second"),)) as t:
        first = await t.order(method_id="demo_second")
        second = await t.delivered(method_id="demo_second")
        now = replace(t.shop.consent.proposals, methods=t.shop.consent.proposals.methods[:1])
        consent = replace(t.shop.consent, proposals=now)
        cancel = await consent.propose(ANN, CancelOrder(order_id=first.order_id, reason="other"))
        assert "goes back to the second card" in cancel.summary
        await consent.answer(ANN, cancel.pending_id, accept=True)
        back = await consent.propose(ANN, ReturnLines(order_id=second.order_id, lines=(some(second),), refund_to="original"))
        await consent.answer(ANN, back.pending_id, accept=True)
        orders = replace(t.shop.orders, proposals=now)
        await orders.received(second.order_id, second.lines[0].line_id)

        assert t.money()[1] == 5900 + 2950


@pytest.mark.parametrize("when", ["cut_before", "cut_after"])
async def test_a_refund_whose_answer_was_lost_moves_once(engine: AsyncEngine, when: str) -> None:
    async with till(engine) as t:
        order = await t.order()
        setattr(t.wire, when, lambda path: path == "/refunds")
        pending = await t.shop.consent.propose(ANN, CancelOrder(order_id=order.order_id, reason="other"))
        await t.shop.consent.answer(ANN, pending.pending_id, accept=True)
        assert (await t.stored(order.order_id)).open_transactions
        setattr(t.wire, when, lambda path: False)
        t.clock.advance(10)
        await t.shop.settlement.run_due()
        await sound(t, order.order_id)

        assert not (await t.stored(order.order_id)).open_transactions
        assert t.money() == (5900, 5900)
