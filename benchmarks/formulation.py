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
from models.roles import Roles
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
    unmended: Scores
    """Of what was written, before anything was mended: no repair may hide the model."""
    answers: Sequence[Formulated]
    found: Sequence[Recovery] = ()
    found_led: Sequence[Recovery] = ()
    """The same over the turns in which a trained model's query led."""
    titles_ndcg: float = 0.0
    unmended_titles_ndcg: float = 0.0
    clean_ndcg: float = 0.0

    @property
    def quality(self) -> float:
        return quality(self.scores, titles_ndcg=self.titles_ndcg, clean_ndcg=self.clean_ndcg)

    @property
    def unmended_quality(self) -> float:
        return quality(self.unmended, titles_ndcg=self.unmended_titles_ndcg, clean_ndcg=self.clean_ndcg)


@dataclass(frozen=True)
class Exam:
    """The turns with labels, who judges them, and what the message and the clean query find."""

    turns: Sequence[WrappedQuery]
    judge: Judge
    raw: Sequence[float]
    clean: Sequence[float]

    @classmethod
    async def of(cls, turns: Sequence[WrappedQuery], judge: Judge) -> "Exam":
        raw = await judge.scores(turns, [Formulated(query=t.message) for t in turns])
        return cls(turns, judge, raw, await judge.scores(turns, [Formulated(query=t.query.text) for t in turns]))


async def main() -> None:
    arguments = _arguments()
    settings = Settings(catalog=arguments.catalog)
    bench = Bench.over(settings)
    examples = _validation(arguments.files)[: arguments.limit]
    labelled = public_benchmark(settings.data_dir)
    turns: list[WrappedQuery] = []
    exam = None
    if labelled is None:
        print(f"no labelled queries at {str(settings.data_dir)!r}: what retrieval returns is left out", file=sys.stderr)
    else:
        judge = Judge(prepare(settings, labelled), OnnxEmbedder(settings.state_dir / "cache", threads=1))
        turns = wrapped(labelled.of(split="validation")[: arguments.limit], STYLES, each=arguments.each)
        exam = await Exam.of(turns, judge)
    outcomes = [await measured(contender, bench, examples, exam) for contender in _contenders(bench, settings, arguments)]
    _show(outcomes)
    if arguments.write:
        document = {o.name: document_of(o) for o in outcomes}
        write_result(
            arguments.write, {"catalog": arguments.catalog, "examples": len(examples), "turns": len(turns), "formulators": document}
        )


async def measured(contender: Contender, bench: Bench, examples: Sequence[Example], exam: Exam | None) -> Outcome:
    """One contender on the conversations and on the wrapped queries."""
    print(f"{contender.name} ...", file=sys.stderr)
    answers = await formulations(contender, [bench.planned(e.request) for e in examples])
    scores = scored(examples, answers, safety_rules())
    unmended = scored(examples, [a.unmended for a in answers], safety_rules())
    if exam is None:
        return Outcome(contender.name, scores, unmended, answers)
    formulated = await formulations(contender, [bench.planned(t.request) for t in exam.turns])
    got = await exam.judge.scores(exam.turns, formulated)
    led = [i for i, answer in enumerate(formulated) if answer.led]
    titles = await exam.judge.titles_alone(exam.turns, formulated)
    mended = any(a.written for a in formulated)
    written = await exam.judge.titles_alone(exam.turns, [a.unmended for a in formulated]) if mended else titles
    return Outcome(
        contender.name, scores, unmended, [*answers, *formulated], recoveries(exam.turns, exam.raw, exam.clean, got),
        recoveries(*([values[i] for i in led] for values in (exam.turns, exam.raw, exam.clean, got))) if led else (),  # type: ignore[arg-type]
        float(np.mean(titles)), float(np.mean(written)), float(np.mean(exam.clean)),
    )  # fmt: skip


def document_of(outcome: Outcome) -> Mapping[str, Any]:
    """One contender's figures as JSON."""
    scores, count = outcome.scores, len(outcome.scores.query_f1)
    written, answers = outcome.unmended, outcome.answers
    return {
        "before_mending": {
            "valid": round(written.answered / count, 4), "query_f1": _mean(written.query_f1), "categories_f1": _mean(written.categories_f1),
            "attribute_f1": round(written.attribute_f1, 3), "rules_kept": round(written.kept / count, 4),
            "broken_rules": dict(written.broken), "quality_0_5": round(outcome.unmended_quality, 3),
        },
        "led": _mean([a.led for a in answers]), "fell_back": _mean([a.fell_back for a in answers]),
        "query_f1": _mean(scores.query_f1), "query_f1_by_kind": means(scores.by_kind), "categories_f1": _mean(scores.categories_f1),
        "attribute_f1": round(scores.attribute_f1, 3),
        "attributes": {n: [round(c.precision, 3), round(c.recall, 3), round(c.f1, 3)] for n, c in scores.attributes.items()},
        "rules_kept": round(scores.kept / count, 4), "broken_rules": dict(scores.broken),
        "failures": dict(scores.failures), "quality_0_5": round(outcome.quality, 3),
        "titles_alone_ndcg_at_10": round(outcome.titles_ndcg, 4),
        "retrieval": as_document(outcome.found), "retrieval_where_led": as_document(outcome.found_led),
        "latency_ms": _latencies(answers), "latency_ms_where_led": _latencies([a for a in answers if a.led]),
        "tokens": {
            "prompt": _mean([a.usage.prompt_tokens for a in outcome.answers]),
            "completion": _mean([a.usage.completion_tokens for a in outcome.answers]),
        },
    }  # fmt: skip


def _show(outcomes: Sequence[Outcome]) -> None:
    print_table(
        "Formulation on hand-written validation conversations",
        ["formulator", "query F1", "categories F1", "attributes F1", "rules kept", "quality 0-5", "led", "query ms", "whole ms"],
        [_row(o) for o in outcomes],
    )
    print_table(
        "The same before anything was mended",
        ["formulator", "valid", "query F1", "categories F1", "attributes F1", "rules kept", "quality 0-5"],
        [_unmended_row(o) for o in outcomes],
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
    led = sum(a.led for a in outcome.answers) / len(outcome.answers)
    shares = (scores.attribute_f1, scores.kept / count, outcome.quality, led)
    times = (" / ".join(f"{v:.0f}" for v in _latencies(outcome.answers)[key]) for key in ("query", "total"))
    return [outcome.name, _mean(scores.query_f1), _mean(scores.categories_f1), *shares, *times]


def _unmended_row(outcome: Outcome) -> list[object]:
    scores, count = outcome.unmended, len(outcome.unmended.query_f1)
    shares = (scores.attribute_f1, scores.kept / count, outcome.unmended_quality)
    return [outcome.name, scores.answered / count, _mean(scores.query_f1), _mean(scores.categories_f1), *shares]


def _contenders(bench: Bench, settings: Settings, arguments: argparse.Namespace) -> list[Contender]:
    wanted = set(arguments.only.split(",")) if arguments.only else {"raw", "rules", "tagger", "model", "random"}
    cache = settings.state_dir / "cache"
    made: list[Contender] = []
    if "raw" in wanted:
        made.append(RawMessage())
    if "rules" in wanted:
        made.append(bench.rules())
    if "random" in wanted:
        made += [bench.random_text(), bench.random_marks()]
    if "tagger" in wanted and arguments.tagger.exists():
        made += [bench.tagger_alone(arguments.tagger, cache), bench.tagged(arguments.tagger, cache, sure_from=arguments.sure_from)]
    if "base" in wanted:
        made.append(bench.embedded(None, threads=arguments.threads))
    if "model" in wanted and arguments.adapter.exists():
        model = bench.embedded(arguments.adapter, threads=arguments.threads)
        made += [model, bench.tagged(arguments.tagger, cache, model)] if arguments.tagger.exists() else [model]
    return made


def _validation(files: Sequence[Path]) -> list[Example]:
    return [e for e in read_examples(*files)[0] if not e.target.decline]


def _sure_from() -> float:
    """As it is served."""
    tagger = Roles.load(ROOT / "models" / "roles.yaml").tagger
    return tagger.sure_from if tagger else 0.0


def _latencies(answers: Sequence[Formulated]) -> dict[str, list[float]]:
    columns = {"query": [a.query_ms for a in answers], "first": [a.first_ms for a in answers], "total": [a.total_ms for a in answers]}
    return {name: [round(float(np.percentile(values, p)), 1) for p in (50, 95)] for name, values in columns.items() if values}


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
    parser.add_argument("--sure-from", type=float, default=_sure_from(), help="confidence from which the tagger's query leads")
    parser.add_argument("--adapter", type=Path, default=ADAPTER)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", help="name of the result under benchmarks/results")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
