"""Which format is a feed, and what does it hold? By content first, by the file's name second."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from catalog.feeds.json_lines import read_json_lines
from catalog.feeds.merchant_tsv import read_merchant_tsv
from catalog.feeds.merchant_xml import read_merchant_xml
from catalog.feeds.parquet import read_parquet
from catalog.feeds.rows import FeedRows, Numbered
from catalog.feeds.shopify_csv import read_shopify_csv
from domain.errors import BadFeed

FeedFormat = Literal["parquet", "json_lines", "merchant_xml", "merchant_tsv", "shopify_csv"]
_READERS: dict[FeedFormat, Callable[..., Iterator[Numbered]]] = {
    "parquet": read_parquet,
    "json_lines": read_json_lines,
    "merchant_xml": read_merchant_xml,
    "merchant_tsv": read_merchant_tsv,
    "shopify_csv": read_shopify_csv,
}
_HEAD_BYTES = 65_536


def read_feed(path: Path, *, currency: str = "USD") -> FeedRows:
    """Every product and rejection of a feed, streaming. BadFeed when it cannot be read as any known format.

    ``currency`` is that of prices which name none.
    """
    return FeedRows(_READERS[feed_format(path)](path, currency=currency))


def feed_format(path: Path) -> FeedFormat:
    """The format of a feed file; BadFeed naming what was found when it is none of ours."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    if not head.strip():
        raise BadFeed(f"{path.name!r}: the file is empty", field="feed", value=path.name)
    found = _by_content(head)
    if found is None:
        raise BadFeed(
            f"{path.name!r} is none of Google Merchant TSV or XML, Shopify CSV, JSON Lines and Parquet; it starts with {head[:40]!r}",
            field="feed",
            value=path.name,
        )
    return found


def feed_hash(path: Path) -> str:
    """A hash of the file's bytes: the same feed resumes an interrupted build. Raises BadFeed where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def _unreadable(path: Path, error: OSError) -> BadFeed:
    return BadFeed(f"the feed {str(path)!r} cannot be opened: {error.strerror}", field="feed", value=str(path))


def _by_content(head: bytes) -> FeedFormat | None:
    if head.startswith(b"PAR1"):
        return "parquet"
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    start = head.decode(encoding, errors="replace").lstrip()
    if start.startswith("{"):
        return "json_lines"
    if start.startswith("<"):
        return "merchant_xml"
    header = start.partition("\n")[0]
    if "\t" in header:
        return "merchant_tsv"
    columns = {column.strip().strip('"').casefold() for column in header.split(",")}
    if columns & {"handle", "url handle"}:
        return "shopify_csv"
    return "json_lines" if _is_json(header) else None


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
