"""How are rows in any order brought together by customer without holding them all? In parts on disk, one read back at a time."""

import pickle
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO
from zlib import crc32

from catalog.purchases import Customer, Purchase

_PARTS = 64
"""A history of a million purchases is read back some 16,000 at a time."""
_IN_MEMORY_BYTES = 256 * 1024
"""What a part may hold before it goes to disk: small histories touch none."""


@dataclass
class History:
    """What is known of one customer."""

    customer_id: str
    purchases: list[Purchase] = field(default_factory=list)
    customer: Customer | None = None


class HistorySpill:
    """Takes purchases and customers, gives histories; its files have no name and are gone with it. Holds the customers' ids."""

    def __init__(self, parts: int = _PARTS) -> None:
        self._open = ExitStack()
        self._parts: list[IO[bytes]] = [
            self._open.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES))  # noqa: SIM115
            for _ in range(parts)
        ]
        self._ids: set[str] = set()

    def __enter__(self) -> "HistorySpill":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    @property
    def customers(self) -> int:
        return len(self._ids)

    def add(self, row: Purchase | Customer) -> None:
        """Of two rows about a customer the later stands; purchases keep their order."""
        self._ids.add(row.customer_id)
        # Not hash(): every run must put a customer into the same part, so that a resumed build meets them in the same order.
        pickle.dump(row, self._parts[crc32(row.customer_id.encode()) % len(self._parts)], protocol=pickle.HIGHEST_PROTOCOL)

    def histories(self) -> Iterator[History]:
        """Each customer once, always in the same order."""
        for part in self._parts:
            part.seek(0)
            found: defaultdict[str, History] = defaultdict(lambda: History(""))
            for row in _rows(part):
                history = found[row.customer_id]
                history.customer_id = row.customer_id
                if isinstance(row, Customer):
                    history.customer = row
                else:
                    history.purchases.append(row)
            yield from (found[customer_id] for customer_id in sorted(found))


def _rows(part: IO[bytes]) -> Iterator[Purchase | Customer]:
    while True:
        try:
            yield pickle.load(part)
        except EOFError:
            return
