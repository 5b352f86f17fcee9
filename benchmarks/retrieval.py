"""How well does search find what people meant? nDCG@10, Recall@100 and MRR@10 of each mode, each label kind by itself.

python -m benchmarks.retrieval                                     the public sets, validation split, all modes
python -m benchmarks.retrieval --tune                              weights on the training split
python -m benchmarks.retrieval --catalog FILE --queries FILE --qrels FILE --mode hybrid --run-out FILE
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from benchmarks.labelled import RELEVANT_FROM, LabelledQuery, LabelledSet, from_files, public_benchmark
from benchmarks.metrics import (
    bootstrap,
    condensed_ndcg_at_10,
    cross_validated,
    mrr_at_10,
    ndcg_at_10,
    paired_bootstrap,
    recall_at_100,
)
from benchmarks.report import print_table, write_result
from catalog.feeds.reading import feed_hash, read_feed
from catalog.feeds.rows import FeedRow, Rejection
from config import Settings
from domain.errors import AisleError
from domain.filters import Filters
from domain.search import HybridQuery, Vectors
from tools.catalogs import Catalogs
from tools.fusion import FusionWeights, committed_weights
from tools.onnx_embedder import OnnxEmbedder
from tools.served_catalog import ServedCatalog

Mode = Literal["lexical", "dense", "hybrid", "turn"]
MODES: tuple[Mode, ...] = ("lexical", "dense", "hybrid", "turn")
DEPTH = 200
SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0)
"""Shares of the dense leg that tuning tries."""

Ranking = tuple[tuple[str, float], ...]
"""(product id, score), best first."""
Run = dict[str, Ranking]


class Ranker(Protocol):
    async def rank(self, query: LabelledQuery) -> Ranking: ...


@dataclass(frozen=True)
class IndexRanker:
    """The committed search without a planner: the query as it stands, no filters."""

    catalogs: Mapping[str, ServedCatalog]
    """Served catalogue by corpus."""
    vectors: Mapping[str, Vectors]
    """Vector by query text."""

    async def rank(self, query: LabelledQuery) -> Ranking:
        found = await self.catalogs[query.corpus].retrieve(
            HybridQuery(text=query.text, vector=self.vectors[query.text]), Filters(), limit=DEPTH
        )
        return tuple((candidate.product.product_id, candidate.score) for candidate in found.candidates)


@dataclass(frozen=True)
class Workbench:
    """Indexes of a labelled set's corpora, and the vectors of its queries."""

    settings: Settings
    labelled: LabelledSet
    names: Mapping[str, str]
    """Index name by corpus."""
    vectors: Mapping[str, Vectors]

    def serving(self, weights: FusionWeights) -> IndexRanker:
        """A ranker with these weights; close its catalogues before another is opened."""
        catalogs = Catalogs(self.settings.state_dir, weights=weights)
        served = {corpus: catalogs.serve(name) for corpus, name in self.names.items()}
        for catalog in served.values():
            catalog.open()
        return IndexRanker(served, self.vectors)

    async def run(self, queries: Sequence[LabelledQuery], weights: FusionWeights) -> Run:
        """Rankings of the queries under these weights."""
        ranker = self.serving(weights)
        try:
            return {query.query_id: await ranker.rank(query) for query in queries}
        finally:
            for catalog in ranker.catalogs.values():
                catalog.close()


def prepare(settings: Settings, labelled: LabelledSet) -> Workbench:
    """Builds what is missing: an index a corpus, a vector a query; both are kept by content hash."""
    catalogs = Catalogs(settings.state_dir)
    source = feed_hash(labelled.catalog)
    names: dict[str, str] = {}
    for corpus in labelled.corpora:
        names[corpus] = f"bench-{corpus.strip('-').lower() or 'all'}-{source[:8]}"
        report = catalogs.build(_only(read_feed(labelled.catalog), corpus), name=names[corpus], source_hash=f"{source} {corpus}")
        if report.rejected_count:
            print(f"{report.rejected_count} rows of {labelled.catalog.name} were rejected: {report.rejected_file}", file=sys.stderr)
    texts = sorted({query.text for query in labelled.queries})
    vectors = OnnxEmbedder(catalogs.cache_dir, threads=2).encode(texts)
    return Workbench(settings, labelled, names, dict(zip(texts, vectors, strict=True)))


def weights_for(mode: Mode) -> FusionWeights:
    """The committed weights, with one leg alone for ``lexical`` and ``dense``."""
    committed = committed_weights()
    return replace(committed, dense={"lexical": 0.0, "dense": 1.0}.get(mode, committed.dense))


async def run_mode(bench: Workbench, mode: Mode, queries: Sequence[LabelledQuery]) -> tuple[Run, dict[str, float]]:
    """Rankings of one mode, and what else is to be said of them."""
    if mode != "turn":
        return await bench.run(queries, weights_for(mode)), {}
    from benchmarks.turn_ranking import run_turns

    turns = await run_turns(bench.settings, bench.names, queries, depth=DEPTH)
    return turns.rankings, {"understood_as_search": turns.understood, "own_in_first_ten": round(turns.own_in_first_ten, 4)}


def scores_of(queries: Iterable[LabelledQuery], run: Run) -> dict[str, list[float]]:
    """Every metric's values, query by query."""
    values: dict[str, list[float]] = {"ndcg_at_10": [], "condensed_ndcg_at_10": [], "recall_at_100": [], "mrr_at_10": []}
    for query in queries:
        ranking = [product_id for product_id, _ in run[query.query_id]]
        relevant = RELEVANT_FROM.get(query.kind, 1)
        values["ndcg_at_10"].append(ndcg_at_10(ranking, query.qrels))
        values["condensed_ndcg_at_10"].append(condensed_ndcg_at_10(ranking, query.qrels))
        values["recall_at_100"].append(recall_at_100(ranking, query.qrels, relevant_from=relevant))
        values["mrr_at_10"].append(mrr_at_10(ranking, query.qrels, relevant_from=relevant))
    return values


def write_run(run: Run, file: Path) -> None:
    """``query_id, product_id, score`` between tabs; the score falls strictly, also where the engine scored two alike."""
    with file.open("w", encoding="utf-8") as out:
        for query_id, ranking in run.items():
            previous = float("inf")
            for product_id, score in ranking:
                previous = min(round(score, 6), round(previous - 1e-6, 6))
                out.write(f"{query_id}\t{product_id}\t{previous:.6f}\n")


async def compare_modes(bench: Workbench, modes: Sequence[Mode], *, split: str, run_out: Path | None) -> dict[str, Any]:
    """The table: each label kind by itself, each mode with its interval, the hybrid against the better leg."""
    queries = bench.labelled.of(split=split)
    runs: dict[Mode, Run] = {}
    notes: dict[str, dict[str, float]] = {}
    for mode in modes:
        started = time.perf_counter()
        runs[mode], said = await run_mode(bench, mode, queries)
        notes |= {mode: said} if said else {}
        print(f"{mode}: {len(queries)} queries in {time.perf_counter() - started:.1f} s {said or ''}", file=sys.stderr)
    if run_out:
        write_run(runs[modes[-1]], run_out)
    rows: list[list[object]] = []
    result: dict[str, Any] = {"split": split, "weights": vars(committed_weights()), "kinds": {}, **notes}
    for kind in bench.labelled.kinds:
        chosen = [query for query in queries if query.kind == kind]
        if not chosen:
            continue
        scores = {mode: scores_of(chosen, runs[mode]) for mode in modes}
        result["kinds"][kind] = {"queries": len(chosen), "modes": {m: _intervals(s) for m, s in scores.items()}}
        rows += [_row(kind, mode, len(chosen), scores[mode]) for mode in modes]
    print_table(
        f"Retrieval, {split} split (95 % bootstrap over queries)",
        ["labels", "mode", "queries", "nDCG@10", "judged only", "Recall@100", "MRR@10"], rows,
    )  # fmt: skip
    return result


async def cross_validate_human(bench: Workbench) -> dict[str, Any] | None:
    """human_graded_0_3 on all its queries: the hybrid's share is chosen on other folds than it is scored on."""
    queries = bench.labelled.of(kind="human_graded_0_3")
    if not queries:
        return None
    table = await _ndcg_by_share(bench, queries)
    ids = [query.query_id for query in queries]
    hybrid, chosen = cross_validated(ids, SHARES, lambda query_id, share: table[share][query_id])
    lexical, dense = table[0.0], table[1.0]
    better = max((lexical, dense), key=lambda values: sum(values.values()))
    difference = paired_bootstrap([hybrid[i] for i in ids], [better[i] for i in ids])
    means = {name: bootstrap([v[i] for i in ids]) for name, v in (("lexical", lexical), ("dense", dense), ("hybrid", hybrid))}
    print_table(
        f"human_graded_0_3, all {len(ids)} queries, the hybrid's weight cross-validated over 5 folds",
        ["mode", "nDCG@10"],
        [*([name, str(mean)] for name, mean in means.items()), ["hybrid - better leg", str(difference)]],
    )
    return {
        "queries": len(ids), "ndcg_at_10": {name: vars(mean) for name, mean in means.items()},
        "hybrid_minus_better_leg": vars(difference), "dense_share_by_fold": sorted(set(chosen.values())),
    }  # fmt: skip


async def tune(bench: Workbench) -> dict[str, Any]:
    """Mean nDCG@10 of each dense share on the training queries, each label kind counting alike."""
    queries = bench.labelled.of(split="train")
    table = await _ndcg_by_share(bench, queries)
    kinds = bench.labelled.kinds
    by_kind = {share: {k: _mean([values[q.query_id] for q in queries if q.kind == k]) for k in kinds} for share, values in table.items()}
    overall = {share: _mean(list(values.values())) for share, values in by_kind.items()}
    best = max(overall, key=lambda share: overall[share])
    rows = [[f"{share:.2f}", overall[share], *by_kind[share].values()] for share in SHARES]
    print_table("nDCG@10 on the training split by share of the dense leg", ["dense", "mean of kinds", *kinds], rows)
    print(f"best: dense {best:.2f}; committed in tools/weights.yaml: {committed_weights().dense:.2f}")
    return {"best_dense": best, "ndcg_at_10": {f"{share:.2f}": by_kind[share] for share in SHARES}}


async def _ndcg_by_share(bench: Workbench, queries: Sequence[LabelledQuery]) -> dict[float, dict[str, float]]:
    table: dict[float, dict[str, float]] = {}
    for share in SHARES:
        run = await bench.run(queries, replace(committed_weights(), dense=share))
        table[share] = {q.query_id: ndcg_at_10([product_id for product_id, _ in run[q.query_id]], q.qrels) for q in queries}
    return table


def _only(rows: Iterator[FeedRow], corpus: str) -> Iterator[FeedRow]:
    return (row for row in rows if isinstance(row, Rejection) or row.product_id.startswith(corpus))


def _intervals(scores: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    return {metric: vars(bootstrap(values)) for metric, values in scores.items()}


def _row(kind: str, mode: str, count: int, scores: Mapping[str, Sequence[float]]) -> list[object]:
    return [kind, mode, count, *(str(bootstrap(scores[metric])) for metric in scores)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalog", type=Path, help="JSON Lines or Parquet in the shared schema")
    parser.add_argument("--queries", type=Path, help="query_id, text between tabs, no header")
    parser.add_argument("--qrels", type=Path, help="query_id, product_id, grade between tabs, no header")
    parser.add_argument("--mode", choices=MODES, help="one mode; all by default")
    parser.add_argument("--run-out", type=Path, help="where the ranking goes: query_id, product_id, score between tabs")
    parser.add_argument("--tune", action="store_true", help="weights on the training split of the public sets")
    arguments = parser.parse_args()
    given = [bool(value) for value in (arguments.catalog, arguments.queries, arguments.qrels)]
    if any(given) and not all(given):
        parser.error("--catalog, --queries and --qrels belong together")
    if arguments.run_out and not arguments.mode:
        parser.error("--run-out needs --mode")
    return arguments


def _labelled(arguments: argparse.Namespace, settings: Settings) -> LabelledSet | None:
    if arguments.catalog:
        return from_files(arguments.catalog, arguments.queries, arguments.qrels)
    return public_benchmark(settings.data_dir)


def main() -> int:
    """The exit code: 0, or 1 with one line that says what is wrong."""
    arguments, settings = _arguments(), Settings()
    try:
        labelled = _labelled(arguments, settings)
        if labelled is None:
            print(f"skipped: there is no benchmark_public under {settings.data_dir} (AISLE_DATA_DIR)")
            return 0
        bench = prepare(settings, labelled)
        asyncio.run(_measure(bench, arguments))
    except AisleError as error:
        print(f"benchmarks.retrieval: {error}", file=sys.stderr)
        return 1
    return 0


async def _measure(bench: Workbench, arguments: argparse.Namespace) -> None:
    if arguments.tune:
        print(write_result("retrieval_tuning", await tune(bench)))
        return
    modes: Sequence[Mode] = (arguments.mode,) if arguments.mode else MODES
    result = await compare_modes(bench, modes, split="validation", run_out=arguments.run_out)
    if arguments.catalog or arguments.mode:
        return
    result["human_graded_0_3_cross_validated"] = await cross_validate_human(bench)
    print(write_result("retrieval", result))


if __name__ == "__main__":
    raise SystemExit(main())
