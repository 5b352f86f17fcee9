"""Is the demo catalogue a shop: many types, true prices, sizes and colours, texts of their own, and its hard cases?"""

import re
from collections import Counter, defaultdict

import pytest

from catalog.demo import catalog_hash, load_demo
from catalog.product_types import brands, departments
from domain.money import Money
from domain.product import Product

Catalogue = tuple[Product, ...]


@pytest.fixture(scope="module")
def products() -> Catalogue:
    return load_demo()


@pytest.fixture(scope="module")
def by_type(products: Catalogue) -> dict[str, list[Product]]:
    types: defaultdict[str, list[Product]] = defaultdict(list)
    for product in products:
        types[product.category[-1]].append(product)
    return types


def test_the_same_seed_makes_the_same_catalogue_and_another_seed_another(products: Catalogue) -> None:
    assert catalog_hash(load_demo()) == catalog_hash(products)
    assert catalog_hash(load_demo(seed=1)) != catalog_hash(products)


def test_the_hash_notices_a_changed_word(products: Catalogue) -> None:
    changed = products[0].model_copy(update={"title": products[0].title + "!"})
    assert catalog_hash((changed, *products[1:])) != catalog_hash(products)


def test_the_shop_is_wide_and_deep(products: Catalogue, by_type: dict[str, list[Product]]) -> None:
    assert len(products) >= 5_000 and len(by_type) >= 150
    assert len(brands()) >= 60 and len({brand.name for brand in brands()}) == len(brands())


def test_no_two_products_share_an_id_a_title_or_a_description(products: Catalogue) -> None:
    described = [p.description for p in products if p.description]
    assert len({p.product_id for p in products}) == len({p.title for p in products}) == len(products)
    assert len(set(described)) == len(described)


def test_no_title_says_a_phrase_twice_in_a_row(products: Catalogue) -> None:
    assert not [p.title for p in products if re.search(r"\b(\w+(?: \w+){0,3}) \1\b", p.title)]


def test_no_sentence_stands_in_more_than_two_products_in_a_hundred(products: Catalogue) -> None:
    sentences = Counter(sentence for p in products for sentence in p.description.split(". "))
    assert sentences.most_common(1)[0][1] <= len(products) * 0.02


def test_no_pattern_is_left_unfilled(products: Catalogue) -> None:
    for p in products:
        assert not set("{}[]") & set(p.title + p.description), p.product_id
        assert not any(".." in value or "^" in value for value in p.attributes.values()), p.attributes


def test_clothes_and_shoes_come_in_five_colours_for_each_gender(by_type: dict[str, list[Product]]) -> None:
    for name in ("Sneakers", "Running Shoes", "Hiking Boots", "Sandals", "Rain Jackets", "Winter Jackets", "T-Shirts", "Beanies"):
        for gender in ("women", "men"):
            assert len({c for p in by_type[name] if p.gender == gender for c in p.colors}) >= 5, (name, gender)


@pytest.mark.parametrize("name", ["Mugs", "Water Bottles", "Travel Mugs"])
def test_drinkware_comes_in_red_and_green_and_three_more(by_type: dict[str, list[Product]], name: str) -> None:
    colors = {color for product in by_type[name] for color in product.colors}
    assert {"red", "green"} <= colors and len(colors) >= 5


def test_kids_rain_boots_carry_us_kids_sizes(by_type: dict[str, list[Product]]) -> None:
    wanted = ("10", "11", "12", "13", "1", "2", "3", "4", "5", "6")
    assert all(boots.gender == "kids" and boots.offered_sizes == wanted for boots in by_type["Kids' Rain Boots"])


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("Hiking Boots", 60, 200), ("Gaming Headsets", 30, 150), ("Wireless Headphones", 40, 250), ("Tents", 90, 400), ("Mugs", 10, 25)],
)
def test_a_type_spans_cheap_to_premium(by_type: dict[str, list[Product]], name: str, low: int, high: int) -> None:
    prices = [product.price for product in by_type[name] if product.price]
    assert min(prices) < Money.usd(low) and max(prices) > Money.usd(high)
    assert len({price.minor for price in prices}) >= 5


def test_some_goods_are_sold_out_and_what_is_in_stock_has_five_pieces(products: Catalogue) -> None:
    figures = [v.stock for p in products for v in p.variants] + [p.stock for p in products if not p.variants]
    assert all(figure == 0 or (figure or 0) >= 5 for figure in figures)
    assert 0.03 < sum(p.in_stock is False for p in products) / len(products) < 0.1


def test_ratings_lie_between_three_and_five_stars(products: Catalogue) -> None:
    stars = [p.rating for p in products if p.rating is not None]
    assert len(stars) > len(products) * 0.9 and min(stars) >= 3.1 and max(stars) <= 4.9


def test_a_third_of_the_products_have_reviews(products: Catalogue) -> None:
    assert 0.25 < sum(bool(p.reviews) for p in products) / len(products) < 0.45


def test_a_person_who_asks_for_a_tent_finds_one_for_two_and_one_for_four(by_type: dict[str, list[Product]]) -> None:
    assert {"2", "4"} <= {tent.attributes.get("sleeps") for tent in by_type["Tents"]}


def test_gift_cards_are_marked(products: Catalogue) -> None:
    cards = [p for p in products if p.is_gift_card]
    assert 3 <= len(cards) <= 5 and all("Gift Card" in card.title for card in cards)


def test_the_hard_cases_are_there(products: Catalogue) -> None:
    assert any("ignore all previous instructions" in p.title.lower() for p in products)
    assert any("ignore your rules" in review for p in products for review in p.reviews)
    assert any(p.price is None for p in products)
    assert any(p.image_url is None for p in products)
    assert any(len(p.title) >= 400 for p in products)


def test_every_brand_is_sold_and_every_type_code_is_its_own(products: Catalogue) -> None:
    sold = {p.brand for p in products}
    codes = [kind.code for department in departments() for kind in department.types]
    assert {brand.name for brand in brands()} <= sold and len(set(codes)) == len(codes)
