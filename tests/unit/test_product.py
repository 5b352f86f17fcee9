"""Are the variants of a product told apart, whatever a feed calls them?"""

from domain.money import Money
from domain.offer import Sku
from domain.product import Product, Variant
from tests.fakes import ListCatalog
from tools.offers import OfferBook


def tee(*variants: Variant) -> Product:
    return Product(product_id="tee", title="Tee", variants=variants)


SMALL = Variant(variant_id="TEE", size="S", price=Money.usd("10.00"))
LARGE = Variant(variant_id="TEE", size="L", price=Money.usd("20.00"))


def test_one_sku_for_several_sizes_becomes_an_id_each_whatever_their_order() -> None:
    forth, back = tee(SMALL, LARGE), tee(LARGE, SMALL)

    assert [v.variant_id for v in forth.variants] == ["TEE-S", "TEE-L"]
    assert {v.variant_id: v.price for v in forth.variants} == {v.variant_id: v.price for v in back.variants}


def test_ids_that_differ_stay_and_what_nothing_tells_apart_is_counted() -> None:
    plain = Variant(variant_id="A")

    assert [v.variant_id for v in tee(plain, SMALL).variants] == ["A", "TEE"]
    assert [v.variant_id for v in tee(plain, plain).variants] == ["A", "A-2"]


async def test_what_is_offered_by_one_id_is_what_is_offered_by_many() -> None:
    offers = OfferBook(ListCatalog([tee(SMALL, LARGE)]))
    for variant_id, price in (("TEE-S", "10.00"), ("TEE-L", "20.00")):
        sku = Sku("tee", variant_id)
        assert (await offers.one("tee", variant_id)).price == (await offers.of([sku]))[sku].price == Money.usd(price)
