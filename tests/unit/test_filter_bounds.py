"""Can a shopper's filters cost more than a search may? Lists are bounded from turn to turn, and a listing is read once."""

import time
from decimal import Decimal

from domain.filters import MOST_VALUES, FilterChange, Filters
from domain.money import Money
from domain.product import Product, Variant
from planner.standing import allowing, filled_up, refined, switched


def ruled_out(*words: str) -> FilterChange:
    return FilterChange(stated=Filters(exclude=words))


def test_what_is_ruled_out_adds_up_to_a_bound_and_the_latest_stay() -> None:
    held = Filters()
    for number in range(30):
        held = refined(held, ruled_out(f"word{number}"))
    assert held.exclude == tuple(f"word{number}" for number in range(30 - MOST_VALUES, 30))


def test_one_message_and_a_switch_of_subject_keep_the_bound() -> None:
    many = tuple(f"word{number}" for number in range(600))
    assert refined(Filters(), ruled_out(*many)).exclude == many[-MOST_VALUES:]
    assert switched(Filters(exclude=many[:20]), ruled_out("new")).exclude == (*many[1:20], "new")
    assert len(allowing(Filters(color=many[:20]), {"teal": "color"}).color or ()) == MOST_VALUES


def test_a_full_list_is_told_when_it_fills_and_not_again() -> None:
    before = Filters(exclude=tuple(f"word{number}" for number in range(MOST_VALUES)))
    assert filled_up(before, refined(before, ruled_out("one more")))
    assert not filled_up(before, refined(before, FilterChange(stated=Filters(price_max=Decimal(20)))))
    assert not filled_up(Filters(), refined(Filters(), ruled_out("leather")))


def test_a_listing_of_many_variants_is_settled_in_well_under_a_millisecond_whatever_is_ruled_out() -> None:
    variants = tuple(Variant(variant_id=f"v{n}", size=str(n), color=f"shade {n}", stock=1) for n in range(100))
    listing = Product(product_id="p", title="Long hiking boot " * 20, price=Money.usd("20"), features=("warm",) * 8, variants=variants)
    filters = Filters(exclude=tuple(f"word{number}" for number in range(128)))
    assert filters.admits(listing)
    started = time.process_time()
    for _ in range(100):
        filters.admits(listing)
    # 59 ms each, where every word was looked for in every text of every variant.
    assert time.process_time() - started < 0.5


def test_a_colour_that_is_ruled_out_leaves_the_variants_of_other_colours() -> None:
    red, blue = Variant(variant_id="r", color="dark red", stock=1), Variant(variant_id="b", color="blue", stock=1)
    shirt = Product(product_id="p", title="Shirt", variants=(red, blue))
    assert Filters(exclude=("red",)).fitting_variant(shirt) == blue
    assert Filters(exclude=("shirt",)).fitting_variant(shirt) is None
    assert not Filters(exclude=("red", "blue")).admits(shirt)


def test_a_phrase_is_looked_for_within_one_text() -> None:
    lamp = Product(product_id="p", title="Lamp for desks", brand="Night", features=("light",))
    assert Filters(exclude=("desks night",)).admits(lamp)
    assert not Filters(exclude=("for desks",)).admits(lamp)
    assert not Filters(features=("light", "lamp shade")).admits(lamp)
    assert Filters(features=("light", "lamp")).admits(lamp)
