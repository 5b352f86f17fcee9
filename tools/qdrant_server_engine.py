"""How does Aisle speak to a Qdrant server or cluster? qdrant-client behind VectorEngine; local mode in tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException

from domain.errors import IndexUnavailable
from domain.search import Vectors
from tools.engine import AnyOf, Between, Condition, Conditions, Hit, IndexPoint
from tools.lexical import SparseWeights
from tools.search_document import INTEGER_FIELDS, KEYWORD_FIELDS, TEXT_FIELDS

_DENSE, _SPARSE = "dense", "lexical"


class QdrantServerEngine:
    """VectorEngine over one collection; see ``tools.engine`` for the contract."""

    def __init__(self, client: QdrantClient, collection: str) -> None:
        self._client = client
        self._collection = collection

    def create(self, *, dimensions: int) -> None:
        """The collection, new and empty; IndexUnavailable when it exists."""
        with translated():
            self._client.create_collection(
                self._collection,
                vectors_config={_DENSE: models.VectorParams(size=dimensions, distance=models.Distance.COSINE)},
                sparse_vectors_config={_SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            )
            for name in KEYWORD_FIELDS:
                self._index(name, models.PayloadSchemaType.KEYWORD)
            for name in INTEGER_FIELDS:
                self._index(name, models.PayloadSchemaType.INTEGER)
            text = models.TextIndexParams(
                type=models.TextIndexType.TEXT,
                tokenizer=models.TokenizerType.WORD,
                lowercase=True,
                phrase_matching=True,
            )
            for name in TEXT_FIELDS:
                self._index(name, text)

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        with translated():
            self._client.upsert(self._collection, [_point(point) for point in points], wait=True)

    def delete(self, point_ids: Sequence[int]) -> None:
        with translated():
            self._client.delete(self._collection, models.PointIdsList(points=list(point_ids)), wait=True)

    def dense(self, vector: Vectors, conditions: Conditions, *, limit: int, among: Sequence[int] | None = None) -> list[Hit]:
        return self._search(vector.tolist(), _DENSE, conditions, limit, among)

    def sparse(self, weights: SparseWeights, conditions: Conditions, *, limit: int, among: Sequence[int] | None = None) -> list[Hit]:
        if not weights.indices:
            return []
        vector = models.SparseVector(indices=list(weights.indices), values=list(weights.values))
        return self._search(vector, _SPARSE, conditions, limit, among)

    def ordered(self, key: str, conditions: Conditions, *, descending: bool, limit: int) -> list[Hit]:
        direction = models.Direction.DESC if descending else models.Direction.ASC
        with translated():
            records, _ = self._client.scroll(
                self._collection, scroll_filter=_filter(conditions, None), limit=limit, with_payload=False,
                order_by=models.OrderBy(key=key, direction=direction),
            )  # fmt: skip
        return [Hit(int(record.id), float(str(record.order_value))) for record in records]

    def payloads(self, point_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        with translated():
            records = self._client.retrieve(self._collection, list(point_ids), with_payload=True)
        return {int(record.id): record.payload or {} for record in records}

    def count(self, conditions: Conditions) -> int:
        with translated():
            return self._client.count(self._collection, count_filter=_filter(conditions, None), exact=True).count

    def finish(self) -> None:
        """The server optimises by itself and every write above waited."""

    def close(self) -> None:
        """Nothing to give back: the client is shared by all builds."""

    def _index(self, name: str, schema: Any) -> None:
        self._client.create_payload_index(self._collection, name, schema)

    def _search(self, vector: Any, using: str, conditions: Conditions, limit: int, among: Sequence[int] | None) -> list[Hit]:
        with translated():
            found = self._client.query_points(
                self._collection, query=vector, using=using, limit=limit,
                query_filter=_filter(conditions, among), with_payload=False,
            )  # fmt: skip
        return [Hit(int(point.id), float(point.score)) for point in found.points]


@contextmanager
def translated() -> Iterator[None]:
    """Turns whatever the client raises into IndexUnavailable."""
    try:
        yield
    except (ApiException, ResponseHandlingException, httpx.HTTPError, ValueError) as exc:
        raise IndexUnavailable(f"the Qdrant server failed: {exc}") from exc


def _point(point: IndexPoint) -> models.PointStruct:
    sparse = models.SparseVector(indices=list(point.sparse.indices), values=list(point.sparse.values))
    return models.PointStruct(id=point.point_id, vector={_DENSE: point.dense.tolist(), _SPARSE: sparse}, payload=point.payload)


def _filter(conditions: Conditions, among: Sequence[int] | None) -> models.Filter:
    must: list[Any] = [_condition(c) for c in conditions.must]
    must += [models.Filter(should=[_condition(c) for c in group]) for group in conditions.either]
    if among is not None:
        must.append(models.HasIdCondition(has_id=list(among)))
    return models.Filter(must=must or None, must_not=[_condition(c) for c in conditions.must_not] or None)


def _condition(condition: Condition) -> models.FieldCondition:
    if isinstance(condition, AnyOf):
        return models.FieldCondition(key=condition.key, match=models.MatchAny(any=list(condition.values)))
    if isinstance(condition, Between):
        return models.FieldCondition(key=condition.key, range=models.Range(gte=condition.low, lte=condition.high))
    return models.FieldCondition(key=condition.key, match=models.MatchPhrase(phrase=condition.text))
