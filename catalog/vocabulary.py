"""Which words does a catalogue itself use? Brands, colours, materials, features, types, sizes and prices, with counts."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from pydantic import Field

from domain.document import Document
from domain.filters import FilterField
from domain.product import Gender, Product
from domain.terms import fold, fold_size

_GENDER_WORDS = re.compile(r"^(women's|men's|kids'?|girls'?|boys'?|womens|mens|ladies'?|unisex) ")
_SMALL = 4
"""Prices fewer than this give no honest quartiles."""
_MOST_WORDS = 400_000
"""Words held while counting, so that memory is bounded however long the feed is."""


class TypeFacts(Document):
    """A kind of product that the catalogue sells: the narrowest category name, without gender."""

    name: str
    """Folded: "hiking boots"."""
    label: str
    """As the catalogue writes it: "Hiking Boots"."""
    path: tuple[str, ...]
    count: int
    genders: tuple[Gender, ...] = ()
    """Genders that its products are made for; empty for general goods."""
    price_quartiles: tuple[int, int, int] | None = None
    """Minor units; None with fewer than four prices."""
    titles: tuple[str, ...] = ()
    """A few real titles, best rated first, for hypothetical products."""


class Vocabulary(Document):
    """The words of one catalogue; folded (``domain.terms``) where they are keys, with how many products carry each."""

    count: int = 0
    currency: str = "USD"
    brands: dict[str, int] = Field(default_factory=dict)
    brand_labels: dict[str, str] = Field(default_factory=dict)
    colors: dict[str, int] = Field(default_factory=dict)
    materials: dict[str, int] = Field(default_factory=dict)
    features: dict[str, int] = Field(default_factory=dict)
    sizes: dict[str, int] = Field(default_factory=dict)
    types: dict[str, TypeFacts] = Field(default_factory=dict)
    departments: dict[str, int] = Field(default_factory=dict)
    """First names of category paths, as written."""
    words: dict[str, int] = Field(default_factory=dict)
    """Words of titles with the number of titles they stand in; rare ones are left out in large catalogues."""
    carried: tuple[FilterField, ...] = ()
    """Filter fields that at least one product has a value for."""

    @classmethod
    def from_products(cls, products: Iterable[Product]) -> "Vocabulary":
        """One pass over the products; memory grows with distinct words and types, not with rows."""
        builder = VocabularyBuilder()
        for product in products:
            builder.add(product)
        return builder.vocabulary()


class VocabularyBuilder:
    """Collects a vocabulary row by row."""

    def __init__(self) -> None:
        self.count = 0
        self.counters: dict[str, Counter[str]] = defaultdict(Counter)
        self.labels: dict[str, str] = {}
        self.types: dict[str, _TypeBuilder] = {}
        self.carried: set[FilterField] = set()

    def add(self, product: Product) -> None:
        self.count += 1
        if product.is_gift_card:
            return
        self._count_terms(product)
        if product.price:
            self.counters["currencies"][product.price.currency] += 1
        if product.category:
            self.counters["departments"][product.category[0]] += 1
            self._type(product).add(product)
        words = self.counters["words"]
        words.update(set(re.findall(r"[a-z][a-z'0-9]+", fold(product.title))))
        if len(words) > _MOST_WORDS:
            # Mostly model numbers that stand once; a word that comes again later is counted from there.
            self.counters["words"] = Counter({word: count for word, count in words.items() if count > 1})
        self.carried.update(_carried_by(product))

    def vocabulary(self) -> Vocabulary:
        floor = 1 if self.count < 50_000 else 3
        words = {word: n for word, n in self.counters["words"].items() if n >= floor}
        return Vocabulary(
            count=self.count,
            currency=next(iter(dict(self.counters["currencies"].most_common(1))), "USD"),
            brands=dict(self.counters["brands"]),
            brand_labels=self.labels,
            colors=dict(self.counters["colors"]),
            materials=dict(self.counters["materials"]),
            features=dict(self.counters["features"]),
            sizes=dict(self.counters["sizes"]),
            types={name: builder.facts(name) for name, builder in self.types.items()},
            departments=dict(self.counters["departments"]),
            words=words,
            carried=tuple(sorted(self.carried)),
        )

    def _count_terms(self, product: Product) -> None:
        if product.brand:
            self.counters["brands"][fold(product.brand)] += 1
            self.labels.setdefault(fold(product.brand), product.brand)
        self.counters["colors"].update(map(fold, (*product.colors, *(v.color for v in product.variants if v.color))))
        self.counters["materials"].update(map(fold, product.material))
        self.counters["features"].update(map(fold, product.features))
        self.counters["sizes"].update(map(fold_size, product.offered_sizes))

    def _type(self, product: Product) -> "_TypeBuilder":
        leaf = product.category[-1]
        name = _GENDER_WORDS.sub("", fold(leaf))
        return self.types.setdefault(name, _TypeBuilder(leaf, product.category))


class _TypeBuilder:
    def __init__(self, label: str, path: tuple[str, ...]) -> None:
        self.label, self.path = label, path
        self.count = 0
        self.genders: Counter[Gender] = Counter()
        self.prices: list[int] = []
        self.best: list[tuple[float, str]] = []

    def add(self, product: Product) -> None:
        self.count += 1
        if product.gender:
            self.genders[product.gender] += 1
        if product.price and len(self.prices) < 5_000:
            self.prices.append(product.price.minor)
        self.best.append((product.rating or 0.0, product.title))
        if len(self.best) > 64:
            self.best = sorted(self.best, reverse=True)[:24]

    def facts(self, name: str) -> TypeFacts:
        prices = sorted(self.prices)
        quartiles = None
        if len(prices) >= _SMALL:
            quartiles = (prices[len(prices) // 4], prices[len(prices) // 2], prices[3 * len(prices) // 4])
        titles = tuple(title for _, title in sorted(self.best, reverse=True)[:24])
        genders = tuple(gender for gender, _ in self.genders.most_common())
        return TypeFacts(
            name=name, label=self.label, path=self.path, count=self.count, genders=genders,
            price_quartiles=quartiles, titles=titles,
        )  # fmt: skip


def _carried_by(product: Product) -> Iterable[FilterField]:
    if product.price or any(v.price for v in product.variants):
        yield "price_min"
        yield "price_max"
    if product.gender:
        yield "gender"
    if product.offered_sizes:
        yield "size"
    if product.category:
        yield "category"
    if product.colors or any(v.color for v in product.variants):
        yield "color"
    if product.brand:
        yield "brand"
    if product.material:
        yield "material"
    if product.features:
        yield "features"
    if product.in_stock is not None:
        yield "in_stock"
    yield "exclude"
