"""How is a Google Merchant Center feed in tab-separated form read? A line a row, as the format has no line breaks in values."""

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from catalog.feeds.fields import shown
from catalog.feeds.merchant import REQUIRED, Row, products_from_rows
from catalog.feeds.rows import Numbered
from domain.errors import BadFeed, BadInput

LINE_LIMIT = 8_000_000
_SEVERAL = frozenset({"product_highlight", "product_detail"})


def read_merchant_tsv(path: Path, *, currency: str = "USD") -> Iterator[Numbered]:
    """Products and rejections with their lines. BadFeed when a required column is missing."""
    with path.open(encoding=_encoding(path), errors="surrogateescape", newline="\n") as file:
        names = file.readline(LINE_LIMIT).rstrip("\r\n").split("\t")
        header = [name.strip().strip('"').casefold().replace(" ", "_") for name in names]
        for column in REQUIRED:
            if column not in header:
                raise BadFeed(f"{path.name!r} lacks the column {column!r}; it has {shown(header[:20])}", field=column, value=path.name)
        yield from products_from_rows(_rows(file, header), currency=currency)


def _rows(file: TextIO, header: list[str]) -> Iterator[tuple[int, Row | BadInput]]:
    line = 1
    while raw := file.readline(LINE_LIMIT + 1):
        line += 1
        if len(raw) > LINE_LIMIT and not raw.endswith("\n"):
            while raw and not raw.endswith("\n"):
                raw = file.readline(LINE_LIMIT)
            yield line, BadInput(f"the line is longer than {LINE_LIMIT:,} characters", field="line")
        elif raw.strip():
            yield line, _row(raw.rstrip("\r\n"), header)


def _row(raw: str, header: list[str]) -> Row | BadInput:
    values = [_unquoted(value) for value in raw.split("\t")]
    if len(values) != len(header):
        return BadInput(f"the row has {len(values)} values for {len(header)} columns", field="line", value=raw)
    row: dict[str, list[str]] = {}
    for name, value in zip(header, values, strict=True):
        parts = value.split(",") if name in _SEVERAL else [value]
        row.setdefault(name, []).extend(part.strip() for part in parts if part.strip())
    return row


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1].replace('""', '"') if len(value) >= 2 and value[0] == value[-1] == '"' else value


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(2)
    return "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
