"""How good is a ranking? nDCG, recall and reciprocal rank, with bootstrap intervals; unjudged products count as irrelevant."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Qrels = Mapping[str, int]
"""Product id to grade, for one query; 0 is judged irrelevant."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"


def ndcg_at_10(ranking: Sequence[str], qrels: Qrels) -> float:
    """Absolute nDCG@10: the gain is the grade, the ideal ranks all that is judged, what is unjudged gains nothing."""
    ideal = _dcg(sorted(qrels.values(), reverse=True)[:10])
    return _dcg([qrels.get(product_id, 0) for product_id in ranking[:10]]) / ideal if ideal else 0.0


def condensed_ndcg_at_10(ranking: Sequence[str], qrels: Qrels) -> float:
    """The same with unjudged products taken out of the ranking first; an upper reading where labels are sparse."""
    return ndcg_at_10([product_id for product_id in ranking if product_id in qrels], qrels)


def recall_at_100(ranking: Sequence[str], qrels: Qrels, *, relevant_from: int = 1) -> float:
    """The share of relevant products among the first hundred."""
    relevant = {product_id for product_id, grade in qrels.items() if grade >= relevant_from}
    return len(relevant.intersection(ranking[:100])) / len(relevant) if relevant else 0.0


def mrr_at_10(ranking: Sequence[str], qrels: Qrels, *, relevant_from: int = 1) -> float:
    """One over the rank of the first relevant product among ten, else 0."""
    ranks = (rank for rank, product_id in enumerate(ranking[:10], start=1) if qrels.get(product_id, 0) >= relevant_from)
    return 1 / next(ranks, math.inf)


def bootstrap(values: Sequence[float], *, resamples: int = 2_000, seed: int = 7) -> Interval:
    """The mean of per-query values, resampled over queries."""
    if not values:
        return Interval(0.0, 0.0, 0.0)
    array = np.asarray(values, float)
    drawn = np.random.default_rng(seed).integers(0, len(array), size=(resamples, len(array)))
    low, high = np.quantile(array[drawn].mean(axis=1), [0.025, 0.975])
    return Interval(float(array.mean()), float(low), float(high))


def paired_bootstrap(first: Sequence[float], second: Sequence[float], *, resamples: int = 2_000, seed: int = 7) -> Interval:
    """The mean difference ``first - second`` over the same queries; an interval that excludes 0 is a real difference."""
    if len(first) != len(second):
        raise ValueError(f"{len(first)} values cannot be paired with {len(second)}; score the same queries")
    return bootstrap([a - b for a, b in zip(first, second, strict=True)], resamples=resamples, seed=seed)


def cross_validated(
    keys: Sequence[str], candidates: Sequence[float], score: Callable[[str, float], float], *, folds: int = 5
) -> tuple[dict[str, float], dict[str, float]]:
    """(value per key, chosen candidate per key): each key is scored with the candidate that is best on the other folds."""
    fold_of = {key: position % folds for position, key in enumerate(sorted(keys))}
    values: dict[str, float] = {}
    chosen: dict[str, float] = {}
    for fold in range(folds):
        others = [key for key in keys if fold_of[key] != fold]
        best = max(candidates, key=lambda candidate: sum(score(key, candidate) for key in others))
        for key in keys:
            if fold_of[key] == fold:
                values[key], chosen[key] = score(key, best), best
    return values, chosen


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
