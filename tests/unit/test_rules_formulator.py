"""Does the formulator made of rules answer every need, and keep the paper's rules whatever is asked?"""

import pytest

from domain.events import CategoryFormulated, FormulationFinished, QueryFormulated
from domain.plan import Plan
from domain.proposal import ProposedCategory, is_gift_card_text
from domain.turn import FormulationRequest
from planner.needs import occasions
from planner.rules_formulator import RulesFormulator, propose
from tests.planner_kit import lexicon, plan, vocabulary


def proposed(message: str) -> list[ProposedCategory]:
    return propose(FormulationRequest(message=message, plan=plan(message)), lexicon())


NEEDS = {
    "Suggest tech accessories for skiing": ("Power Banks", "Action Cameras"),
    "I need something for a ski trip": ("Ski Jackets", "Ski Goggles"),
    "I need shoes for hiking, what else should I get for my trip?": ("Hiking Shoes", "Hiking Backpacks"),
    "comfortable sandals while summer music festival": ("Sandals",),
    "new puppy, what do i need?": ("Dog Beds",),
    "we just got a kitten": ("Litter Boxes",),
    "my sister is having a baby, gift ideas?": ("Baby Monitors",),
    "moving into my first flat": ("Cookware Sets",),
    "setting up a home office": ("Office Chairs",),
    "going camping this weekend, what should I bring?": ("Tents", "Sleeping Bags"),
    "beach holiday in June": ("Beach Towels",),
    "going to a wedding as a guest": ("Dress Shoes",),
    "my son starts university in autumn, dorm things": ("Desk Lamps",),
    "I want to start running": ("Running Shoes",),
    "joining the gym, need gear": ("Yoga Mats",),
    "long flight to Tokyo next week": ("Travel Pillows",),
    "road trip with friends": ("Phone Mounts",),
    "my hands are always cold in winter": ("Hand Warmers",),
    "something for my dog": ("Dog",),
    "a birthday present for my 7 year old niece": ("Craft Kits",),
    "barbecue season is here": ("Grill",),
    "I'm getting into gardening": ("Garden",),
    "rainy season is coming": ("Rain",),
    "gift for my wife who loves tea": ("Teapots",),
}


@pytest.mark.parametrize(("message", "wanted"), NEEDS.items())
def test_an_occasion_is_answered_with_what_it_calls_for(message: str, wanted: tuple[str, ...]) -> None:
    named = [category.category for category in proposed(message)]
    assert all(any(want in name for name in named) for want in wanted), named


MESSAGES = [
    *NEEDS, "hiking boots", "women's running shoes under $100", "purple lava lamp", "zzgl 9000", "kids' rain boots size 12", "hiking boots and a tent for two",
    "men's or women's gloves", "a gift card for my mom who loves yoga", "not leather boots for my wife", "x" * 200, "boots boots boots", "gift",
    "a mug, a tent, a lamp, a sofa and a drone", "T-shirt\nwith newline", "something nice for my home under $50",
]  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES)
async def test_every_proposal_keeps_the_papers_rules(message: str) -> None:
    request = FormulationRequest(message=message, plan=plan(message))
    events = [event async for event in RulesFormulator(lexicon).formulate(request)]
    categories = [event.category for event in events if isinstance(event, CategoryFormulated)]
    assert isinstance(events[0], QueryFormulated) and isinstance(events[-1], FormulationFinished)
    if not request.plan.searches:
        assert not categories
        return
    assert 1 <= len(categories) <= 4
    for category in categories:
        assert len({title.casefold() for title in category.products}) == 6
        assert "you" in category.explanation.casefold()
        assert len(category.explanation.split()) <= 20
        assert not any(is_gift_card_text(text) for text in (category.category, *category.products))
    assert len({category.category for category in categories}) == len(categories)


def test_gendered_goods_carry_the_gender_and_general_goods_do_not() -> None:
    boots = proposed("hiking boots for my wife")[0]
    assert boots.category == "Women's Hiking Boots"
    assert not any("men's" in f" {title.casefold()}".replace("women's", "") for title in boots.products)
    assert "Women" not in proposed("a power bank for my wife")[0].category


def test_the_attributes_are_those_that_were_said() -> None:
    request = FormulationRequest(message="", plan=plan("women's blue running shoes under $100, not leather, size 8"))
    from planner.rules_formulator import attributes_of

    said = attributes_of(request.plan)
    assert (said.gender, said.color, said.size, said.exclude) == ("women", ("blue",), "8", ("leather",))
    assert said.price_max == 100 and said.brand == () and said.material == ()


def test_nothing_is_proposed_where_nothing_is_searched() -> None:
    assert propose(FormulationRequest(message="hi", plan=Plan(tasks=())), lexicon()) == []


def test_an_exact_title_that_was_named_is_among_the_products() -> None:
    title = next(t for t in vocabulary().types["hiking boots"].titles if len(t) < 60)
    assert title.casefold() in {t.casefold() for category in proposed(f"do you have the {title}?") for t in category.products}


def test_every_occasion_names_types_that_the_demo_catalogue_sells() -> None:
    unknown = {category.type for occasion in occasions() for category in occasion.categories} - set(vocabulary().types)
    assert not unknown


def test_there_are_at_least_forty_occasions() -> None:
    assert len(occasions()) >= 40
