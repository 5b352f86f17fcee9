"""In what order do candidates come?"""

from collections.abc import Sequence
from typing import Any

import pytest

from agents.kind_match import type_match
from agents.quantities import quantities, quantity_fit
from agents.ranking import FactRanker
from agents.why import why_of
from domain.filters import Filters
from domain.plan import Task
from domain.product import Product, Variant
from domain.search import Candidate, RankedProduct
from tests.turn_kit import lexicon_of, product


def ranked(
    products: Sequence[Product], request: str, *, said: str = "", scores: Sequence[float] = (), likes: dict[str, float] | None = None,
    filters: Filters | None = None, kind: str | None = None,
) -> tuple[RankedProduct, ...]:  # fmt: skip
    """Ranks candidates that are all as relevant, unless ``scores`` say otherwise."""
    lexicon = lexicon_of(products)
    candidates = [Candidate(product=p, score=scores[i] if scores else 0.8) for i, p in enumerate(products)]
    task = Task(kind="search", request=request, filters=filters or Filters(), subject=kind)
    return FactRanker(lambda: lexicon).rank_now(candidates, task, said or request, likes or {})


def ids(found: Sequence[RankedProduct]) -> list[str]:
    return [item.product.product_id for item in found]


def test_what_is_in_stock_stands_before_a_better_match_that_is_sold_out() -> None:
    gone = product("gone", "Alpen Tent", kind="Tents", stock=0)
    there = product("there", "Brook Tent", kind="Tents")
    assert ids(ranked([gone, there], "tent", scores=[1.0, 0.3], kind="tents")) == ["there", "gone"]


def test_what_belongs_to_a_thing_is_not_the_thing() -> None:
    tent, pegs = product("tent", "Alpen Tent", kind="Tents"), product("pegs", "Alpen Tent Pegs", kind="Tent Pegs")
    assert ids(ranked([pegs, tent], "tent", scores=[1.0, 0.4], kind="tents")) == ["tent"]


def test_ordering_leaves_nothing_out_and_marks_what_is_another_thing() -> None:
    tent, pegs = product("tent", "Alpen Tent", kind="Tents"), product("pegs", "Alpen Tent Pegs", kind="Tent Pegs")
    lexicon = lexicon_of([tent, pegs])
    candidates = [Candidate(product=p, score=0.8) for p in (pegs, tent)]
    ordered = FactRanker(lambda: lexicon).ordered(candidates, Task(kind="search", request="tent", subject="tents"), "tent", {})
    assert [(s.candidate.product.product_id, s.right_kind) for s in ordered] == [("tent", True), ("pegs", False)]


def test_without_a_known_type_what_is_more_relevant_stands_before_what_is_better_rated() -> None:
    goods = [
        product("rated", "Leather Case", "20", kind="Bags & Cases", rating=4.9, rating_count=900),
        product("stand", "Phone Stand", "9", kind="Bags & Cases", rating=3.4, rating_count=40),
    ]
    assert ids(ranked(goods, "phone stand", scores=[0.6, 1.0]))[0] == "stand"


def test_a_word_that_heads_no_type_turns_nothing_away() -> None:
    goods = [product("case", "Folding Holder", kind="Bags & Cases"), product("other", "Phone Stand", kind="Bags & Cases")]
    assert set(ids(ranked(goods, "phone stand", scores=[1.0, 0.4]))) == {"case", "other"}


def test_a_middling_price_is_no_merit_where_no_price_was_said() -> None:
    goods = [product(name, f"Mug {name}", price, kind="Mugs") for name, price in (("dear", "90"), ("middle", "30"), ("low", "5"))]
    assert ids(ranked(goods, "mug", kind="mugs", scores=[0.9, 0.89, 0.88])) == ["dear", "middle", "low"]


def test_the_cheapest_is_the_cheapest() -> None:
    priced = ((30, 5.0), (9, 3.1), (15, 4.9))
    goods = [product(str(price), f"Mug {price}", str(price), kind="Mugs", rating=rating) for price, rating in priced]
    assert ids(ranked(goods, "mug", said="the cheapest mug", kind="mugs")) == ["9", "15", "30"]


def test_the_best_is_the_best_rated_of_the_kind() -> None:
    goods = [
        product("fine", "Mug Ash", kind="Mugs", rating=4.1, rating_count=300),
        product("great", "Mug Birch", kind="Mugs", rating=4.9, rating_count=300),
    ]
    assert ids(ranked(goods, "mug", said="the best mug you have", scores=[1.0, 0.7], kind="mugs"))[0] == "great"


def test_five_stars_from_two_people_weigh_less_than_high_marks_from_many() -> None:
    goods = [
        product("few", "Mug Ash", kind="Mugs", rating=5.0, rating_count=2),
        product("many", "Mug Birch", kind="Mugs", rating=4.7, rating_count=900),
    ]
    assert ids(ranked(goods, "mug", kind="mugs"))[0] == "many"


def test_affordable_puts_the_lower_price_first() -> None:
    goods = [product("dear", "Mug Ash", "60", kind="Mugs"), product("low", "Mug Birch", "12", kind="Mugs")]
    assert ids(ranked(goods, "mug", said="an affordable mug", kind="mugs"))[0] == "low"


def test_another_model_stands_before_one_more_colour_of_the_first() -> None:
    goods = [
        product("red", "Alpen Tent, Red", kind="Tents", colors=("red",), brand="Alpen"),
        product("blue", "Alpen Tent, Blue", kind="Tents", colors=("blue",), brand="Alpen"),
        product("other", "Brook Dome Tent", kind="Tents", brand="Brook"),
    ]
    assert ids(ranked(goods, "tent", scores=[0.9, 0.9, 0.8], kind="tents"))[1] == "other"


def test_one_more_colour_stands_before_what_sleeps_another_number() -> None:
    goods = [
        product("red", "Alpen Tent for 4, Red", kind="Tents", colors=("red",)),
        product("blue", "Alpen Tent for 4, Blue", kind="Tents", colors=("blue",)),
        product("two", "Brook Tent for 2", kind="Tents", rating=4.9),
    ]
    assert ids(ranked(goods, "tent 4 person", kind="tents"))[-1] == "two"


def test_a_stated_preference_lifts_its_brand() -> None:
    goods = [product("a", "Mug Ash", kind="Mugs", brand="Acme"), product("b", "Mug Birch", kind="Mugs", brand="Bolt")]
    assert ids(ranked(goods, "mug", likes={"brand:bolt": 1.0}, kind="mugs"))[0] == "b"


def test_a_word_that_several_types_share_finds_the_type_people_call_by_it() -> None:
    goods = [
        product("beanie", "Ribbed Beanie", kind="Beanies"),
        product("hat", "Straw Sun Hat", kind="Sun Hats"),
        product("rack", "Hat Rack", kind="Racks"),
    ]
    assert set(ids(ranked(goods, "hat"))) == {"beanie", "hat", "rack"}
    assert ids(ranked(goods, "hat"))[-1] == "rack"


def test_the_variant_shown_is_one_in_stock_in_the_size_asked_for() -> None:
    sizes: Any = tuple(Variant(variant_id=s, size=s, stock=stock) for s, stock in (("8", 0), ("9", 3)))
    shoe = product("shoe", "Trail Shoe", kind="Shoes", variants=sizes, stock=None)
    (found,) = ranked([shoe], "shoes", filters=Filters(size="9"), kind="shoes")
    assert found.variant is not None and found.variant.variant_id == "9"
    assert "ize 9 in stock" in found.why


def test_why_names_only_what_the_listing_says() -> None:
    dry = product("dry", "Alpen Tent", "80", kind="Tents", features=("waterproof",), rating=3.2)
    plain = product("plain", "Brook Tent", "80", kind="Tents", rating=3.2)
    wanted = Filters.model_validate({"features": ("waterproof",), "price_max": "100"})
    assert why_of(dry, wanted) == "Waterproof, $20 under your limit"
    assert "waterproof" not in why_of(plain, wanted).casefold()


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [("a 16 inch laptop", 16, "inch"), ('8" chef knife', 8, "inch"), ("20,000 mAh", 20_000, "mah"), ("65W charger", 65, "w"),
     ("tent for 4", 4, "person"), ("sleeps 2", 2, "person"), ("2.5 oz", 2.5, "oz")],
)  # fmt: skip
def test_a_figure_is_read_with_its_unit(text: str, amount: float, unit: str) -> None:
    (found,) = quantities(text)
    assert (found.amount, found.unit) == (amount, unit)


@pytest.mark.parametrize("text", ["under $50", "a gift for a 2 year old", "iphone 15", "number 3", "size 10"])
def test_what_only_looks_like_a_quantity_is_none(text: str) -> None:
    assert quantities(text) == ()


def test_a_backpack_for_larger_laptops_serves_and_one_for_smaller_ones_does_not() -> None:
    packs = [product("p", f"Backpack for {inches}-Inch Laptops", kind="Backpacks") for inches in (15, 17, 14)]
    fits = [quantity_fit(pack, "laptop backpack 15 inch") for pack in packs]
    assert fits[0] == 1.0 and 0 < fits[1] < 1 and fits[2] == -1.0


def test_a_listing_that_gives_no_figure_is_neither_better_nor_worse() -> None:
    assert quantity_fit(product("p", "Backpack", kind="Backpacks"), "backpack 15 inch") == 0.0


def test_a_taste_is_told_as_the_reason_and_hides_nothing() -> None:
    goods = [product("a", "Mug", kind="Mugs", brand="Acme"), product("b", "Mug two", kind="Mugs", brand="Bolt")]
    found = ranked(goods, "mug", likes={"brand:bolt": 0.6}, kind="mugs")
    assert ids(found) == ["b", "a"]
    assert "a brand that you buy" in found[0].why.casefold() and "you buy" not in found[1].why


@pytest.mark.parametrize(
    ("title", "path", "wanted", "least"),
    [
        ("Cropped Knit Top", ("Women", "Sweaters", "Pullovers"), "sweaters", 0.8),
        ("Waxed Thread", ("Oral Care", "Dental Floss & Picks"), "dental floss", 1.0),
        ("Argan Hair Mask, 8 oz", ("Beauty", "Hair Care"), "hair masks", 0.6),
    ],
)
def test_the_kind_is_known_from_the_tree_the_named_parts_and_the_title(
    title: str, path: tuple[str, ...], wanted: str, least: float
) -> None:
    assert type_match(Product(product_id="p", title=title, category=path), wanted) >= least


@pytest.mark.parametrize(
    ("title", "path", "wanted"),
    [
        ("Alpen Tent Pegs", ("Camping", "Tent Pegs"), "tents"),
        ("Sleeve for Laptops", ("Computers", "Bags & Cases"), "laptops"),
        ("Gaming Mouse", ("Gaming", "Mice"), "headsets"),
    ],
)
def test_what_serves_a_thing_is_not_taken_for_it(title: str, path: tuple[str, ...], wanted: str) -> None:
    assert type_match(Product(product_id="p", title=title, category=path), wanted) == 0.0


def test_a_laptop_bag_is_a_bag_where_the_shop_only_has_a_type_for_laptops() -> None:
    goods = [product("bag", "Modulo Laptop Bag", kind="Bags & Cases"), product("laptop", "Ash Book 14", kind="Laptops")]
    assert ids(ranked(goods, "laptop bag", scores=[1.0, 0.6], kind="laptops"))[0] == "bag"


def test_a_word_that_heads_the_types_of_few_that_were_found_turns_nothing_away() -> None:
    goods = [product(f"lotion{i}", f"Body Lotion {i}", kind="Lotions") for i in range(5)]
    goods.append(product("oral", "Oral Kit", kind="Oral Care"))
    assert len(ids(ranked(goods, "body care", scores=[0.9] * 5 + [0.3]))) == 6


def test_what_the_customer_avoids_is_not_chosen_unless_it_is_asked_for_or_all_there_is() -> None:
    goods = [
        product("leather", "Ash Belt", kind="Belts", material=("leather",), rating=4.9, rating_count=900),
        product("canvas", "Birch Belt", kind="Belts", material=("canvas",), rating=3.5),
    ]
    avoids = {"avoid:leather": 1.0}
    assert ids(ranked(goods, "belt", likes=avoids, scores=[1.0, 0.5], kind="belts")) == ["canvas"]
    assert ids(ranked(goods, "leather belt", likes=avoids, scores=[1.0, 0.5], kind="belts"))[0] == "leather"
    assert ids(ranked(goods[:1], "belt", likes=avoids, kind="belts")) == ["leather"]


def test_the_more_a_shopper_says_the_less_a_taste_adds() -> None:
    goods = [product("a", "Mug Ash", kind="Mugs", brand="Acme"), product("b", "Mug Birch", kind="Mugs", brand="Bolt")]
    likes = {"brand:bolt": 1.0}
    assert ids(ranked(goods, "mug", likes=likes, scores=[0.85, 0.7], kind="mugs"))[0] == "b"
    assert ids(ranked(goods, "tall blue enamel camping mug", likes=likes, scores=[0.85, 0.7], kind="mugs"))[0] == "a"
