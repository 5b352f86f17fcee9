"""Is a product that is spelt out as the catalogue writes it one search, without conditions made of its title's words?"""

import pytest

from catalog.demo import load_demo
from domain.filters import Filters
from domain.session import ShownProduct
from planner.titled import title_in
from tests.planner_kit import a_session, lexicon, plan

TITLES = (
    "Dunmore Knit Orla Sherpa-Lined Denim Jacket - Men's, White",
    'Inkwell & Oak Octavo 63" Writing Desk, Beige',
    "Splashby Seagrass Anti-Fog Swim Goggles, Blue",
    "Men's 3-Layer Rain Jacket Sidney by Fellmere, Black",
    "Orrery Leather Errand Travel Laptop Backpack for 15.6-Inch Laptops, Navy",
)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("frame", ["{}", "Find me {}", "do you have the {}?"])
def test_a_title_is_one_search_without_conditions(title: str, frame: str) -> None:
    planned = plan(frame.format(title), a_session("desk lamps", standing=Filters(color=("red",))))
    assert [task.kind for task in planned.tasks] == ["search"]
    assert planned.tasks[0].filters.active() == ()


def test_nearly_every_title_of_the_catalogue_admits_its_own_product() -> None:
    products = [product for product in load_demo() if not product.is_gift_card][::40]
    planned = [(product, plan(product.title)) for product in products]
    lost = [
        product.title
        for product, turn in planned
        if [task.kind for task in turn.tasks] != ["search"] or not turn.tasks[0].filters.admits(product)
    ]
    assert len(lost) <= len(products) // 50, lost


NO_TITLES = (
    "waterproof hiking boots for men under $120",
    "Nike Running Shoes Under $80",
    "Add The Larkspur Running Shoes To My Cart",
    "I Want A Red Dress For My Sister",
    "Women's Running Shoes Black",
    "Hiking boots and a tent, please",
    "Compare The First And The Second Please",
)


@pytest.mark.parametrize("message", NO_TITLES)
def test_a_wish_is_no_title(message: str) -> None:
    assert title_in(message, lexicon()) is None


def test_a_shown_product_is_not_searched_again_by_its_title() -> None:
    shown = (ShownProduct(product_id="p", ordinal=1, title=TITLES[2], category="Swim Goggles"),)
    assert plan(TITLES[2], a_session("swim goggles", shown=shown)).tasks[0].filters.color == ("blue",)


BRANDS: dict[str, tuple[str, ...] | None] = {
    "a rain jacket by dunmore knit": ("Dunmore Knit",),
    "looking for pinewhistle hiking pants": ("Pinewhistle",),
    "socks for my pinewhistle hiking boots": None,
}


@pytest.mark.parametrize(("message", "brands"), BRANDS.items())
def test_the_brand_of_what_a_thing_must_fit_is_not_asked_of_it(message: str, brands: tuple[str, ...] | None) -> None:
    assert plan(message).tasks[0].filters.brand == brands


def test_a_material_in_the_name_of_a_maker_is_none() -> None:
    assert plan("dunmore knit umbrella").tasks[0].filters.material is None
    assert plan("a knit blanket").tasks[0].filters.material == ("knit",)
