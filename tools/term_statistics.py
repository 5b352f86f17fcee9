"""In how many products does each term stand? Known since the build; tells how much of a query a product's score covers."""

import math
from collections import Counter
from collections.abc import Iterable
from io import BytesIO

import numpy as np

from tools.lexical import SparseWeights

_MOST_TERMS = 2_000_000
"""Terms held while counting (about 200 MB); beyond it those that stood once, mostly model numbers, are forgotten."""


class TermStatistics:
    """Document frequencies by term hash."""

    def __init__(self, frequencies: dict[int, int], *, documents: int) -> None:
        self._frequencies = frequencies
        self.documents = documents

    @classmethod
    def from_bytes(cls, stored: bytes) -> "TermStatistics":
        """What ``to_bytes`` wrote; ValueError or OSError when it is broken."""
        with np.load(BytesIO(stored), allow_pickle=False) as arrays:
            terms, counts = arrays["terms"].tolist(), arrays["counts"].tolist()
            return cls(dict(zip(terms, counts, strict=True)), documents=int(arrays["documents"]))

    def to_bytes(self) -> bytes:
        buffer = BytesIO()
        terms = np.fromiter(self._frequencies.keys(), np.uint32, len(self._frequencies))
        counts = np.fromiter(self._frequencies.values(), np.uint32, len(self._frequencies))
        np.savez_compressed(buffer, terms=terms, counts=counts, documents=np.int64(self.documents))
        return buffer.getvalue()

    def weight(self, query: SparseWeights) -> float:
        """The sum of the query's weighted inverse document frequencies; a term that no product has weighs most."""
        return sum(weight * self._idf(term) for term, weight in zip(query.indices, query.values, strict=True))

    def _idf(self, term: int) -> float:
        # Qdrant's own formula, so that a score divided by the query's weight is a share.
        found = self._frequencies.get(term, 0)
        return math.log((self.documents - found + 0.5) / (found + 0.5) + 1)


class TermCounter:
    """Counts terms while a build goes on."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._documents = 0

    def add(self, documents: Iterable[SparseWeights]) -> None:
        for document in documents:
            self._counts.update(document.indices)
            self._documents += 1
            if len(self._counts) > _MOST_TERMS:
                self._counts = Counter({term: count for term, count in self._counts.items() if count > 1})

    def statistics(self) -> TermStatistics:
        """Terms of a single product are left out of large catalogues, where they would be most of the table."""
        floor = 1 if self._documents < 100_000 else 2
        kept = {term: count for term, count in self._counts.items() if count >= floor}
        return TermStatistics(kept, documents=self._documents)
