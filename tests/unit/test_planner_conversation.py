"""Do needs, filters and references hold over a conversation as docs/planning.md says?"""

from decimal import Decimal

import pytest

from domain.filters import Filters
from tests.planner_kit import a_session, after, on_screen, plan

BOOTS = on_screen(
    "Norrholt Trailhead Waterproof Hiking Boots", "Fellmere Ridge Hiking Boots", "Kaldvik Summit Hiking Boots",
    colors=("black", "brown", "blue"), prices=("129.00", "89.00", "149.00"),
)  # fmt: skip


REQUESTS = {
    "hiking boots": "hiking boots",
    "hi, i'm looking for a pair of hiking boots please": "hiking boots",
    "i returned the headphones last week, thanks. now find me hiking boots. i pay with paypal": "hiking boots",
    "Hello! Could you please help me find a desk lamp for my home office?": "desk lamp home office",
    "find running shoes under $100 with good arch support": "running shoes arch support",
    "affordable gaming headsets under $50": "gaming headsets",
    "women's waterproof hiking boots size 8": "women's waterproof hiking boots",
    "boots for hiking, for my wife": "women's hiking boots",
    "a tent for two": "tent 2 person",
    "backpack for my laptop": "laptop backpacks",
    "hikng bots": "hiking boots",
    "my old tent leaked, i want a new one": "tents",
    "body care": "body care",
    "red mug, not plastic": "red mug",
    "shoes for men": "men's shoes",
}
SEVERAL = {
    "hiking boots and a tent for two": ("hiking boots", "tent 2 person"),
    "I need a desk lamp, an office chair and a webcam": ("desk lamp", "office chair", "webcam"),
    "a sleeping bag plus a camping stove": ("sleeping bag", "camping stove"),
    "red mugs and blue throw pillows": ("red mugs", "blue throw pillows"),
}
ONE_NEED = [
    "machine wash, wash cold women's sweaters with long sleeve",
    "light weight, hands free bluetooth speakers",
    "pendants and chandeliers with glass shade, clear glass",
    "black and white sneakers",
    "hiking boots for spring and autumn",
    "a jacket with a hood and pockets",
    "boots for rain, mud and snow",
    "wall mounted, space saving bookshelf",
    "loose fit, slim fit men's hoodies with long sleeve, short sleeve",
]


@pytest.mark.parametrize(("message", "request_"), REQUESTS.items())
def test_a_need_is_put_in_search_box_words(message: str, request_: str) -> None:
    assert [task.request for task in plan(message).searches] == [request_]


@pytest.mark.parametrize(("message", "requests"), SEVERAL.items())
def test_things_side_by_side_are_several_tasks(message: str, requests: tuple[str, ...]) -> None:
    assert tuple(task.request for task in plan(message).searches) == requests


@pytest.mark.parametrize("message", ONE_NEED)
def test_qualifiers_side_by_side_are_one_need(message: str) -> None:
    assert len(plan(message).searches) == 1


def test_at_most_four_needs_are_searched_at_once() -> None:
    assert len(plan("a tent, a sleeping bag, a camping stove, a headlamp, a cooler and a hammock").searches) == 4


# ---- narrowing, replacing, relaxing


def test_a_budget_survives_a_colour() -> None:
    standing = after("hiking boots under $120", "only brown ones, please").standing
    assert (standing.price_max, standing.color) == (Decimal(120), ("brown",))


def test_a_new_colour_replaces_the_old_one() -> None:
    assert after("red mug", "in green then").standing.color == ("green",)


def test_a_new_ceiling_replaces_the_old_one() -> None:
    assert after("hiking boots under $100", "up to 150 then").standing.price_max == Decimal(150)


def test_a_floor_above_the_old_ceiling_drops_it() -> None:
    standing = after("hiking boots under $100", "over $150").standing
    assert (standing.price_min, standing.price_max) == (Decimal(150), None)


def test_exclusions_add_up() -> None:
    assert after("winter jacket, not leather", "no polyester either").standing.exclude == ("leather", "polyester")


def test_features_add_up() -> None:
    features = after("hiking boots, waterproof", "and insulated").standing.features
    assert features is not None and set(features) == {"waterproof", "insulated"}


def test_any_colour_opens_the_colour_and_nothing_else() -> None:
    standing = after("red mug under $20", "any colour is fine").standing
    assert (standing.color, standing.price_max) == (None, Decimal(20))
    assert "color" in standing.lifted


def test_forgetting_the_budget_opens_the_price() -> None:
    standing = after("brown hiking boots under $100", "forget the budget").standing
    assert (standing.price_max, standing.color) == (None, ("brown",))


def test_what_is_ruled_out_is_no_longer_wanted() -> None:
    standing = after("black leather wallet", "not leather").standing
    assert (standing.material, standing.exclude) == (None, ("leather",))


def test_wanting_what_was_ruled_out_lifts_the_ban() -> None:
    assert after("boots, not leather", "leather boots after all").standing.exclude is None


def test_saying_that_it_is_fine_lifts_the_ban_without_demanding_it() -> None:
    standing = after("boots, not leather", "leather is fine too").standing
    assert (standing.material, standing.exclude) == (None, None)


def test_a_colour_that_is_fine_too_joins_the_one_that_holds() -> None:
    assert after("black sneakers", "white is ok too").standing.color == ("black", "white")


def test_a_refinement_keeps_the_subject_in_its_query() -> None:
    assert after("women's hiking boots", "waterproof ones").searches[0].request.endswith("hiking boots")


def test_cheaper_means_below_the_middle_of_what_is_shown() -> None:
    planned = plan("cheaper please", a_session("hiking boots", shown=BOOTS))
    assert planned.standing.price_max is not None and planned.standing.price_max < Decimal(149)


def test_contradictory_prices_ask_one_short_question() -> None:
    planned = plan("hiking boots under $20, over $100")
    assert planned.clarification is not None
    assert set(planned.clarification.choices) == {"Under $20", "Over $100"}


# ---- switching the subject (docs/planning.md)


def test_price_and_colour_stay_with_the_thing_they_were_said_of() -> None:
    standing = after("red hiking boots under $120", "I also need a desk lamp").standing
    assert (standing.price_max, standing.color) == (None, None)


def test_gender_and_exclusions_go_along_to_the_next_thing() -> None:
    standing = after("women's boots, not leather", "now a rain jacket").standing
    assert (standing.gender, standing.exclude) == ("women", ("leather",))


def test_the_same_budget_goes_along_when_it_is_said() -> None:
    assert after("hiking boots under $120", "and a backpack, same budget").standing.price_max == Decimal(120)


def test_a_gift_for_somebody_else_does_not_keep_the_gender() -> None:
    planned = after("women's hiking boots", "now a wallet for my dad")
    assert (planned.standing.gender, planned.recipient) == ("men", "my dad")


def test_gender_holds_until_the_shopper_switches_it() -> None:
    assert after("men's hiking boots", "in brown", "under $150").standing.gender == "men"
    assert after("men's hiking boots", "in brown", "now for women").standing.gender == "women"


def test_for_me_ends_shopping_for_somebody_else() -> None:
    planned = after("hiking boots for my wife", "actually for me, men's")
    assert (planned.recipient, planned.standing.gender) == (None, "men")


def test_a_pronoun_does_not_make_a_child_a_grown_up() -> None:
    assert after("rain boots for my 5 year old daughter", "she likes red").standing.gender == "kids"


def test_what_else_after_a_subject_looks_for_companions_of_it() -> None:
    planned = after("hiking boots", "what else do I need with them?")
    assert [task.kind for task in planned.tasks] == ["search"]
    assert "hiking boots" in planned.searches[0].request


# ---- references


REFERENCES = {
    "is the second one waterproof?": ("p2",),
    "is the blue one waterproof?": ("p3",),
    "is number 3 waterproof?": ("p3",),
    "is the cheapest one waterproof?": ("p2",),
    "is the last one waterproof?": ("p3",),
    "is the most expensive one waterproof?": ("p3",),
    "is the norrholt waterproof?": ("p1",),
    "does the kaldvik sumit come in wide?": ("p3",),
    "add the cheaper of the first two to my cart": ("p2",),
    "compare the first and the third": ("p1", "p3"),
    "compare the first two": ("p1", "p2"),
    "anything similar to the brown one?": ("p2",),
    "i'll take the first one": ("p1",),
}


@pytest.mark.parametrize(("message", "product_ids"), REFERENCES.items())
def test_a_reference_is_resolved_against_what_is_on_the_screen(message: str, product_ids: tuple[str, ...]) -> None:
    assert plan(message, a_session("hiking boots", shown=BOOTS)).tasks[0].product_ids == product_ids


def test_the_first_from_a_section_counts_inside_the_section() -> None:
    lamp = on_screen("Lampwick Desk Lamp", category="Desk Lamps")[0].model_copy(update={"product_id": "lamp", "ordinal": 4})
    planned = plan("is the first from the lamps dimmable?", a_session("desk lamp", shown=(*BOOTS, lamp)))
    assert planned.tasks[0].product_ids == ("lamp",)


def test_that_jacket_means_the_only_jacket_shown() -> None:
    jacket = on_screen("Norrholt Storm Jacket", category="Rain Jackets")[0].model_copy(update={"product_id": "jacket", "ordinal": 4})
    assert plan("is that jacket windproof?", a_session("hiking boots", shown=(*BOOTS, jacket))).tasks[0].product_ids == ("jacket",)


def test_an_ambiguous_reference_asks_with_choices() -> None:
    twins = on_screen("Norrholt Trail Boots", "Fellmere Ridge Boots", colors=("blue", "blue"))
    planned = plan("is the blue one waterproof?", a_session("hiking boots", shown=twins))
    assert planned.clarification is not None and len(planned.clarification.choices) == 2


def test_an_ambiguous_write_is_never_guessed() -> None:
    planned = plan("add it to my cart", a_session("hiking boots", shown=BOOTS))
    assert planned.clarification is not None


def test_an_ordinal_that_does_not_exist_is_said_to_be_missing() -> None:
    planned = plan("is the ninth one waterproof?", a_session("hiking boots", shown=BOOTS))
    assert planned.clarification is not None and "9" in planned.clarification.question


def test_something_similar_but_cheaper_stays_below_that_products_price() -> None:
    planned = plan("something like the first one but cheaper", a_session("hiking boots", shown=BOOTS))
    assert planned.tasks[0].kind == "similar"
    assert planned.standing.price_max == Decimal("128.99")


def test_a_turn_that_searches_nothing_leaves_the_filters_alone() -> None:
    standing = Filters(price_max=Decimal(50), color=("red",))
    assert plan("thanks!", a_session("mug", standing=standing)).standing == standing
