"""What belongs to one running turn and to no other? Stopwatch, trace, and what its nodes hand to each other."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from agents.assembling import SectionAssembler
from agents.feed import CategoryFeed
from agents.ranking import Ranking
from agents.tracing import TurnTrace
from domain.reply import Check
from domain.trace import RunType


@dataclass
class TurnContext:
    """Given to every node of one turn as LangGraph's runtime context; the graph itself keeps nothing."""

    trace: TurnTrace
    feed: CategoryFeed
    assembler: SectionAssembler
    started: float = field(default_factory=time.perf_counter)
    timings_ms: dict[str, float] = field(default_factory=dict)
    query: str = ""
    """The query as a language model wrote it; empty where rules lead."""
    formulating: "asyncio.Task[None] | None" = None
    rankings: dict[int, Ranking] = field(default_factory=dict)
    """Each category's candidates as ranked, before any was left out: what ranking is measured by and learns from."""
    withheld: list[Check] = field(default_factory=list)
    """Checks that products failed which were not shown for it."""

    @contextmanager
    def step(self, name: str, run_type: RunType, inputs: dict[str, Any], *, stage: str | None = None) -> Iterator[dict[str, Any]]:
        """A run of the trace around a block; its time adds to ``stage``. The block fills the yielded outputs."""
        begun = time.perf_counter()
        with self.trace.run(name, run_type, inputs) as outputs:
            yield outputs
        if stage:
            self.timings_ms[stage] = self.timings_ms.get(stage, 0.0) + (time.perf_counter() - begun) * 1000

    async def formulated(self) -> None:
        """Waits until the formulation is over; its failure is in ``feed.error``."""
        if self.formulating is not None:
            await self.formulating

    def abandon(self) -> None:
        """Ends a formulation that nobody waits for any more."""
        if self.formulating is not None:
            self.formulating.cancel()

    def mark_first_section(self) -> None:
        """Notes the time from receipt until the first products could be shown."""
        self.timings_ms.setdefault("first_section", (time.perf_counter() - self.started) * 1000)

    def timings(self) -> dict[str, float]:
        """Milliseconds by stage, with the total until now."""
        total = (time.perf_counter() - self.started) * 1000
        return {name: round(value, 2) for name, value in {**self.timings_ms, "total": total}.items()}
