"""How long does a turn take? Percentiles by stage over varied conversations: ``python -m benchmarks.turn [--shoppers 1 8]``.

The whole assistant, composed as in production but for Redis: sessions are carried in memory, traces go to SQLite.
"""

import argparse
import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import app
from app import Application
from benchmarks.report import peak_memory_mib, print_table, write_result
from config import Settings
from domain.filters import Filters
from domain.reply import Reply
from domain.search import HybridQuery
from evaluator.conversation import answered, fresh_session

TURNS = Path(__file__).resolve().parent / "turns.txt"
_STAGES = ("plan", "formulate", "embed", "retrieve", "rank", "reply", "first_section", "total")
_WARM_UP = 5


def conversations(file: Path = TURNS) -> list[list[str]]:
    """Hand-written conversations, a line each."""
    lines = [line.strip() for line in file.read_text().splitlines()]
    return [line.split(" || ") for line in lines if line and not line.startswith("#")]


async def play(application: Application, talks: Sequence[Sequence[str]], *, shoppers: int) -> list[Reply]:
    """Every conversation once, ``shoppers`` at a time."""
    waiting = list(reversed(talks))
    replies: list[Reply] = []

    async def shopper() -> None:
        while waiting:
            session = fresh_session()
            for message in waiting.pop():
                reply, session = await answered(application.assistant, message, session)
                replies.append(reply)

    await asyncio.gather(*(shopper() for _ in range(shoppers)))
    return replies


async def search_alone(application: Application, *, rounds: int = 200) -> list[float]:
    """Milliseconds of embedding and one filtered hybrid look-up, one after the other."""
    queries = [turn for talk in conversations() for turn in talk[:1]]
    taken: list[float] = []
    for i in range(rounds):
        text = f"{queries[i % len(queries)]} {i}"
        started = time.perf_counter()
        vector = (await application.services.embedder.embed([text]))[0]
        filters = Filters.model_validate({"price_max": 50 + i, "in_stock": True})
        await application.catalog.retrieve(HybridQuery(text=text, vector=vector), filters, limit=20)
        taken.append((time.perf_counter() - started) * 1000)
    return taken


async def measure(settings: Settings, shoppers: Sequence[int]) -> dict[str, object]:
    """All figures of one catalogue."""
    app.prepare_index(settings)
    result: dict[str, object] = {"catalog": settings.catalog, "shoppers": {}}
    for count in shoppers:
        # An application a level: the embedder remembers texts, and the second level would find all of its own there.
        application = app.build(settings, redis_url="redis://127.0.0.1:1/0")
        async with application.running():
            await play(application, conversations()[:_WARM_UP], shoppers=1)
            if "products" not in result:
                alone = await search_alone(application)
                result |= {"products": application.catalog.count, "search_alone_ms": _percentiles(alone)}
            started, cpu = time.perf_counter(), time.process_time()
            replies = await play(application, conversations()[_WARM_UP:], shoppers=count)
            seconds = time.perf_counter() - started
            # Processor time says what a turn costs where others use the machine as well.
            cost = {"cpu_ms_per_turn": round((time.process_time() - cpu) / len(replies) * 1000, 1)}
            result["shoppers"][str(count)] = _summary(replies, seconds) | cost  # type: ignore[index]
            _show(count, replies, seconds)
    print_table("Search alone, one filter more than stock (ms)", ("", "p50", "p95"), [("embed + retrieve", *_percentiles(alone).values())])
    return result | {"peak_memory_mib": peak_memory_mib()}


def _summary(replies: Sequence[Reply], seconds: float) -> dict[str, object]:
    return {
        "turns": len(replies), "seconds": round(seconds, 2), "turns_per_second": round(len(replies) / seconds, 1),
        "stages_ms": {stage: _percentiles(values) for stage, values in _by_stage(replies).items()},
        "model_calls": sum(r.usage.model_calls for r in replies), "prompt_tokens": sum(r.usage.prompt_tokens for r in replies),
        "completion_tokens": sum(r.usage.completion_tokens for r in replies),
    }  # fmt: skip


def _by_stage(replies: Sequence[Reply]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for reply in replies:
        for stage in _STAGES:
            if stage in reply.timings_ms:
                found[stage].append(reply.timings_ms[stage])
    return found


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return {"p50": round(float(np.percentile(values, 50)), 2), "p95": round(float(np.percentile(values, 95)), 2)}


def _show(shoppers: int, replies: Sequence[Reply], seconds: float) -> None:
    rows = [(stage, len(values), *_percentiles(values).values()) for stage, values in _by_stage(replies).items()]
    title = f"{shoppers} shopper(s): {len(replies)} turns in {seconds:.1f} s, {sum(r.usage.model_calls for r in replies)} model calls (ms)"
    print_table(title, ("stage", "turns", "p50", "p95"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shoppers", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--catalog", default="demo", help="name of an index in the state folder; 'demo' is built where needed")
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        state = Path(scratch) if options.catalog == "demo" else Settings().state_dir
        settings = Settings(state_dir=state, catalog=options.catalog)
        result = asyncio.run(measure(settings, options.shoppers))
    name = "turn" if options.catalog == "demo" else f"turn_{options.catalog}"
    print(f"peak memory {result['peak_memory_mib']} MiB; written to {write_result(name, result)}")


if __name__ == "__main__":
    main()
