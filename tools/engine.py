"""What must a vector engine do for the index? One port, neutral of vendor; two adapters stand behind it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from domain.search import Vectors
from tools.lexical import SparseWeights


@dataclass(frozen=True)
class AnyOf:
    """A keyword or integer field holds at least one of the values."""

    key: str
    values: tuple[str, ...] | tuple[int, ...]


@dataclass(frozen=True)
class Between:
    """A numeric field has a value within the closed bounds; None is open."""

    key: str
    low: int | None
    high: int | None


@dataclass(frozen=True)
class Phrase:
    """A text field contains these words next to each other."""

    key: str
    text: str


Condition = AnyOf | Between | Phrase


@dataclass(frozen=True)
class Conditions:
    """All of ``must`` and none of ``must_not``; ``either`` groups hold when one of their members does."""

    must: tuple[Condition, ...] = ()
    must_not: tuple[Condition, ...] = ()
    either: tuple[tuple[Condition, ...], ...] = ()


@dataclass(frozen=True)
class IndexPoint:
    """One product as it is stored."""

    point_id: int
    """A 63-bit hash of the product id."""
    dense: Vectors
    sparse: SparseWeights
    payload: dict[str, Any]


@dataclass(frozen=True)
class Hit:
    """One found point; scores are the engine's own: cosine, or the BM25 sum."""

    point_id: int
    score: float
    payload: dict[str, Any] = field(default_factory=dict)


class VectorEngine(Protocol):
    """Blocking calls; callers go through ``asyncio.to_thread``. Raises IndexUnavailable."""

    def upsert(self, points: Sequence[IndexPoint]) -> None: ...

    def delete(self, point_ids: Sequence[int]) -> None: ...

    def dense(self, vector: Vectors, conditions: Conditions, *, limit: int, among: Sequence[int] | None = None) -> list[Hit]:
        """Nearest by cosine, best first; ``among`` restricts to these points."""
        ...

    def sparse(self, weights: SparseWeights, conditions: Conditions, *, limit: int, among: Sequence[int] | None = None) -> list[Hit]:
        """Best by weighted term overlap with IDF, best first; points without a common term are absent."""
        ...

    def ordered(self, key: str, conditions: Conditions, *, descending: bool, limit: int) -> list[Hit]:
        """By the values of an integer field, which are the scores; a point comes once for each of its values."""
        ...

    def payloads(self, point_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Payloads of those points that exist."""
        ...

    def count(self, conditions: Conditions) -> int: ...

    def finish(self) -> None:
        """Makes everything written durable and quick to search."""
        ...

    def close(self) -> None: ...
