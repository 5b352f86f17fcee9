"""Does taste order what fits, say why truthfully, and stay out of it where there is none?"""

from agents.personal import affinity, shunned
from tests.server_kit import PRODUCTS

_PRODUCT = PRODUCTS[0].model_copy(update={"brand": "Acme", "colors": ("red",), "category": ("Shoes", "Boots"), "gender": "women"})


def test_a_product_is_dearer_the_more_of_a_taste_it_meets() -> None:
    brand = affinity(_PRODUCT, {"brand:acme": 0.8})
    both = affinity(_PRODUCT, {"brand:acme": 0.8, "category:boots": 0.5})
    assert 0 < brand.score < both.score <= 1 and affinity(_PRODUCT, {"brand:other": 1.0}).score == 0


def test_the_reason_is_the_strongest_fact_and_a_weak_one_is_none() -> None:
    assert affinity(_PRODUCT, {"brand:acme": 0.4, "color:red": 0.6}).reason == "in a colour that you buy"
    assert affinity(_PRODUCT, {"brand:acme": 0.2}).reason is None
    assert affinity(_PRODUCT, {"category:boots": 1.0}).reason is None


def test_without_tastes_all_products_are_alike() -> None:
    assert {affinity(product, {}).score for product in PRODUCTS} == {0.0}


def test_the_reason_says_how_the_shop_knows() -> None:
    known = {"brand:acme": 0.6}
    assert affinity(_PRODUCT, known).reason == "a brand that you buy"
    assert affinity(_PRODUCT, known | {"said:brand:acme": 1.0}).reason == "a brand that you like"
    assert affinity(_PRODUCT, known | {"seen:brand:acme": 1.0}).reason == "a brand that you looked at"


def test_a_size_counts_where_that_kind_of_thing_is_in_stock_in_it() -> None:
    boot = PRODUCTS[0]
    assert affinity(boot, {"size:boots 8": 1.0}).reason == "in stock in your size" == affinity(boot, {"size:any 8": 1.0}).reason
    assert affinity(boot, {"size:boots 9": 1.0}).score == affinity(boot, {"size:shirts 8": 1.0}).score == 0.0


def test_what_is_avoided_is_shunned_unless_it_is_asked_for() -> None:
    leather = _PRODUCT.model_copy(update={"material": ("leather",)})
    assert shunned(leather, {"avoid:leather": 1.0}, "boots") and not shunned(_PRODUCT, {"avoid:leather": 1.0}, "boots")
    assert not shunned(leather, {"avoid:leather": 1.0}, "leather boots")
