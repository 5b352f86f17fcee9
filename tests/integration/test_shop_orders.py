"""Does a purchase hold from cart to delivery, on SQLite and on PostgreSQL alike?"""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.address import Address
from domain.errors import BadInput, Conflict, NotFound
from domain.money import Money
from domain.pending import CancelOrder
from domain.policy import SpendingLimits
from domain.shopper import Account, Shopper
from tests.shop_kit import ANN, BEN, boot, demo, product, till
from tools.offers import VariantNeeded

pytestmark = pytest.mark.integration

_NEW_YORK = Address(line1="5 Main St", city="Albany", region="NY", postal_code="12207")


# ---- the cart


async def test_the_same_thing_twice_is_one_line_and_the_subtotal_is_the_sum(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "lamp", quantity=2)
        await t.shop.carts.add(ANN, "book")
        cart = await t.shop.carts.add(ANN, "lamp")

    assert [(line.product_id, line.quantity) for line in cart.lines] == [("lamp", 3), ("book", 1)]
    assert cart.subtotal == Money.usd("100.50")
    assert cart.version == 3


async def test_a_size_is_asked_for_and_never_invented(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        with pytest.raises(VariantNeeded, match=r"size 8 \(boot-8\)"):
            await t.shop.carts.add(ANN, "boot")
        cart = await t.shop.carts.add(ANN, "boot", variant_id="boot-8")

    assert cart.lines[0].options == {"size": "8"}


@pytest.mark.parametrize("quantity", [0, -1, 100, 10**9])
async def test_a_quantity_outside_1_to_99_is_refused(engine: AsyncEngine, quantity: int) -> None:
    async with till(engine) as t:
        with pytest.raises(BadInput, match="quantity"):
            await t.shop.carts.add(ANN, "lamp", quantity=quantity)


async def test_unknown_products_and_variants_are_not_found(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        with pytest.raises(NotFound, match="'nope'"):
            await t.shop.carts.add(ANN, "nope")
        with pytest.raises(NotFound, match="'boot-99'"):
            await t.shop.carts.add(ANN, "boot", variant_id="boot-99")


async def test_what_is_sold_out_short_unpriced_or_in_another_currency_does_not_go_in(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "lamp")
        for product_id, variant, quantity, words in (
            ("boot", "boot-10", 1, "sold out"), ("boot", "boot-9", 3, "only 2"), ("poster", None, 1, "no price"),
            ("teapot", None, 1, "EUR"),
        ):  # fmt: skip
            with pytest.raises(Conflict, match=words):
                await t.shop.carts.add(ANN, product_id, variant_id=variant, quantity=quantity)
        cart = await t.shop.carts.view(ANN)

    assert [line.product_id for line in cart.lines] == ["lamp"]


async def test_a_line_changes_its_variant_and_joins_the_line_that_has_it_already(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        first = (await t.shop.carts.add(ANN, "boot", variant_id="boot-8")).lines[0]
        await t.shop.carts.add(ANN, "boot", variant_id="boot-9")
        cart = await t.shop.carts.change(ANN, first.line_id, variant_id="boot-9")

    assert [(line.variant_id, line.quantity) for line in cart.lines] == [("boot-9", 2)]


async def test_the_cart_says_what_changed_since_until_the_shopper_changes_it(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "lamp", quantity=4)
        t.catalog.put(product("lamp", "24.50", stock=3))
        first, again = await t.shop.carts.view(ANN), await t.shop.carts.view(ANN)
        line = first.lines[0].line_id
        told = await t.shop.carts.change(ANN, line, quantity=3)
        after = await t.shop.carts.view(ANN)

    assert [(c.what, c.was, c.now) for c in first.changes] == [("price", Money.usd("29.50"), Money.usd("24.50")), ("stock", 4, 3)]
    assert again.changes == first.changes
    assert [c.what for c in told.changes] == ["price"]
    assert after.changes == ()
    assert after.subtotal == Money.usd("73.50")


async def test_a_product_that_left_the_catalogue_is_said_to_be_gone(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "lamp")
        t.catalog.drop("lamp")
        cart = await t.shop.carts.view(ANN)
        with pytest.raises(Conflict, match="no longer sold"):
            await t.shop.consent.propose_checkout(ANN)

    assert [(c.what, c.now) for c in cart.changes] == [("stock", 0)]


async def test_an_anonymous_cart_and_its_orders_become_the_customers(engine: AsyncEngine) -> None:
    known = Shopper(session_id="ann", customer_id="c1")
    async with till(engine) as t:
        order = await t.order(ANN)
        await t.shop.carts.add(ANN, "book", quantity=2)
        await t.shop.carts.add(Shopper(session_id="other", customer_id="c1"), "book")
        for _ in range(2):
            await t.shop.carts.claim(known)
        cart = await t.shop.carts.view(known)
        mine, _ = await t.shop.orders.of(known, limit=10)

        assert [(line.product_id, line.quantity) for line in cart.lines] == [("book", 3)]
        assert [o.order_id for o in mine] == [order.order_id]
        assert (await t.shop.carts.view(ANN)).lines == ()
        assert await t.rebuilt(order.order_id) == await t.stored(order.order_id)


async def test_a_key_gives_the_first_answer_again_and_refuses_another_request(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        first = await t.shop.carts.add(ANN, "lamp", key="k1")
        again = await t.shop.carts.add(ANN, "lamp", key="k1")
        with pytest.raises(Conflict, match="'k1'"):
            await t.shop.carts.add(ANN, "lamp", quantity=2, key="k1")
        other = await t.shop.carts.add(BEN, "lamp", quantity=2, key="k1")

    assert again == first
    assert other.lines[0].quantity == 2


async def test_writers_to_one_cart_at_once_lose_nothing(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "book")
        await asyncio.gather(*(t.shop.carts.add(ANN, "book") for _ in range(3)))
        cart = await t.shop.carts.view(ANN)

    assert cart.lines[0].quantity == 4


# ---- checkout and consent


async def test_nothing_happens_before_the_yes_and_everything_once_after_it(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "lamp", quantity=2)
        pending = await t.shop.consent.propose_checkout(ANN, address=_NEW_YORK)
        assert t.money() == (0, 0)
        assert await t.stock() == {}
        answered = await t.shop.consent.answer(ANN, pending.pending_id, accept=True)

        order = answered.order
        assert order is not None
        assert order.state == "paid"
        assert order.totals == pending.totals
        assert order.total == Money.usd("61.36")  # 59.00, free shipping, 4 % of 59.00
        assert t.money() == (6136, 0)
        assert (await t.stock())["lamp"] == (10, 2)
        assert (await t.shop.carts.view(ANN)).lines == ()
        assert await t.rebuilt(order.order_id) == await t.stored(order.order_id)
        with pytest.raises(Conflict, match="already"):
            await t.shop.consent.answer(ANN, pending.pending_id, accept=True)
        assert t.money() == (6136, 0)


async def test_the_summary_names_goods_total_payment_and_address(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "boot", variant_id="boot-8")
        summary = (await t.shop.consent.propose_checkout(ANN)).summary

    assert "1 × Ridge Boot (size 8)" in summary
    assert "$100.00" in summary
    assert "the demo payment" in summary
    assert "1 Example Street" in summary


async def test_a_no_ends_it_and_keeps_the_cart(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "lamp")
        pending = await t.shop.consent.propose_checkout(ANN)
        declined = await t.shop.consent.answer(ANN, pending.pending_id, accept=False)
        with pytest.raises(Conflict, match="no to that"):
            await t.shop.consent.answer(ANN, pending.pending_id, accept=True)

        assert declined.order is None
        assert (await t.shop.carts.view(ANN)).lines
        assert t.money() == (0, 0)


async def test_an_expired_a_superseded_and_anothers_proposal_do_nothing(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "lamp")
        old = await t.shop.consent.propose_checkout(ANN)
        new = await t.shop.consent.propose_checkout(ANN, address=_NEW_YORK)
        with pytest.raises(Conflict, match="newer"):
            await t.shop.consent.answer(ANN, old.pending_id, accept=True)
        with pytest.raises(NotFound):
            await t.shop.consent.answer(BEN, new.pending_id, accept=True)
        t.clock.advance(16 * 60)
        with pytest.raises(Conflict, match="expired"):
            await t.shop.consent.answer(ANN, new.pending_id, accept=True)

        assert t.money() == (0, 0)
        assert await t.shop.consent.waiting(ANN) is None


@pytest.mark.parametrize("what", ["price", "stock", "cart", "gone"])
async def test_a_yes_to_what_has_changed_since_does_nothing(engine: AsyncEngine, what: str) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "lamp", quantity=2)
        pending = await t.shop.consent.propose_checkout(ANN)
        if what == "price":
            t.catalog.put(product("lamp", "31.00"))
        elif what == "stock":
            t.catalog.put(product("lamp", "29.50", stock=1))
        elif what == "gone":
            t.catalog.drop("lamp")
        else:
            await t.shop.carts.add(ANN, "book")
        with pytest.raises(Conflict, match="changed since"):
            await t.shop.consent.answer(ANN, pending.pending_id, accept=True)

        assert t.money() == (0, 0)
        assert (await t.shop.orders.of(ANN, limit=5))[0] == ()


async def test_an_empty_cart_cannot_be_checked_out(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        with pytest.raises(Conflict, match="empty"):
            await t.shop.consent.propose_checkout(ANN)


async def test_a_repeated_yes_with_its_key_gives_the_same_order(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "lamp")
        pending = await t.shop.consent.propose_checkout(ANN)
        first = await t.shop.consent.answer(ANN, pending.pending_id, accept=True, key="yes")
        again = await t.shop.consent.answer(ANN, pending.pending_id, accept=True, key="yes")
        with pytest.raises(Conflict, match="'yes'"):
            await t.shop.consent.answer(ANN, pending.pending_id, accept=False, key="yes")

        assert again.order == first.order
        assert len(t.ledger.everything()[0]) == 1


async def test_two_yeses_at_once_place_one_order(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        await t.shop.carts.add(ANN, "lamp")
        pending = await t.shop.consent.propose_checkout(ANN)
        yes = [t.shop.consent.answer(ANN, pending.pending_id, accept=True) for _ in range(4)]
        results = await asyncio.gather(*yes, return_exceptions=True)

        assert sorted(type(r).__name__ for r in results) == ["Answered", "Conflict", "Conflict", "Conflict"]
        assert len((await t.shop.orders.of(ANN, limit=5))[0]) == 1
        assert len(t.ledger.everything()[0]) == 1


async def test_of_many_shoppers_racing_for_the_last_pieces_exactly_that_many_succeed(engine: AsyncEngine) -> None:
    goods = (product("lamp", "29.50", stock=4),)
    racers = [Shopper(session_id=f"r{i}") for i in range(16)]
    async with till(engine, goods=goods, counted_ids=False) as t:
        pendings = []
        for racer in racers:
            await t.shop.carts.add(racer, "lamp")
            pendings.append(await t.shop.consent.propose_checkout(racer))
        yes = [t.shop.consent.answer(r, p.pending_id, accept=True) for r, p in zip(racers, pendings, strict=True)]
        results = await asyncio.gather(*yes, return_exceptions=True)

        assert sum(isinstance(r, Conflict) for r in results) == 12
        assert (await t.stock())["lamp"] == (4, 4)
        assert len(t.ledger.everything()[0]) == 4


async def test_an_address_is_needed_where_the_demo_does_not_pay(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        abroad = _NEW_YORK.model_copy(update={"country": "FR"})
        await t.shop.carts.add(ANN, "lamp")
        with pytest.raises(Conflict, match="not to FR"):
            await t.shop.consent.propose_checkout(ANN, address=abroad)
        with pytest.raises(BadInput, match="'bitcoin'"):
            await t.shop.consent.propose_checkout(ANN, method_id="bitcoin")


async def test_spending_limits_hold_per_order_and_per_day(engine: AsyncEngine) -> None:
    limits = SpendingLimits(per_order=Decimal(200), per_day=Decimal(300))
    async with till(engine, limits=limits) as t:
        await t.shop.carts.add(ANN, "lantern", quantity=6)
        with pytest.raises(Conflict, match="one order"):
            await t.shop.consent.propose_checkout(ANN)
        await t.shop.carts.clear(ANN)
        await t.order(ANN, goods=[("boot-8", 1), ("lantern", 1)])
        await t.shop.carts.add(ANN, "boot", variant_id="boot-8")
        await t.shop.carts.add(ANN, "book", quantity=6)
        with pytest.raises(Conflict, match="one day"):
            await t.shop.consent.propose_checkout(ANN)
        t.clock.advance(25 * 3600)
        assert await t.shop.consent.propose_checkout(ANN)


# ---- payment


async def test_a_declined_payment_cancels_the_order_and_gives_the_cart_and_the_stock_back(engine: AsyncEngine) -> None:
    async with till(engine, methods=(demo("declined"),)) as t:
        order = await t.order(ANN, method_id="demo_declined")

        assert (order.state, order.cancel_reason) == ("cancelled", "payment declined")
        assert (await t.stock())["lamp"] == (10, 0)
        assert [line.quantity for line in (await t.shop.carts.view(ANN)).lines] == [2]
        assert t.money() == (0, 0)


@pytest.mark.parametrize("when", ["cut_before", "cut_after"])
async def test_a_timeout_before_or_after_capture_is_settled_later_and_charged_once(engine: AsyncEngine, when: str) -> None:
    async with till(engine) as t:
        setattr(t.wire, when, lambda path: path == "/payments")
        order = await t.order(ANN)
        assert order.state == "pending_payment"
        assert t.money()[0] == (0 if when == "cut_before" else 5900)
        setattr(t.wire, when, lambda path: False)
        t.clock.advance(6)
        await t.shop.settlement.run_due()

        assert (await t.stored(order.order_id)).state == "paid"
        assert t.money() == (5900, 0)


async def test_a_payment_that_needs_approval_is_paid_once_approved(engine: AsyncEngine) -> None:
    async with till(engine, methods=(demo("approval"),)) as t:
        order = await t.order(ANN, method_id="demo_approval")
        assert order.state == "pending_payment"
        assert order.transactions[0].approve_url == f"http://provider/approve/{order.transactions[0].transaction_id}"
        await t.shop.settlement.settle(order.order_id, ask_approval=True)
        t.ledger.approve(order.transactions[0].transaction_id)
        t.clock.advance(30)
        await t.shop.settlement.run_due()

        assert (await t.stored(order.order_id)).state == "paid"
        assert t.money() == (5900, 0)


async def test_an_order_that_is_not_paid_in_time_releases_its_stock_and_never_charges(engine: AsyncEngine) -> None:
    async with till(engine, methods=(demo("approval"),)) as t:
        order = await t.order(ANN, method_id="demo_approval")
        assert (await t.stock())["lamp"] == (10, 2)
        t.clock.advance(31 * 60)
        await t.shop.settlement.run_due()
        t.ledger.approve(order.transactions[0].transaction_id)
        await t.shop.settlement.run_due(everything=True)
        after = await t.stored(order.order_id)

        assert after.state == "cancelled"
        assert after.transactions[0].state == "void"
        assert (await t.stock())["lamp"] == (10, 0)
        assert t.money() == (0, 0)
        assert await t.rebuilt(order.order_id) == after


async def test_money_that_was_captured_unheard_before_the_order_expired_goes_back(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        t.wire.cut_after = lambda path: path == "/payments"
        order = await t.order(ANN)
        t.clock.advance(31 * 60)
        await t.shop.settlement.run_due()
        t.wire.cut_after = lambda path: False
        t.clock.advance(60)
        await t.shop.settlement.run_due()
        after = await t.stored(order.order_id)

        assert after.state in ("paid", "cancelled")
        assert t.money() == ((5900, 0) if after.state == "paid" else (5900, 5900))
        assert not after.open_transactions


async def test_store_credit_pays_only_what_it_covers(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        async with t.store.writing() as tx:
            await tx.accounts.move_credit(ANN.owner, "store_credit", Money.usd("60.00"), at=t.clock.now(), transaction_id="gift")
        order = await t.order(ANN, method_id="store_credit")
        await t.shop.carts.add(ANN, "book")
        with pytest.raises(Conflict, match="does not cover"):
            await t.shop.consent.propose_checkout(ANN, method_id="store_credit")
        cancel = await t.shop.consent.propose(ANN, CancelOrder(order_id=order.order_id, reason="other"))
        await t.shop.consent.answer(ANN, cancel.pending_id, accept=True)
        async with t.store.reading() as tx:
            balance = await tx.accounts.credit(ANN.owner, "store_credit", "USD")

        assert order.state == "paid"
        assert balance == Money.usd("60.00")
        assert t.money() == (0, 0)


async def test_the_default_address_of_an_account_is_used(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        async with t.store.writing() as tx:
            await tx.accounts.save(Account(owner=ANN.owner, address=_NEW_YORK))
        order = await t.order(ANN)

    assert order.address == _NEW_YORK


# ---- stock


async def test_a_new_feed_counts_anew_but_what_is_promised_stays_promised(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        first = await t.order(ANN, goods=[("boot-8", 4)])
        t.catalog.put(boot(size8=2))
        with pytest.raises(Conflict, match="sold out"):
            await t.shop.carts.add(BEN, "boot", variant_id="boot-8")
        t.catalog.put(boot(size8=6))
        await t.order(BEN, goods=[("boot-8", 2)])
        await t.shop.orders.shipped(first.order_id)

        assert (await t.stock())["boot-8"] == (2, 2)


async def test_what_has_no_figure_is_sold_without_counting(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order(ANN, goods=[("book", 50)])

        assert order.state == "paid"
        assert await t.stock() == {}


# ---- identity and reading


async def test_another_shoppers_order_is_not_there(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order(ANN)
        with pytest.raises(NotFound):
            await t.shop.orders.get(BEN, order.order_id)
        with pytest.raises(NotFound):
            await t.shop.consent.propose(BEN, CancelOrder(order_id=order.order_id, reason="other"))


async def test_orders_are_listed_newest_first_in_pages(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        ids = []
        for _ in range(3):
            ids.append((await t.order(ANN, goods=[("book", 1)])).order_id)
            t.clock.advance(timedelta(seconds=1).total_seconds())
        first, cursor = await t.shop.orders.of(ANN, limit=2)
        rest, end = await t.shop.orders.of(ANN, limit=2, cursor=cursor)
        with pytest.raises(BadInput, match="cursor"):
            await t.shop.orders.of(BEN, limit=2, cursor=cursor)

    assert [o.order_id for o in (*first, *rest)] == ids[::-1]
    assert end is None


async def test_the_warehouse_may_report_twice_but_not_out_of_order(engine: AsyncEngine) -> None:
    async with till(engine) as t:
        order = await t.order(ANN)
        with pytest.raises(Conflict, match="cannot become delivered"):
            await t.shop.orders.delivered(order.order_id)
        for _ in range(2):
            shipped = await t.shop.orders.shipped(order.order_id, tracking="T9")

        assert (shipped.state, shipped.tracking) == ("shipped", "T9")
        assert (await t.stock())["lamp"] == (8, 0)
