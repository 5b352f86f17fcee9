"""Has every demo product a picture that is a well-formed drawing in its colour?"""

from xml.etree import ElementTree

import pytest

from catalog.demo import load_demo
from catalog.pictures import picture
from domain.product import Product


@pytest.fixture(scope="module")
def one_of_each() -> list[Product]:
    return list({p.category[-1:]: p for p in load_demo()}.values())


def test_every_type_is_drawn_small_and_well_formed(one_of_each: list[Product]) -> None:
    for product in one_of_each:
        drawn = picture(product)
        assert ElementTree.fromstring(drawn).tag.endswith("svg") and len(drawn) < 8_000, product.product_id


def test_a_colour_changes_the_picture(one_of_each: list[Product]) -> None:
    product = next(p for p in one_of_each if p.colors)
    red, blue = (picture(product.model_copy(update={"colors": (color,)})) for color in ("red", "blue"))
    assert red != blue


def test_a_title_cannot_write_into_the_picture() -> None:
    product = Product(product_id="x-1", title="<script>alert(1)</script>", colors=('"/><script>',))
    assert "script" not in picture(product)
