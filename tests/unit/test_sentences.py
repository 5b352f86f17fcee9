"""Do the words about what was found claim no more than the listings say?"""

from agents.sentences import unsaid_words
from domain.plan import Task
from domain.product import Product

GARDEN = Product(product_id="g", title="Bamboo Garden Gloves, Pink", category=("Garden", "Garden Gloves"), features=("breathable",))
LAMP = Product(product_id="l", title="Clip-On Desk Lamp", category=("Home", "Desk Lamps"), description="A warm light for late reading.")


def unsaid(request: str, *products: Product, subject: str | None = None) -> tuple[str, ...]:
    return unsaid_words(Task(kind="search", request=request, subject=subject), list(products))


def test_a_word_that_no_listing_says_is_told() -> None:
    assert unsaid("boxing gloves", GARDEN) == ("boxing",)
    assert unsaid("mouse traps", Product(product_id="m", title="Wireless Mouse", category=("Mice",)), subject="mice") == ("traps",)


def test_what_any_field_of_any_listing_says_is_not() -> None:
    assert unsaid("reading lamp", LAMP) == ()
    assert unsaid("breathable gloves", GARDEN, LAMP) == ()


def test_whose_it_is_and_long_stories_are_no_words_of_a_listing() -> None:
    assert unsaid("women's garden gloves", GARDEN) == ()
    assert unsaid("keep coffee hot commute train early winter", LAMP) == ()
