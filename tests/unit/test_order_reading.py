"""What does a message want of an order, and what does it name of the details?"""

import pytest

from planner.order_reading import read_address, read_order


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("where is my order?", "status"), ("track my package", "status"), ("show me my orders", "list"), ("my order history", "list"),
        ("cancel order A-23456789AB", "cancel"), ("I no longer want my order", "cancel"), ("I want to return the boots", "return"),
        ("can you send the lamp back", "return"), ("I want my money back", "return"), ("exchange the boots for size 9", "exchange"),
        ("swap the gloves for a large", "exchange"), ("change the address of my order", "modify_address"),
        ("change my default address", "default_address"), ("pay with store credit instead", "modify_payment"),
        ("change the boots in my order to size 9", "modify_items"), ("let me talk to a real person", "person"),
    ],
)  # fmt: skip
def test_the_action(message: str, action: str) -> None:
    assert read_order(message).action == action


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("cancel my order, I ordered by mistake", "ordered by mistake"), ("cancel it, no longer needed", "no longer needed"),
        ("I changed my mind, cancel the order", "no longer needed"), ("Cancel order A-23456789AB: other", "other"),
        ("cancel my order", None),
    ],
)  # fmt: skip
def test_the_reason_is_one_of_the_set_or_none(message: str, reason: str | None) -> None:
    assert read_order(message).reason == reason


def test_details_are_read() -> None:
    request = read_order("return everything of order a-23456789ab as store credit")

    assert (request.order_id, request.everything, request.to_credit) == ("A-23456789AB", True, True)
    assert read_order("exchange the boots for size 9.5").size == "9.5"


def test_an_address_in_one_line() -> None:
    address = read_address("please ship it to 12 Mill Street, Apt 4, New York, NY 10001-1234, thanks")

    assert address is not None
    assert (address.line1, address.line2, address.city, address.region, address.postal_code) == (
        "12 Mill Street", "Apt 4", "New York", "NY", "10001-1234",
    )  # fmt: skip
    assert read_address("ship it to my office") is None
