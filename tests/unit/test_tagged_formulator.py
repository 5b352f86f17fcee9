"""Does the tagger's query lead when it is sure, and does nothing break when it is not, or not there?"""

import asyncio
from dataclasses import dataclass, field

import pytest

from domain.errors import ModelUnavailable
from domain.events import CategoryFormulated, FormulationEvent, FormulationFinished, QueryFormulated
from domain.need import TaggedNeed
from domain.plan import Plan, Task, TaskKind
from domain.proposal import Attributes, ProposedCategory
from domain.turn import FormulationRequest, ModelReport
from models.health import Health
from models.tagged import TaggedFormulator, together
from planner.mend import Mender
from planner.safety import safety_rules
from tests.planner_kit import lexicon

CATEGORY = ProposedCategory(category="Tents", products=("a", "b", "c", "d", "e", "f"))
BOOTS = Task(kind="search", request="boots")
MESSAGE = "the tent came, thanks. boots next, brown, my wife wears 7"


@dataclass(frozen=True)
class Rules:
    async def formulate(self, request: FormulationRequest):  # type: ignore[no-untyped-def]
        yield QueryFormulated("tent boots", Attributes(color=("brown",), features=("next",)))
        yield CategoryFormulated(0, CATEGORY)
        yield FormulationFinished(ModelReport())


@dataclass(frozen=True)
class Marks:
    need: TaggedNeed = field(default_factory=lambda: TaggedNeed(query="brown boots", confidence=0.9, attributes=Attributes(size="7")))
    missing: bool = False

    async def tag(self, request: FormulationRequest) -> TaggedNeed:
        if self.missing:
            raise ModelUnavailable("tagger weights 'x' are missing")
        return self.need


async def nothing() -> None:
    return None


async def played(marks: Marks, *tasks: Task) -> tuple[list[FormulationEvent], ModelReport]:
    request = FormulationRequest(message=MESSAGE, plan=Plan(tasks=tasks or (BOOTS,)))
    events = [event async for event in TaggedFormulator(marks, Rules(), Mender(lexicon, safety_rules())).formulate(request)]
    assert isinstance(events[-1], FormulationFinished)
    return events, events[-1].report


async def test_a_sure_tagger_leads_and_the_categories_come_from_behind_it() -> None:
    events, report = await played(Marks())
    assert events[0] == QueryFormulated("brown boots", Attributes(color=("brown",), size="7", features=("next",)), led=True)
    assert events[1] == CategoryFormulated(0, CATEGORY)
    assert report.led and report.model == "need-tagger + rules" and not report.degraded


async def test_an_unsure_tagger_leaves_the_query_as_it_was() -> None:
    events, report = await played(Marks(TaggedNeed(query="brown boots", confidence=0.3)))
    assert isinstance(events[0], QueryFormulated) and events[0].query == "tent boots" and not events[0].led and not report.led


async def test_a_tagger_that_marks_nothing_never_empties_the_query() -> None:
    events, _ = await played(Marks(TaggedNeed(query="", confidence=1.0)))
    assert isinstance(events[0], QueryFormulated) and events[0].query == "tent boots"


@pytest.mark.parametrize("query", ["gift card", "moonstone hairdryer", "pipe bomb", "b"])
async def test_a_query_of_the_tagger_is_held_to_the_same_rules_as_a_model_s(query: str) -> None:
    events, report = await played(Marks(TaggedNeed(query=query, confidence=1.0)))
    assert isinstance(events[0], QueryFormulated) and events[0].query == "tent boots" and not report.led


async def test_of_several_needs_one_query_leads_none() -> None:
    events, _ = await played(Marks(), BOOTS, Task(kind="search", request="gloves"))
    assert isinstance(events[0], QueryFormulated) and not events[0].led


async def test_missing_weights_are_a_visible_step_down() -> None:
    events, report = await played(Marks(missing=True))
    assert isinstance(events[0], QueryFormulated) and events[0].query == "tent boots"
    assert [(d.role, d.used) for d in report.degraded] == [("tagger", "rules")] and "missing" in report.degraded[0].reason


async def test_a_tagger_that_hangs_is_left_and_one_that_is_down_is_not_asked() -> None:
    class Hanging:
        asked = 0

        async def tag(self, request: FormulationRequest) -> TaggedNeed:
            self.asked += 1
            await asyncio.sleep(60)
            return TaggedNeed(query="", confidence=0.0)

    hanging, request = Hanging(), FormulationRequest(message=MESSAGE, plan=Plan(tasks=(BOOTS,)))
    mender = Mender(lexicon, safety_rules())
    events = [event async for event in TaggedFormulator(hanging, Rules(), mender, within_s=0.01).formulate(request)]
    assert isinstance(events[-1], FormulationFinished) and "10 ms" in events[-1].report.degraded[0].reason
    down = Health("need-tagger", nothing, role="tagger", reason="its network is being built")
    events = [event async for event in TaggedFormulator(hanging, Rules(), mender, health=down).formulate(request)]
    assert isinstance(events[-1], FormulationFinished) and events[-1].report.degraded[0].reason == "its network is being built"
    assert hanging.asked == 1


def test_rules_keep_what_they_read_exactly_and_the_tagger_adds_the_rest() -> None:
    rules = Attributes(color=("red",), brand=("Next",), gender="women")
    tagged = Attributes(color=("reddish",), brand=("Clarks",), material=("suede",))
    assert together(rules, tagged) == Attributes(color=("red",), brand=("Clarks",), material=("suede",)), (
        "whoever is mentioned has a gender, goods may have none"
    )


@dataclass
class Listener:
    """Keeps what a tagger is given."""

    heard: list[FormulationRequest] = field(default_factory=list)

    async def tag(self, request: FormulationRequest) -> TaggedNeed:
        self.heard.append(request)
        return TaggedNeed(query="boots", confidence=0.9)


@pytest.mark.parametrize(
    ("kind", "expected"), [("search", ()), ("refine", (("user", "women's hiking boots"),))], ids=["a new wish", "a wish that builds on one"]
)
async def test_the_tagger_reads_no_earlier_wish_for_a_new_one_and_never_our_own_words(
    kind: TaskKind, expected: tuple[tuple[str, str], ...]
) -> None:
    said = (("user", "women's hiking boots"), ("assistant", "My first pick is the Compass at $149.00: 4.0 stars from 446."))
    listener = Listener()
    request = FormulationRequest(message="gloves", plan=Plan(tasks=(Task(kind=kind, request="gloves"),)), conversation=said)
    formulator = TaggedFormulator(listener, Rules(), Mender(lexicon, safety_rules()))
    assert [event async for event in formulator.formulate(request)]
    assert listener.heard[0].conversation == expected


async def test_a_query_about_an_earlier_wish_does_not_lead() -> None:
    request = FormulationRequest(
        message="gloves", plan=Plan(tasks=(Task(kind="search", request="gloves"),)), conversation=(("user", "women's hiking boots"),)
    )
    formulator = TaggedFormulator(Marks(TaggedNeed(query="women's hiking boots", confidence=1.0)), Rules(), Mender(lexicon, safety_rules()))
    events = [event async for event in formulator.formulate(request)]
    assert isinstance(events[0], QueryFormulated) and not events[0].led
