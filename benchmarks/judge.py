"""Does a judge agree with people? Its scores and choices beside human labels: ``python -m benchmarks.judge [--model] [--roles FILE]``.

Two public sets (`../shared/data`, AISLE_DATA_DIR): `chorus_icecat`, electronics graded 0 to 3 by three raters, and `esci_mini`, one
product a query, labelled exact, substitute, complement or irrelevant. A judge scores (query, title) by the rubric "recommendation";
and of two products of one query whose grades differ it says which is better, asked in both orders. What people reach among
themselves stands beside it. Without `--model` only the judge of words and meaning is measured; `--model` adds the embedded raw
model, `--roles FILE` the models of that file's judge role. Nothing is fitted here.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import typer

import app
from benchmarks.report import print_table, write_result
from config import Settings
from domain.errors import BadModelOutput, ModelUnavailable
from domain.verdict import Judge, JudgedCase
from evaluator.judging import preferred
from evaluator.word_judge import WordJudge
from models.judge import ModelJudge
from models.roles import RoleEntry, Roles, judge_models

_SEED = 7
_ESCI_GRADES = {"E": 3, "S": 2, "C": 1, "I": 0}


@dataclass(frozen=True)
class Labelled:
    """A product judged by people for a query; a higher grade is better."""

    query: str
    title: str
    grade: float


def main(
    pairs: Annotated[int, typer.Option(min=10, help="Labelled products of each set that are scored, drawn by a fixed seed.")] = 400,
    model: Annotated[bool, typer.Option(help="Also judge by the embedded raw model, on --model-pairs.")] = False,
    model_pairs: Annotated[int, typer.Option(min=10)] = 60,
    roles: Annotated[Path | None, typer.Option(help="Also judge by the judge's role of this roles.yaml.")] = None,
) -> None:
    """Prints a table and writes benchmarks/results/judge.json."""
    settings = Settings()
    folder = settings.data_dir
    if not (folder / "chorus_icecat" / "qrels.parquet").exists():
        print(f"{folder} has no human labels (AISLE_DATA_DIR); nothing is measured")
        return
    sets = {"chorus_icecat": chorus(folder / "chorus_icecat"), "esci_mini": esci(folder / "esci_mini")}
    judges: list[tuple[Judge, int]] = [(WordJudge(app.catalogs_of(settings).embedder()), pairs)]
    for entry in _roles(model, roles):
        found = judge_models(entry, folder=(roles or settings.models_file).parent, openai_key=None, nvidia_key=None)
        judges += [(ModelJudge(one), model_pairs) for one in found]
    results = {name: {judge.name: asyncio.run(_measured(judge, rows, count)) for judge, count in judges} for name, rows in sets.items()}
    people = {"chorus_icecat": raters_agreement(folder / "chorus_icecat")}
    print_table("Judges beside people", _COLUMNS, [_row(name, judge, found) for name, by in results.items() for judge, found in by.items()])
    print(f"People among themselves on chorus_icecat, one rater against the mean of the other two: {people['chorus_icecat']}")
    write_result("judge", {"seed": _SEED, "sets": {name: len(rows) for name, rows in sets.items()}, "judges": results, "people": people})


_COLUMNS = ("set, judge", "scored", "spearman", "kappa 0-3", "pairs", "right", "same in both orders", "failures", "s each")


def _roles(model: bool, roles: Path | None) -> list[Roles]:
    embedded = [Roles(judge=(RoleEntry(kind="embedded"),))] if model else []
    return [*embedded, *([Roles.load(roles)] if roles else [])]


def chorus(folder: Path) -> list[Labelled]:
    titles = {
        row["product_id"]: row["title"] for row in pq.read_table(folder / "catalog.parquet", columns=["product_id", "title"]).to_pylist()
    }
    return [
        Labelled(row["query"], titles[row["product_id"]], float(row["rating"]))
        for row in pq.read_table(folder / "qrels.parquet").to_pylist()
    ]


def esci(folder: Path) -> list[Labelled]:
    rows = pq.read_table(folder / "pairs_with_text.parquet").to_pylist()
    return [Labelled(row["query"], row["product_title"], float(_ESCI_GRADES[row["esci_label"]])) for row in rows]


def raters_agreement(folder: Path) -> dict[str, float]:
    """What a judge can hope for: each rater beside the mean of the other two."""
    rows = pq.read_table(folder / "individual_ratings.parquet").to_pylist()
    marks = np.array(
        [[row[f"agent_{i}_rating"] for i in (1, 2, 3)] for row in rows if all(row[f"agent_{i}_rating"] is not None for i in (1, 2, 3))]
    )
    others = [(marks[:, i], np.delete(marks, i, axis=1).mean(axis=1)) for i in range(3)]
    return {
        "products": len(marks),
        "spearman": round(float(np.mean([spearman(one, rest) for one, rest in others])), 3),
        "kappa 0-3": round(float(np.mean([weighted_kappa(one, np.rint(rest)) for one, rest in others])), 3),
    }


async def _measured(judge: Judge, rows: Sequence[Labelled], count: int) -> dict[str, Any]:
    lot = random.Random(_SEED)
    drawn = lot.sample(list(rows), min(count, len(rows)))
    failures: Counter[str] = Counter()
    started = time.perf_counter()
    scored: list[tuple[float, float]] = []
    for row in drawn:
        try:
            verdict = await judge.score("recommendation", JudgedCase(need=row.query, lines=(row.title,)))
            scored.append((row.grade, verdict.score))
        except (ModelUnavailable, BadModelOutput) as error:
            failures[type(error).__name__] += 1
    choices = Counter(await _choices(judge, _pairs(rows, count // 2, lot), failures))
    taken = (time.perf_counter() - started) / max(len(drawn) + 2 * sum(choices.values()), 1)
    people, scores = np.array(scored).T if scored else (np.array([]), np.array([]))
    asked = sum(choices.values())
    return {
        "scored": len(scored),
        "spearman": round(spearman(people, scores), 3) if len(scored) > 2 else None,
        "kappa 0-3": round(weighted_kappa(people, np.rint(scores * 3 / 5)), 3) if len(scored) > 2 else None,
        "scores": dict(sorted(Counter(int(score) for score in scores).items())),
        "pairs": asked,
        "right": round(choices["right"] / asked, 3) if asked else None,
        "same in both orders": round(1 - choices["inconsistent"] / asked, 3) if asked else None,
        "failures": dict(failures),
        "seconds each": round(taken, 3),
    }


async def _choices(judge: Judge, pairs: Sequence[tuple[Labelled, Labelled]], failures: Counter[str]) -> list[str]:
    """What each pair came to; the first of a pair is the one that people graded higher."""
    said = []
    for better, worse in pairs:
        try:
            winner = await preferred(judge, better.query, (better.title,), (worse.title,))
        except (ModelUnavailable, BadModelOutput) as error:
            failures[type(error).__name__] += 1
            continue
        said.append("inconsistent" if winner is None else {"first": "right", "second": "wrong", "neither": "undecided"}[winner])
    return said


def _pairs(rows: Sequence[Labelled], count: int, lot: random.Random) -> list[tuple[Labelled, Labelled]]:
    """Two products of one query at least a whole grade apart; sets with one product a query have none."""
    by_query: dict[str, list[Labelled]] = {}
    for row in rows:
        by_query.setdefault(row.query, []).append(row)
    found: list[tuple[Labelled, Labelled]] = []
    for _ in range(20 * count):
        first = lot.choice(rows)
        second = lot.choice(by_query[first.query])
        if first.grade - second.grade >= 1 and len(found) < count:
            found.append((first, second))
    return found


def spearman(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> float:
    """Correlation of ranks, ties at their mean rank; 0 where one side never varies."""
    ranks = [_ranks(values) for values in (first, second)]
    if any(float(np.std(rank)) == 0 for rank in ranks):
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def weighted_kappa(first: npt.NDArray[Any], second: npt.NDArray[Any], *, top: int = 3) -> float:
    """Cohen's kappa with quadratic weights over grades 0 to ``top``."""
    table = np.zeros((top + 1, top + 1))
    for one, other in zip(first.astype(int), second.astype(int), strict=True):
        table[one, other] += 1
    weights = np.square(np.subtract.outer(np.arange(top + 1), np.arange(top + 1)))
    chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    expected = float((weights * chance).sum())
    return 1 - float((weights * table).sum()) / expected if expected else 0.0


def _ranks(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middle = ends - (counts - 1) / 2
    return np.asarray(middle[places], dtype=np.float64)


def _row(name: str, judge: str, found: dict[str, Any]) -> tuple[object, ...]:
    shown = [
        found[key] if found[key] is not None else "-"
        for key in ("scored", "spearman", "kappa 0-3", "pairs", "right", "same in both orders")
    ]
    return (f"{name}, {judge}", *shown, sum(found["failures"].values()), found["seconds each"])


if __name__ == "__main__":
    typer.run(main)
