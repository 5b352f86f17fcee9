"""How does the ranker learn its order? LightGBM's lambdarank over the turns of labelled queries; exported to plain arrays.

python -m training.ranker               trains on the training split, writes models/weights/ranker.safetensors
python -m training.ranker --check       cross-validated figures only; writes no file

What it learns from are the candidates of whole turns (planner, filters, retrieval), so that it sees what it will serve. Queries
of the validation split are never looked at here; ``python -m benchmarks.ranking`` measures on them.
"""

import argparse
import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from agents.rank_features import FEATURES, RISING, features
from benchmarks.labelled import public_benchmark
from benchmarks.metrics import paired_bootstrap
from benchmarks.ranking import quality, weights_alone
from benchmarks.report import print_table, write_result
from benchmarks.retrieval import DEPTH, prepare
from benchmarks.turn_ranking import RankedTurn, turns_of
from config import Settings
from tools.rank_trees import COMMITTED, RankTrees

SEED = 1
TREES = 200
_FOLDS = 5
_TOP_GAIN = 3
_HUMAN = "human_graded_0_3"
_WEIGHT = {_HUMAN: 1.5}
"""People's grades count half as much again as labels that were made from the catalogue or the query's source."""
_PARAMETERS: dict[str, Any] = {
    "objective": "lambdarank", "label_gain": [0, 1, 2, 3], "lambdarank_truncation_level": 12,
    "num_leaves": 7, "learning_rate": 0.05, "min_data_in_leaf": 50, "lambda_l2": 5.0,
    "feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1,
    "monotone_constraints": [int(name in RISING) for name in FEATURES],
    "seed": SEED, "deterministic": True, "force_col_wise": True, "num_threads": 1, "verbose": -1,
}  # fmt: skip


@dataclass(frozen=True)
class Lesson:
    """The candidates of one category of one turn, with their gains."""

    rows: npt.NDArray[np.float64]
    gains: Sequence[int]
    weight: float


def lessons_of(turn: RankedTurn) -> list[Lesson]:
    """Those categories of a turn in which something is better than something else."""
    ranker = weights_alone(turn.lexicon)
    found = []
    for r in turn.rankings:
        gains = [_gain(turn, c.product.product_id) for c in r.candidates]
        if len(set(gains)) < 2:
            continue
        added, right = ranker.kinds(r.candidates, r.wanted_type or r.task.subject, r.task)
        found.append(Lesson(features(r.candidates, added, right, r.task), gains, _WEIGHT.get(turn.query.kind, 1.0)))
    return found


def fitted(lessons: Sequence[Lesson]) -> RankTrees:
    """Trees over these lessons; the same lessons give the same trees."""
    data = lightgbm.Dataset(
        np.vstack([lesson.rows for lesson in lessons]),
        np.concatenate([np.asarray(lesson.gains) for lesson in lessons]),
        group=[len(lesson.gains) for lesson in lessons],
        weight=np.concatenate([np.full(len(lesson.gains), lesson.weight) for lesson in lessons]),
        feature_name=list(FEATURES),
    )
    return RankTrees.of_dump(lightgbm.train(_PARAMETERS, data, TREES).dump_model())


def cross_validated(turns: Sequence[RankedTurn]) -> dict[str, Any]:
    """Weights and trees on each query, the trees fitted on the other folds; a text stands in one fold only."""
    folds: dict[int, list[RankedTurn]] = defaultdict(list)
    for turn in turns:
        folds[int(hashlib.sha256(turn.query.text.encode()).hexdigest(), 16) % _FOLDS].append(turn)
    weights: dict[str, list[float]] = defaultdict(list)
    trees: dict[str, list[float]] = defaultdict(list)
    for fold in sorted(folds):
        learned = fitted([lesson for other in sorted(folds) if other != fold for turn in folds[other] for lesson in lessons_of(turn)])
        for turn in folds[fold]:
            weights[turn.query.kind].append(quality(turn.query, turn.ordered_by(weights_alone(turn.lexicon), {})))
            ranker = replace(weights_alone(turn.lexicon), trees=learned)
            trees[turn.query.kind].append(quality(turn.query, turn.ordered_by(ranker, {})))
    return {
        kind: {
            "queries": len(trees[kind]), "weights": round(mean(weights[kind]), 4), "trees": round(mean(trees[kind]), 4),
            "trees_minus_weights": str(paired_bootstrap(trees[kind], weights[kind])),
        }
        for kind in sorted(trees)
    }  # fmt: skip


def _gain(turn: RankedTurn, product_id: str) -> int:
    grade = turn.query.qrels.get(product_id, 0)
    return grade if turn.query.kind == _HUMAN else _TOP_GAIN * (grade > 0)


async def _turns(settings: Settings) -> list[RankedTurn] | None:
    labelled = public_benchmark(settings.data_dir)
    if labelled is None:
        return None
    bench = prepare(settings, labelled)
    return [turn async for turn in turns_of(settings, bench.names, labelled.of(split="train"), depth=DEPTH)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="cross-validated figures only")
    asked = parser.parse_args()
    settings = Settings()
    turns = asyncio.run(_turns(settings))
    if turns is None:
        print(f"skipped: there is no benchmark_public under {settings.data_dir} (AISLE_DATA_DIR)")
        return
    checked = cross_validated(turns)
    rows = [[kind, c["queries"], c["weights"], c["trees"], c["trees_minus_weights"]] for kind, c in checked.items()]
    print_table(f"Training split, {_FOLDS} folds", ["labels", "queries", "weights", "trees", "trees - weights"], rows)
    if asked.check:
        return
    lessons = [lesson for turn in turns for lesson in lessons_of(turn)]
    content = fitted(lessons).save()
    COMMITTED.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    print(f"{COMMITTED.name}: {len(content):,} bytes, sha256 {digest}, from {len(lessons)} lists of {len(turns)} turns")
    print(write_result("ranking_training", {"folds": checked, "lists": len(lessons), "bytes": len(content), "sha256": digest}))


if __name__ == "__main__":
    main()
