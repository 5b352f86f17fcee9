"""How does a product lie in the index? The payload that filters are evaluated on, and the texts that are searched."""

import hashlib
import re
from itertools import product as pairs
from typing import Any

from domain.filters import Filters
from domain.product import Gender, Product, Variant
from domain.terms import fold, fold_size
from tools.engine import AnyOf, Between, Condition, Conditions, Phrase

UNKNOWN = "*"
"""Keyword of a product that doesn't say: it passes (API.md)."""
_STOCK = {False: 0, True: 1, None: 2}
_SHOWN_TO: dict[Gender | None, tuple[str, ...]] = {
    "women": ("women",),
    "men": ("men",),
    "kids": ("kids",),
    "unisex": ("unisex", "women", "men"),
    None: ("unisex", "women", "men", "kids"),
}
_TEXT_LIMIT = 4_000
"""Characters of a description that are searched; longer ones are kept whole in the product."""
_EMBEDDED_CHARACTERS = 150
_PHRASE_WORDS = 4
"""Longest run of words that a keyword holds; a longer wanted value is looked up by its first four."""

KEYWORD_FIELDS = ("gender", "size", "size_color", "category", "color", "brand", "material", "currency", "id")
INTEGER_FIELDS = ("price", "stock", "gift_card", "lists_features")
TEXT_FIELDS = ("named", "facts")


def point_id(product_id: str) -> int:
    """63 bits that are the same for the same product id; among a million products two agree once in 18 million catalogues."""
    return int.from_bytes(hashlib.blake2b(product_id.encode(), digest_size=8).digest()) >> 1


def searched_texts(product: Product) -> tuple[str, str]:
    """(title, further text) as BM25 weighs them; the listing's facts stand beside the description."""
    facts = (
        product.brand or "", product.gender or "", *product.category, *product.colors, *product.material, *product.features,
    )  # fmt: skip
    return product.title, " ".join((*facts, *product.attributes.values(), product.description[:_TEXT_LIMIT]))


def embedded_text(product: Product) -> str:
    """What is embedded for the dense leg: the title, what kind of thing it is, and how the description begins.

    The beginning is worth .012 nDCG@10 on graded electronics and costs half of what a whole description does.
    """
    leaf = product.leaf_category
    named = product.title if not leaf or fold(leaf) in fold(product.title) else f"{product.title}. {leaf}"
    begins = product.description[:_EMBEDDED_CHARACTERS].rsplit(" ", 1)[0]
    return f"{named}. {begins}" if begins else named


def payload_of(product: Product) -> dict[str, Any]:
    """The payload; booleans are integers because the embedded engine matches none on booleans (FACTS.md)."""
    versions = _buyable(product)
    return {
        "id": product.product_id,
        "gender": list(_SHOWN_TO[product.gender]),
        "size": sorted({key for variant in versions for key in _size_keys(product, variant)}),
        "size_color": sorted({key for variant in versions for key in _pair_keys(product, variant)}),
        "category": sorted({fold(name) for name in product.category}),
        "color": sorted({key for variant in versions for key in _color_keys(product, variant)}),
        "brand": [fold(product.brand)] if product.brand else [],
        "material": _phrases(*product.material) or [UNKNOWN],
        "currency": sorted({p.currency for p in (product.price, *(v.price for v in product.variants)) if p}),
        "price": sorted({p.minor for p in (product.price, *(v.price for v in product.variants)) if p}),
        "stock": sorted({_STOCK[v.in_stock] for v in product.variants} or {_STOCK[product.in_stock]}),
        "gift_card": int(product.is_gift_card),
        "lists_features": int(bool(product.features)),
        "named": " ".join(_words(" . ".join((*product.features, product.title, product.description)))),
        "facts": " ".join(_words(" . ".join(_mentioned(product)))),
        "doc": product.model_dump_json(exclude_defaults=True),
    }


def conditions_for(filters: Filters) -> Conditions:
    """Conditions that every admitted product meets. They narrow the search inside the engine; ``Filters.admits`` is the last
    word on what they let through, so they may be too wide (what one variant must be at once, "not ...") but never too narrow.
    """
    must: list[Condition] = [AnyOf("gift_card", (0,)), *_size_and_color(filters)]
    if filters.price_min is not None or filters.price_max is not None:
        must += [Between("price", *filters.bounds_minor()), AnyOf("currency", (filters.currency,))]
    if filters.gender:
        must.append(AnyOf("gender", (filters.gender,)))
    if filters.category is not None:
        must.append(AnyOf("category", (fold(filters.category),)))
    if filters.brand:
        must.append(AnyOf("brand", tuple(map(fold, filters.brand))))
    if materials := _wanted(filters.material):
        must.append(AnyOf("material", (*materials, UNKNOWN)))
    if filters.in_stock is not None:
        must.append(AnyOf("stock", (_STOCK[filters.in_stock], _STOCK[None])))
    features = [" ".join(words) for feature in filters.features or () if (words := _words(feature))]
    # Only a single word is the same thing to the engine's tokens and to a whole-word match; phrases are settled by admits.
    excluded = [fold(word) for word in filters.exclude or () if _words(word) == [fold(word)]]
    return Conditions(
        must=tuple(must),
        must_not=tuple(Phrase("facts", word) for word in excluded),
        either=tuple((AnyOf("lists_features", (0,)), Phrase("named", feature)) for feature in features),
    )


def _size_and_color(filters: Filters) -> list[Condition]:
    colors = _wanted(filters.color)
    if filters.size is None:
        return [AnyOf("color", colors)] if colors else []
    sizes = (fold_size(filters.size), UNKNOWN)
    if not colors:
        return [AnyOf("size", sizes)]
    return [AnyOf("size_color", tuple(f"{size}|{color}" for size in sizes for color in colors))]


def _buyable(product: Product) -> list[Variant | None]:
    """What a size or colour may be found in: variants that are not sold out, or the product itself."""
    return [v for v in product.variants if v.in_stock is not False] if product.variants else [None]


def _size_keys(product: Product, variant: Variant | None) -> list[str]:
    sizes = [variant.size] if variant else list(product.sizes)
    return [fold_size(size) for size in sizes if size] or [UNKNOWN]


def _color_keys(product: Product, variant: Variant | None) -> list[str]:
    return _phrases(*((variant.color,) if variant and variant.color else product.colors))


def _pair_keys(product: Product, variant: Variant | None) -> list[str]:
    return [f"{size}|{color}" for size, color in pairs(_size_keys(product, variant), _color_keys(product, variant))]


def _phrases(*values: str) -> list[str]:
    """Every run of up to four whole words: "navy blue" gives "navy", "blue" and "navy blue"."""
    found: set[str] = set()
    for value in values:
        words = _words(value)
        for length in range(1, _PHRASE_WORDS + 1):
            found.update(" ".join(words[i : i + length]) for i in range(len(words) - length + 1))
    return sorted(found)


def _wanted(values: tuple[str, ...] | None) -> tuple[str, ...]:
    """Keys of which one must be there; empty when one of the values has no words and so says nothing."""
    keys = tuple(" ".join(_words(value)[:_PHRASE_WORDS]) for value in values or ())
    return keys if all(keys) else ()


def _mentioned(product: Product) -> tuple[str, ...]:
    """What "not ..." is read against whichever variant is chosen; the variants' own colours are settled by admits."""
    colors = () if any(v.color for v in product.variants) else product.colors
    return (product.title, product.brand or "", *product.category, *product.material, *product.features, *colors)


def _words(value: str) -> list[str]:
    return re.findall(r"\w+", fold(value))
