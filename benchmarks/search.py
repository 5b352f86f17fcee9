"""How long does search alone take, with filters, over a real catalogue? ``python -m benchmarks.search``

Embedding the query and retrieving 100 products of shopfront_catalog's 14,712, one shopper and eight at once.
"""

import asyncio
import time
from collections.abc import Sequence
from decimal import Decimal
from itertools import cycle, islice

import numpy as np

from benchmarks.labelled import public_benchmark
from benchmarks.report import peak_memory_mib, print_table, write_result
from config import Settings
from domain.filters import Filters
from domain.search import HybridQuery
from tools.catalogs import Catalogs
from tools.onnx_embedder import OnnxEmbedder
from tools.served_catalog import ServedCatalog

QUERIES = 400
LIMIT = 100
FILTERS = (
    Filters(),
    Filters(price_max=Decimal(50)),
    Filters(price_min=Decimal(20), price_max=Decimal(80), color=("black", "blue")),
    Filters(gender="women"),
    Filters(brand=("Samsung", "HP", "Sony")),
    Filters(features=("wireless",), price_max=Decimal(200)),
    Filters(exclude=("leather",), in_stock=True),
    Filters(size="M", color=("black",)),
    Filters(material=("cotton",)),
)


async def measure(catalog: ServedCatalog, embedder: OnnxEmbedder, texts: Sequence[str], *, shoppers: int) -> dict[str, float]:
    """Milliseconds at the 50th and 95th percentile, and questions a second."""
    waiting = list(zip(texts, islice(cycle(FILTERS), len(texts)), strict=True))
    embed_ms: list[float] = []
    total_ms: list[float] = []
    cpu_ms: list[float] = []

    async def shopper() -> None:
        while waiting:
            text, filters = waiting.pop()
            started, cpu = time.perf_counter(), time.process_time()
            vector = (await embedder.embed([text]))[0]
            embed_ms.append((time.perf_counter() - started) * 1000)
            await catalog.retrieve(HybridQuery(text=text, vector=vector), filters, limit=LIMIT)
            total_ms.append((time.perf_counter() - started) * 1000)
            cpu_ms.append((time.process_time() - cpu) * 1000)

    started = time.perf_counter()
    await asyncio.gather(*(shopper() for _ in range(shoppers)))
    seconds = time.perf_counter() - started
    # Processor time says what a search costs where others use the machine as well; with several shoppers it is shared.
    alone = {"cpu_p50_ms": _percentile(cpu_ms, 50), "cpu_p95_ms": _percentile(cpu_ms, 95)} if shoppers == 1 else {}
    return alone | {
        "embed_p50_ms": _percentile(embed_ms, 50), "embed_p95_ms": _percentile(embed_ms, 95),
        "search_p50_ms": _percentile(total_ms, 50), "search_p95_ms": _percentile(total_ms, 95),
        "searches_per_s": round(len(total_ms) / seconds, 1),
    }  # fmt: skip


async def main() -> int:
    """Prints the table and writes the JSON."""
    settings = Settings()
    labelled = public_benchmark(settings.data_dir)
    if labelled is None:
        print(f"skipped: there is no shopfront_catalog under {settings.data_dir} (AISLE_DATA_DIR)")
        return 0
    catalogs = Catalogs(settings.state_dir)
    await asyncio.to_thread(catalogs.build_from_feed, labelled.catalog, name="shopfront")
    catalog, embedder = catalogs.serve("shopfront"), OnnxEmbedder(catalogs.cache_dir, threads=1)
    catalog.open()
    texts = [query.text for query in labelled.queries][:QUERIES]
    await measure(catalog, embedder, texts[-20:], shoppers=1)  # the first look-ups read the index from disk
    # New words each time: the embedder remembers texts that it has seen.
    results = {
        f"{shoppers} at once": await measure(catalog, embedder, [f"{text} {shoppers}" for text in texts], shoppers=shoppers)
        for shoppers in (1, 8)
    }
    result = {"products": catalog.count, "queries": len(texts), "limit": LIMIT, "peak_memory_mib": peak_memory_mib(), **results}
    catalog.close()
    figures = list(results["1 at once"])
    print_table(
        f"Search over {result['products']:,} products, {len(FILTERS)} kinds of filters in turn",
        ["figure", *results], [[figure, *(str(values.get(figure, "")) for values in results.values())] for figure in figures],
    )  # fmt: skip
    print(write_result("search", result))
    return 0


def _percentile(values: Sequence[float], at: int) -> float:
    return round(float(np.percentile(values, at)), 1)


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
