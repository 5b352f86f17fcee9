"""How well is a turn understood? Queries, attributes, categories, rules, and what retrieval returns, for every formulator.

python -m benchmarks.formulation                                  rules, tagger, shipped model if any, random text
python -m benchmarks.formulation --only rules,tagger --limit 100 --each 1
python -m benchmarks.formulation --adapter FILE --only model      another adapter of the embedded model; raw: without
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.chat_wrapped import Judge, Recovery, WrappedQuery, as_document, formulations, recoveries, wrapped
from benchmarks.formulation_scores import Scores, means, quality, scored
from benchmarks.formulators import Bench, Contender, Formulated, RawMessage
from benchmarks.labelled import public_benchmark
from benchmarks.report import print_table, write_result
from benchmarks.retrieval import prepare
from config import ROOT, Settings
from planner.safety import safety_rules
from tools.onnx_embedder import OnnxEmbedder
from training.example import Example, read_examples
from training.validate import DATA

WEIGHTS = ROOT / "models" / "weights"
TAGGER, ADAPTER = WEIGHTS / "need-tagger.safetensors", WEIGHTS / "query.gguf"
STYLES = DATA / "surroundings" / "validation.yaml"


@dataclass(frozen=True)
class Outcome:
    """Everything that was measured of one contender."""

    name: str
    scores: Scores
    answers: Sequence[Formulated]
    found: Sequence[Recovery]
    titles_ndcg: float
    clean_ndcg: float

    @property
    def quality(self) -> float:
        return quality(self.scores, titles_ndcg=self.titles_ndcg, clean_ndcg=self.clean_ndcg)


async def main() -> None:
    arguments = _arguments()
    settings = Settings(catalog=arguments.catalog)
    bench = Bench.over(settings)
    examples = _validation(arguments.files)[: arguments.limit]
    labelled = public_benchmark(settings.data_dir)
    turns: list[WrappedQuery] = []
    judge = None
    if labelled is None:
        print(f"no labelled queries at {str(settings.data_dir)!r}: what retrieval returns is left out", file=sys.stderr)
    else:
        judge = Judge(prepare(settings, labelled), OnnxEmbedder(settings.state_dir / "cache", threads=1))
        turns = wrapped(labelled.of(split="validation")[: arguments.limit], STYLES, each=arguments.each)
    outcomes = [
        await measured(contender, bench, examples, turns, judge) for contender in _contenders(bench, settings, arguments)
    ]  # fmt: skip
    _show(outcomes)
    if arguments.write:
        document = {o.name: document_of(o) for o in outcomes}
        write_result(
            arguments.write, {"catalog": arguments.catalog, "examples": len(examples), "turns": len(turns), "formulators": document}
        )


async def measured(
    contender: Contender, bench: Bench, examples: Sequence[Example], turns: Sequence[WrappedQuery], judge: Judge | None
) -> Outcome:
    """One contender on the conversations and on the wrapped queries."""
    print(f"{contender.name} ...", file=sys.stderr)
    answers = await formulations(contender, [bench.planned(e.request) for e in examples])
    scores = scored(examples, answers, safety_rules())
    if judge is None:
        return Outcome(contender.name, scores, answers, (), 0.0, 0.0)
    raw = await judge.scores(turns, [Formulated(query=t.message) for t in turns])
    clean = await judge.scores(turns, [Formulated(query=t.query.text) for t in turns])
    formulated = await formulations(contender, [bench.planned(t.request) for t in turns])
    got = await judge.scores(turns, formulated)
    titles = await judge.titles_alone(turns, formulated)
    return Outcome(
        contender.name, scores, [*answers, *formulated], recoveries(turns, raw, clean, got), float(np.mean(titles)), float(np.mean(clean))
    )


def document_of(outcome: Outcome) -> Mapping[str, Any]:
    """One contender's figures as JSON."""
    scores, count = outcome.scores, len(outcome.scores.query_f1)
    return {
        "query_f1": _mean(scores.query_f1), "query_f1_by_kind": means(scores.by_kind), "categories_f1": _mean(scores.categories_f1),
        "attribute_f1": round(scores.attribute_f1, 3),
        "attributes": {n: [round(c.precision, 3), round(c.recall, 3), round(c.f1, 3)] for n, c in scores.attributes.items()},
        "valid": round(scores.answered / count, 4), "rules_kept": round(scores.kept / count, 4), "broken_rules": dict(scores.broken),
        "failures": dict(scores.failures), "quality_0_5": round(outcome.quality, 3),
        "titles_alone_ndcg_at_10": round(outcome.titles_ndcg, 4),
        "retrieval": as_document(outcome.found), "latency_ms": _latencies(outcome.answers),
        "tokens": {
            "prompt": _mean([a.usage.prompt_tokens for a in outcome.answers]),
            "completion": _mean([a.usage.completion_tokens for a in outcome.answers]),
        },
    }  # fmt: skip


def _show(outcomes: Sequence[Outcome]) -> None:
    print_table(
        "Formulation on hand-written validation conversations",
        ["formulator", "query F1", "categories F1", "attributes F1", "valid", "rules kept", "quality 0-5", "query ms", "whole ms"],
        [_row(o) for o in outcomes],
    )
    print_table(
        "Labelled queries in chat turns: nDCG@10, absolute, committed hybrid settings (95 % bootstrap; gain is paired)",
        ["formulator", "labels", "turns", "raw", "clean", "formulated", "gain over raw", "recovered loss"],
        [
            [o.name, r.kind, r.turns, r.raw.mean, r.clean.mean, r.formulated.mean, str(r.gain), r.recovered]
            for o in outcomes
            for r in o.found
        ],
    )


def _row(outcome: Outcome) -> list[object]:
    scores, count = outcome.scores, len(outcome.scores.query_f1)
    shares = (scores.attribute_f1, scores.answered / count, scores.kept / count, outcome.quality)
    times = (" / ".join(f"{v:.0f}" for v in _latencies(outcome.answers)[key]) for key in ("query", "total"))
    return [outcome.name, _mean(scores.query_f1), _mean(scores.categories_f1), *shares, *times]


def _contenders(bench: Bench, settings: Settings, arguments: argparse.Namespace) -> list[Contender]:
    wanted = set(arguments.only.split(",")) if arguments.only else {"raw", "rules", "tagger", "model", "random"}
    cache = settings.state_dir / "cache"
    made: list[Contender] = []
    if "raw" in wanted:
        made.append(RawMessage())
    if "rules" in wanted:
        made.append(bench.rules())
    if "random" in wanted:
        made.append(bench.random_text())
    if "tagger" in wanted and arguments.tagger.exists():
        made.append(bench.tagged(arguments.tagger, cache))
    if "base" in wanted:
        made.append(bench.embedded(None, threads=arguments.threads))
    if "model" in wanted and arguments.adapter.exists():
        model = bench.embedded(arguments.adapter, threads=arguments.threads)
        made += [model, bench.tagged(arguments.tagger, cache, model)] if arguments.tagger.exists() else [model]
    return made


def _validation(files: Sequence[Path]) -> list[Example]:
    return [e for e in read_examples(*files)[0] if not e.target.decline]


def _latencies(answers: Sequence[Formulated]) -> dict[str, list[float]]:
    columns = {"query": [a.query_ms for a in answers], "first": [a.first_ms for a in answers], "total": [a.total_ms for a in answers]}
    return {name: [round(float(np.percentile(values, p)), 1) for p in (50, 95)] for name, values in columns.items()}


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="of raw, rules, tagger, model, base, random; separated by commas")
    parser.add_argument("--catalog", default="demo", help="index whose vocabulary the rules read with: demo or shopfront")
    parser.add_argument("--files", type=Path, nargs="+", default=[DATA / "validation" / "v-validation.jsonl"])
    parser.add_argument("--limit", type=int, help="of conversations and of labelled queries")
    parser.add_argument("--each", type=int, default=2, help="chat styles a labelled query is set into")
    parser.add_argument("--tagger", type=Path, default=TAGGER)
    parser.add_argument("--adapter", type=Path, default=ADAPTER)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", help="name of the result under benchmarks/results")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
