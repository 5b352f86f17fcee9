"""What stays back although it was found and ranked?"""

from typing import Any

import pytest

from agents.gate import Gate
from domain.filters import Filters
from domain.product import Product, Variant
from domain.search import RankedProduct
from tests.fakes import ListCatalog
from tests.turn_kit import desk, is_safe, product

MUG = product("mug", "Birch Mug, Red", "20", kind="Mugs", colors=("red",), material=("ceramic",), gender=None)


def ranked(item: Product, **more: Any) -> RankedProduct:
    return RankedProduct(product=item, score=1.0, why="matches what you asked for", **more)


async def failed(item: RankedProduct, filters: Filters, *catalog: Product) -> set[str]:
    admitted = await Gate(ListCatalog(catalog), is_safe).admit((item,), filters)
    assert bool(admitted.ranked) is not bool(admitted.failed)
    return {check.name for check in admitted.failed}


async def test_what_is_as_the_catalogue_has_it_passes() -> None:
    assert await failed(ranked(MUG), Filters(color=("red",)), MUG) == set()


async def test_a_product_that_left_the_catalogue_is_not_shown() -> None:
    assert "grounded" in await failed(ranked(MUG), Filters())


@pytest.mark.parametrize("now", [{"price": product("x", "x", "25", kind="x").price}, {"title": "Birch Bowl"}])
async def test_a_product_that_changed_since_it_was_found_is_not_shown(now: dict[str, Any]) -> None:
    assert await failed(ranked(MUG), Filters(), MUG.model_copy(update=now)) == {"grounded"}


async def test_stock_that_ran_out_since_is_not_shown_as_available() -> None:
    assert await failed(ranked(MUG), Filters(), MUG.model_copy(update={"stock": 0})) == {"stock_marked"}


@pytest.mark.parametrize(
    ("filters", "check"),
    [({"price_max": "19.99"}, "within_price"), ({"price_min": "21"}, "within_price"), ({"color": ("blue",)}, "within_color"),
     ({"brand": ("Acme",)}, "within_brand"), ({"exclude": ("ceramic",)}, "without_excluded"), ({"material": ("steel",)}, "within_material"),
     ({"category": "Bowls"}, "within_category"), ({"price_max": "30", "currency": "EUR"}, "within_price")],
)  # fmt: skip
async def test_what_a_filter_rules_out_is_not_shown_even_if_the_index_found_it(filters: dict[str, Any], check: str) -> None:
    assert await failed(ranked(MUG), Filters.model_validate(filters), MUG) == {check}


async def test_the_other_gender_is_not_shown() -> None:
    boots = product("boots", "Ridge Boots", kind="Boots", gender="women")
    assert await failed(ranked(boots), Filters(gender="men"), boots) == {"gender_aligned"}


async def test_size_and_colour_must_hold_for_one_variant_at_once() -> None:
    variants = (Variant(variant_id="a", size="9", color="red", stock=2), Variant(variant_id="b", size="8", color="blue", stock=2))
    shoe = product("shoe", "Trail Shoe", kind="Shoes", variants=variants, stock=None, colors=("red", "blue"))
    assert "within_size" in await failed(ranked(shoe, variant=variants[0]), Filters(size="9", color=("blue",)), shoe)


@pytest.mark.parametrize("title", ["Birch $50 Gift Card", "E-Gift Voucher"])
async def test_gift_cards_are_not_shown(title: str) -> None:
    card = product("card", title, kind="Mugs")
    assert await failed(ranked(card), Filters(), card) == {"no_gift_cards"}


async def test_what_is_never_sold_here_is_not_shown_though_a_feed_brought_it() -> None:
    pistol = product("pistol", "9mm Handgun, Black", kind="Sporting Goods")
    assert await failed(ranked(pistol), Filters(), pistol) == {"safe"}


async def test_a_colour_that_sounds_like_a_forbidden_ware_is_shown() -> None:
    dress = product("dress", "Linen Blouse, Ivory", kind="Blouses", colors=("ivory",))
    assert await failed(ranked(dress), Filters(), dress) == set()


async def test_the_reply_tells_what_was_held_back() -> None:
    goods = [MUG, product("bomb", "Pipe Bomb Mug", kind="Mugs")]
    reply = await desk(goods).say("a mug")
    assert [p.product_id for p in reply.products] == ["mug"]
    assert [c.reason for c in reply.checks if c.name == "held_back"] == ["not shown: 1 for safe"]


async def test_a_filter_that_no_product_carries_does_not_hold_anything_back() -> None:
    admitted = await Gate(ListCatalog([MUG]), is_safe).admit((ranked(MUG),), Filters(brand=("Acme",)), unfiltered=("brand",))
    assert admitted.ranked
