"""Is what a message states read as meant: sizes, whom it is for, colours, materials, features, exclusions, relaxations?"""

import pytest

from planner.reading import Reading, read
from tests.planner_kit import lexicon


def reading(text: str) -> Reading:
    words = lexicon()
    return read(words.corrected(text), words, currency="USD")


SIZES = {
    "hiking boots size 8": "8",
    "women's running shoes size 7.5": "7.5",
    "men's 10 sneakers": "10",
    "kids rain boots 12": "12",
    "a hoodie in size M": "M",
    "t-shirt in XL": "XL",
    "rain jacket in a large, please": "L",
    "my husband wears M, linen shirt": "M",
    "mens white linen shirt L": "L",
    "us 9 trail running shoes": "9",
    "queen size bedding set": "queen",
    "baby bodysuits 3-6 months": "3-6 months",
    "work boots, 11 wide": "11",
    "jeans waist 34": "34",
    "a tent for 4": None,
    "15 inch laptop backpack": None,
    "gloves for large hands": None,
    "i'm in a hurry, need a mug": None,
}
SHOE_SIZES = {
    "women's hiking boots eu 39": "8.5",
    "ladies running shoes uk 6": "8",
    "men's sneakers eu 44": "11",
    "men's work boots uk 9": "10",
    "hiking boots 45 for my husband, size eu 45": "12",
}
GENDERS = {
    "hiking boots for my wife": "women",
    "running shoes for men": "men",
    "ladies' rain jacket": "women",
    "womens sneakers": "women",
    "a watch for my boyfriend": "men",
    "boots for my son": "kids",
    "my daughter is 9 and needs a rain jacket": "kids",
    "my son is 17, size L hoodie": "men",
    "a jacket for my 6 year old": "kids",
    "rain boots for a toddler": "kids",
    "i'm a girl with size 7 feet, running shoes": "women",
    "29F, cardigan for work": "women",
    "bloke, 38, need socks": "men",
    "kids' rain boots": "kids",
    "girls' sneakers": "kids",
    "mum needs slippers": "women",
    "dress shoes for dad": "men",
    "unisex hoodie": "unisex",
    "hiking boots": None,
    "a coat for my dog, she hates rain": None,
    "toothpicks for a baby shower": None,
    "men's or women's gloves, whichever is warmer": None,
}
RECIPIENTS = {
    "a gift for my wife": "my wife",
    "headphones for my dad": "my dad",
    "something for dad": "dad",
    "boots for my 6 year old son": "my 6 year old son",
    "a drone for a friend": "a friend",
    "my husband wears M, linen shirt": "my husband",
    "running shoes for men": None,
    "boots for me": None,
    "a mug for my coffee": None,
}
COLORS = {
    "red mug": ("red",),
    "a navy blue rain jacket": ("navy", "blue"),
    "grey sneakers": ("gray",),
    "black or white headphones": ("black", "white"),
    "light blue shirt": ("blue",),
    "a hot chocolate mug": None,
    "natural hair shampoo": None,
    "a mug in orange": ("orange",),
}
MATERIALS = {
    "leather wallet": ("leather",),
    "merino wool base layer": ("merino wool",),
    "a wooden bookshelf": None,
    "loafers with rubber sole": None,
    "down jacket": None,
    "100% cotton t-shirt": ("cotton",),
}
FEATURES = {
    "waterproof hiking boots": "waterproof",
    "running shoes with arch support": "arch support",
    "dishwasher safe mug": "dishwasher safe",
    "bpa free water bottle": "bpa free",
}
EXCLUSIONS = {
    "boots, not leather": ("leather",),
    "anything but black": ("black",),
    "no polyester please": ("polyester",),
    "sneakers without laces": ("laces",),
    "not leather or suede": ("leather", "suede"),
    "no plastic and no glass": ("plastic", "glass"),
    "a jacket that isn't black": ("black",),
    "he is allergic to wool": ("wool",),
    "i hate pink": ("pink",),
    "leather-free boots": ("leather",),
    "bpa free bottle": None,
    "not sure which size": None,
    "no rush": None,
    "not too expensive": None,
    "nothing fancy": None,
    "no idea what to get": None,
    "not bothered about colour": None,
    "not only for running": None,
    "why not, show me mugs": None,
}
LIFTS = {
    "any colour is fine": ("color",),
    "forget the budget": ("price_min", "price_max"),
    "colour doesn't matter": ("color",),
    "don't care about the brand": ("brand",),
    "price is no object": ("price_min", "price_max"),
    "any size": ("size",),
    "whatever material": ("material",),
    "it doesn't have to be red": ("color",),
    "it doesn't have to be waterproof": ("features",),
    "other brands too": ("brand",),
    "any colour but black": (),
    "any gloves": (),
}


@pytest.mark.parametrize(("text", "size"), SIZES.items())
def test_a_size_is_read_and_other_measures_are_not(text: str, size: str | None) -> None:
    assert reading(text).change.stated.size == size


@pytest.mark.parametrize(("text", "size"), SHOE_SIZES.items())
def test_shoe_sizes_of_other_countries_become_the_catalogues_own(text: str, size: str) -> None:
    assert reading(text).change.stated.size == size


@pytest.mark.parametrize(("text", "gender"), GENDERS.items())
def test_the_gender_is_that_of_the_person_it_is_for(text: str, gender: str | None) -> None:
    assert reading(text).change.stated.gender == gender


@pytest.mark.parametrize(("text", "recipient"), RECIPIENTS.items())
def test_the_recipient_is_somebody_else(text: str, recipient: str | None) -> None:
    assert reading(text).recipient == recipient


@pytest.mark.parametrize(("text", "colors"), COLORS.items())
def test_colours_are_read(text: str, colors: tuple[str, ...] | None) -> None:
    assert reading(text).change.stated.color == colors


@pytest.mark.parametrize(("text", "materials"), MATERIALS.items())
def test_materials_are_the_things_own(text: str, materials: tuple[str, ...] | None) -> None:
    assert reading(text).change.stated.material == materials


@pytest.mark.parametrize(("text", "feature"), FEATURES.items())
def test_features_are_in_the_catalogues_words(text: str, feature: str) -> None:
    assert feature in (reading(text).change.stated.features or ())


@pytest.mark.parametrize(("text", "excluded"), EXCLUSIONS.items())
def test_what_is_ruled_out_is_read(text: str, excluded: tuple[str, ...] | None) -> None:
    assert reading(text).change.stated.exclude == excluded


@pytest.mark.parametrize("text", [t for t, e in EXCLUSIONS.items() if e])
def test_what_is_ruled_out_is_not_wanted(text: str) -> None:
    stated = reading(text).change.stated
    assert not set(stated.exclude or ()) & {*(stated.color or ()), *(stated.material or ())}


@pytest.mark.parametrize(("text", "fields"), LIFTS.items())
def test_a_constraint_is_opened(text: str, fields: tuple[str, ...]) -> None:
    assert reading(text).change.lifted == fields


def test_a_value_that_is_all_right_is_not_asked_for() -> None:
    said = reading("leather is fine too")
    assert said.allowed == ("leather",)
    assert said.change.stated.material is None


@pytest.mark.parametrize(
    ("text", "corrected"),
    {
        "hikng bots": "hiking boots", "wirless hedphones": "wireless headphones", "watreproof jaket": "waterproof jacket", "sungalsses": "sunglasses",
        "runing shoes": "running shoes", "bluetoth speeker": "bluetooth speaker", "yoga matt": "yoga matt",
    }.items(),
)  # fmt: skip
def test_misspelt_things_are_understood(text: str, corrected: str) -> None:
    assert lexicon().corrected(text) == corrected


def test_brands_are_recognised_with_a_slip_of_the_finger() -> None:
    assert reading("norholt hiking boots").change.stated.brand == ("Norrholt",)
