"""How is a Google Merchant Center feed in XML (RSS 2.0 or Atom) read? Item by item; a DTD or an entity is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from catalog.feeds.merchant import Row, products_from_rows
from catalog.feeds.rows import Numbered
from domain.errors import BadFeed, BadInput

_ITEMS = frozenset({"item", "entry"})
_LINE = "aisle-line"
"""An attribute that the reader adds: an element does not know where it stood."""


def read_merchant_xml(path: Path, *, currency: str = "USD") -> Iterator[Numbered]:
    """Products and rejections with the lines on which their items begin. BadFeed for broken XML, a DTD or an entity."""
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
    ancestors, builder = list[Element](), _LinedBuilder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    builder.expat = parser.parser
    for event, element in iterparse(path, events=("start", "end"), parser=parser):
        if event == "start":
            ancestors.append(element)
            continue
        ancestors.pop()
        if _name(element) not in _ITEMS:
            continue
        yield int(element.attrib[_LINE]), _row(element)
        if ancestors:
            ancestors[-1].clear()


class _LinedBuilder(TreeBuilder):
    """Notes on each item the line on which it begins: the reader gets elements by the block, when the parser is further on."""

    expat: Any = None

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        if tag.rpartition("}")[2].casefold() in _ITEMS:
            attrs = {**attrs, _LINE: str(self.expat.CurrentLineNumber)}
        return super().start(tag, attrs)


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
