"""Do the nouns of the shop keep their rules for all values? Money, carts, orders and their logs, by Hypothesis."""

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.policy import load_policy
from domain.address import Address
from domain.cart import MOST_PIECES, Cart, CartLine
from domain.errors import BadInput, Conflict, NotFound
from domain.money import Money
from domain.offer import Offer, Sku
from domain.order import (
    ORDER_EVENT,
    Cancelled,
    Delivered,
    Order,
    OrderEvent,
    OrderLine,
    Placed,
    ReturnAsked,
    ReturnRecord,
    Shipped,
    TransactionMoved,
)
from domain.order_changes import Changes, Destination, Returned
from domain.payment import Captured, Declined, Refunded, Voided
from domain.pending import fingerprint
from domain.policy import SpendingLimits
from domain.shopper import PaymentMethod

_NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
_CARD = PaymentMethod(method_id="card", kind="card", label="card", provider="test")
_HOME = Address(line1="1 Main St", city="X", region="NY", postal_code="10000")
_NUMBERS = itertools.count(1)
_CENTS = st.integers(0, 1_000_000)


def changes() -> Changes:
    return Changes(_NOW, lambda: f"i{next(_NUMBERS)}")


def order_line(minor: int, quantity: int, tax: int = 0, line_id: str = "l1") -> OrderLine:
    return OrderLine(
        line_id=line_id, product_id=line_id, variant_id=None, title=line_id, quantity=quantity, unit_price=Money(minor=minor),
        tax=Money(minor=tax),
    )  # fmt: skip


def placed(*lines: OrderLine, shipping: int = 0) -> Order:
    events = changes().placed("A-1", "session:s", lines, shipping=Money(minor=shipping), address=_HOME, method=_CARD, pay_by=_NOW)
    return Order.rebuilt(events)


def paid(*lines: OrderLine, shipping: int = 0) -> Order:
    order = placed(*lines, shipping=shipping)
    return then(order, *changes().settled(order, order.transactions[0].transaction_id, Captured("r")))


def delivered(*lines: OrderLine) -> Order:
    return then(paid(*lines), Shipped(at=_NOW), Delivered(at=_NOW))


def then(order: Order, *events: object) -> Order:
    for event in events:
        order = order.apply(event)  # type: ignore[arg-type]
    return order


def cart_line(sku: str, quantity: int, price: str = "1.00", currency: str = "USD") -> CartLine:
    return CartLine(
        line_id=f"line-{sku}", product_id=sku, variant_id=None, title=sku, quantity=quantity, unit_price=Money.of(price, currency)
    )


# ---- carts


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 9)), max_size=10))
def test_a_cart_holds_each_thing_once_with_the_sum_of_its_pieces(added: list[tuple[str, int]]) -> None:
    cart = Cart(owner="o")
    for sku, quantity in added:
        cart = cart.added(cart_line(sku, quantity))
    wanted: Counter[str] = Counter()
    for sku, quantity in added:
        wanted[sku] += quantity

    assert {line.product_id: line.quantity for line in cart.lines} == dict(wanted)
    assert cart.subtotal().minor == 100 * wanted.total()


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 99)), st.dictionaries(st.sampled_from("abcd"), st.integers(1, 99)))
def test_a_merge_keeps_everything_that_fits_and_nothing_above_the_limit(mine: dict[str, int], theirs: dict[str, int]) -> None:
    def of(pieces: dict[str, int]) -> Cart:
        return Cart(owner="o", lines=tuple(cart_line(sku, quantity) for sku, quantity in pieces.items()))

    merged = of(mine).merged(of(theirs))

    expected = {sku: min(MOST_PIECES, mine.get(sku, 0) + theirs.get(sku, 0)) for sku in mine.keys() | theirs.keys()}
    assert {line.product_id: line.quantity for line in merged.lines} == expected


def test_a_cart_has_one_currency_and_at_most_fifty_lines() -> None:
    cart = Cart(owner="o").added(cart_line("a", 1))
    with pytest.raises(Conflict, match="EUR"):
        cart.added(cart_line("b", 1, currency="EUR"))
    assert cart.merged(Cart(owner="x", lines=(cart_line("b", 1, currency="EUR"),))) == cart
    full = Cart(owner="o", lines=tuple(cart_line(f"p{i}", 1) for i in range(50)))
    with pytest.raises(Conflict, match="50"):
        full.added(cart_line("one more", 1))
    with pytest.raises(NotFound):
        full.without("none")
    with pytest.raises(BadInput):
        cart.with_quantity("line-a", 0)


def test_changes_name_price_and_stock_and_seen_takes_note_of_them() -> None:
    cart = Cart(owner="o", lines=(cart_line("a", 3, "2.00"),))
    offer = Offer(product_id="a", variant_id=None, title="a", product_type="", options={}, price=Money.usd("1.50"), stock=2)

    found = cart.changes({offer.sku: offer}, {offer.sku: 2})

    assert [(c.what, str(c.was), str(c.now)) for c in found] == [("price", "$2.00", "$1.50"), ("stock", "3", "2")]
    assert cart.seen({offer.sku: offer}).lines[0].unit_price == Money.usd("1.50")
    assert [c.now for c in cart.changes({}, {})] == [0]


# ---- orders


def test_the_state_machine_lets_only_its_own_steps_pass() -> None:
    order = placed(order_line(1000, 1))
    too_early: tuple[OrderEvent, ...] = (Shipped(at=_NOW), Delivered(at=_NOW))
    for event in too_early:
        with pytest.raises(Conflict, match="pending payment"):
            order.apply(event)
    done = delivered(order_line(1000, 1))
    assert done.state == "delivered"
    too_late: tuple[OrderEvent, ...] = (Shipped(at=_NOW), Delivered(at=_NOW), Cancelled(at=_NOW, reason="x"))
    for event in too_late:
        with pytest.raises(Conflict):
            done.apply(event)
    with pytest.raises(Conflict):
        then(done, Placed.model_validate({**_first(done), "type": "placed"}))


def _first(order: Order) -> dict[str, object]:
    return {
        "at": _NOW, "order_id": order.order_id, "owner": "o", "lines": order.lines, "shipping": order.shipping, "address": order.address,
        "method_id": "card", "provider": "test", "pay_by": _NOW,
    }  # fmt: skip


def test_a_log_that_is_empty_or_begins_elsewhere_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Order.rebuilt([])
    with pytest.raises(ValueError, match="'shipped'"):
        Order.rebuilt([Shipped(at=_NOW)])


@given(_CENTS, st.integers(1, 30), _CENTS, st.data())
def test_pieces_that_come_back_in_any_parts_are_worth_the_line_to_the_cent(
    minor: int, quantity: int, tax: int, data: st.DataObject
) -> None:
    order, back = delivered(order_line(minor, quantity, tax)), 0
    make = changes()
    while left := order.lines[0].returnable:
        part = data.draw(st.integers(1, left))
        (event,) = make.return_asked(order, [Returned("l1", part)], method_id="card")
        assert isinstance(event, ReturnAsked) and event.record.refund is not None
        back += event.record.refund.minor
        order = order.apply(event)

    assert back == minor * quantity + tax
    with pytest.raises(Conflict, match="0 of l1"):
        then(order, ReturnAsked(at=_NOW, line_id="l1", record=ReturnRecord(record_id="x", kind="return", quantity=1, method_id="card")))


@given(st.lists(st.tuples(_CENTS, st.integers(1, 5)), min_size=1, max_size=4), st.integers(0, 1000))
def test_what_is_paid_and_cancelled_goes_back_whole(things: list[tuple[int, int]], shipping: int) -> None:
    order = paid(*(order_line(minor, quantity, line_id=f"l{i}") for i, (minor, quantity) in enumerate(things)), shipping=shipping)
    after = then(order, *changes().cancelled(order, "other"))

    assert after.refunded == after.paid == order.total
    assert not after.reserved()


@given(st.integers(1, 10_000), st.lists(st.integers(0, 20_000), min_size=1, max_size=6))
def test_refunds_never_add_up_to_more_than_was_paid(minor: int, asked: list[int]) -> None:
    order, make = paid(order_line(minor, 1)), changes()
    for amount in asked:
        order = then(order, *make.refunds(order, Money(minor=amount), "return", Destination()))

    assert order.refunded <= order.paid
    assert order.refunded.minor == min(minor, sum(asked))


def test_a_providers_answer_told_twice_is_written_down_once() -> None:
    order, make = placed(order_line(1000, 1)), changes()
    payment = order.transactions[0].transaction_id
    order = then(order, *make.settled(order, payment, Captured("r")))

    assert order.state == "paid"
    for outcome in (Captured("r"), Declined("late"), Voided()):
        assert make.settled(order, payment, outcome) == []


def test_a_declined_payment_cancels_and_money_that_comes_late_goes_straight_back() -> None:
    order, make = placed(order_line(1000, 1)), changes()
    payment = order.transactions[0].transaction_id
    order = then(order, *make.settled(order, payment, Declined("no")))
    assert (order.state, order.paid.minor) == ("cancelled", 0)
    order = then(order, *make.settled(order, payment, Captured("r")))
    assert order.state == "cancelled"
    assert order.refunded == order.paid == Money(minor=1000)
    refund = order.transactions[-1]
    order = then(order, *make.settled(order, refund.transaction_id, Refunded("r2")))

    assert not order.open_transactions


@given(st.sampled_from(["placed", "paid", "delivered"]))
def test_every_event_survives_the_way_through_json(state: str) -> None:
    line = order_line(1234, 2, 99)
    order = {"placed": placed, "paid": paid, "delivered": delivered}[state](line)
    event = TransactionMoved(at=_NOW, transaction_id=order.transactions[0].transaction_id, state="void")

    assert ORDER_EVENT.validate_json(ORDER_EVENT.dump_json(event)) == event
    assert Order.model_validate_json(order.model_dump_json()) == order


def test_what_must_be_kept_in_the_warehouse_follows_the_state() -> None:
    line = order_line(1000, 2)
    sku = Sku("l1")

    assert placed(line).reserved() == paid(line).reserved() == Counter({sku: 2})
    assert delivered(line).reserved() == Counter() and delivered(line).left() == Counter({sku: 2})
    assert then(paid(line), Cancelled(at=_NOW, reason="x")).reserved() == Counter()


# ---- prices, limits, fingerprints


@given(_CENTS)
def test_tax_is_rounded_half_up_to_the_cent(minor: int) -> None:
    pricing = load_policy().pricing
    tax = pricing.tax_on(Money(minor=minor), _HOME.model_copy(update={"region": "NJ"}))

    assert abs(Decimal(minor) * Decimal("0.06625") - tax.minor) <= Decimal("0.5")
    assert pricing.tax_on(Money(minor=minor), _HOME.model_copy(update={"region": "OR"})).minor == 0


def test_shipping_is_free_from_its_threshold_and_unknown_currencies_are_refused() -> None:
    pricing = load_policy().pricing

    assert pricing.shipping_for(Money.usd("49.99")) == Money.usd("5.95")
    assert pricing.shipping_for(Money.usd("50.00")) == Money.usd("0.00")
    with pytest.raises(Conflict, match="EUR"):
        pricing.shipping_for(Money.of("60.00", "EUR"))


def test_spending_limits_hold_at_the_cent() -> None:
    limits = SpendingLimits(per_order=Decimal(100), per_turn=Decimal(90), per_day=Decimal(150))
    limits.check_order(Money.usd("100.00"))
    limits.check_day(Money.usd("50.00"), Money.usd("100.00"))
    SpendingLimits().check_order(Money.usd("1000000.00"))
    checks: tuple[Callable[[], None], ...] = (
        lambda: limits.check_order(Money.usd("100.01")), lambda: limits.check_turn(Money.usd("90.01")),
        lambda: limits.check_day(Money.usd("50.01"), Money.usd("100.00")),
    )  # fmt: skip
    for check in checks:
        with pytest.raises(Conflict, match="the most that may be spent"):
            check()


def test_a_fingerprint_sees_values_and_not_their_order() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
