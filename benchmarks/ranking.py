"""Does the learned ranker order a turn's candidates better than weights set by hand, and what does it cost?

python -m benchmarks.ranking

Over the validation queries of the public sets: the same candidates of the same turns, ordered by retrieval alone, by the weights
and by the trees; paired, each label kind by itself. Then the harm that a profile can do: profiles of eight products drawn at
random, which say nothing of what is looked for. And the time of one ranking.
"""

import argparse
import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from statistics import mean, quantiles
from typing import Any

from agents.ranking import FactRanker, Ranking, Weights
from benchmarks.labelled import RELEVANT_FROM, LabelledQuery, public_benchmark
from benchmarks.metrics import mrr_at_10, ndcg_at_10, paired_bootstrap
from benchmarks.report import print_table, write_result
from benchmarks.retrieval import DEPTH, prepare
from benchmarks.turn_ranking import RankedTurn, turns_of
from catalog.purchases import Purchase
from config import Settings
from domain.product import Product
from domain.profile import Profile
from planner.lexicon import Lexicon
from tools.profiling import facts_of
from tools.rank_trees import committed_trees

_PURCHASES = 8
_TIMED = 100
"""Candidates of a timed ranking; a turn ranks at most 60 a category."""
_COLUMNS = ("labels", "queries", "retrieval", "weights", "trees", "trees - weights", "trees - retrieval")


def retrieval_order(lexicon: Lexicon) -> FactRanker:
    """Relevance and nothing else: what was in stock stands first all the same."""
    return FactRanker(lambda: lexicon, Weights(type_match=0, head_match=0, rating=0, best=0, price=0, affordable=0, taste=0, quantity=0))


def weights_alone(lexicon: Lexicon) -> FactRanker:
    return FactRanker(lambda: lexicon)


def learned(lexicon: Lexicon) -> FactRanker:
    return FactRanker(lambda: lexicon, trees=committed_trees())


RANKERS: Mapping[str, Callable[[Lexicon], FactRanker]] = {"retrieval": retrieval_order, "weights": weights_alone, "trees": learned}


def quality(query: LabelledQuery, ranking: Sequence[str]) -> float:
    """MRR@10 where one product is sought, nDCG@10 else."""
    if query.kind.startswith("known_item"):
        return mrr_at_10(ranking, query.qrels, relevant_from=RELEVANT_FROM.get(query.kind, 1))
    return ndcg_at_10(ranking, query.qrels)


async def run(settings: Settings) -> dict[str, Any] | None:
    labelled = public_benchmark(settings.data_dir)
    if labelled is None:
        return None
    bench = prepare(settings, labelled)
    turns = [turn async for turn in turns_of(settings, bench.names, labelled.of(split="validation"), depth=DEPTH)]
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    off_profile: dict[str, list[float]] = defaultdict(list)
    drawn = random.Random(7)
    goods = _goods(turns)
    for turn in turns:
        for name, make in RANKERS.items():
            scores[turn.query.kind][name].append(quality(turn.query, turn.ordered_by(make(turn.lexicon), {})))
        tastes = random_tastes(goods[turn.query.corpus], drawn)
        off_profile[turn.query.kind].append(quality(turn.query, turn.ordered_by(learned(turn.lexicon), tastes)))
    return {
        "kinds": {kind: _compared(by_name) for kind, by_name in sorted(scores.items())},
        "all": _compared({name: [v for by_name in scores.values() for v in by_name[name]] for name in RANKERS}),
        "random_profile_minus_none": {
            kind: vars(paired_bootstrap(values, scores[kind]["trees"])) for kind, values in sorted(off_profile.items())
        },
        "time_ms": {name: timed(turns, make) for name, make in RANKERS.items()},
    }


def random_tastes(goods: Sequence[Product], drawn: random.Random) -> dict[str, float]:
    """The tastes of somebody who bought eight products, a month apart, for no reason."""
    today = date(2026, 11, 1)
    bought = [
        Purchase(
            customer_id="nobody", product_id=p.product_id, on=today - timedelta(days=30 * i), category=p.category, brand=p.brand,
            color=next(iter(p.colors), None), material=next(iter(p.material), None), gender=p.gender,
            price=float(p.price.amount) if p.price else None,
        )
        for i, p in enumerate(drawn.sample(goods, min(_PURCHASES, len(goods))))
    ]  # fmt: skip
    return Profile(customer_id="nobody", learned=facts_of(bought, None, today=today)).tastes


def timed(turns: Sequence[RankedTurn], make: Callable[[Lexicon], FactRanker]) -> dict[str, float]:
    """Milliseconds of processor time to order and choose among 100 candidates, stems of the catalogue known already."""
    spent: list[float] = []
    for turn in turns:
        ranker = make(turn.lexicon)
        for r in (_filled(r) for r in turn.rankings if r.candidates):
            for warm in (False, True):
                started = time.thread_time()
                ordered = ranker.ordered(r.candidates, r.task, r.message, {}, wanted_type=r.wanted_type)
                ranker.chosen(ordered, r.task, r.message)
                if warm:
                    spent.append((time.thread_time() - started) * 1000)
    cuts = quantiles(spent, n=20)
    return {"rankings": len(spent), "p50": round(cuts[9], 2), "p95": round(cuts[18], 2)}


def _filled(ranking: Ranking) -> Ranking:
    """The same with its candidates repeated up to the number that is timed."""
    times = -(-_TIMED // len(ranking.candidates))
    return Ranking(ranking.task, ranking.message, ranking.wanted_type, (ranking.candidates * times)[:_TIMED], ())


def _goods(turns: Sequence[RankedTurn]) -> dict[str, list[Product]]:
    found: dict[str, dict[str, Product]] = defaultdict(dict)
    for turn in turns:
        found[turn.query.corpus] |= {c.product.product_id: c.product for r in turn.rankings for c in r.candidates}
    return {corpus: [products[product_id] for product_id in sorted(products)] for corpus, products in found.items()}


def _compared(by_name: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    return {
        "queries": len(by_name["trees"]),
        **{name: round(mean(values), 4) for name, values in by_name.items()},
        "trees_minus_weights": vars(paired_bootstrap(by_name["trees"], by_name["weights"])),
        "trees_minus_retrieval": vars(paired_bootstrap(by_name["trees"], by_name["retrieval"])),
    }


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    settings = Settings()
    result = asyncio.run(run(settings))
    if result is None:
        print(f"skipped: there is no benchmark_public under {settings.data_dir} (AISLE_DATA_DIR)")
        return
    rows = [
        [kind, c["queries"], c["retrieval"], c["weights"], c["trees"], _shown(c["trees_minus_weights"]), _shown(c["trees_minus_retrieval"])]
        for kind, c in (*result["kinds"].items(), ("all", result["all"]))
    ]
    print_table("Orders of the same candidates, validation split (MRR@10 for known items, else nDCG@10)", _COLUMNS, rows)
    for kind, off in result["random_profile_minus_none"].items():
        print(f"a random profile on {kind}: {_shown(off)}")
    print(f"processor ms a ranking of {_TIMED}: {result['time_ms']}")
    print(write_result("ranking", result))


def _shown(interval: Mapping[str, float]) -> str:
    return f"{interval['mean']:+.4f} [{interval['low']:+.4f}, {interval['high']:+.4f}]"


if __name__ == "__main__":
    main()
