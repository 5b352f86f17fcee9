"""How do lexical and dense scores become one? Min-max normalised and weighted, with the committed weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_WEIGHTS = Path(__file__).with_name("weights.yaml")


@dataclass(frozen=True, kw_only=True)
class FusionWeights:
    """Tuned on training queries (``python -m benchmarks.retrieval --tune``); committed in tools/weights.yaml."""

    dense: float
    """Share of the dense leg; the lexical leg has the rest."""
    hyde: float
    """Weight of the mean hypothetical title beside the query's vector."""
    raw: float
    """Weight of the raw message beside the query, in both legs (FACTS.md)."""
    category_boost: float
    """Added where a product's category path shares words with the predicted category."""


@cache
def committed_weights() -> FusionWeights:
    """The weights that Aisle ships with."""
    return FusionWeights(**yaml.safe_load(_WEIGHTS.read_text()))


def fused(lexical: Mapping[int, float], dense: Mapping[int, float], *, dense_share: float) -> dict[int, float]:
    """Scores in 0..1 for every id of either leg. BM25 starts at its true zero: a product without any of the words."""
    scaled_lexical, scaled_dense = _min_max(lexical, low=0.0), _min_max(dense, low=None)
    return {
        key: (1 - dense_share) * scaled_lexical.get(key, 0.0) + dense_share * scaled_dense.get(key, 0.0)
        for key in lexical.keys() | dense.keys()
    }


def _min_max(scores: Mapping[int, float], *, low: float | None) -> dict[int, float]:
    if not scores:
        return {}
    lowest = min(scores.values()) if low is None else low
    span = max(scores.values()) - lowest
    return {key: (score - lowest) / span if span > 0 else 1.0 for key, score in scores.items()}
