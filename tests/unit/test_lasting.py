"""What does a message say of the shopper that holds beyond this search?"""

import pytest

from planner.lasting import lasting_statements
from tests.turn_kit import lexicon_of, product

_LEXICON = lexicon_of(
    [
        product("boot", "Ridge Boot", kind="Boots", brand="Fellstride", colors=("brown",), material=("leather",)),
        product("shirt", "Wool Shirt", kind="Shirts", brand="Northmark", colors=("blue",), material=("wool",)),
    ]
)


def said(message: str, subject: str | None = None) -> list[tuple[str, str]]:
    return [(s.kind, s.value) for s in lasting_statements(message, _LEXICON, subject=subject)]


@pytest.mark.parametrize(
    ("message", "stated"),
    [
        ("I'm a size 10, never leather", [("size", "any 10"), ("avoid", "leather")]),
        ("boots please. I always wear size 9", [("size", "any 9")]),
        ("my shoe size is 8", [("size", "shoe 8")]),
        ("My favourite colour is blue and I love Fellstride", [("color", "blue"), ("brand", "fellstride")]),
        ("i hate wool", [("avoid", "wool")]),
        ("I'm allergic to wool, show me shirts", [("avoid", "wool")]),
        ("I don't wear leather or wool", [("avoid", "leather"), ("avoid", "wool")]),
        ("I usually spend around $40", [("price", "$30 to $50")]),
        ("i never pay more than $100", [("price", "$0 to $100")]),
        ("I normally pay between $20 and $60 for a shirt", [("price", "$20 to $60")]),
    ],
)
def test_what_is_said_of_oneself_for_good_is_read(message: str, stated: list[tuple[str, str]]) -> None:
    assert said(message) == stated


@pytest.mark.parametrize(
    "message",
    [
        "blue boots under $50", "I like the blue one", "I'd like a brown boot", "I love this", "no leather this time", "not blue",
        "I'm looking for a size 9 boot", "boots for my wife, she never wears leather", "a shirt for my dad, he loves blue",
        "do you have brown ones?", "I hate waiting", "I need boots under $100", "I never got my order",
    ],
)  # fmt: skip
def test_a_need_of_the_moment_or_of_somebody_else_is_no_lasting_preference(message: str) -> None:
    assert said(message) == []


def test_a_bare_size_is_of_the_kind_of_thing_on_the_screen() -> None:
    assert said("I'm a size 10", subject="Boots") == [("size", "boots 10")]
