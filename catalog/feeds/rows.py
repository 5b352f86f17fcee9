"""What does a feed reader hand out? Products, and rejections that say line, field, value and reason."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.document import Document
from domain.errors import BadInput
from domain.product import Product

_QUOTED = 200
"""Characters of a bad value that a report repeats."""


class Rejection(Document):
    """A row that was left out, and why."""

    line: int
    """Line of the file on which the row begins (row number in Parquet), counted from 1."""
    field: str
    value: str
    """At most 200 characters of it."""
    reason: str

    @classmethod
    def of(cls, error: BadInput, line: int) -> "Rejection":
        """The rejection that a bad value causes."""
        shown = "" if error.value is None else str(error.value)
        printable = shown[:_QUOTED].encode("utf-8", "replace").decode()
        return cls(line=line, field=error.field, value=printable, reason=str(error))


FeedRow = Product | Rejection
Numbered = tuple[int, FeedRow]
"""A row and its line."""


@dataclass
class FeedRows:
    """The rows of a feed, one by one; ``line`` is that of the row given last."""

    numbered: Iterator[Numbered]
    line: int = 0

    def __iter__(self) -> "FeedRows":
        return self

    def __next__(self) -> FeedRow:
        self.line, row = next(self.numbered)
        return row
