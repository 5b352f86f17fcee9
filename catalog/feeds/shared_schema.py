"""How does one row of the shared table schema (JSON Lines, Parquet) become a product?

Columns: product_id, title, description, category_path, brand, gender, color, price_usd, rating, rating_count, image_url,
attributes (JSON); all but the first two may be absent or null. Rows in the form of ``domain.product.Product`` are taken as well.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from catalog.feeds import fields
from catalog.feeds.stated import colors_in, features_in, materials_in
from domain.complaints import complaint
from domain.errors import BadInput
from domain.product import Product

REQUIRED = ("product_id", "title")
_OF_TABLES_ONLY = frozenset({"category_path", "color", "price_usd", "source", "license", "department"})
_NOT_FACTS = frozenset({
    "image", "where_visible", "promoted", "popularity", "tau_product_id", "bullets", "options", "current_stock", "stock",
    "available", "availability", "price_max", "ean", "tags", "discountPercentage",
})  # fmt: skip
"""Attributes of the shared tables that are the shop's own bookkeeping, or are read into fields below."""
_STOCK = ("current_stock", "stock", "inventory", "quantity")
_ATTRIBUTE_LIMIT = 40
"""Facts kept of a listing; tables of specifications run to hundreds."""


def product_from_row(row: Mapping[str, Any], *, currency: str = "USD") -> Product:
    """The product that a row describes. Raises BadInput naming the field, the value and the fix."""
    if not _OF_TABLES_ONLY & row.keys() and row.keys() <= Product.model_fields.keys():
        return _own_form(row)
    title = fields.required(row.get("title"), "title", limit=fields.TITLE_LIMIT)
    description = fields.plain_text(fields.text(row.get("description"), "description", limit=fields.TEXT_LIMIT))
    brand = fields.text(row.get("brand"), "brand").strip("™® ") or None
    category = fields.category_path(row.get("category_path"), "category_path")
    attributes = _attributes(row.get("attributes"))
    options = _options(attributes)
    colors = fields.colors(row.get("color")) or fields.colors(options.get("color"))
    material = fields.names(attributes.get("material"), "material")
    return Product(
        product_id=fields.required(row.get("product_id"), "product_id", limit=200),
        title=title,
        description=description,
        brand=brand,
        price=fields.price(row.get("price_usd"), "price_usd", currency=currency),
        category=category,
        gender=fields.gender(row.get("gender")),
        colors=colors or colors_in(title, brand=brand),
        material=tuple(map(str.lower, material)) or materials_in(title, brand=brand),
        features=features_in(title, description),
        sizes=fields.names(options.get("size"), "size", separators=r"[,;|]"),
        rating=fields.number(row.get("rating"), "rating", low=0, high=5),
        rating_count=fields.whole(row.get("rating_count"), "rating_count"),
        stock=_stock(attributes),
        image_url=_http_url(row.get("image_url"), "image_url"),
        url=_http_url(row.get("url"), "url"),
        attributes=_facts(attributes),
        is_gift_card=fields.names_a_gift_card(title, category),
    )


def _own_form(row: Mapping[str, Any]) -> Product:
    for name in REQUIRED:
        fields.required(row.get(name), name, limit=fields.TITLE_LIMIT)
    fields.text(row.get("description"), "description", limit=fields.TEXT_LIMIT)
    try:
        product = Product.model_validate({name: value for name, value in row.items() if value is not None})
    except ValidationError as exc:
        first = exc.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise BadInput(f"{name} {complaint(first)}", field=name, value=first["input"]) from exc
    _check_figures(product)
    if not product.is_gift_card and fields.names_a_gift_card(product.title, product.category):
        return product.model_copy(update={"is_gift_card": True})
    return product


def _check_figures(product: Product) -> None:
    """BadInput for figures that no price, stock or rating has."""
    for money in (product.price, *(variant.price for variant in product.variants)):
        if money is not None and abs(Decimal(money.amount)) >= fields.PRICE_LIMIT:
            raise BadInput(f"price {fields.shown(money.amount)} must be below {fields.PRICE_LIMIT:,}", field="price", value=money.amount)
    for stock in (product.stock, product.rating_count, *(variant.stock for variant in product.variants)):
        if stock is not None and not 0 <= stock <= fields.STOCK_LIMIT:
            raise BadInput(f"stock {fields.shown(stock)} must lie between 0 and {fields.STOCK_LIMIT:,}", field="stock", value=stock)
    if product.rating is not None and not 0 <= product.rating <= 5:
        raise BadInput(f"rating {product.rating:g} must lie between 0 and 5", field="rating", value=product.rating)


def _attributes(value: Any) -> dict[str, Any]:
    if value is None or value == "":
        return {}
    if isinstance(value, dict):
        return value
    try:
        parsed = json.loads(value)
    except (TypeError, ValueError) as exc:
        raise BadInput(f"attributes are no JSON object: {exc}", field="attributes", value=value) from exc
    if not isinstance(parsed, dict):
        raise BadInput("attributes must be a JSON object", field="attributes", value=value)
    return parsed


def _options(attributes: dict[str, Any]) -> dict[str, Any]:
    options = attributes.get("options")
    return {str(k).casefold(): v for k, v in options.items()} if isinstance(options, dict) else {}


def _stock(attributes: dict[str, Any]) -> int | None:
    for name in _STOCK:
        if name in attributes:
            return fields.whole(attributes[name], name)
    # "available" without a figure: sold out is 0; in stock, but how many is unknown.
    unavailable = attributes.get("available") is False or str(attributes.get("availability", "")).upper() == "OUT_OF_STOCK"
    return 0 if unavailable else None


def _facts(attributes: dict[str, Any]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for name, value in attributes.items():
        if name in _NOT_FACTS or len(facts) == _ATTRIBUTE_LIMIT:
            continue
        written = _written(value)
        if written:
            facts[name.strip("_").replace("__", " ").replace("_", " ")] = written[:300]
    return facts


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(filter(None, map(_written, value)))
    return str(value).strip() if isinstance(value, (str, int)) else ""


def _http_url(value: Any, field: str) -> str | None:
    url = fields.text(value, field, limit=2_000)
    return url if url.startswith(("http://", "https://", "/")) else None
