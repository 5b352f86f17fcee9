"""What must every product shown fulfil? Hard constraints that code, not a model, carries across turns."""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import Literal, Self

from pydantic import field_serializer, model_validator

from domain.document import Document
from domain.money import exponent_of
from domain.product import Gender, Product, Variant
from domain.terms import fold, fold_size

FilterField = Literal[
    "price_min",
    "price_max",
    "gender",
    "size",
    "category",
    "color",
    "brand",
    "material",
    "features",
    "exclude",
    "in_stock",
]
FILTER_FIELDS: tuple[FilterField, ...] = (
    "price_min", "price_max", "gender", "size", "category", "color", "brand", "material", "features", "exclude", "in_stock",
)  # fmt: skip

FILTER_LISTS: tuple[FilterField, ...] = ("color", "brand", "material", "features", "exclude")
MOST_VALUES = 20
"""Values of one list that are held from turn to turn: each is looked for in every product that a search reads."""

# A unisex product suits whoever asks for women's or men's goods; an adult's unisex product is no child's.
_SUITS: dict[Gender, frozenset[Gender]] = {
    "women": frozenset({"women", "unisex"}),
    "men": frozenset({"men", "unisex"}),
    "unisex": frozenset({"unisex"}),
    "kids": frozenset({"kids"}),
}


class Filters(Document):
    """Constraints that hold until changed. ``None`` means "not mentioned"; a field in ``lifted`` was opened by the shopper.

    What a product does not say (API.md): no price fails a price bound; no gender, stock, size, material or feature
    passes; no colour or brand fails a filter that names one.
    """

    price_min: Decimal | None = None
    price_max: Decimal | None = None
    currency: str = "USD"
    gender: Gender | None = None
    size: str | None = None
    category: str | None = None
    """Only a category that the shopper picked; a predicted one is a boost and no filter."""
    color: tuple[str, ...] | None = None
    """Any of these."""
    brand: tuple[str, ...] | None = None
    """Any of these."""
    material: tuple[str, ...] | None = None
    """Any of these."""
    features: tuple[str, ...] | None = None
    """All of these."""
    exclude: tuple[str, ...] | None = None
    """None of these, be it a brand, colour, material, feature or a word of the title."""
    in_stock: bool | None = None
    lifted: tuple[FilterField, ...] = ()

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise ValueError(f"price_min {self.price_min} is above price_max {self.price_max}; swap them")
        return self

    @field_serializer("price_min", "price_max")
    def _plain_decimal(self, value: Decimal | None) -> str | None:
        return None if value is None else f"{value.normalize():f}"

    def admits(self, product: Product) -> bool:
        """Whether the product, or one of its buyable variants, fulfils every constraint."""
        if product.variants:
            return self.fitting_variant(product) is not None
        return self._admits_offer(product, None) and self._admits_listing(product)

    def fitting_variant(self, product: Product) -> Variant | None:
        """The variant to show: the first that fits and is not sold out, else, if nothing asks for stock, the first that fits.

        None when no variant fits. A sold-out variant fits only when neither size nor colour was asked for.
        """
        # What the variants share is settled once: a listing may have a hundred of them.
        if not self._admits_listing(product):
            return None
        fitting = [variant for variant in product.variants if self._admits_offer(product, variant)]
        buyable = [variant for variant in fitting if variant.in_stock is not False]
        if buyable:
            return buyable[0]
        chosen = self.size is not None or self.color is not None or self.in_stock is True
        return None if chosen or not fitting else fitting[0]

    def bounds_minor(self) -> tuple[int | None, int | None]:
        """(price_min, price_max) in minor units of the filters' currency, rounded inwards."""
        scale = Decimal(10) ** exponent_of(self.currency)
        low = None if self.price_min is None else int((self.price_min * scale).to_integral_value(ROUND_CEILING))
        high = None if self.price_max is None else int((self.price_max * scale).to_integral_value(ROUND_FLOOR))
        return low, high

    def without(self, *fields: FilterField) -> Self:
        """The same constraints but for these fields."""
        return self.model_copy(update=dict.fromkeys(fields))

    def active(self) -> tuple[FilterField, ...]:
        """The fields that constrain something."""
        return tuple(field for field in FILTER_FIELDS if getattr(self, field) not in (None, ()))

    def bounded(self) -> Self:
        """The same with the last ``MOST_VALUES`` values of each list."""
        long: dict[str, object] = {
            field: values[-MOST_VALUES:] for field in FILTER_LISTS if len(values := getattr(self, field) or ()) > MOST_VALUES
        }
        return self.model_copy(update=long) if long else self

    def _admits_listing(self, product: Product) -> bool:
        """What the whole listing says, whichever variant is chosen."""
        return (
            self._admits_gender(product)
            and self._admits_category(product)
            and (not self.brand or (product.brand is not None and fold(product.brand) in map(fold, self.brand)))
            and (not self.material or not product.material or _names_any(self.material, product.material))
            and (not self.features or _has_features(product, self.features))
            and (not self.exclude or not _names_any(self.exclude, _listed(product)))
        )

    def _admits_offer(self, product: Product, variant: Variant | None) -> bool:
        """What may differ from variant to variant."""
        colors = (variant.color,) if variant and variant.color else product.colors
        return (
            self._admits_price(product, variant)
            and self._admits_size(product, variant)
            and (not self.color or _names_any(self.color, colors))
            and (not self.exclude or not _names_any(self.exclude, colors))
            and self._admits_stock(product, variant)
        )

    def _admits_price(self, product: Product, variant: Variant | None) -> bool:
        if self.price_min is None and self.price_max is None:
            return True
        price = (variant.price if variant else None) or product.price
        if price is None or price.currency != self.currency:
            return False
        amount = Decimal(price.amount)
        return (self.price_min is None or amount >= self.price_min) and (self.price_max is None or amount <= self.price_max)

    def _admits_gender(self, product: Product) -> bool:
        return self.gender is None or product.gender is None or product.gender in _SUITS[self.gender]

    def _admits_size(self, product: Product, variant: Variant | None) -> bool:
        if self.size is None:
            return True
        sizes = [variant.size] if variant else list(product.sizes)
        known = [fold_size(size) for size in sizes if size]
        return not known or fold_size(self.size) in known

    def _admits_category(self, product: Product) -> bool:
        return self.category is None or fold(self.category) in map(fold, product.category)

    def _admits_stock(self, product: Product, variant: Variant | None) -> bool:
        if self.in_stock is None:
            return True
        available = variant.in_stock if variant else product.in_stock
        return available is None or available == self.in_stock


class FilterChange(Document):
    """What one message does to the standing filters."""

    stated: Filters = Filters()
    """Fields that the message names; None is "not mentioned"."""
    lifted: tuple[FilterField, ...] = ()
    """Fields that the message opens: "any colour is fine"."""


def _names_any(wanted: tuple[str, ...], offered: tuple[str, ...]) -> bool:
    """Whether one wanted value is a whole-word part of one offered value ("blue" fits "navy blue")."""
    return bool(offered) and _pattern(wanted).search(_joined(offered)) is not None


def _has_features(product: Product, features: tuple[str, ...]) -> bool:
    """A listing that says nothing of features passes; one that lists some must name each there or in its words."""
    if not product.features:
        return True
    text = _joined((*product.features, product.title, product.description))
    return all(_pattern((feature,)).search(text) for feature in features)


def _listed(product: Product) -> tuple[str, ...]:
    return (product.title, product.brand or "", *product.category, *product.material, *product.features)


def _joined(texts: tuple[str, ...]) -> str:
    # No phrase reaches over a line break: a folded one has none.
    return "\n".join(map(fold, texts))


@lru_cache(maxsize=2_048)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Finds any of the phrases as whole words of a folded text. The same filters are asked of every product of a search."""
    return re.compile(rf"\b(?:{'|'.join(re.escape(fold(phrase)) for phrase in phrases)})\b")
