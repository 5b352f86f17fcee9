"""Does every step down from a model show, and does a turn keep what the model had already sent?"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from domain.errors import BadModelOutput, ModelUnavailable
from domain.events import CategoryExplained, CategoryFormulated, FormulationEvent, FormulationFinished, QueryFormulated
from domain.plan import Plan, Task
from domain.proposal import Attributes, ProposedCategory
from domain.reply import Usage
from domain.turn import FormulationRequest, ModelReport
from models.chat import UnreadableAnswer
from models.fallback import Breaker, Candidate, FallbackFormulator

REQUEST = FormulationRequest(message="a red mug", plan=Plan(tasks=(Task(kind="search", request="red mug"),)))
OTHER = ProposedCategory(category="Cups", products=("g", "h", "i", "j", "k", "l"), explanation="For you.")
CATEGORY = ProposedCategory(category="Mugs", products=("a", "b", "c", "d", "e", "f"), explanation="For you.")


@dataclass
class Scripted:
    """A formulator that plays events and errors."""

    script: tuple[FormulationEvent | Exception, ...]
    delay_s: float = 0.0
    calls: int = 0

    async def formulate(self, request: FormulationRequest) -> AsyncIterator[FormulationEvent]:
        self.calls += 1
        for step in self.script:
            await asyncio.sleep(self.delay_s)
            if isinstance(step, Exception):
                raise step
            yield step


def whole(query: str, model: str) -> tuple[FormulationEvent, ...]:
    return QueryFormulated(query, Attributes()), CategoryFormulated(0, CATEGORY), FormulationFinished(ModelReport(model=model))


async def played(model: Scripted, *, first_s: float = 1.0) -> tuple[list[FormulationEvent], ModelReport]:
    fallback = FallbackFormulator((Candidate("m", model, first_s, 2.0),), Scripted(whole("rules query", "rules")))
    events = [event async for event in fallback.formulate(REQUEST)]
    assert isinstance(events[-1], FormulationFinished)
    return events, events[-1].report


async def test_a_healthy_model_answers_alone() -> None:
    events, report = await played(Scripted(whole("model query", "m")))
    assert events[0] == QueryFormulated("model query", Attributes()) and report.degraded == ()


async def test_a_model_that_is_down_is_named_and_rules_answer() -> None:
    events, report = await played(Scripted((ModelUnavailable("connection refused"),)))
    assert events[0] == QueryFormulated("rules query", Attributes())
    assert (report.degraded[0].wanted, report.degraded[0].used, report.degraded[0].reason) == ("m", "rules", "connection refused")


async def test_a_slow_model_is_left_after_its_deadline() -> None:
    _, report = await played(Scripted(whole("late", "m"), delay_s=0.3), first_s=0.05)
    assert "timeout after 50 ms" in report.degraded[0].reason


async def test_a_category_that_was_sent_stays_when_the_model_breaks_off() -> None:
    script = (QueryFormulated("model query", Attributes()), CategoryFormulated(0, CATEGORY), BadModelOutput("half an object"))
    events, report = await played(Scripted(script))
    assert [e.query for e in events if isinstance(e, QueryFormulated)] == ["model query"]
    assert sum(isinstance(e, CategoryFormulated) for e in events) == 1 and len(report.degraded) == 1


async def test_a_model_that_is_down_costs_no_category_of_its_stand_in() -> None:
    rules = (
        QueryFormulated("q", Attributes()),
        CategoryFormulated(0, CATEGORY),
        CategoryFormulated(1, OTHER),
        FormulationFinished(ModelReport()),
    )
    fallback = FallbackFormulator((Candidate("m", Scripted((ModelUnavailable("down"),)), 1.0, 2.0),), Scripted(rules))
    events = [event async for event in fallback.formulate(REQUEST)]
    assert [e.category.category for e in events if isinstance(e, CategoryFormulated)] == ["Mugs", "Cups"]


async def test_rules_stand_in_for_a_model_that_breaks_off_and_add_nothing_to_its_categories() -> None:
    """The second model is never asked, so it is not the one that is named."""
    first = Scripted(
        (QueryFormulated("model query", Attributes(), led=True), CategoryFormulated(0, CATEGORY), BadModelOutput("half an object"))
    )
    second = Scripted(whole("second query", "second"))
    rules = Scripted(
        (
            QueryFormulated("rules", Attributes()),
            CategoryFormulated(0, OTHER),
            CategoryExplained(0, "These."),
            FormulationFinished(ModelReport()),
        )
    )
    fallback = FallbackFormulator((Candidate("first", first, 1.0, 2.0), Candidate("second", second, 1.0, 2.0)), rules)
    events = [event async for event in fallback.formulate(REQUEST)]
    last = events[-1]
    assert isinstance(last, FormulationFinished) and second.calls == 0
    assert [(d.wanted, d.used) for d in last.report.degraded] == [("first", "rules")]
    assert last.report.led and last.report.model == "first + rules"
    assert events[:-1] == [QueryFormulated("model query", Attributes(), led=True), CategoryFormulated(0, CATEGORY)]


async def test_what_failed_calls_cost_is_counted() -> None:
    failed = UnreadableAnswer("prose", Usage(model_calls=1, prompt_tokens=50, completion_tokens=7))
    fallback = FallbackFormulator(
        (Candidate("a", Scripted((failed,)), 1.0, 2.0), Candidate("b", Scripted((ModelUnavailable("down"),)), 1.0, 2.0)),
        Scripted(whole("rules query", "rules")),
    )
    events = [event async for event in fallback.formulate(REQUEST)]
    assert isinstance(events[-1], FormulationFinished)
    assert events[-1].report.usage == Usage(model_calls=2, prompt_tokens=50, completion_tokens=7)


async def test_the_breaker_stops_asking_after_three_failures() -> None:
    model = Scripted((ModelUnavailable("down"),))
    fallback = FallbackFormulator((Candidate("m", model, 1.0, 2.0),), Scripted(whole("rules query", "rules")))
    reports = []
    for _ in range(5):
        events = [event async for event in fallback.formulate(REQUEST)]
        reports.append(events[-1])
    assert model.calls == 3
    assert isinstance(reports[-1], FormulationFinished) and "circuit breaker" in reports[-1].report.degraded[0].reason


async def test_a_defect_in_a_models_adapter_costs_its_words_and_not_the_turn() -> None:
    events, report = await played(Scripted((KeyError("choices"),)))
    assert events[0] == QueryFormulated("rules query", Attributes())
    assert (report.degraded[0].wanted, report.degraded[0].used) == ("m", "rules")


def test_of_all_who_come_when_the_breaker_has_been_open_for_long_enough_one_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    breaker, now = Breaker(), 1000.0
    monkeypatch.setattr("models.fallback.time.monotonic", lambda: now)
    for _ in range(3):
        breaker.failed()
    assert not breaker.closed()
    now += 31
    assert [breaker.closed() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.closed()
