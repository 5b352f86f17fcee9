"""Does a message that goes on with the conversation mean what is on the screen, or what is being shopped for?"""

from collections.abc import Sequence

import pytest

from domain.filters import Filters
from domain.plan import Plan
from domain.session import Exchange, Session, ShownProduct
from planner.cart_reading import read_cart
from planner.references import only_points, resolve
from planner.spelling import spelt_out
from tests.planner_kit import a_session, after, on_screen, plan

BOOTS = on_screen(
    "Norrholt Trailhead Waterproof Hiking Boots", "Fellmere Ridge Hiking Boots", "Kaldvik Summit Hiking Boots",
    colors=("black", "brown", "blue"), prices=("129.00", "89.00", "149.00"),
)  # fmt: skip


def looking_at_boots(message: str, focus: Sequence[ShownProduct] = ()) -> Plan:
    session = a_session().model_copy(update={"shown": BOOTS, "subject": "hiking boots", "focus": tuple(p.product_id for p in focus)})
    return plan(message, session)


@pytest.mark.parametrize(
    ("message", "position"),
    [
        ("the second one", 1), ("tell me more about the second one", 1), ("and the third", 2), ("what about the first", 0),
        ("show me the last one", 2), ("the cheapest", 1), ("the cheaper of the first two", 1), ("number 3", 2), ("ok, the blue one", 2),
        ("what sizes does the second come in?", 1), ("who makes the first one?", 0), ("how much does the third weigh?", 2),
    ],
)  # fmt: skip
def test_a_product_on_the_screen_is_spoken_of_and_nothing_is_searched(message: str, position: int) -> None:
    planned = looking_at_boots(message)
    assert [(t.kind, t.product_ids) for t in planned.tasks] == [("question", (BOOTS[position].product_id,))]
    assert planned.standing == Filters()


@pytest.mark.parametrize("message", ["cheaper", "and cheaper?", "show me more", "in blue", "what about brown", "the second time I ask"])
def test_what_only_resembles_a_reference_is_none(message: str) -> None:
    assert not only_points(message)


def test_it_is_the_product_that_was_spoken_of_last() -> None:
    (task,) = looking_at_boots("what's it made of?", [BOOTS[1]]).tasks
    assert (task.kind, task.product_ids) == ("question", (BOOTS[1].product_id,))
    assert looking_at_boots("what's it made of?").clarification is not None


def test_it_is_no_guess_between_two_products_that_were_compared() -> None:
    pair = tuple(p.product_id for p in BOOTS[:2])
    assert resolve("add it", BOOTS, pair).ambiguous == BOOTS[:2]
    assert resolve("add both", BOOTS, pair).products == BOOTS[:2]


def test_it_goes_into_the_cart_when_one_product_was_spoken_of() -> None:
    focus = (BOOTS[2].product_id,)
    assert [c.product_id for c in read_cart("add it to my cart", BOOTS, (), focus=focus)] == list(focus)
    assert [c.product_id for c in read_cart("add it to my cart", BOOTS, ())] == [None]


def test_they_asks_about_all_that_is_shown() -> None:
    (task,) = looking_at_boots("are they vegan?").tasks
    assert (task.kind, len(task.product_ids)) == ("question", 3)


def test_the_first_and_the_last_are_compared_and_the_lightest_is_looked_for_among_all() -> None:
    (pair,) = looking_at_boots("the difference between the first and the last?").tasks
    (every,) = looking_at_boots("which one is the lightest?").tasks
    assert pair.product_ids == (BOOTS[0].product_id, BOOTS[2].product_id)
    assert every.product_ids == tuple(p.product_id for p in BOOTS)


def test_a_reference_to_nothing_is_said_to_be_one() -> None:
    planned = plan("the second one")
    assert planned.tasks[0].kind == "clarify" and "not shown" in (planned.clarification.question if planned.clarification else "")


@pytest.mark.parametrize(
    ("message", "request_"),
    [
        ("for four people", "4 person tents"),
        ("6 person", "6 person tents"),
        ("with a rain fly", "rain fly tents"),
        ("the lightweight one", "tents"),
    ],
)
def test_words_that_say_how_the_thing_must_be_join_the_need(message: str, request_: str) -> None:
    (task,) = after("tents", message).tasks
    assert (task.kind, task.request) == ("refine", request_)


@pytest.mark.parametrize("message", ["too expensive", "blue instead", "cheaper please", "more"])
def test_words_of_a_refinement_stay_out_of_the_need(message: str) -> None:
    (task,) = after("tents", message).tasks
    assert task.kind == "refine" and task.request in ("tents", "blue tents")


def test_more_leaves_out_what_is_on_the_screen() -> None:
    (task,) = looking_at_boots("show me more").tasks
    assert task.seen == tuple(p.product_id for p in BOOTS)


def test_needs_side_by_side_hold_each_its_own_and_the_price_for_both() -> None:
    planned = plan("men's running shoes under $100 and a women's rain jacket in yellow")
    held = [(t.filters.gender, t.filters.color, str(t.filters.price_max)) for t in planned.tasks]
    assert held == [("men", None, "100"), ("women", ("yellow",), "100")]
    assert planned.standing.gender is None and planned.standing.color is None


def test_an_answer_to_prices_that_cannot_both_hold_keeps_the_wish() -> None:
    asked = plan("boots under $20, over $100")
    exchange = Exchange(message="boots under $20, over $100", answer="", kinds=("clarify",))
    session = a_session().model_copy(update={"question": asked.clarification and asked.clarification.question, "exchanges": (exchange,)})
    (task,) = plan("Over $100", session).tasks
    assert (task.kind, task.request, str(task.filters.price_min)) == ("search", "boots", "100")


@pytest.mark.parametrize("message", ["blue", "size 10", "in black"])
def test_a_value_alone_is_no_wish_and_is_kept_for_the_next(message: str) -> None:
    planned = plan(message)
    assert planned.tasks[0].kind == "clarify" and planned.standing.active()


def test_starting_over_forgets_what_held_and_showing_everything_keeps_the_subject() -> None:
    held = Filters(color=("blue",))
    session = a_session().model_copy(update={"standing": held, "subject": "tents", "shown": BOOTS})
    assert plan("start over", session).standing == Filters()
    everything = plan("show me everything", session)
    assert everything.standing.color is None and [(t.kind, t.request) for t in everything.tasks] == [("refine", "tents")]


def test_not_for_men_opens_the_gender() -> None:
    session: Session = a_session().model_copy(update={"standing": Filters(gender="men"), "subject": "rain jackets"})
    assert plan("not for men", session).standing.gender is None


@pytest.mark.parametrize("message", ["help", "hello", "what's the weather", "?"])
def test_what_to_start_with_comes_from_the_catalogue(message: str) -> None:
    planned = plan(message)
    assert planned.openers and len(planned.openers) <= 4


def test_short_forms_of_a_phone_are_read_in_whole_words() -> None:
    assert spelt_out("presnt 4 my grandad, hes 80 n luvs birds") == "presnt for my grandad, he's 80 and loves birds"
    assert spelt_out("4 person tent, 100 W, size 4") == "4 person tent, 100 W, size 4"


def test_a_very_long_message_is_read_at_both_ends() -> None:
    (task,) = plan(f"I need hiking boots. {'This is a story about nothing. ' * 200} Under $100 please.").searches
    assert "hiking boots" in task.request and str(task.filters.price_max) == "100"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("can I return shoes after a month", "shop_question"), ("can I get it by friday?", "shop_question"),
        ("do you have a privacy screen protector?", "search"), ("what is your privacy policy?", "shop_question"),
    ],
)  # fmt: skip
def test_the_shop_is_asked_only_where_it_is_meant(message: str, kind: str) -> None:
    assert plan(message).tasks[0].kind == kind


def test_a_colour_that_is_taken_back_is_not_asked_for() -> None:
    assert plan("I want a blue jacket, actually make it green").searches[0].filters.color == ("green",)


def test_what_one_says_of_oneself_goes_on_with_the_subject() -> None:
    (task,) = after("office chair", "I'm quite heavy, 130 kg").tasks
    assert task.kind == "refine" and "office chair" in task.request


def test_a_dress_with_its_size_stays_a_dress() -> None:
    (task,) = plan("women's dress size 8 under 120").searches
    assert "dress" in task.request and task.filters.size == "8"


def test_a_no_before_the_wish_is_no_part_of_it() -> None:
    assert [t.request for t in after("headphones", "no, speakers").searches] == ["bluetooth speakers"]


@pytest.mark.parametrize(
    "message", ["something waterproof for running, under $80", "now something for the garden", "anything warm for camping?"]
)
def test_an_open_wish_for_another_purpose_opens_a_new_search(message: str) -> None:
    (task, *_) = looking_at_boots(message).tasks
    assert task.kind == "search" and "boot" not in task.request


@pytest.mark.parametrize("message", ["something waterproof for hiking", "something cheaper", "something in brown"])
def test_an_open_wish_for_the_same_purpose_narrows(message: str) -> None:
    assert [t.kind for t in looking_at_boots(message).tasks] == ["refine"]


def test_small_words_of_another_language_are_no_misspellings() -> None:
    assert "parka" not in plan("zapatillas para correr").tasks[0].request
