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
from tools.fusion import FusionWeights, fused
from tools.lexical import query_weights
from tools.search_document import conditions_for, point_id
from tools.term_statistics import TermStatistics

_DEPTH = 200
"""Candidates a leg brings in; each is then scored by the other leg too, so that min-max sees both scores."""
_DEEPEST = 3_200
"""How far a look-up goes on when the last word on the filters (``Filters.admits``) turns most of them away."""
_ALIKE = 0.65
"""Of the best score: those above it count as found. On seven queries over the demo catalogue: the type asked for and its kin."""
_PARSED = 8_000
"""Products kept parsed; 5 KB each at most."""
_SATURATED = 1.2
"""k1 + 1: what a term counts at most in a document (tools/lexical.py)."""


@dataclass(frozen=True)
class _Legs:
    """Scores of every candidate by both legs."""

    lexical: dict[int, float]
    dense: dict[int, float]
    exhausted: bool
    """Whether neither leg had more to give."""


class HybridRetriever:
    """Retriever and ProductSource over one engine."""

    def __init__(self, engine: VectorEngine, *, carried: Sequence[FilterField], terms: TermStatistics, weights: FusionWeights) -> None:
        self._engine = engine
        self._carried = frozenset(carried) | {"exclude"}
        self._terms = terms
        self._weights = weights
        self._parsed: OrderedDict[int, Product] = OrderedDict()

    async def retrieve(self, query: HybridQuery, filters: Filters, *, limit: int) -> Retrieved:
        return await asyncio.to_thread(self.retrieve_now, query, filters, limit=limit)

    async def products(self, product_ids: Sequence[str]) -> tuple[Product, ...]:
        return await asyncio.to_thread(self._products_now, product_ids)

    async def count(self, filters: Filters) -> int:
        """How many products pass the filters, as far as the engine can tell."""
        return await asyncio.to_thread(self._engine.count, conditions_for(self._held(filters)))

    async def by_price(self, filters: Filters, *, descending: bool, limit: int) -> tuple[Product, ...]:
        """The cheapest or dearest of all priced products that pass the filters, in this order."""
        return await asyncio.to_thread(self._by_price_now, filters, descending=descending, limit=limit)

    def retrieve_now(self, query: HybridQuery, filters: Filters, *, limit: int) -> Retrieved:
        """The same, blocking."""
        held = self._held(filters)
        conditions = conditions_for(held)
        # A predicted category reorders, so it needs more to choose from than is asked for.
        wanted = limit + 50 if query.category else limit
        depth = max(_DEPTH, wanted)
        while True:
            legs = self._both_legs(query, conditions, depth)
            found = self._admitted(query, legs, held, wanted)
            if len(found) >= wanted or legs.exhausted or depth >= _DEEPEST:
                break
            depth *= 4
        if query.category:
            found = self._boosted(found, query.category)
        unfiltered = tuple(field for field in filters.active() if field not in self._carried)
        total = max(_alike(legs, self._weights.dense), len(found[:limit]))
        return Retrieved(candidates=tuple(found[:limit]), total=total, unfiltered=unfiltered)

    def _held(self, filters: Filters) -> Filters:
        """The filters that a product of this catalogue can meet: a field that none carries ranks instead (API.md)."""
        return filters.without(*(field for field in filters.active() if field not in self._carried))

    def _both_legs(self, query: HybridQuery, conditions: Conditions, depth: int) -> _Legs:
        sparse, vector = query_weights(self._weighted_texts(query)), self._dense_vector(query)
        lexical = _scores(self._engine.sparse(sparse, conditions, limit=depth))
        dense = _scores(self._engine.dense(vector, conditions, limit=depth))
        exhausted = len(lexical) < depth and len(dense) < depth
        only_lexical = [pid for pid in lexical if pid not in dense]
        only_dense = [pid for pid in dense if pid not in lexical]
        if only_lexical:
            dense |= _scores(self._engine.dense(vector, Conditions(), limit=len(only_lexical), among=only_lexical))
        if only_dense:
            lexical |= _scores(self._engine.sparse(sparse, Conditions(), limit=len(only_dense), among=only_dense))
        return _Legs(lexical, dense, exhausted)

    def _weighted_texts(self, query: HybridQuery) -> dict[str, float]:
        raw = query.raw_text if query.raw_text != query.text else None
        return {query.text: 1.0} | ({raw: self._weights.raw} if raw else {})

    def _dense_vector(self, query: HybridQuery) -> Vectors:
        vector = query.vector.astype(np.float32)
        if query.hyde is not None and len(query.hyde):
            vector = vector + self._weights.hyde * query.hyde.mean(axis=0)
        if query.raw_vector is not None:
            vector = vector + self._weights.raw * query.raw_vector
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)

    def _admitted(self, query: HybridQuery, legs: _Legs, filters: Filters, wanted: int) -> list[Candidate]:
        scores = fused(legs.lexical, legs.dense, dense_share=self._weights.dense)
        ordered = sorted(scores, key=lambda pid: (-scores[pid], pid))
        full_match = _SATURATED * self._terms.weight(query_weights({query.text: 1.0}))
        found: list[Candidate] = []
        for start in range(0, len(ordered), wanted):
            products = self._load(ordered[start : start + wanted])
            for pid in ordered[start : start + wanted]:
                product = products.get(pid)
                if product is not None and filters.admits(product):
                    lexical = legs.lexical.get(pid, 0.0) / full_match if full_match else 0.0
                    dense = legs.dense.get(pid, 0.0)
                    found.append(Candidate(product=product, score=scores[pid], lexical=min(1.0, lexical), dense=max(0.0, min(1.0, dense))))
            if len(found) >= wanted:
                break
        return found[:wanted]

    def _boosted(self, candidates: list[Candidate], category: str) -> list[Candidate]:
        words, boost = set(fold(category).split()), self._weights.category_boost
        boosted = [c.model_copy(update={"score": (c.score + boost * _share(words, c.product)) / (1 + boost)}) for c in candidates]
        return sorted(boosted, key=lambda c: (-c.score, c.product.product_id))

    def _products_now(self, product_ids: Sequence[str]) -> tuple[Product, ...]:
        loaded = self._load([point_id(product_id) for product_id in product_ids])
        found = ((product_id, loaded.get(point_id(product_id))) for product_id in product_ids)
        return tuple(product for product_id, product in found if product is not None and product.product_id == product_id)

    def _by_price_now(self, filters: Filters, *, descending: bool, limit: int) -> tuple[Product, ...]:
        held, sign = self._held(filters), -1 if descending else 1
        conditions, depth = conditions_for(held), max(_DEPTH, 2 * limit)
        while True:
            hits = self._engine.ordered("price", conditions, descending=descending, limit=depth)
            listed = self._load(list(dict.fromkeys(hit.point_id for hit in hits))).values()
            priced = [(sign * product.price.minor, product) for product in listed if product.price and held.admits(product)]
            priced.sort(key=lambda pair: (pair[0], pair[1].product_id))
            # A variant may cost less or more than the listing shows: what comes later could still belong before the last.
            settled = len(priced) >= limit and priced[limit - 1][0] <= sign * hits[-1].score
            if settled or len(hits) < depth or depth >= _DEEPEST:
                return tuple(product for _, product in priced[:limit])
            depth *= 4

    def _load(self, point_ids: Sequence[int]) -> dict[int, Product]:
        known = {pid: product for pid in point_ids if (product := self._parsed.get(pid)) is not None}
        missing = [pid for pid in point_ids if pid not in known]
        if missing:
            fresh = {pid: product_of(payload) for pid, payload in self._engine.payloads(missing).items()}
            self._parsed.update(fresh)
            known |= fresh
            # Threads share the memory: each pops what it finds, and a product popped too early is read again.
            while len(self._parsed) > _PARSED:
                self._parsed.popitem(last=False)
        return known


def product_of(payload: dict[str, Any]) -> Product:
    """The product as it was indexed."""
    return Product.model_validate_json(payload["doc"])


def _alike(legs: _Legs, dense_share: float) -> int:
    """How many of the products that the legs brought in are about as relevant as the best."""
    scores = fused(legs.lexical, legs.dense, dense_share=dense_share).values()
    best = max(scores, default=0.0)
    return sum(score >= _ALIKE * best for score in scores)


def _scores(hits: list[Hit]) -> dict[int, float]:
    return {hit.point_id: hit.score for hit in hits}


def _share(wanted: set[str], product: Product) -> float:
    """How much of a category's name stands in the product's category path."""
    words = {word for name in product.category for word in fold(name).split()}
    return len(wanted & words) / len(wanted) if wanted else 0.0
