"""Does a profile bring the next purchase nearer the top? Leave-one-out on the simulated purchases of the retail demo store.

python -m benchmarks.personal [--limit N]

Of each customer the last purchase is held out, a profile is built from those before, and the store is asked for the held-out
product's type ("sandals") and, more vaguely, for its department ("footwear"). Three orders of the same candidates are compared:
by popularity (what others bought), by relevance alone, and by relevance with the profile. The purchases follow a rule of the
simulation; the lift says that the ranker recovers it, no more.
"""

import argparse
import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from agents.ranking import FactRanker
from benchmarks.metrics import paired_bootstrap
from benchmarks.report import print_table, write_result
from catalog.purchases import Purchase, RefusedRow, read_purchases
from config import Settings
from domain.filters import Filters
from domain.plan import Task
from domain.profile import Profile
from domain.search import HybridQuery
from planner.lexicon import Lexicon
from tools.catalogs import Catalogs
from tools.profile_build import filled
from tools.profiling import facts_of

_INDEX = "bench-retail-demo"
_DEPTH = 200
ASKS = {"type": -1, "department": 0}
"""What is asked for, and the level of the category path that says it."""
_COLUMNS = ("order", "hit@10", "MRR", "retrieved")
ORDERS = ("popularity", "relevance", "relevance and profile")


@dataclass(frozen=True)
class HeldOut:
    """A purchase to find again, and what the shop knew before it."""

    purchase: Purchase
    profile: Profile


def held_out(purchases: Sequence[Purchase], last: Sequence[bool]) -> list[HeldOut]:
    """One a customer; customers without an earlier purchase are left out."""
    before: defaultdict[str, list[Purchase]] = defaultdict(list)
    for purchase, is_last in zip(purchases, last, strict=True):
        if not is_last:
            before[purchase.customer_id].append(purchase)
    return [
        HeldOut(p, Profile(customer_id=p.customer_id, learned=facts_of(before[p.customer_id], None, today=p.on)))
        for p, is_last in zip(purchases, last, strict=True)
        if is_last and before[p.customer_id]
    ]


async def run(data: Path, settings: Settings, limit: int | None) -> dict[str, Any]:
    store = data / "retail_demo_store"
    catalogs = Catalogs(settings.state_dir)
    catalogs.build_from_feed(store / "catalog.parquet", name=_INDEX, currency="USD")
    served, embedder = catalogs.serve(_INDEX), catalogs.embedder()
    served.open()
    file = store / "simulated_purchases.parquet"
    bare = [p for p in read_purchases(file, today=date.max) if not isinstance(p, RefusedRow)]
    known = {product.product_id: product for product in await served.products(sorted({p.product_id for p in bare}))}
    purchases = [filled(p, known.get(p.product_id)) for p in bare]
    cases = held_out(purchases, parquet.read_table(file, columns=["is_last"])["is_last"].to_pylist())[:limit]
    bought = Counter(p.product_id for p in purchases) - Counter(case.purchase.product_id for case in cases)
    lexicon = Lexicon.of(served.vocabulary)
    ranker = FactRanker(lambda: lexicon)
    ranks: dict[str, dict[str, list[int | None]]] = {ask: {order: [] for order in ORDERS} for ask in ASKS}
    for case, (ask, level) in itertools.product(cases, ASKS.items()):
        asked = case.purchase.category[level]
        vector = (await embedder.embed([asked]))[0]
        found = (await served.retrieve(HybridQuery(text=asked, vector=vector), Filters(), limit=_DEPTH)).candidates
        task = Task(kind="search", request=asked, subject=asked.casefold() if ask == "type" else None)
        plain = [s.candidate.product.product_id for s in ranker.ordered(found, task, asked, {})]
        personal = [s.candidate.product.product_id for s in ranker.ordered(found, task, asked, case.profile.tastes)]
        popular = sorted(plain, key=lambda product_id: -bought[product_id])
        for order, ranking in zip(ORDERS, (popular, plain, personal), strict=True):
            ranks[ask][order].append(ranking.index(case.purchase.product_id) + 1 if case.purchase.product_id in ranking else None)
    served.close()
    asked_for = {ask: _result(found) for ask, found in ranks.items()}
    return {"customers": len(cases), "purchases": len(purchases), "asked_for": asked_for}


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
            "hit_at_10": paired_bootstrap(hits[ORDERS[2]], hits[ORDERS[1]]),
            "mrr": paired_bootstrap(reciprocal[ORDERS[2]], reciprocal[ORDERS[1]]),
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
    result = asyncio.run(run(settings.data_dir, settings, asked.limit))
    for ask, found in result["asked_for"].items():
        rows = [(order, f["hit_at_10"], f["mrr"], f["retrieved"]) for order, f in found["orders"].items()]
        print_table(f"The next purchase of {result['customers']} customers, asked for by {ask}", _COLUMNS, rows)
        print(f"profile against relevance: {found['profile_against_relevance']}")
    print(write_result("personal", result))


if __name__ == "__main__":
    main()
