"""Which implementation answers now? The first that is healthy and in time; every step down is named, rules stand below all."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from domain.errors import BadModelOutput, ModelUnavailable
from domain.events import CategoryExplained, CategoryFormulated, FormulationEvent, FormulationFinished, QueryFormulated
from domain.ports import Formulator
from domain.reply import Degraded, Usage
from domain.turn import FormulationRequest, ModelReport
from models.chat import FailedCall, UnreadableAnswer
from models.health import Health

log = logging.getLogger(__name__)
_FAILURES_TO_OPEN = 3
_OPEN_FOR_S = 30.0


@dataclass
class Breaker:
    """Opens after three failures in a row; then one call each half minute tries until one succeeds."""

    failures: int = 0
    opened_at: float = 0.0

    def closed(self) -> bool:
        """Whether to ask now; the one who tries first keeps the others out for as long again."""
        if self.failures < _FAILURES_TO_OPEN:
            return True
        if time.monotonic() - self.opened_at <= _OPEN_FOR_S:
            return False
        self.opened_at = time.monotonic()
        return True

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
        """What a failing model has sent stays and is all that is shown; had it sent no category, the next in line answers."""
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
            except Exception as error:  # a defect in a model's adapter costs the shopper its words, not the turn
                if not isinstance(error, ModelUnavailable | BadModelOutput):
                    log.exception("formulator broke", extra={"model": candidate.name})
                candidate.breaker.failed()
                sent.broke_off(candidate.name, error)
                degraded.append(_step(candidate.name, self.last_name if sent.closed else following, str(error)[:200]))
            if sent.closed:
                break
        async for event in self.last.formulate(request):
            if (passed := sent.pass_on(event, degraded)) is not None:
                yield passed


@dataclass
class _Sent:
    """What has left already: a query goes out once, and to a model's categories no other's are added."""

    query: QueryFormulated | None = None
    query_by: str = ""
    """The failed model whose query it was; empty while that is the one that answers."""
    categories: int = 0
    closed: bool = False
    """A model broke off after some category: what follows would answer the same need once more."""
    spent: list[Usage] = field(default_factory=list)
    """What each failed call cost, as far as it is known."""

    def broke_off(self, name: str, error: Exception) -> None:
        self.spent.append(error.usage if isinstance(error, FailedCall | UnreadableAnswer) else Usage(model_calls=1))
        self.closed = self.categories > 0
        if self.query and not self.query_by:
            self.query_by = name

    def pass_on(self, event: FormulationEvent, degraded: list[Degraded]) -> FormulationEvent | None:
        if isinstance(event, QueryFormulated):
            if self.query:
                return None
            self.query = event
            return event
        if isinstance(event, CategoryFormulated):
            self.categories += not self.closed
            return None if self.closed else event
        if isinstance(event, CategoryExplained):
            return None if self.closed else event
        return FormulationFinished(self._reported(event.report, degraded))

    def _reported(self, report: ModelReport, degraded: list[Degraded]) -> ModelReport:
        led = self.query is not None and self.query.led
        model = f"{self.query_by} + {report.model}" if led and self.query_by else report.model
        usage = _sum([*self.spent, report.usage])
        return replace(report, usage=usage, degraded=(*degraded, *report.degraded), led=led, model=model)


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


def _sum(usages: list[Usage]) -> Usage:
    return Usage.model_validate({name: sum(getattr(usage, name) for usage in usages) for name in Usage.model_fields})


def _step(wanted: str, used: str, reason: str) -> Degraded:
    return Degraded(role="formulator", wanted=wanted, used=used, reason=reason)
