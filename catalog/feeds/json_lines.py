"""How is a JSON Lines feed read? A line a product, with a bound on its length."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from catalog.feeds.rows import FeedRow, Numbered, Rejection
from catalog.feeds.shared_schema import product_from_row
from domain.errors import BadInput

LINE_LIMIT = 8_000_000
"""Bytes of one line that are read; a longer one is skipped and rejected."""


def read_json_lines(path: Path, *, currency: str = "USD") -> Iterator[Numbered]:
    """Products and rejections with their lines; empty lines are passed over."""
    with path.open("rb") as file:
        for line, raw in enumerate(_lines(file), start=1):
            if raw is None or raw.strip():
                yield line, parse_line(raw, line, currency=currency)


def parse_line(raw: bytes | None, line: int, *, currency: str = "USD") -> FeedRow:
    """One line; None stands for a line over the limit."""
    try:
        return product_from_row(_object(raw), currency=currency)
    except BadInput as error:
        return Rejection.of(error, line)


def _object(raw: bytes | None) -> dict[str, object]:
    if raw is None:
        raise BadInput(f"the line is longer than {LINE_LIMIT:,} bytes", field="line")
    try:
        parsed = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise BadInput("the line is not UTF-8", field="line", value=raw[:200].decode(errors="replace")) from exc
    except (ValueError, RecursionError) as exc:
        raise BadInput(f"the line is no JSON: {exc}", field="line", value=raw[:200].decode(errors="replace")) from exc
    if not isinstance(parsed, dict):
        raise BadInput("the line must be a JSON object", field="line", value=raw[:200].decode(errors="replace"))
    return parsed


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    while raw := file.readline(LINE_LIMIT + 1):
        if len(raw) <= LINE_LIMIT or raw.endswith(b"\n"):
            yield raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(LINE_LIMIT)
        yield None
