"""How does Aisle speak to Qdrant inside its own process? The embedded engine (qdrant-edge-py) behind VectorEngine.

Traps (FACTS.md): boolean filters silently match nothing, so payloads hold integers; a folder belongs to one process.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import qdrant_edge as qe

from domain.errors import IndexUnavailable
from domain.search import Vectors
from tools.engine import AnyOf, Between, Condition, Conditions, Hit, IndexPoint
from tools.lexical import SparseWeights
from tools.search_document import INTEGER_FIELDS, KEYWORD_FIELDS, TEXT_FIELDS

_DENSE, _SPARSE = "dense", "lexical"
_GRAPH_ABOVE_KB = 40_000
"""Vectors of about 26,000 products. Below it every vector is compared: exact, as quick, and built at once (HNSW: 9 s)."""


class QdrantEdgeEngine:
    """VectorEngine over one folder; see ``tools.engine`` for the contract."""

    def __init__(self, shard: qe.EdgeShard) -> None:
        self._shard = shard
        self._closing: list[Callable[[], None]] = []

    @classmethod
    def create(cls, folder: Path, *, dimensions: int) -> "QdrantEdgeEngine":
        """A new, empty index in a folder that must not hold one."""
        folder.mkdir(parents=True, exist_ok=True)
        config = qe.EdgeConfig(
            vectors={_DENSE: qe.EdgeVectorParams(size=dimensions, distance=qe.Distance.Cosine)},
            sparse_vectors={_SPARSE: qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)},
            optimizers=qe.EdgeOptimizersConfig(indexing_threshold=_GRAPH_ABOVE_KB),
        )
        with _translated():
            shard = qe.EdgeShard.create(str(folder), config)
            for name in KEYWORD_FIELDS:
                shard.update(qe.UpdateOperation.create_field_index(name, qe.PayloadSchemaType.Keyword))
            for name in INTEGER_FIELDS:
                shard.update(qe.UpdateOperation.create_field_index(name, qe.PayloadSchemaType.Integer))
            text = qe.TextIndexParams(tokenizer=qe.TokenizerType.Word, lowercase=True, phrase_matching=True)
            for name in TEXT_FIELDS:
                shard.update(qe.UpdateOperation.create_field_index(name, text))
        return cls(shard)

    @classmethod
    def load(cls, folder: Path) -> "QdrantEdgeEngine":
        """An existing index; IndexUnavailable when the folder holds none or it is broken."""
        if not folder.is_dir():
            raise IndexUnavailable(f"there is no index in {folder.name!r}; build one with `python -m app index`")
        with _translated():
            return cls(qe.EdgeShard.load(str(folder)))

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        with _translated():
            self._shard.update(qe.UpdateOperation.upsert_points([_point(point) for point in points]))

    def delete(self, point_ids: Sequence[int]) -> None:
        with _translated():
            self._shard.update(qe.UpdateOperation.delete_points(list(point_ids)))

    def dense(self, vector: Vectors, conditions: Conditions, *, limit: int, among: Sequence[int] | None = None) -> list[Hit]:
        return self._search(vector.tolist(), _DENSE, conditions, limit, among)

    def sparse(self, weights: SparseWeights, conditions: Conditions, *, limit: int, among: Sequence[int] | None = None) -> list[Hit]:
        if not weights.indices:
            return []
        vector = qe.SparseVector(list(weights.indices), list(weights.values))
        return self._search(vector, _SPARSE, conditions, limit, among)

    def ordered(self, key: str, conditions: Conditions, *, descending: bool, limit: int) -> list[Hit]:
        order = qe.OrderBy(key, qe.Direction.Desc if descending else qe.Direction.Asc)
        request = qe.ScrollRequest(limit=limit, filter=_filter(conditions, None), with_payload=False, with_vector=False, order_by=order)
        with _translated():
            records, _ = self._shard.scroll(request)
        return [Hit(int(record.id), float(record.order_value or 0)) for record in records]

    def payloads(self, point_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        with _translated():
            records = self._shard.retrieve(list(point_ids), True, False)
        return {int(record.id): record.payload or {} for record in records}

    def count(self, conditions: Conditions) -> int:
        with _translated():
            return self._shard.count(qe.CountRequest(exact=True, filter=_filter(conditions, None)))

    def finish(self) -> None:
        with _translated():
            self._shard.optimize()
            self._shard.flush()

    def on_close(self, action: Callable[[], None]) -> None:
        """Runs ``action`` once the shard is closed: the folder's lock outlives the engine, never the reverse."""
        self._closing.append(action)

    def close(self) -> None:
        with _translated():
            self._shard.close()
        while self._closing:
            self._closing.pop()()

    def _search(self, vector: Any, using: str, conditions: Conditions, limit: int, among: Sequence[int] | None) -> list[Hit]:
        request = qe.QueryRequest(limit=limit, query=qe.Query.Nearest(vector, using), filter=_filter(conditions, among), with_payload=False)
        with _translated():
            points = self._shard.query(request)
        return [Hit(int(point.id), float(point.score)) for point in points]


@contextmanager
def _translated() -> Iterator[None]:
    # The engine raises RuntimeError and ValueError for whatever goes wrong below it.
    try:
        yield
    except (RuntimeError, ValueError, OSError) as exc:
        raise IndexUnavailable(f"the embedded search index failed: {exc}") from exc


def _point(point: IndexPoint) -> qe.Point:
    sparse = qe.SparseVector(list(point.sparse.indices), list(point.sparse.values))
    return qe.Point(point.point_id, {_DENSE: point.dense.tolist(), _SPARSE: sparse}, point.payload)


def _filter(conditions: Conditions, among: Sequence[int] | None) -> qe.Filter:
    must: list[Any] = [_condition(c) for c in conditions.must]
    must += [qe.Filter(should=[_condition(c) for c in group]) for group in conditions.either]
    if among is not None:
        must.append(qe.HasIdCondition(set(among)))
    return qe.Filter(must=must or None, must_not=[_condition(c) for c in conditions.must_not] or None)


def _condition(condition: Condition) -> qe.FieldCondition:
    if isinstance(condition, AnyOf):
        return qe.FieldCondition(condition.key, match=qe.MatchAny(cast("list[str]", list(condition.values))))
    if isinstance(condition, Between):
        return qe.FieldCondition(condition.key, range=qe.RangeFloat(gte=condition.low, lte=condition.high))
    return qe.FieldCondition(condition.key, match=qe.MatchPhrase(condition.text))
