"""What does a formulated query find, beside the raw message and the clean query? Labelled queries set into chat turns.

The clean query is what the labels were made for; a chat turn hides it among greetings, stories and other products. Recovered
loss = (formulated - raw) / (clean - raw): 0 is no better than the message as it stands, 1 is as good as the clean query.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.formulators import Contender, Formulated
from benchmarks.labelled import LabelledQuery
from benchmarks.metrics import Interval, bootstrap, ndcg_at_10, paired_bootstrap
from benchmarks.retrieval import Workbench
from domain.filters import Filters
from domain.plan import Plan, Task
from domain.search import HybridQuery
from domain.turn import FormulationRequest
from tools.fusion import committed_weights
from tools.onnx_embedder import OnnxEmbedder
from training.surroundings import Surroundings

_DEPTH = 50


@dataclass(frozen=True)
class WrappedQuery:
    """A labelled query inside a conversation."""

    query: LabelledQuery
    conversation: tuple[tuple[str, str], ...]
    message: str

    @property
    def request(self) -> FormulationRequest:
        plan = Plan(tasks=(Task(kind="search", request=self.message),))
        return FormulationRequest(message=self.message, plan=plan, conversation=self.conversation)


@dataclass(frozen=True)
class Recovery:
    """nDCG@10 of one contender on one label kind, and how much of the loss it recovers."""

    kind: str
    turns: int
    raw: Interval
    clean: Interval
    formulated: Interval
    gain: Interval
    """formulated - raw, paired."""
    recovered: float
    """Of the loss; nan where the raw message loses next to nothing."""


def wrapped(queries: Sequence[LabelledQuery], styles_file: Path, *, each: int, seed: int = 20) -> list[WrappedQuery]:
    """Every query in ``each`` different styles, all styles used about equally often."""
    surroundings = Surroundings.load(styles_file)
    chance = random.Random(seed)
    styles = list(range(len(surroundings.styles)))
    chance.shuffle(styles)
    turns = []
    for number, query in enumerate(queries):
        for turn in range(each):
            said, _ = surroundings.around(query.text, styles[(number * each + turn) % len(styles)], chance)
            earlier = tuple((s.role, s.text) for s in said[:-1])
            turns.append(WrappedQuery(query, earlier, said[-1].text))
    return turns


@dataclass(frozen=True)
class Judge:
    """Looks formulations up in the indexes of a workbench and scores what comes back."""

    bench: Workbench
    embedder: OnnxEmbedder
    raw_beside: bool = True
    """Whether the raw message stands beside the query as a weak second signal, as in a served turn."""

    async def scores(self, turns: Sequence[WrappedQuery], formulated: Sequence[Formulated], *, titles: bool = True) -> list[float]:
        """nDCG@10 a turn."""
        ranker = self.bench.serving(committed_weights())
        values = []
        try:
            for turn, answer in zip(turns, formulated, strict=True):
                found = await ranker.catalogs[turn.query.corpus].retrieve(
                    self._look_up(turn, answer, titles=titles), Filters(), limit=_DEPTH
                )
                values.append(ndcg_at_10([c.product.product_id for c in found.candidates], turn.query.qrels))
        finally:
            for catalog in ranker.catalogs.values():
                catalog.close()
        return values

    async def titles_alone(self, turns: Sequence[WrappedQuery], formulated: Sequence[Formulated]) -> list[float]:
        """nDCG@10 a turn of the hypothetical titles without the query; 0 where there are none."""
        only = [
            replace(f, query=f.proposal.categories[0].products[0]) if f.proposal.categories and f.proposal.categories[0].products else None
            for f in formulated
        ]
        there = [(turn, f) for turn, f in zip(turns, only, strict=True) if f is not None]
        values = iter(await replace(self, raw_beside=False).scores([t for t, _ in there], [f for _, f in there]))
        return [0.0 if f is None else next(values) for f in only]

    def _look_up(self, turn: WrappedQuery, answer: Formulated, *, titles: bool) -> HybridQuery:
        query = answer.query or turn.message
        hyde = [t for c in answer.proposal.categories[:1] for t in c.products] if titles else []
        raw = turn.message if self.raw_beside and query != turn.message else None
        vectors = self.embedder.encode([query, *hyde, *([raw] if raw else [])])
        return HybridQuery(
            text=query, vector=vectors[0], hyde=vectors[1 : 1 + len(hyde)] if hyde else None, raw_text=raw,
            raw_vector=vectors[-1] if raw else None,
        )  # fmt: skip


async def formulations(contender: Contender, requests: Sequence[FormulationRequest]) -> list[Formulated]:
    """What the contender makes of every request, one after the other."""
    return [await contender.formulated(request) for request in requests]


def recoveries(turns: Sequence[WrappedQuery], raw: Sequence[float], clean: Sequence[float], formulated: Sequence[float]) -> list[Recovery]:
    """A row a label kind, never pooled but for the last, which is all turns together."""
    kinds = sorted({turn.query.kind for turn in turns})
    chosen = {kind: [i for i, turn in enumerate(turns) if turn.query.kind == kind] for kind in kinds}
    rows = []
    for kind, own in (*chosen.items(), ("all", list(range(len(turns))))):
        a, b, c = ([values[i] for i in own] for values in (raw, clean, formulated))
        loss = float(np.mean(b) - np.mean(a))
        recovered = float((np.mean(c) - np.mean(a)) / loss) if loss > 0.005 else float("nan")
        rows.append(Recovery(kind, len(own), bootstrap(a), bootstrap(b), bootstrap(c), paired_bootstrap(c, a), recovered))
    return rows


def as_document(rows: Sequence[Recovery]) -> Mapping[str, Any]:
    """The rows as JSON."""
    return {
        r.kind: {
            "turns": r.turns, "raw": vars(r.raw), "clean": vars(r.clean), "formulated": vars(r.formulated), "gain": vars(r.gain),
            "recovered_loss": None if np.isnan(r.recovered) else round(r.recovered, 3),
        }
        for r in rows
    }  # fmt: skip
