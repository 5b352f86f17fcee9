"""How do rows of a Google Merchant Center feed become products? Fields of its specification, rows of one group joined.

Consecutive rows that share ``item_group_id`` are variants of one product, named by the first row's id; a group that
comes apart in the file stays apart here, so that memory is bounded.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from catalog.feeds import fields
from catalog.feeds.rows import Numbered, Rejection
from catalog.feeds.stated import features_in
from domain.errors import BadInput
from domain.money import Money
from domain.product import Product, Variant

REQUIRED = ("id", "title")
_FACTS = (
    "gtin", "mpn", "condition", "pattern", "size_type", "size_system",
    "product_length", "product_width", "product_height", "product_weight",
)  # fmt: skip

Row = Mapping[str, list[str]]
"""Field name, lower case and with underscores, to its values; most fields have one."""


def products_from_rows(numbered: Iterable[tuple[int, Row | BadInput]], *, currency: str) -> Iterator[Numbered]:
    """Products and rejections with their lines; a bad row of a group is rejected alone."""
    for _, group in groupby(numbered, key=_group_key):
        yield from _product(list(group), currency)


def _group_key(numbered: tuple[int, Row | BadInput]) -> tuple[str, bool]:
    line, row = numbered
    group = "" if isinstance(row, BadInput) else _first(row, "item_group_id")
    return (group, True) if group else (str(line), False)


def _product(members: list[tuple[int, Row | BadInput]], currency: str) -> Iterator[Numbered]:
    parsed: list[tuple[int, Product]] = []
    for line, row in members:
        try:
            if isinstance(row, BadInput):
                raise row
            parsed.append((line, _unlike(_single(row, currency), parsed)))
        except BadInput as error:
            yield line, Rejection.of(error, line)
    if parsed:
        products = [product for _, product in parsed]
        yield parsed[0][0], products[0] if len(products) == 1 else _joined(products)


def _unlike(product: Product, parsed: list[tuple[int, Product]]) -> Product:
    """BadInput when an earlier row of the group has its id: a variant is chosen by it."""
    if any(other.product_id == product.product_id for _, other in parsed):
        raise BadInput("an earlier row has the same id", field="id", value=product.product_id)
    return product


def _single(row: Row, currency: str) -> Product:
    title = fields.required(_first(row, "title"), "title", limit=fields.TITLE_LIMIT)
    description = fields.plain_text(fields.text(_first(row, "description"), "description", limit=fields.TEXT_LIMIT))
    category = fields.category_path(_first(row, "product_type") or _named_category(row), "product_type")
    highlights = [fields.text(h, "product_highlight") for h in row.get("product_highlight", [])]
    return Product(
        product_id=fields.required(_first(row, "id"), "id", limit=200),
        title=title,
        description=" ".join(filter(None, (description, *highlights))),
        brand=fields.text(_first(row, "brand"), "brand") or None,
        price=_price(row, currency),
        category=category,
        gender=fields.gender(_first(row, "gender"), _first(row, "age_group")),
        colors=fields.colors(_first(row, "color")),
        material=tuple(map(str.lower, fields.names(_first(row, "material"), "material"))),
        features=features_in(title, description, *highlights),
        sizes=fields.names(_first(row, "size"), "size", separators=r"[,;|]"),
        rating=fields.number(_first(row, "rating"), "rating", low=0, high=5),
        rating_count=fields.whole(_first(row, "rating_count"), "rating_count"),
        stock=_stock(row),
        image_url=_url(row, "image_link"),
        url=_url(row, "link"),
        attributes=_facts(row),
        is_gift_card=fields.names_a_gift_card(title, category),
    )


def _joined(members: list[Product]) -> Product:
    first = members[0]
    prices = [m.price for m in members if m.price]
    price = min(prices) if prices and len({p.currency for p in prices}) == 1 else first.price
    variants = tuple(
        Variant(
            variant_id=m.product_id, size=next(iter(m.sizes), None), color=next(iter(m.colors), None),
            price=m.price if m.price != price else None, stock=m.stock,
        )
        for m in members
    )  # fmt: skip
    colors = tuple(dict.fromkeys(color for m in members for color in m.colors))
    return first.model_copy(update={"variants": variants, "colors": colors, "price": price, "sizes": (), "stock": None})


def _price(row: Row, currency: str) -> Money | None:
    price = fields.price(_first(row, "price"), "price", currency=currency)
    # A sale with dates is over at some time that an index does not see: only an open-ended one is taken.
    sale = None if _first(row, "sale_price_effective_date") else _first(row, "sale_price")
    return fields.price(sale, "sale_price", currency=price.currency if price else currency) or price


def _stock(row: Row) -> int | None:
    availability = _first(row, "availability").casefold().replace(" ", "_")
    if availability in {"out_of_stock", "discontinued"}:
        return 0
    return fields.whole(_first(row, "quantity") or _first(row, "sell_on_google_quantity"), "quantity")


def _named_category(row: Row) -> str:
    # A bare number is Google's taxonomy id, which says nothing to a shopper.
    value = _first(row, "google_product_category")
    return "" if value.isdigit() else value


def _facts(row: Row) -> dict[str, str]:
    facts = {name.replace("_", " "): value for name in _FACTS if (value := fields.text(_first(row, name), name))}
    for detail in row.get("product_detail", []):
        section_name_value = [part.strip() for part in re.split(r":", fields.text(detail, "product_detail"), maxsplit=2)]
        if len(section_name_value) >= 2 and section_name_value[-1]:
            facts[section_name_value[-2]] = section_name_value[-1]
    return facts


def _url(row: Row, name: str) -> str | None:
    url = fields.text(_first(row, name), name, limit=2_000)
    return url if url.startswith(("http://", "https://")) else None


def _first(row: Row, name: str) -> str:
    return next(iter(row.get(name, ())), "")
