"""What does a feed reader hand out? Products, and rejections that say line, field, value and reason."""

from domain.document import Document
from domain.errors import BadInput
from domain.product import Product

_QUOTED = 200
"""Characters of a bad value that a report repeats."""


class Rejection(Document):
    """A row that was left out, and why."""

    line: int
    """Line of the file (row number in Parquet), counted from 1."""
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
