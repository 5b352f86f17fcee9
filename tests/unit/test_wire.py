"""Is the query model's answer read as it arrives, and is what breaks the format a typed failure?"""

from decimal import Decimal

import pytest

from domain.errors import BadModelOutput
from domain.events import CategoryExplained, CategoryFormulated, QueryFormulated
from domain.proposal import Attributes, Formulation, Proposal, ProposedCategory
from models.json_form import JsonReader
from models.wire import WireParser, decode_attributes, encode, encode_attributes, encode_parts

PRODUCTS = ("Merrell Moab 3 Mid", "Keen Targhee IV", "Salomon X Ultra 4", "waterproof hiking boots", "light hiking boots", "leather boots")
BOOTS = Formulation(
    query="women's waterproof hiking boots",
    attributes=Attributes(category="hiking boots", gender="women", price_max=Decimal(120), features=("waterproof",), exclude=("leather",)),
    proposal=Proposal(
        categories=(ProposedCategory(category="Women's Hiking Boots", products=PRODUCTS, explanation="Sealed seams keep your feet dry."),)
    ),
)


def read(text: str) -> list[object]:
    parser = WireParser()
    events: list[object] = []
    for char in text:
        events += parser.feed(char)
    return events + list(parser.finish())


def test_what_is_encoded_is_read_back_letter_by_letter() -> None:
    query, category, explanation = read(encode(BOOTS))
    assert query == QueryFormulated(BOOTS.query, BOOTS.attributes)
    assert isinstance(category, CategoryFormulated) and category.category.products == PRODUCTS
    assert explanation == CategoryExplained(0, "Sealed seams keep your feet dry.")


def test_a_category_is_handed_out_the_moment_its_sixth_product_ends() -> None:
    parser = WireParser()
    text = encode(BOOTS)
    upto = text.index(PRODUCTS[-1]) + len(PRODUCTS[-1])
    assert not any(isinstance(e, CategoryFormulated) for e in parser.feed(text[:upto]))
    assert any(isinstance(e, CategoryFormulated) for e in parser.feed("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "Sure! Here are some boots you may like. I would suggest looking at waterproof ones first\n",
        "boots\n-\nBoots\na one\nb two\n",
        "boots\n-\n" + "B" * 500 + "\n",
        "boots\n-\n" + "B" * 61 + "\n" + "one\n" * 6,
        "boots\nno pairs here\n",
        "boots\n-\nBoots | \n" + "one\n" * 6,
        "boots\n-\nA | B | C | D | E\n" + "one\n" * 30,
        "boots\n-\nBoots\n" + "one\n" * 7,
        "boots\n-\nBoots | Socks\n" + "one\n" * 6,
        "boots\n-\nBoots\n> For you.\n" + "one\n" * 6,
        "",
    ],
)  # fmt: skip
def test_prose_halves_and_excess_are_refused(text: str) -> None:
    with pytest.raises(BadModelOutput):
        read(text)


def test_all_categories_are_known_before_the_first_product() -> None:
    parser = WireParser()
    parser.feed("ski trip\n-\nSki Goggles | Ski Gloves\n")
    assert parser.names == ("Ski Goggles", "Ski Gloves") and parser.categories == ()


def test_signs_of_the_format_inside_a_value_do_not_break_it() -> None:
    odd = Attributes(category="dress; size=8", features=("a | b", "c = d"))
    assert decode_attributes(encode_attributes(odd)) == Attributes(category="dress size 8", features=("a b", "c d"))


def test_attributes_that_rules_read_can_be_left_out() -> None:
    line = encode_parts(BOOTS, leave_out=frozenset({"price_max"}))[1]
    assert line == "category=hiking boots; gender=women; features=waterproof; exclude=leather\n"


def test_parts_end_where_a_shorter_lesson_may_end() -> None:
    parts = encode_parts(BOOTS)
    assert [part.count("\n") for part in parts] == [1, 1, 1, 6, 1] and "".join(parts) == encode(BOOTS)


def test_an_endless_line_is_stopped_before_it_ends() -> None:
    with pytest.raises(BadModelOutput):
        WireParser().feed("x" * 1000)


def test_unknown_keys_and_bad_prices_are_dropped() -> None:
    assert decode_attributes("category=mug; mood=happy; price_max=abc; gender=cats") == Attributes(category="mug")


def test_json_categories_come_out_as_their_objects_close() -> None:
    reader = JsonReader()
    head = '{"query": "red mug", "attributes": {"color": ["red"]}, "categories": ['
    category = ProposedCategory(category="Mugs", products=PRODUCTS, explanation="Mugs you can stack.").model_dump_json()
    assert reader.feed(head) == [QueryFormulated("red mug", Attributes(color=("red",)))]
    assert reader.feed(category[:-1]) == []
    assert [type(e) for e in reader.feed(category[-1])] == [CategoryFormulated]
    reader.feed("]}")
    assert reader.finish() == []


@pytest.mark.parametrize(
    "text", ["I think you want a mug.", '{"query": 5, "categories": [', '{"query": "mug", "attributes": {}, "categories": []}']
)
def test_json_that_is_none_or_misses_its_parts_is_refused(text: str) -> None:
    reader = JsonReader()
    with pytest.raises(BadModelOutput):
        reader.feed(text)
        reader.finish()
