"""Which implementation answers now? The first that is healthy and in time; every step down is named, rules stand below all."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from domain.errors import BadModelOutput, ModelUnavailable
from domain.events import CategoryExplained, CategoryFormulated, FormulationEvent, FormulationFinished, QueryFormulated
from domain.ports import Formulator
from domain.reply import Degraded
from domain.turn import FormulationRequest, ModelReport
from models.health import Health

_FAILURES_TO_OPEN = 3
_OPEN_FOR_S = 30.0


@dataclass
class Breaker:
    """Opens after three failures in a row, for half a minute, then lets one call try."""

    failures: int = 0
    opened_at: float = 0.0

    def closed(self) -> bool:
        return self.failures < _FAILURES_TO_OPEN or time.monotonic() - self.opened_at > _OPEN_FOR_S

    def failed(self) -> None:
        self.failures += 1
        self.opened_at = time.monotonic()

    def succeeded(self) -> None:
        self.failures = 0


@dataclass
class Candidate:
    """A model in the role, with the time that its first category may take and the time for all of it."""

    name: str
    formulator: Formulator
    first_s: float
    total_s: float
    health: Health | None = None
    """What a watch knows of it; None where nobody watches."""
    breaker: Breaker = field(default_factory=Breaker)

    def unavailable(self) -> str | None:
        """Why it is not even tried; None when it is."""
        if self.health is not None and self.health.reason is not None:
            return self.health.reason
        return None if self.breaker.closed() else "its circuit breaker is open"


@dataclass(frozen=True)
class FallbackFormulator:
    """The Formulator port over an ordered list; ``last`` is deterministic and never fails."""

    candidates: tuple[Candidate, ...]
    last: Formulator
    last_name: str = "rules"

    async def formulate(self, request: FormulationRequest) -> AsyncIterator[FormulationEvent]:
        """Categories that a failing model has sent stay; the rest comes from the next in line, under the same query."""
        degraded: list[Degraded] = []
        sent = _Sent()
        for position, candidate in enumerate(self.candidates):
            following = self.candidates[position + 1].name if position + 1 < len(self.candidates) else self.last_name
            if (reason := candidate.unavailable()) is not None:
                degraded.append(_step(candidate.name, following, reason))
                continue
            try:
                async for event in _within(candidate, candidate.formulator.formulate(request)):
                    if (passed := sent.pass_on(event, degraded)) is not None:
                        yield passed
                candidate.breaker.succeeded()
                return
            except (ModelUnavailable, BadModelOutput) as error:
                candidate.breaker.failed()
                sent.failed_calls += 1
                degraded.append(_step(candidate.name, following, str(error)[:200]))
            if sent.categories:
                break
        async for event in self.last.formulate(request):
            if (passed := sent.pass_on(event, degraded)) is not None:
                yield passed


@dataclass
class _Sent:
    """What has left already: a query goes out once, a category never twice."""

    query: bool = False
    categories: int = 0
    failed_calls: int = 0

    def pass_on(self, event: FormulationEvent, degraded: list[Degraded]) -> FormulationEvent | None:
        if isinstance(event, QueryFormulated):
            first, self.query = not self.query, True
            return event if first else None
        if isinstance(event, CategoryFormulated):
            if degraded and self.categories:
                return None
            self.categories += 1
            return event
        if isinstance(event, CategoryExplained):
            return event
        report: ModelReport = event.report
        calls = report.usage.model_calls + self.failed_calls
        usage = report.usage.model_copy(update={"model_calls": calls})
        return FormulationFinished(replace(report, usage=usage, degraded=(*degraded, *report.degraded)))


async def _within(candidate: Candidate, events: AsyncIterator[FormulationEvent]) -> AsyncIterator[FormulationEvent]:
    """The events under both deadlines; ModelUnavailable, with the figure, when one is missed."""
    started, first = time.monotonic(), True
    while True:
        limit = candidate.first_s if first else candidate.total_s
        left = limit - (time.monotonic() - started)
        try:
            async with asyncio.timeout(max(0.0, left)):
                event = await anext(events)
        except StopAsyncIteration:
            return
        except TimeoutError as exc:
            raise ModelUnavailable(f"timeout after {limit * 1000:.0f} ms") from exc
        first = first and not isinstance(event, CategoryFormulated)
        yield event


def _step(wanted: str, used: str, reason: str) -> Degraded:
    return Degraded(role="formulator", wanted=wanted, used=used, reason=reason)
