"""Is everyday talk understood as people mean it: mistyped, in another language, starting over, and is it answered in whole words?"""

import pytest

from agents.choosing import pick_of
from agents.sentences import noun_of
from domain.filters import Filters
from domain.money import Money
from domain.plan import Task
from domain.product import Product
from planner import kinds
from planner.person import person_of, without_age
from planner.spelling import mended
from planner.standing import still_fits
from planner.wording import shortened


def mug(title: str, *, rating: float | None = None, count: int = 0, price: str = "20.00", shelf: str = "Travel Mugs") -> Product:
    return Product(
        product_id=title,
        title=title,
        category=("Home", shelf),
        price=Money.usd(price),
        rating=rating,
        rating_count=count,
    )


def test_mistyped_words_of_talk_are_put_right() -> None:
    known = {"what", "is", "the", "between", "and"}
    assert mended("what is the diffrence between the frist and secnd", known) == "what is the difference between the first and second"
    assert mended("waht is the polcy on shiping", known) == "what is the policy on shipping"


def test_words_that_the_catalogue_knows_are_left_alone() -> None:
    assert mended("a recliner in retro style", {"recliner", "retro", "style"}) == "a recliner in retro style"


@pytest.mark.parametrize(
    ("message", "rest"),
    [("start over", ""), ("Start over, I need a lamp", "i need a lamp"), ("forget everything and show me sofas", "show me sofas"),
     ("scratch that, make it blue", None), ("forget everything but the budget", None), ("a starter kit", None)],
)  # fmt: skip
def test_starting_over_keeps_what_is_wanted_next(message: str, rest: str | None) -> None:
    assert kinds.starts_over(message) == rest


@pytest.mark.parametrize(
    ("message", "language"),
    [("und in blau?", "German"), ("mas baratos", "Spanish"), ("et en noir ?", "French"), ("in blue", None), ("plus size dress", None),
     ("noir jacket in black", None), ("el paso boots in black", None)],
)  # fmt: skip
def test_the_language_of_a_short_follow_up_is_told(message: str, language: str | None) -> None:
    assert kinds.foreign_language(message) == language


def test_a_dog_is_no_man_and_a_boy_of_six_is_a_child() -> None:
    assert person_of("he's a big lab who chews everything", "he's a big lab").gender is None
    assert person_of("he's 6", "he's 6").gender == "kids"
    assert person_of("a sweater for my dad who has a poodle", "a sweater").gender == "men"


def test_an_age_beside_a_person_is_no_word_of_the_wish() -> None:
    assert "8" not in without_age("something for my lil bro 8, loves dinosaurs")
    assert "6" in without_age("a tent for 6 people")


def test_a_letter_fits_clothes_and_a_shoe_size_fits_shoes() -> None:
    assert still_fits("L", "t-shirts", "hoodies") and not still_fits("L", "t-shirts", "table lamps")
    assert still_fits("9", "running shoes", "hiking boots") and not still_fits("9", "running shoes", "dresses")


def test_a_long_title_is_cut_between_words_and_outside_its_bracket() -> None:
    cut = shortened("Stridewell Larkspur Lightweight Tempo Running Shoes (Yellow, Women's)", 60)
    assert cut == "Stridewell Larkspur Lightweight Tempo Running Shoes…"
    assert shortened("Red Mug") == "Red Mug"


def test_things_are_called_by_their_name_or_their_shelf_and_not_by_the_sentence() -> None:
    mugs = [mug("A"), mug("B")]
    assert noun_of(Task(kind="search", request="keep coffee hot commute"), "Coffee", mugs) == "travel mugs"
    assert noun_of(Task(kind="search", request="mug yellow", filters=Filters(color=("yellow",))), "Mug", mugs) == "mugs"


def test_the_pick_is_the_best_rated_and_its_reason_is_true() -> None:
    few, many, cheap = mug("Few", rating=5.0, count=1), mug("Many", rating=4.8, count=300), mug("Cheap", rating=3.9, count=80, price="9.00")
    pick = pick_of([few, many, cheap])
    assert pick.product is many
    assert "rated 4.8 by 300 people" in pick.text and "best of the 3" not in pick.text and "cheapest" not in pick.text


def test_among_unrated_things_the_cheapest_is_picked() -> None:
    assert pick_of([mug("Dear"), mug("Cheap", price="9.00")]).product.title == "Cheap"


@pytest.mark.parametrize("message", ["which one would you pick", "you choose", "help me decide", "what's your favourite"])
def test_being_asked_to_choose_is_understood(message: str) -> None:
    assert kinds.CHOOSES.search(message)


@pytest.mark.parametrize("message", ["which tent would you recommend for two people in winter", "help me choose a tent"])
def test_asking_for_a_kind_of_thing_is_no_choice_among_the_shown(message: str) -> None:
    assert not kinds.CHOOSES.search(message)
