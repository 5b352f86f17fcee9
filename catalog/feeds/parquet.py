"""How is a Parquet feed in the shared table schema read? Batch by batch."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.feeds.rows import FeedRow, Numbered, Rejection
from catalog.feeds.shared_schema import REQUIRED, product_from_row
from domain.errors import BadFeed, BadInput

_BATCH_ROWS = 2_000


def read_parquet(path: Path, *, currency: str = "USD") -> Iterator[Numbered]:
    """Products and rejections with their row numbers. BadFeed when a required column is missing or it is no Parquet."""
    try:
        table = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as exc:
        raise BadFeed(f"{path.name!r} is no readable Parquet file: {exc}", field="feed", value=path.name) from exc
    with table:
        for column in REQUIRED:
            if column not in table.schema_arrow.names:
                raise BadFeed(f"{path.name!r} lacks the column {column!r}", field=column, value=path.name)
        row = 0
        for batch in table.iter_batches(batch_size=_BATCH_ROWS):
            for record in batch.to_pylist():
                row += 1
                yield row, _parse(record, row, currency)


def _parse(record: dict[str, object], row: int, currency: str) -> FeedRow:
    try:
        return product_from_row(record, currency=currency)
    except BadInput as error:
        return Rejection.of(error, row)
