"""How does a product lie in the index? The payload that filters are evaluated on, and the texts that are searched."""

import uuid
from typing import Any

from domain.filters import Filters
from domain.product import Gender, Product, Variant
from domain.terms import fold, fold_size
from tools.engine import AnyOf, Between, Condition, Conditions, Phrase

UNKNOWN = "*"
"""Keyword of a product that doesn't say: it passes (API.md)."""
_NAMESPACE = uuid.UUID("6a2ba01e-6a8e-4e55-8f0a-0d6c3c8f4a11")
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

KEYWORD_FIELDS = ("gender", "size", "category", "color", "brand", "material", "currency", "id")
INTEGER_FIELDS = ("price", "stock", "gift_card", "no_features")
TEXT_FIELDS = ("facts", "words")


def point_id(product_id: str) -> str:
    """A UUID that is the same for the same product id."""
    return str(uuid.uuid5(_NAMESPACE, product_id))


def searched_texts(product: Product) -> tuple[str, str]:
    """(title, further text) as BM25 weighs them; facts that filters name stand beside the description."""
    facts = (product.brand or "", *product.category, *product.colors, *product.material, *product.features)
    return product.title, " ".join((*facts, product.description[:_TEXT_LIMIT]))


def embedded_text(product: Product) -> str:
    """What is embedded for the dense leg: the title and what kind of thing it is."""
    leaf = product.leaf_category
    return product.title if not leaf or fold(leaf) in fold(product.title) else f"{product.title}. {leaf}"


def payload_of(product: Product) -> dict[str, Any]:
    """The payload; booleans are integers because the embedded engine matches none on booleans (FACTS.md)."""
    buyable = [v for v in product.variants if v.in_stock is not False] or list(product.variants)
    return {
        "id": product.product_id,
        "gender": list(_SHOWN_TO[product.gender]),
        "size": _sizes(product, buyable),
        "category": [fold(name) for name in product.category],
        "color": sorted({part for color in _colors(product, buyable) for part in _phrases(color)}),
        "brand": [fold(product.brand)] if product.brand else [],
        "material": sorted({part for name in product.material for part in _phrases(name)}) or [UNKNOWN],
        "currency": [product.price.currency] if product.price else [],
        "price": sorted({p.minor for p in (product.price, *(v.price for v in product.variants)) if p}),
        "stock": _STOCK[product.in_stock],
        "gift_card": int(product.is_gift_card),
        "no_features": int(not product.features),
        "facts": fold(" . ".join(_mentioned(product))),
        "words": fold(" . ".join((*product.features, product.title, product.description[:_TEXT_LIMIT]))),
        "doc": product.model_dump_json(exclude_defaults=True),
    }


def conditions_for(filters: Filters) -> Conditions:
    """Conditions that every admitted product meets; ``Filters.admits`` then settles what one variant must fulfil at once."""
    must: list[Condition] = [AnyOf("gift_card", (0,))]
    either: list[tuple[Condition, ...]] = []
    must_not: list[Condition] = [Phrase("facts", fold(word)) for word in filters.exclude or ()]
    if filters.price_min is not None or filters.price_max is not None:
        must += [Between("price", *filters.bounds_minor()), AnyOf("currency", (filters.currency,))]
    if filters.gender:
        must.append(AnyOf("gender", (filters.gender,)))
    if filters.size:
        must.append(AnyOf("size", (fold_size(filters.size), UNKNOWN)))
    if filters.category:
        must.append(AnyOf("category", (fold(filters.category),)))
    if filters.color:
        must.append(AnyOf("color", tuple(map(fold, filters.color))))
    if filters.brand:
        must.append(AnyOf("brand", tuple(map(fold, filters.brand))))
    if filters.material:
        must.append(AnyOf("material", (*map(fold, filters.material), UNKNOWN)))
    for feature in filters.features or ():
        either.append((AnyOf("no_features", (1,)), Phrase("words", fold(feature))))
    if filters.in_stock is not None:
        must.append(AnyOf("stock", (_STOCK[filters.in_stock], _STOCK[None])))
    return Conditions(must=tuple(must), must_not=tuple(must_not), either=tuple(either))


def _sizes(product: Product, buyable: list[Variant]) -> list[str]:
    if any(not v.size for v in product.variants):
        return [UNKNOWN]
    sizes = [v.size for v in buyable if v.size] if product.variants else list(product.sizes)
    return sorted({fold_size(size) for size in sizes}) or [UNKNOWN]


def _colors(product: Product, buyable: list[Variant]) -> list[str]:
    own = [v.color for v in buyable if v.color]
    return [*own, *(product.colors if len(own) < len(buyable) or not buyable else ())]


def _phrases(value: str) -> list[str]:
    """Every run of whole words: "navy blue" gives "navy", "blue" and "navy blue"."""
    words = fold(value).split()
    return [" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)]


def _mentioned(product: Product) -> tuple[str, ...]:
    """What "not ..." is read against, as ``Filters.admits`` does; variants' colours are settled there."""
    colors = () if any(v.color for v in product.variants) else product.colors
    return (product.title, product.brand or "", *product.category, *product.material, *product.features, *colors)
