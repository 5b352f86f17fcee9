"""How are products found? BM25 and dense scores, min-max normalised and weighted, filters inside the query."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.filters import FilterField, Filters
from domain.product import Product
from domain.search import Candidate, HybridQuery, Retrieved, Vectors
from domain.terms import fold
from tools.engine import Conditions, Hit, VectorEngine
from tools.lexical import query_weights
from tools.search_document import conditions_for, point_id

_DEPTH = 200
"""Candidates a leg brings in; each is then scored by the other leg too, so that min-max sees both scores."""
_PARSED = 20_000
"""Products kept parsed; 5 KB each at most."""


@dataclass(frozen=True)
class FusionWeights:
    """Tuned on training queries (`python -m benchmarks.retrieval --tune`); committed in tools/weights.yaml."""

    dense: float = 0.5
    """Share of the dense leg; the lexical leg has the rest."""
    hyde: float = 0.35
    """Weight of the mean hypothetical title beside the query's vector."""
    raw: float = 0.25
    """Weight of the raw message beside the query, in both legs (FACTS.md)."""
    category_boost: float = 0.06
    """Added where a product's category path shares words with the predicted category."""


class HybridRetriever:
    """Retriever and ProductSource over one engine."""

    def __init__(self, engine: VectorEngine, *, carried: Sequence[FilterField], weights: FusionWeights = FusionWeights()) -> None:
        self._engine = engine
        self._carried = frozenset(carried)
        self._weights = weights
        self._parsed: OrderedDict[str, Product] = OrderedDict()

    async def retrieve(self, query: HybridQuery, filters: Filters, *, limit: int) -> Retrieved:
        return await asyncio.to_thread(self.retrieve_now, query, filters, limit=limit)

    async def products(self, product_ids: Sequence[str]) -> tuple[Product, ...]:
        return await asyncio.to_thread(self._products_now, product_ids)

    async def count(self, filters: Filters) -> int:
        """How many products pass the filters, as far as the index can tell."""
        return await asyncio.to_thread(self._engine.count, conditions_for(filters))

    def retrieve_now(self, query: HybridQuery, filters: Filters, *, limit: int) -> Retrieved:
        """The same, blocking."""
        unfiltered = tuple(field for field in filters.active() if field not in self._carried and field != "exclude")
        held = filters.without(*unfiltered) if unfiltered else filters
        conditions = conditions_for(held)
        depth = max(_DEPTH, 2 * limit)
        lexical, dense = self._both_legs(query, conditions, depth)
        fused = self._fuse(lexical, dense)
        found = self._admitted(fused, held, limit if not query.category else limit + 50)
        candidates = [
            Candidate(product=product, score=score, lexical=lexical.get(pid, 0.0), dense=max(0.0, dense.get(pid, 0.0)))
            for pid, score, product in found
        ]
        if query.category:
            candidates = self._boosted(candidates, query.category)
        return Retrieved(candidates=tuple(candidates[:limit]), total=len(fused), unfiltered=unfiltered)

    def _both_legs(self, query: HybridQuery, conditions: Conditions, depth: int) -> tuple[dict[str, float], dict[str, float]]:
        weights = self._weights
        texts = {query.text: 1.0}
        if query.raw_text and query.raw_text != query.text:
            texts[query.raw_text] = weights.raw
        sparse = query_weights(texts)
        vector = self._dense_vector(query)
        lexical = _scores(self._engine.sparse(sparse, conditions, limit=depth))
        dense = _scores(self._engine.dense(vector, conditions, limit=depth))
        only_lexical = [pid for pid in lexical if pid not in dense]
        only_dense = [pid for pid in dense if pid not in lexical]
        if only_lexical:
            dense |= _scores(self._engine.dense(vector, Conditions(), limit=len(only_lexical), among=only_lexical))
        if only_dense:
            lexical |= _scores(self._engine.sparse(sparse, Conditions(), limit=len(only_dense), among=only_dense))
        return lexical, dense

    def _dense_vector(self, query: HybridQuery) -> Vectors:
        vector = query.vector.astype(np.float32)
        if query.hyde is not None and len(query.hyde):
            vector = vector + self._weights.hyde * query.hyde.mean(axis=0)
        if query.raw_vector is not None:
            vector = vector + self._weights.raw * query.raw_vector
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)

    def _fuse(self, lexical: dict[str, float], dense: dict[str, float]) -> list[tuple[str, float]]:
        share = self._weights.dense
        scaled_lexical, scaled_dense = _min_max(lexical, floor=0.0), _min_max(dense, floor=None)
        fused = {
            pid: (1 - share) * scaled_lexical.get(pid, 0.0) + share * scaled_dense.get(pid, 0.0)
            for pid in lexical.keys() | dense.keys()
        }
        return sorted(fused.items(), key=lambda item: (-item[1], item[0]))

    def _admitted(self, fused: list[tuple[str, float]], filters: Filters, limit: int) -> list[tuple[str, float, Product]]:
        found: list[tuple[str, float, Product]] = []
        for start in range(0, len(fused), max(limit, 1)):
            chunk = fused[start : start + limit]
            products = self._load([pid for pid, _ in chunk])
            found += [(pid, score, products[pid]) for pid, score in chunk if pid in products and filters.admits(products[pid])]
            if len(found) >= limit:
                break
        return found[:limit]

    def _boosted(self, candidates: list[Candidate], category: str) -> list[Candidate]:
        wanted = set(fold(category).split())
        boosted = [
            c.model_copy(update={"score": min(1.0, c.score + self._weights.category_boost * _share(wanted, c.product))})
            for c in candidates
        ]
        return sorted(boosted, key=lambda c: (-c.score, c.product.product_id))

    def _products_now(self, product_ids: Sequence[str]) -> tuple[Product, ...]:
        loaded = self._load([point_id(product_id) for product_id in product_ids])
        return tuple(loaded[pid] for pid in map(point_id, product_ids) if pid in loaded)

    def _load(self, point_ids: Sequence[str]) -> dict[str, Product]:
        missing = [pid for pid in point_ids if pid not in self._parsed]
        if missing:
            for pid, payload in self._engine.payloads(missing).items():
                self._parsed[pid] = product_of(payload)
            while len(self._parsed) > _PARSED:
                self._parsed.popitem(last=False)
        return {pid: self._parsed[pid] for pid in point_ids if pid in self._parsed}


def product_of(payload: dict[str, Any]) -> Product:
    """The product as it was indexed."""
    return Product.model_validate_json(payload["doc"])


def _scores(hits: list[Hit]) -> dict[str, float]:
    return {hit.point_id: hit.score for hit in hits}


def _min_max(scores: dict[str, float], *, floor: float | None) -> dict[str, float]:
    """Scaled to 0..1; ``floor`` fixes the lower end (BM25's true zero is a product without any of the words)."""
    if not scores:
        return {}
    low = min(scores.values()) if floor is None else floor
    span = max(scores.values()) - low
    return {pid: (score - low) / span if span > 0 else 1.0 for pid, score in scores.items()}


def _share(wanted: set[str], product: Product) -> float:
    words = {word for name in product.category for word in fold(name).split()}
    return len(wanted & words) / len(wanted) if wanted else 0.0
