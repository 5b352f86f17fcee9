"""How is a Shopify product export (CSV) read? Consecutive rows of one handle are a product, its variants and its pictures."""

import csv
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TextIO

from catalog.feeds import fields
from catalog.feeds.rows import Numbered, Rejection
from catalog.feeds.stated import features_in
from domain.errors import BadFeed, BadInput
from domain.money import Money
from domain.product import Product, Variant
from domain.terms import fold

_FIELD_LIMIT = 16_000_000
# Names of today's export and of the older one.
_ALIASES = {
    "url handle": "handle", "body (html)": "description", "variant price": "price",
    "variant inventory qty": "inventory", "inventory quantity": "inventory", "variant inventory policy": "policy",
    "continue selling when out of stock": "policy", "variant sku": "sku", "image src": "image", "product image url": "image",
    "published on online store": "published", "product category": "category",
}  # fmt: skip
_SIZE = re.compile(r"\b(size|length|waist|width|capacity|volume)\b")
_COLOR = re.compile(r"\b(colou?r)\b")
_MATERIAL = re.compile(r"\b(material|fabric)\b")

_Row = dict[str, str]
_Numbered = tuple[int, _Row | BadInput]


def read_shopify_csv(path: Path, *, currency: str = "USD") -> Iterator[Numbered]:
    """Products and rejections with their lines. BadFeed when the handle or title column is missing.

    The export names no currency: prices are in the shop's own.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        csv.field_size_limit(_FIELD_LIMIT)
        yield from _products(_rows(file, path.name), currency)


def _products(rows: Iterator[_Numbered], currency: str) -> Iterator[Numbered]:
    for _, group in groupby(rows, key=lambda numbered: _handle(numbered)):
        members: list[tuple[int, _Row]] = []
        for line, row in group:
            if isinstance(row, BadInput):
                yield line, Rejection.of(row, line)
            else:
                members.append((line, row))
        if not members:
            continue
        line = members[0][0]
        try:
            variants, rejections = _variants(members, currency)
            yield from ((rejection.line, rejection) for rejection in rejections)
            yield line, _product(members[0][1], [row for _, row in members], variants, currency)
        except BadInput as error:
            yield line, Rejection.of(error, line)


def _rows(file: TextIO, name: str) -> Iterator[_Numbered]:
    reader = csv.reader(file, strict=True)
    header = [_ALIASES.get(column.strip().casefold(), column.strip().casefold()) for column in next(reader, [])]
    for column in ("handle", "title"):
        if column not in header:
            raise BadFeed(f"{name!r} lacks the column {column.title()!r}; it has {fields.shown(header[:20])}", field=column, value=name)
    while True:
        start = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            yield start, BadInput(f"the row is broken CSV: {exc}", field="line")
            continue
        if len(values) > len(header):
            yield start, BadInput(f"the row has {len(values)} values for {len(header)} columns", field="line", value=values[0])
        elif any(values):
            yield start, dict(zip(header, values, strict=False))


def _handle(numbered: _Numbered) -> str:
    line, row = numbered
    return f"\0{line}" if isinstance(row, BadInput) else row.get("handle", "").strip()


def _product(first: _Row, rows: list[_Row], variants: tuple[Variant, ...], currency: str) -> Product:
    handle = fields.required(first.get("handle"), "Handle", limit=255)
    title = fields.required(first.get("title"), "Title", limit=fields.TITLE_LIMIT)
    _must_be_live(first)
    description = fields.plain_text(fields.text(first.get("description"), "Body (HTML)", limit=fields.TEXT_LIMIT))
    tags = fields.names(first.get("tags"), "Tags", separators=",")
    category = fields.category_path(first.get("category") or first.get("type"), "Product Category")
    if first.get("type") and first["type"] not in category:
        category = (*category, fields.text(first["type"], "Type"))
    prices = [v.price for v in variants if v.price]
    lowest = min(prices) if prices else None
    genders = map(fields.gender, (first.get("google shopping / gender"), *tags, *category))
    single = len(variants) == 1 and not variants[0].size and not variants[0].color
    return Product(
        product_id=handle,
        title=title,
        description=description,
        brand=fields.text(first.get("vendor"), "Vendor") or None,
        price=lowest,
        category=category,
        gender=next(filter(None, genders), None),
        colors=tuple(dict.fromkeys(fold(v.color) for v in variants if v.color)) or fields.colors(_metafield(first, "color")),
        material=tuple(map(str.lower, fields.names(_metafield(first, "material") or _option(first, _MATERIAL), "Material"))),
        features=features_in(title, description, *tags),
        stock=variants[0].stock if single else None,
        variants=() if single else tuple(_priced_apart(v, lowest) for v in variants),
        image_url=next((row["image"] for row in rows if row.get("image", "").startswith("http")), None),
        attributes={"tags": ", ".join(tags)} if tags else {},
        is_gift_card=fold(first.get("gift card", "")) == "true" or fields.names_a_gift_card(title, category),
    )


def _priced_apart(variant: Variant, price: Money | None) -> Variant:
    return variant.model_copy(update={"price": None}) if variant.price == price else variant


def _variants(members: list[tuple[int, _Row]], currency: str) -> tuple[tuple[Variant, ...], list[Rejection]]:
    names = [members[0][1].get(f"option{i} name", "") for i in (1, 2, 3)]
    variants: list[Variant] = []
    rejections: list[Rejection] = []
    for line, row in members:
        if not row.get("price") and not row.get("option1 value"):
            continue  # a row with a further picture only
        try:
            variants.append(_variant(row, names, len(variants), currency))
        except BadInput as error:
            if len(members) == 1:
                raise
            rejections.append(Rejection.of(error, line))
    if rejections and not variants:
        raise BadInput("none of the product's variants can be read", field="Handle", value=members[0][1].get("handle"))
    return tuple(variants), rejections


def _variant(row: _Row, names: list[str], position: int, currency: str) -> Variant:
    options = {fold(name): fields.text(row.get(f"option{i} value"), f"Option{i} Value") for i, name in enumerate(names, 1) if name}
    price: Money | None = fields.price(row.get("price"), "Variant Price", currency=currency)
    sells_on = fold(row.get("policy", "")) in {"continue", "true"}
    handle = row.get("handle", "").strip()
    return Variant(
        variant_id=fields.text(row.get("sku"), "Variant SKU") or f"{handle}-{position + 1}",
        size=next((value for name, value in options.items() if _SIZE.search(name) and value), None),
        color=next((fold(value) for name, value in options.items() if _COLOR.search(name) and value), None),
        price=price,
        stock=None if sells_on else fields.whole(row.get("inventory"), "Variant Inventory Qty"),
    )


def _must_be_live(row: _Row) -> None:
    status, published = fold(row.get("status", "active") or "active"), fold(row.get("published", "true") or "true")
    if status != "active":
        raise BadInput(f"the product is {status!r}; only active products are indexed", field="Status", value=status)
    if published == "false":
        raise BadInput("the product is not published; publish it to index it", field="Published", value=published)


def _option(row: _Row, wanted: re.Pattern[str]) -> str:
    pairs = ((row.get(f"option{i} name", ""), row.get(f"option{i} value", "")) for i in (1, 2, 3))
    return next((value for name, value in pairs if wanted.search(fold(name))), "")


def _metafield(row: _Row, kind: str) -> str:
    """A metafield column such as "Color (product.metafields.shopify.color-pattern)"."""
    return next((value for name, value in row.items() if "metafields" in name and kind in name and value), "")
