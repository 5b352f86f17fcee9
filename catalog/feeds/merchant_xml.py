"""How is a Google Merchant Center feed in XML (RSS 2.0 or Atom) read? Item by item; a DTD or an entity is refused."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from catalog.feeds.merchant import Row, products_from_rows
from catalog.feeds.rows import FeedRow
from domain.errors import BadFeed, BadInput

_ITEMS = frozenset({"item", "entry"})


def read_merchant_xml(path: Path, *, currency: str = "USD") -> Iterator[FeedRow]:
    """Products and rejections in the order of the file; ``line`` counts items. BadFeed for broken XML, a DTD or an entity."""
    try:
        found = 0
        for row in products_from_rows(_rows(path), currency=currency):
            found += 1
            yield row
    except DefusedXmlException as exc:
        raise BadFeed(
            f"{path.name!r} declares a document type or entity, which feeds must not; remove the DOCTYPE",
            field="feed",
            value=path.name,
        ) from exc
    except ParseError as exc:
        raise BadFeed(f"{path.name!r} is broken XML: {exc}", field="feed", value=path.name) from exc
    if not found:
        raise BadFeed(f"{path.name!r} holds no <item> or <entry>", field="feed", value=path.name)


def _rows(path: Path) -> Iterator[tuple[int, Row | BadInput]]:
    item, ancestors = 0, list[Element]()
    for event, element in iterparse(path, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            ancestors.append(element)
            continue
        ancestors.pop()
        if _name(element) not in _ITEMS:
            continue
        item += 1
        yield item, _row(element)
        if ancestors:
            ancestors[-1].clear()


def _row(item: Element) -> Row:
    row: dict[str, list[str]] = {}
    for child in item:
        value = _detail(child) if _name(child) == "product_detail" else (child.text or child.get("href") or "").strip()
        if value:
            row.setdefault(_name(child), []).append(value)
    return row


def _detail(element: Element) -> str:
    parts = {_name(child): (child.text or "").strip() for child in element}
    return ":".join((parts.get("section_name", ""), parts.get("attribute_name", ""), parts.get("attribute_value", "")))


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].casefold()
