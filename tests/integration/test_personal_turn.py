"""Does a turn order by the customer's taste, and forget it when the shopper buys for somebody else?"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from domain.events import TurnFinished
from domain.reply import ProductView, Reply
from domain.turn import Received
from evaluator.conversation import fresh_session
from tests.integration.composed import Composed

pytestmark = pytest.mark.integration


async def replied(composed: Composed, message: str, tastes: Mapping[str, float]) -> Reply:
    received = Received(turn_id=uuid.uuid4().hex, message=message, at=datetime.now(UTC), session=fresh_session(), tastes=tastes)
    events = [event async for event in composed.assistant.answer(received)]
    return next(event.reply for event in events if isinstance(event, TurnFinished))


def products(reply: Reply) -> list[ProductView]:
    return list(reply.sections[0].products)


def another_brand(found: list[ProductView]) -> str:
    """A brand other than the first product's, from the end of the list."""
    return next(p.brand for p in reversed(found) if p.brand and p.brand != found[0].brand)


async def test_a_brand_that_the_customer_buys_comes_first_and_is_the_reason(composed: Composed) -> None:
    plain = products(await replied(composed, "men's sneakers", {}))
    brand = another_brand(plain)
    personal = products(await replied(composed, "men's sneakers", {f"brand:{brand.casefold()}": 1.0}))
    assert personal[0].brand == brand and "a brand that you buy" in (personal[0].why or "").casefold()
    assert all("you buy" not in (p.why or "") for p in plain)


async def test_what_is_said_stands_above_taste(composed: Composed) -> None:
    reply = await replied(composed, "red mugs under $20", {"color:blue": 1.0, "brand:hearthclay": 1.0})
    assert all("red" in p.colors for p in products(reply))
    assert all(p.price is not None and p.price.minor <= 2000 for p in products(reply))


async def test_shopping_for_somebody_else_leaves_the_customers_taste_out(composed: Composed) -> None:
    message = "sneakers for my husband"
    plain = products(await replied(composed, message, {}))
    brand = another_brand(plain)
    gift = products(await replied(composed, message, {f"brand:{brand.casefold()}": 1.0}))
    assert [p.product_id for p in gift] == [p.product_id for p in plain]
