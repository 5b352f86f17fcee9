"""What is written by hand about each kind of product of the demo shop? Reads ``catalog/taxonomy/*.yaml`` and ``brands.yaml``."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, model_validator

from domain.document import Document
from domain.product import Gender

HERE = Path(__file__).resolve().parent
Facts = dict[str, str | tuple[str, ...]]
"""Fact name -> how a model's value is drawn; ``catalog.demo_facts`` reads the notation."""
SizeSystem = Literal[
    "none", "shoes", "kids_shoes", "alpha", "waist", "kids_clothes", "baby_clothes", "glove", "helmet", "bed", "duvet", "ring",
    "bike", "ski", "rug", "curtain", "dog_coat", "dog_bed", "collar", "sock", "boot_ski", "wetsuit", "belt",
]  # fmt: skip


class Brand(Document):
    """An invented maker; no trade mark of that name is known to us."""

    name: str
    level: float = Field(ge=0, le=1)
    """Where its prices lie in a type's usual range: 0 the cheapest, 1 the dearest."""
    tags: tuple[str, ...]
    """What it makes."""
    line: str
    """One sentence of character, fit for a description."""


class Style(Document):
    """One way in which a type is built; what it says is true of every product made in it."""

    words: str = ""
    """Stands before the noun in titles: "Mid Waterproof"."""
    noun: str | None = None
    """In place of the type's noun."""
    span: tuple[float, float] = (0.0, 1.0)
    """The part of the price range in which it is sold."""
    features: tuple[str, ...] = ()
    material: tuple[str, ...] = ()
    facts: Facts = Field(default_factory=dict)
    say: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    genders: tuple[Gender, ...] = ()


class Voice(Document):
    """Sentence pieces; {brand}, {model}, {noun}, {short}, {color} and fact names are filled in."""

    titles: tuple[str, ...] = ()
    """Title patterns; a part in [brackets] falls away when a word in it is unknown."""
    open: tuple[str, ...] = ()
    use: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    """Sentences that state facts."""
    care: tuple[str, ...] = ()
    praise: tuple[str, ...] = ()
    """Reviews by content shoppers."""
    grumble: tuple[str, ...] = ()
    """Reviews by shoppers who were not."""


class ProductType(Voice):
    """A kind of product: the narrowest category."""

    name: str
    code: str
    """Stands in product ids: "hike-boot"."""
    noun: str
    """As titles name one: "Power Bank", "Hiking Boots"."""
    short: str = ""
    """As sentences name it: "boots"; the noun's last word unless given."""
    silhouette: str
    path: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    genders: tuple[Gender, ...] = ()
    sizes: SizeSystem = "none"
    price: tuple[float, float]
    models: int = 12
    hues: int = 1
    """Colours in which each model is sold, each a product of its own; 0 for goods without a colour."""
    colors: tuple[str, ...] = ()
    styles: tuple[Style, ...] = (Style(),)
    features: tuple[str, ...] = ()
    """Further features; the dearer the model, the more of them it has."""
    material: tuple[str, ...] = ()
    facts: Facts = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sold_in_colours(self) -> "ProductType":
        if self.hues > len(self.colors) and not all(style.colors for style in self.styles):
            raise ValueError(f"type {self.name!r} wants {self.hues} colours a model but lists {len(self.colors)}; add colors")
        return self

    @property
    def spoken(self) -> str:
        """The word that sentences use for it."""
        return self.short or self.noun.split()[-1].lower()


class Department(Voice):
    """A floor of the shop: types that share names of models and a tone of voice."""

    department: str
    brands: tuple[str, ...]
    """Brand tags that fit unless a type names its own."""
    model_names: tuple[str, ...]
    types: tuple[ProductType, ...]


@lru_cache(maxsize=1)
def departments() -> tuple[Department, ...]:
    """All departments in the order of their file names; ValidationError names what is wrong in a file."""
    return tuple(Department.model_validate(_read(file)) for file in sorted((HERE / "taxonomy").glob("*.yaml")))


@lru_cache(maxsize=1)
def brands() -> tuple[Brand, ...]:
    """All brands of the demo shop."""
    return tuple(Brand.model_validate(entry) for entry in _read(HERE / "brands.yaml")["brands"])


@lru_cache(maxsize=1)
def silhouettes() -> dict[str, str]:
    """Type code -> name of its drawing."""
    return {kind.code: kind.silhouette for department in departments() for kind in department.types}


def type_code(product_id: str) -> str:
    """ "hike-boot" of "hike-boot-0012"."""
    return product_id.rpartition("-")[0]


def tagged(tags: Sequence[str]) -> tuple[Brand, ...]:
    """Brands that make goods of one of these tags."""
    return tuple(brand for brand in brands() if set(tags) & set(brand.tags))


def _read(file: Path) -> Any:
    # The C loader reads all departments in a tenth of a second; the Python one takes over two.
    return yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
