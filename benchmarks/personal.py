"""Does a profile bring the next purchase nearer the top? Leave-one-out on the simulated purchases of the retail demo store.

python -m benchmarks.personal [--limit N]

Of each customer the last purchase is held out, a profile is built from those before, and the store is asked for the held-out
product's type ("sandals") and, more vaguely, for its department ("footwear"). Four orders of the same candidates are compared:
by popularity (what others bought), by relevance alone, and by relevance with the profile, as the weights and as the trees have it.
The purchases follow a rule of the simulation; the lift says that the ranker recovers it, no more.
"""

import argparse
import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow.parquet as parquet

from agents.ranking import FactRanker
from benchmarks.metrics import paired_bootstrap
from benchmarks.report import print_table, write_result
from catalog.purchases import Purchase, RefusedRow, read_purchases
from config import Settings
from domain.filters import Filters
from domain.plan import Task
from domain.ports import Embedder
from domain.profile import Profile
from domain.search import Candidate, HybridQuery
from planner.lexicon import Lexicon
from tools.catalogs import Catalogs
from tools.profile_build import filled
from tools.profiling import facts_of
from tools.rank_trees import committed_trees
from tools.served_catalog import ServedCatalog

_INDEX = "bench-retail-demo"
_DEPTH = 200
ASKS = {"type": -1, "department": 0}
"""What is asked for, and the level of the category path that says it."""
_COLUMNS = ("order", "hit@10", "MRR", "retrieved")
ORDERS = ("popularity", "relevance", "weights and profile", "relevance and profile")
"""Relevance as the learned ranker has it; the third order is that of the hand-set weights of relevance with the same profile."""


@dataclass(frozen=True)
class Case:
    """A purchase to find again, and what the shop knew before it."""

    purchase: Purchase
    profile: Profile


@dataclass(frozen=True)
class Asked:
    """A purchase as it is asked for, and what the store finds for that."""

    text: str
    task: Task
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Store:
    """The demo store with its simulated purchases; ``last`` marks each customer's last one."""

    served: ServedCatalog
    embedder: Embedder
    lexicon: Lexicon
    purchases: tuple[Purchase, ...]
    last: tuple[bool, ...]
    _found: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)

    async def asked(self, purchase: Purchase, ask: str) -> Asked:
        """For its type or, more vaguely, for its department."""
        text = purchase.category[ASKS[ask]]
        if text not in self._found:
            vector = (await self.embedder.embed([text]))[0]
            self._found[text] = (await self.served.retrieve(HybridQuery(text=text, vector=vector), Filters(), limit=_DEPTH)).candidates
        return Asked(text, Task(kind="search", request=text, subject=text.casefold() if ask == "type" else None), self._found[text])

    def close(self) -> None:
        self.served.close()


async def open_store(settings: Settings) -> Store:
    """Builds its index where it is missing."""
    store = settings.data_dir / "retail_demo_store"
    catalogs = Catalogs(settings.state_dir)
    catalogs.build_from_feed(store / "catalog.parquet", name=_INDEX, currency="USD")
    served = catalogs.serve(_INDEX)
    served.open()
    file = store / "simulated_purchases.parquet"
    bare = [p for p in read_purchases(file, today=date.max) if not isinstance(p, RefusedRow)]
    known = {product.product_id: product for product in await served.products(sorted({p.product_id for p in bare}))}
    last = parquet.read_table(file, columns=["is_last"])["is_last"].to_pylist()
    purchases = tuple(filled(p, known.get(p.product_id)) for p in bare)
    return Store(served, catalogs.embedder(), Lexicon.of(served.vocabulary), purchases, tuple(last))


def held_out(purchases: Sequence[Purchase], last: Sequence[bool]) -> list[Case]:
    """The last purchase of each customer; customers without an earlier one are left out."""
    before: defaultdict[str, list[Purchase]] = defaultdict(list)
    for purchase, is_last in zip(purchases, last, strict=True):
        if not is_last:
            before[purchase.customer_id].append(purchase)
    return [_case(p, before[p.customer_id]) for p, is_last in zip(purchases, last, strict=True) if is_last and before[p.customer_id]]


def earlier_purchases(store: Store) -> list[Case]:
    """Each customer's purchases between the first and the last, each known by those before it: what is learned from."""
    before: defaultdict[str, list[Purchase]] = defaultdict(list)
    for purchase, is_last in zip(store.purchases, store.last, strict=True):
        if not is_last:
            before[purchase.customer_id].append(purchase)
    histories = [sorted(history, key=lambda p: p.on) for history in before.values()]
    return [_case(history[i], history[:i]) for history in histories for i in range(1, len(history))]


def _case(purchase: Purchase, before: Sequence[Purchase]) -> Case:
    learned = facts_of(before, None, today=purchase.on)
    return Case(purchase, Profile(customer_id=purchase.customer_id, learned=learned))


async def run(settings: Settings, limit: int | None) -> dict[str, Any]:
    store = await open_store(settings)
    cases = held_out(store.purchases, store.last)[:limit]
    bought = Counter(p.product_id for p in store.purchases) - Counter(case.purchase.product_id for case in cases)
    by_weights = FactRanker(lambda: store.lexicon)
    by_trees = FactRanker(lambda: store.lexicon, trees=committed_trees())
    ranks: dict[str, dict[str, list[int | None]]] = {ask: {order: [] for order in ORDERS} for ask in ASKS}
    for case, ask in itertools.product(cases, ASKS):
        asked = await store.asked(case.purchase, ask)
        plain, weighed, personal = (
            [s.candidate.product.product_id for s in ranker.ordered(asked.candidates, asked.task, asked.text, tastes)]
            for ranker, tastes in ((by_trees, {}), (by_weights, case.profile.tastes), (by_trees, case.profile.tastes))
        )
        popular = sorted(plain, key=lambda product_id: -bought[product_id])
        for order, ranking in zip(ORDERS, (popular, plain, weighed, personal), strict=True):
            ranks[ask][order].append(ranking.index(case.purchase.product_id) + 1 if case.purchase.product_id in ranking else None)
    store.close()
    asked_for = {ask: _result(found) for ask, found in ranks.items()}
    return {"customers": len(cases), "purchases": len(store.purchases), "asked_for": asked_for}


def _result(ranks: Mapping[str, Sequence[int | None]]) -> dict[str, Any]:
    hits = {order: [float(rank is not None and rank <= 10) for rank in found] for order, found in ranks.items()}
    reciprocal = {order: [1 / rank if rank else 0.0 for rank in found] for order, found in ranks.items()}
    return {
        "orders": {
            order: {
                "hit_at_10": _mean(hits[order]),
                "mrr": _mean(reciprocal[order]),
                "retrieved": _mean([float(rank is not None) for rank in found]),
            }
            for order, found in ranks.items()
        },
        "profile_against_relevance": {
            "hit_at_10": vars(paired_bootstrap(hits[ORDERS[-1]], hits[ORDERS[1]])),
            "mrr": vars(paired_bootstrap(reciprocal[ORDERS[-1]], reciprocal[ORDERS[1]])),
        },
    }  # fmt: skip


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, help="customers; all by default")
    asked = parser.parse_args()
    settings = Settings()
    if not (settings.data_dir / "retail_demo_store").is_dir():
        print(f"skipped: there is no {settings.data_dir / 'retail_demo_store'}; set AISLE_DATA_DIR")
        return
    result = asyncio.run(run(settings, asked.limit))
    for ask, found in result["asked_for"].items():
        rows = [(order, f["hit_at_10"], f["mrr"], f["retrieved"]) for order, f in found["orders"].items()]
        print_table(f"The next purchase of {result['customers']} customers, asked for by {ask}", _COLUMNS, rows)
        print(f"profile against relevance: {found['profile_against_relevance']}")
    print(write_result("personal", result))


if __name__ == "__main__":
    main()
