"""How are a merchant's purchase histories and customers read? JSON Lines or Parquet, one purchase or customer a row.

Purchases: ``customer_id`` (or ``user_id``), ``product_id`` and ``date`` are required. ``title``, ``category_path`` ("A > B"), ``brand``,
``color``, ``material``, ``gender``, ``size``, ``price_usd`` and ``quantity`` may be given; what is missing is looked up in the catalogue.
Customers: ``customer_id`` (or ``user_id``); ``age``, ``gender`` and ``region`` may be given.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
from pyarrow import ArrowInvalid

from catalog.feeds.reading import feed_hash
from domain.errors import BadFeed

_BATCH_ROWS = 10_000


@dataclass(frozen=True)
class Purchase:
    """One line of one order, as far as it tells of taste."""

    customer_id: str
    product_id: str
    on: date
    category: tuple[str, ...] = ()
    brand: str | None = None
    color: str | None = None
    material: str | None = None
    gender: str | None = None
    size: str | None = None
    price: float | None = None
    """In the shop's currency; for bands only, never for money that moves."""


@dataclass(frozen=True)
class Customer:
    """What the merchant states about a customer."""

    customer_id: str
    age: int | None = None
    gender: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not taken, and why."""

    row: int
    field: str
    reason: str


def read_purchases(path: Path, *, today: date) -> Iterator[Purchase | RefusedRow]:
    """Row by row; a bad row is a RefusedRow. Raises BadFeed when the file is neither JSON Lines nor Parquet."""
    for number, row in _rows(path):
        yield _purchase(number, row, today)


def read_customers(path: Path) -> Iterator[Customer | RefusedRow]:
    """Row by row, like ``read_purchases``."""
    for number, row in _rows(path):
        customer = _text(row, "customer_id") or _text(row, "user_id")
        age = row.get("age")
        if customer is None:
            yield RefusedRow(number, "customer_id", "customer_id is missing; each row needs one")
        elif age is not None and not (isinstance(age, int) and 0 < age < 120):
            yield RefusedRow(number, "age", f"age {age!r} is no age in years")
        else:
            yield Customer(customer, age, _text(row, "gender"), _text(row, "region"))


def history_hash(*paths: Path) -> str:
    """A hash of the files' bytes. Raises BadFeed where one cannot be read."""
    return hashlib.sha256("".join(map(feed_hash, paths)).encode()).hexdigest()


def _purchase(number: int, row: Mapping[str, Any], today: date) -> Purchase | RefusedRow:
    customer, product = _text(row, "customer_id") or _text(row, "user_id"), _text(row, "product_id")
    if customer is None:
        return RefusedRow(number, "customer_id", "customer_id is missing; each row needs one")
    if product is None:
        return RefusedRow(number, "product_id", "product_id is missing; each row needs one")
    on = _day(row.get("date"))
    if on is None:
        return RefusedRow(number, "date", f"date {row.get('date')!r} is no date; write it like '2026-03-01'")
    if on > today:
        return RefusedRow(number, "date", f"date {on.isoformat()!r} lies in the future")
    price = row.get("price_usd", row.get("price"))
    if price is not None and not (isinstance(price, int | float) and price >= 0):
        return RefusedRow(number, "price_usd", f"price {price!r} is no price; write it like 49.99")
    path = tuple(part.strip() for part in (_text(row, "category_path") or "").split(">") if part.strip())
    return Purchase(
        customer, product, on, category=path, brand=_text(row, "brand"), color=_text(row, "color"), material=_text(row, "material"),
        gender=_text(row, "gender"), size=_text(row, "size"), price=None if price is None else float(price),
    )  # fmt: skip


def _day(stated: Any) -> date | None:
    """A time with a zone is a day in UTC; one without is the day that it says."""
    try:
        moment = datetime.fromisoformat(str(stated))
    except ValueError:
        return None
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date()


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open("rb") as head:
            packed = head.read(4) == b"PAR1"
        yield from _packed(path) if packed else _lines(path)
    except OSError as exc:
        raise BadFeed(f"{str(path)!r} cannot be opened: {exc.strerror or exc}", field="purchases", value=str(path)) from exc
    except (UnicodeDecodeError, ArrowInvalid) as exc:
        raise BadFeed(f"{path.name!r} is neither JSON Lines in UTF-8 nor sound Parquet: {exc}", field="purchases", value=path.name) from exc


def _packed(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    number = 0
    for batch in parquet.ParquetFile(path).iter_batches(batch_size=_BATCH_ROWS):
        for row in batch.to_pylist():
            number += 1
            yield number, row


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, _object(path, number, line)


def _object(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as exc:
        raise BadFeed(f"{path.name!r}, line {number}, is no JSON; write one object a line", field="purchases", value=line[:80]) from exc
    if not isinstance(row, dict):
        raise BadFeed(f"{path.name!r}, line {number}, is no JSON object", field="purchases", value=line[:80])
    return row


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    return str(value).strip() or None if value is not None else None
