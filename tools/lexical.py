"""How do words become a BM25 sparse vector? Stemmed English terms, saturated counts; the index multiplies by IDF."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import snowballstemmer

from domain.terms import fold

_WORD = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?")
_STOPWORDS = frozenset(
    "a an and are as at be by for from has have i in is it its me my of on or our that the their this to was we were "
    "will with you your s t m im need want looking some any please".split()
)  # fmt: skip
_STEMMER = snowballstemmer.stemmer("english")


@dataclass(frozen=True)
class SparseWeights:
    """A sparse vector: ``indices`` are 32-bit term hashes, ascending and unique; ``values`` are positive."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Bm25Analyzer:
    """BM25 in two halves: term saturation here at index time, inverse document frequency in the engine.

    Defaults are those tuned in FACTS.md on two human-labelled sets: k1 0.2, b 0.75, the description at a fifth of the title.
    """

    average_length: float
    """Mean document length in weighted terms; fixed for the life of an index."""
    k1: float = 0.2
    b: float = 0.75
    description_weight: float = 0.2

    def document(self, title: str, text: str) -> SparseWeights:
        """Weights of an indexed product."""
        counts: Counter[str] = Counter(terms(title))
        for term, count in Counter(terms(text)).items():
            counts[term] += self.description_weight * count  # type: ignore[assignment]
        length = sum(counts.values())
        floor = self.k1 * (1 - self.b + self.b * length / self.average_length)
        return _sparse({term: count * (self.k1 + 1) / (count + floor) for term, count in counts.items()})

    def length(self, title: str, text: str) -> float:
        """Document length in weighted terms, for ``average_length``."""
        return len(terms(title)) + self.description_weight * len(terms(text))


def query_weights(weighted: dict[str, float]) -> SparseWeights:
    """Weights of a query made of texts, each with its own weight; a term counts once per text."""
    total: dict[str, float] = {}
    for text, weight in weighted.items():
        for term in set(terms(text)):
            total[term] = total.get(term, 0.0) + weight
    return _sparse(total)


def terms(text: str) -> list[str]:
    """Stemmed terms of a text, in order, without stop words."""
    return [stem(word) for word in _WORD.findall(fold(text).replace("'s", "")) if word not in _STOPWORDS]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """English stem of a folded word; model numbers and sizes stay as they are."""
    return str(_STEMMER.stemWord(word)) if word.isalpha() else word


def _sparse(weights: dict[str, float]) -> SparseWeights:
    by_index: dict[int, float] = {}
    for term, weight in weights.items():
        index = crc32(term.encode())
        by_index[index] = by_index.get(index, 0.0) + weight
    ordered = sorted(by_index.items())
    return SparseWeights(tuple(i for i, _ in ordered), tuple(v for _, v in ordered))
