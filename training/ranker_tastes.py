"""How much do facts of each kind say about the next purchase? A conditional logit over simulated purchases, leave-one-out.

python -m training.ranker_tastes

Each purchase but a customer's first and last is a choice among what the store finds for its type and its department, known by a
profile of the purchases before it. The last ones are held out for ``python -m benchmarks.personal``. Weights are drawn towards
those in agents/personal.py, which stay where the purchases say nothing, and are printed relative to relevance: they are
committed by hand, where they can be read.
"""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.personal import KIND_WEIGHTS, affinities
from agents.ranking import FactRanker
from benchmarks.personal import ASKS, Store, earlier_purchases, open_store
from benchmarks.report import print_table, write_result
from config import Settings
from tools.rank_trees import committed_trees

_PULL = 50.0
"""Strength of the pull towards the committed weights, in purchases."""
_STEPS, _RATE = 100, 0.1
_FIRST_RELEVANCE = 5.0
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """What stood to choose from, and what was bought: relevance and one column a kind of fact."""

    rows: _Floats
    bought: int


async def choices(store: Store) -> list[Choice]:
    """One a purchase and a way of asking, where the product was found."""
    ranker = FactRanker(lambda: store.lexicon, trees=committed_trees())
    relevance: dict[tuple[str, str], dict[str, float]] = {}
    found = []
    for case in earlier_purchases(store):
        for ask in ASKS:
            asked = await store.asked(case.purchase, ask)
            if (ask, asked.text) not in relevance:
                ordered = ranker.ordered(asked.candidates, asked.task, asked.text, {})
                relevance[ask, asked.text] = {s.candidate.product.product_id: s.score for s in ordered}
            scores = relevance[ask, asked.text]
            ids = [c.product.product_id for c in asked.candidates]
            if case.purchase.product_id in ids:
                rows = [[scores[c.product.product_id], *affinities(c.product, case.profile.tastes)] for c in asked.candidates]
                found.append(Choice(np.asarray(rows), ids.index(case.purchase.product_id)))
    return found


def fitted(found: Sequence[Choice]) -> _Floats:
    """The coefficient of relevance, then those of the kinds; never negative. Adam, all choices a step: no chance is involved."""
    prior = np.array([1.0, *KIND_WEIGHTS.values()]) * _FIRST_RELEVANCE
    weights, mean, square = prior.copy(), np.zeros_like(prior), np.zeros_like(prior)
    for step in range(1, _STEPS + 1):
        gradient = -_PULL * (weights - prior) / len(found)
        for choice in found:
            utility = choice.rows @ weights
            chance = np.exp(utility - utility.max())
            gradient += (choice.rows[choice.bought] - chance @ choice.rows / chance.sum()) / len(found)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        weights = weights + _RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        weights[1:] = np.maximum(weights[1:], 0)
    return weights


async def _learn(settings: Settings) -> dict[str, object]:
    store = await open_store(settings)
    try:
        found = await choices(store)
    finally:
        store.close()
    weights = fitted(found)
    relative = dict(zip(KIND_WEIGHTS, (round(float(w / weights[0]), 3) for w in weights[1:]), strict=True))
    return {"choices": len(found), "relevance": round(float(weights[0]), 2), "learned": relative, "committed": dict(KIND_WEIGHTS)}


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    settings = Settings()
    if not (settings.data_dir / "retail_demo_store").is_dir():
        print(f"skipped: there is no {settings.data_dir / 'retail_demo_store'}; set AISLE_DATA_DIR")
        return
    result = asyncio.run(_learn(settings))
    learned = result["learned"]
    assert isinstance(learned, dict)
    print_table(
        f"Weight of each kind of fact beside relevance, from {result['choices']} choices", ["kind", "learned", "committed"],
        [[kind, weight, KIND_WEIGHTS[kind]] for kind, weight in learned.items()],
    )  # fmt: skip
    print(write_result("ranking_tastes", result))


if __name__ == "__main__":
    main()
