"""Are prices read as people write them, and other numbers left alone?"""

from decimal import Decimal

import pytest

from planner.prices import read_prices

CEILINGS = {
    "running shoes under $100": 100,
    "gaming headset under 50": 50,
    "desk lamp below 40 dollars please": 40,
    "tent less than $250": 250,
    "not more than 75": 75,
    "nothing over $80": 80,
    "no more than 60 bucks": 60,
    "i don't want to spend more than eighty quid": 80,
    "can't do more than thirty five this month": 35,
    "an office chair, two hundred tops": 200,
    "headphones, 150 max": 150,
    "$45 or less": 45,
    "up to 150 then": 150,
    "my budget is $300": 300,
    "budget: 120": 120,
    "ninety bucks is my limit": 90,
    "not a penny over £90": 90,
    "secret santa, £10 cap": 10,
    "for $30": 30,
    "i have fifty dollars": 50,
    "black leather school shoes, thirty quid a pair tops": 30,
    "under 1,200 euros": 1200,
    "laptop under 2k": 2000,
    "got about eighty to play with, well, a hundred max": 100,
    "keep it under 25": 25,
    "within $500": 500,
    "cheaper than $20": 20,
    "one twenty at most": 120,
    "spend up to a hundred": 100,
    "i can stretch to 220": 220,
}
ROUGHLY = {
    "around $60": 75,
    "about 60 dollars": 75,
    "like 20 bucks": 25,
    "£150ish": 188,
    "80ish": 100,
    "roughly $40": 50,
    "something around fifty": 62,
    "thirty pounds, give or take": 38,
}
FLOORS = {"over $100": 100, "at least 50 dollars": 50, "more than $30": 30, "from $20": 20, "$80 or more": 80, "60 dollars and up": 60}
RANGES = {
    "between 20 and 40": (20, 40),
    "between $100 and $150": (100, 150),
    "from 30 to 50 dollars": (30, 50),
    "$20-$40": (20, 40),
    "40 to 60 euros": (40, 60),
    "fifty to seventy pounds": (50, 70),
    "budget 80-120": (80, 120),
}
NO_PRICE = [
    "tent for 4 people",
    "15 inch laptop sleeve",
    "a 2 litre water bottle",
    "kids size 12",
    "for my 6 year old",
    "10000 mah power bank",
    "up to 11 tablets a day",
    "at least 50 lbs each",
    "under 90 g please",
    "holds over 20 kg",
    "for under 12s",
    "12 pack of pens",
    "usb 3.0 hub with 7 ports",
    "iphone 15 case",
    "trail running shoes 43",
    "it cost me $40 last year",
    "the old one was $300",
    "we are about 12 people",
    "a room of 400 sq ft",
    "70-200 lens",
    "waterproof to 30 m",
    "within 3 days",
]
CURRENCIES = {
    "under 40€": "EUR",
    "£30 max": "GBP",
    "under 50 bucks": "USD",
    "r180 rand": "ZAR",
    "1500 rupees or less": "INR",
    "nz$120 max": "NZD",
    "under 70": None,
}


@pytest.mark.parametrize(("text", "high"), CEILINGS.items())
def test_a_ceiling_is_read(text: str, high: int) -> None:
    reading = read_prices(text)
    assert (reading.low, reading.high) == (None, Decimal(high))


@pytest.mark.parametrize(("text", "high"), ROUGHLY.items())
def test_around_leaves_a_quarter_of_headroom(text: str, high: int) -> None:
    assert read_prices(text).high == Decimal(high)


@pytest.mark.parametrize(("text", "low"), FLOORS.items())
def test_a_floor_is_read(text: str, low: int) -> None:
    reading = read_prices(text)
    assert (reading.low, reading.high) == (Decimal(low), None)


@pytest.mark.parametrize(("text", "bounds"), RANGES.items())
def test_a_range_is_read(text: str, bounds: tuple[int, int]) -> None:
    reading = read_prices(text)
    assert (reading.low, reading.high) == (Decimal(bounds[0]), Decimal(bounds[1]))


@pytest.mark.parametrize("text", NO_PRICE)
def test_numbers_that_measure_something_else_are_no_price(text: str) -> None:
    reading = read_prices(text)
    assert (reading.low, reading.high) == (None, None)


@pytest.mark.parametrize(("text", "currency"), CURRENCIES.items())
def test_the_currency_is_the_one_said(text: str, currency: str | None) -> None:
    assert read_prices(text).currency == currency


def test_the_last_ceiling_said_holds() -> None:
    assert read_prices("under 100, no wait, under 80").high == Decimal(80)


def test_a_floor_above_the_ceiling_contradicts() -> None:
    assert read_prices("under $20, over $100").contradicts


def test_the_words_of_the_price_leave_the_text() -> None:
    assert read_prices("red boots under $50 for hiking").rest.split() == ["red", "boots", "for", "hiking"]
