"""Which messages are about the cart, the checkout or an order, and which only sound like it? Over the planner that serves."""

from datetime import UTC, datetime

import pytest

from domain.session import Session
from domain.shop_views import PendingView
from domain.shopper import Shopper
from domain.turn import Received
from planner.buying_planner import BuyingPlanner
from tests.planner_kit import a_session, planner


async def nothing(shopper: Shopper, key: str) -> PendingView | None:
    return None


async def kinds_of(message: str, session: Session | None = None) -> list[str]:
    at = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    received = Received(turn_id="t", message=message, at=at, session=session or a_session())
    return [task.kind for task in (await BuyingPlanner(planner(), nothing).plan(received)).tasks]


@pytest.mark.parametrize(
    "message",
    [
        "harry potter and the order of the phoenix", "a thank-you gift for the delivery driver", "snacks for the delivery guy",
        "a mailbox for my parcel", "a mailbox for my packages", "a box for the package", "I need to return to running, shoes please",
        "new address stamp", "address labels for the new house", "a case to send my camera back", "add one more shelf to the bookcase",
        "something to put in the bag", "checkout counter toy", "self checkout toy", "a bag for the delivery", "shelf for the basket",
        "track shoes for my son", "a tracker for my parcel", "add another monitor to my desk",
    ],
)  # fmt: skip
async def test_a_thing_that_only_sounds_like_an_order_is_looked_for(message: str) -> None:
    found = await kinds_of(message)

    assert not {"cart", "checkout", "order"}.intersection(found), found


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("where is my order?", "order"), ("track my package", "order"), ("my order hasn't arrived", "order"), ("my order is late", "order"),
        ("something is wrong with my order", "order"), ("has my package shipped yet", "order"), ("any news on my order?", "order"),
        ("a mug I bought broke, I want my money back", "order"), ("I'd like to exchange the gloves", "order"),
        ("I want to return the boots", "order"), ("please send the lamp back", "order"), ("I have a new address", "order"),
        ("my address is wrong", "order"), ("change the address of my order", "order"), ("add the second one to my cart", "cart"),
        ("add one more", "cart"), ("add the shelf to my cart", "cart"), ("add the first one in the blue color", "cart"),
        ("remove the lamp", "cart"), ("put the first one in the bag", "cart"), ("what's in my basket", "cart"), ("check out", "checkout"),
        ("place the order", "checkout"), ("I'm ready to check out", "checkout"), ("check out the cart", "checkout"),
    ],
)  # fmt: skip
async def test_what_is_about_the_purchase_still_is(message: str, kind: str) -> None:
    assert (await kinds_of(message))[0] == kind
