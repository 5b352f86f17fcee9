"""Does a purchase through PayPal hold: approval, capture, refunds, lost answers, errors and webhooks?"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from domain.errors import BadInput, Conflict, Forbidden, Unavailable
from domain.order import Order
from domain.pending import CancelOrder, LineQuantity, LineSwap, ModifyOrder, ReturnLines
from domain.shopper import PaymentMethod
from memory.database import create_engine, create_tables, database_url
from tests.paypal_server import CLIENT, GOOD_SIGNATURE, SECRET, WEBHOOK_ID, FakePayPal
from tests.shop_kit import ANN, Till, till
from tools.payments.paypal import Credentials, PayPalPayments

pytestmark = pytest.mark.integration
_METHOD = PaymentMethod(method_id="paypal", kind="paypal", label="PayPal", provider="paypal")
_SIGNED = {
    "paypal-auth-algo": "SHA256withRSA", "paypal-cert-url": "https://api.paypal.com/cert", "paypal-transmission-id": "t1",
    "paypal-transmission-sig": GOOD_SIGNATURE, "paypal-transmission-time": "2026-11-28T12:00:00Z",
}  # fmt: skip


@dataclass
class Counter:
    till: Till
    paypal: FakePayPal
    payments: PayPalPayments

    async def bought(self) -> Order:
        return await self.till.order(ANN, method_id="paypal")

    async def approved(self) -> Order:
        """An order that was approved and captured."""
        order = await self.bought()
        self.paypal.approve(self.reference)
        return await self.till.shop.settlement.settle(order.order_id, ask_approval=True)

    @property
    def reference(self) -> str:
        return list(self.paypal.orders)[-1]

    def event(self, event_id: str, event_type: str, order: Order) -> bytes:
        resource = {"id": self.reference, "purchase_units": [{"custom_id": order.transactions[0].transaction_id}]}
        return json.dumps({"id": event_id, "event_type": event_type, "resource": resource}).encode()

    async def heard(self, body: bytes, **headers: str) -> bool:
        return await self.till.shop.settlement.heard("paypal", _SIGNED | headers, body)


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    paypal = FakePayPal()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(paypal.app()), base_url="https://paypal.test")
    payments = PayPalPayments(client, Credentials(CLIENT, SECRET, WEBHOOK_ID), "https://shop.test/back")
    engine = create_engine(database_url(None, tmp_path))
    await create_tables(engine)
    async with till(engine, methods=(_METHOD,), providers={"paypal": payments}) as shop:
        yield Counter(shop, paypal, payments)
    await payments.close()
    await engine.dispose()


async def test_an_order_waits_for_approval_with_a_link_and_is_paid_after_it(counter: Counter) -> None:
    order = await counter.bought()
    waiting = order.transactions[0]
    early = await counter.till.shop.settlement.settle(order.order_id, ask_approval=True)
    counter.paypal.approve(counter.reference)
    paid = await counter.till.shop.settlement.settle(order.order_id, ask_approval=True)
    created = counter.paypal.orders[counter.reference]["purchase_units"][0]

    assert waiting.approve_url == f"https://www.paypal.com/checkoutnow?token={counter.reference}"
    assert early.state == order.state == "pending_payment"
    assert created["amount"] == {"currency_code": "USD", "value": "59.00"}
    assert paid.state == "paid"
    assert paid.transactions[0].reference == created["payments"]["captures"][0]["id"]


async def test_cancelling_gives_the_whole_back_and_a_return_its_part(counter: Counter) -> None:
    order = await counter.approved()
    cancel = await counter.till.shop.consent.propose(ANN, CancelOrder(order_id=order.order_id, reason="other"))
    await counter.till.shop.consent.answer(ANN, cancel.pending_id, accept=True)
    second = await counter.approved()
    await counter.till.shop.orders.shipped(second.order_id)
    await counter.till.shop.orders.delivered(second.order_id)
    line = second.lines[0].line_id
    command = ReturnLines(order_id=second.order_id, lines=(LineQuantity(line_id=line, quantity=1),), refund_to="original")
    back = await counter.till.shop.consent.propose(ANN, command)
    await counter.till.shop.consent.answer(ANN, back.pending_id, accept=True)
    after = await counter.till.shop.orders.received(second.order_id, line)

    assert [r["amount"]["value"] for r in counter.paypal.refunds] == ["59.00", "29.50"]
    assert after.lines[0].returns[0].state == "refunded"


@pytest.mark.parametrize("lost", ["/orders", "/capture", "/refund"])
async def test_a_lost_answer_is_asked_again_under_the_same_id_and_moves_nothing_twice(counter: Counter, lost: str) -> None:
    counter.paypal.fail_after = [lost]
    order = await counter.approved()
    cancel = await counter.till.shop.consent.propose(ANN, CancelOrder(order_id=order.order_id, reason="other"))
    answered = await counter.till.shop.consent.answer(ANN, cancel.pending_id, accept=True)

    assert answered.order is not None and answered.order.state == "cancelled"
    assert answered.order.refunded == answered.order.paid
    assert len(counter.paypal.orders) == 1
    assert [r["amount"]["value"] for r in counter.paypal.refunds] == ["59.00"]


async def test_while_paypal_is_down_the_order_waits_and_is_settled_later(counter: Counter) -> None:
    counter.paypal.fail_next = [500, 503]
    order = await counter.bought()
    assert order.transactions[0].state == "planned"
    counter.till.clock.advance(6)
    await counter.till.shop.settlement.run_due()

    assert (await counter.till.stored(order.order_id)).transactions[0].state == "awaiting_approval"


async def test_a_declined_instrument_sends_the_shopper_back_to_choose_another(counter: Counter) -> None:
    order = await counter.bought()
    counter.paypal.approve(counter.reference)
    counter.paypal.instrument_declined = True
    declined = await counter.till.shop.settlement.settle(order.order_id, ask_approval=True)
    counter.paypal.instrument_declined = False
    paid = await counter.till.shop.settlement.settle(order.order_id, ask_approval=True)

    assert declined.transactions[0].approve_url == f"https://www.paypal.com/checkoutnow?token={counter.reference}&retry"
    assert paid.state == "paid"


async def test_a_refund_that_paypal_refuses_for_now_stays_open(counter: Counter) -> None:
    order = await counter.approved()
    capture = order.transactions[0].reference
    counter.paypal.refunds.append({"capture": capture, "amount": {"value": "59.00"}})
    cancel = await counter.till.shop.consent.propose(ANN, CancelOrder(order_id=order.order_id, reason="other"))
    answered = await counter.till.shop.consent.answer(ANN, cancel.pending_id, accept=True)

    assert answered.order is not None
    assert answered.order.transactions[1].state == "planned"
    counter.paypal.refunds.clear()
    counter.till.clock.advance(3700)
    await counter.till.shop.settlement.run_due()
    after = await counter.till.stored(order.order_id)
    assert after.transactions[1].state == "settled"
    assert [r["amount"]["value"] for r in counter.paypal.refunds] == ["59.00"]


async def cancelled_while(counter: Counter, issue: str) -> Order:
    order = await counter.approved()
    counter.paypal.refund_issue = issue
    cancel = await counter.till.shop.consent.propose(ANN, CancelOrder(order_id=order.order_id, reason="other"))
    answered = await counter.till.shop.consent.answer(ANN, cancel.pending_id, accept=True)
    assert answered.order is not None
    return answered.order


async def test_a_refund_that_paypal_never_makes_becomes_store_credit(counter: Counter) -> None:
    after = await cancelled_while(counter, "REFUND_TIME_LIMIT_EXCEEDED")

    assert [(t.provider, t.state) for t in after.transactions[1:]] == [("paypal", "failed"), ("credit", "settled")]
    assert after.refunded == after.paid


async def test_what_was_given_back_by_hand_at_paypal_is_not_given_back_again(counter: Counter) -> None:
    after = await cancelled_while(counter, "CAPTURE_FULLY_REFUNDED")

    assert [(t.provider, t.state) for t in after.transactions[1:]] == [("paypal", "settled")]
    assert counter.paypal.refunds == []


async def test_an_order_that_paypal_will_not_show_is_not_taken_for_called_off(counter: Counter) -> None:
    order = await counter.bought()
    counter.paypal.fail_next = [403]
    with pytest.raises(Unavailable, match="403"):
        await counter.payments.look(order.transactions[0])


async def test_a_webhook_captures_once_in_whatever_order_it_comes_and_however_often(counter: Counter) -> None:
    order = await counter.bought()
    counter.paypal.approve(counter.reference)
    completed = counter.event("WH-2", "PAYMENT.CAPTURE.COMPLETED", order)
    approved = counter.event("WH-1", "CHECKOUT.ORDER.APPROVED", order)
    heard = [await counter.heard(body) for body in (completed, approved, completed, approved)]

    assert heard == [True, True, False, False]
    assert (await counter.till.stored(order.order_id)).state == "paid"
    assert sum(call.endswith("/capture") for call in counter.paypal.calls) == 1


async def test_a_forged_unsigned_or_foreign_webhook_is_refused(counter: Counter) -> None:
    order = await counter.bought()
    body = counter.event("WH-1", "CHECKOUT.ORDER.APPROVED", order)
    with pytest.raises(Forbidden, match="does not hold"):
        await counter.heard(body, **{"paypal-transmission-sig": "forged"})
    with pytest.raises(Forbidden, match="not signed"):
        await counter.heard(body, **{"paypal-cert-url": ""})
    with pytest.raises(BadInput, match="no JSON"):
        await counter.heard(b"{")
    counter.payments.credentials = Credentials(CLIENT, SECRET)
    with pytest.raises(Forbidden, match="AISLE_PAYPAL_WEBHOOK_ID"):
        await counter.heard(body)

    assert (await counter.till.stored(order.order_id)).state == "pending_payment"


async def test_money_that_comes_for_an_expired_order_goes_straight_back(counter: Counter) -> None:
    order = await counter.bought()
    counter.till.clock.advance(31 * 60)
    await counter.till.shop.settlement.run_due()
    assert (await counter.till.stored(order.order_id)).state == "cancelled"
    captured = {"id": "CAP1", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "59.00"}}
    made = counter.paypal.orders[counter.reference]
    made["status"], made["purchase_units"][0]["payments"] = "COMPLETED", {"captures": [captured]}
    await counter.heard(counter.event("WH-9", "PAYMENT.CAPTURE.COMPLETED", order))
    after = await counter.till.stored(order.order_id)

    assert after.state == "cancelled"
    assert after.refunded == after.paid
    assert [r["capture"] for r in counter.paypal.refunds] == ["CAP1"]


async def test_an_access_token_is_kept_and_renewed_when_it_is_refused(counter: Counter) -> None:
    await counter.bought()
    assert counter.paypal.tokens == 1
    counter.paypal.tokens = 7
    counter.paypal.approve(counter.reference)
    await counter.till.shop.settlement.run_due(everything=True)

    assert counter.paypal.tokens == 8
    counter.payments.credentials = Credentials(CLIENT, "wrong")
    counter.payments._token = ("", 0.0)
    with pytest.raises(Unavailable, match="refuses our credentials"):
        await counter.payments.look((await counter.bought()).transactions[0].model_copy(update={"reference": "x"}))


async def test_what_costs_more_cannot_be_charged_without_the_shopper(counter: Counter) -> None:
    order = await counter.approved()
    swap = LineSwap(line_id=order.lines[0].line_id, quantity=2, product_id="lantern")
    with pytest.raises(Conflict, match="without you at its page"):
        await counter.till.shop.consent.propose(ANN, ModifyOrder(order_id=order.order_id, lines=(swap,)))
