"""Does one turn run as the contract says? The whole graph over a few products, with scripted parts."""

import asyncio
import json
from typing import Any

import pytest

from domain.errors import IndexUnavailable, ModelUnavailable
from domain.events import (
    CategoryExplained,
    CategoryFormulated,
    FormulationFinished,
    QueryFormulated,
    StreamEvent,
    TurnFinished,
)
from domain.filters import Filters
from domain.plan import Task
from domain.proposal import Attributes
from domain.reply import Degraded, Usage
from domain.session import RECENT_TURNS
from domain.turn import ModelReport
from tests.fakes import ListCatalog
from tests.turn_kit import PlannedBeforehand, ScriptedFormulator, category, desk, product

MUGS = [product(f"mug{i}", f"Mug {name}", str(10 + i), kind="Mugs", colors=(color,)) for i, (name, color) in enumerate(
    [("Ash", "red"), ("Birch", "blue"), ("Cedar", "green"), ("Oak", "red")])]  # fmt: skip
TENTS = [product(f"tent{i}", f"{name} Tent", str(100 + i), kind="Tents") for i, name in enumerate(["Alpen", "Brook"])]
TWO_NEEDS = (Task(kind="search", request="mug", subject="mugs"), Task(kind="search", request="tent", subject="tents"))
ASKED = QueryFormulated("mug", Attributes())
DONE = FormulationFinished(ModelReport())


def names(events: list[StreamEvent]) -> list[str]:
    return list(dict.fromkeys(event.name for event in events))


async def test_events_come_in_the_order_of_the_contract() -> None:
    shop = desk(MUGS)
    await shop.say("a mug")
    assert names(shop.events) == ["plan", "section", "token"]


async def test_the_tokens_joined_are_the_text_and_the_sections_sent_are_the_replys() -> None:
    shop = desk(MUGS)
    reply = await shop.say("a mug")
    assert "".join(e.data["text"] for e in shop.events if e.name == "token") == reply.text
    assert [e.data["products"] for e in shop.events if e.name == "section"] == [
        json.loads(s.model_dump_json())["products"] for s in reply.sections
    ]


async def test_a_section_is_sent_while_the_model_still_writes() -> None:
    may_go_on = asyncio.Event()
    formulator = ScriptedFormulator([ASKED, CategoryFormulated(0, category("Mugs")), may_go_on.wait,
                                     CategoryExplained(0, "For your mornings."), DONE])  # fmt: skip
    shop = desk(MUGS, planner=PlannedBeforehand(TWO_NEEDS[:1]), formulator=formulator)
    events: list[Any] = []
    async with asyncio.timeout(5):
        async for event in shop.stream("a mug"):
            events.append(event)
            if isinstance(event, StreamEvent) and event.name == "section":
                assert not formulator.ended.is_set()
                may_go_on.set()
    reply = events[-1].reply
    assert reply.sections[0].explanation == "For your mornings."
    assert reply.timings_ms["first_section"] <= reply.timings_ms["total"]


async def test_each_need_gets_its_own_categories() -> None:
    formulator = ScriptedFormulator([ASKED, CategoryFormulated(0, category("Tents")), CategoryFormulated(1, category("Mugs")), DONE])
    reply = await desk([*MUGS, *TENTS], planner=PlannedBeforehand(TWO_NEEDS), formulator=formulator).say("a mug and a tent")
    assert [(s.category, {p.category[-1] for p in s.products}) for s in reply.sections] == [("Tents", {"Tents"}), ("Mugs", {"Mugs"})]
    assert len(formulator.asked) == 1


async def test_the_reply_says_which_of_two_needs_has_nothing() -> None:
    reply = await desk(MUGS, planner=PlannedBeforehand(TWO_NEEDS)).say("a mug and a tent")
    assert "I found no tent that fits" in reply.text


async def test_a_step_down_and_its_cost_are_told() -> None:
    report = ModelReport(
        usage=Usage(model_calls=1, prompt_tokens=90, completion_tokens=40),
        degraded=(Degraded(role="formulator", wanted="vllm", used="rules", reason="timeout"),),
    )
    formulator = ScriptedFormulator([ASKED, CategoryFormulated(0, category("Mugs")), FormulationFinished(report)])
    reply = await desk(MUGS, planner=PlannedBeforehand(TWO_NEEDS[:1]), formulator=formulator).say("a mug")
    assert reply.usage == report.usage and reply.degraded == report.degraded


async def test_a_formulator_that_fails_fails_the_turn_and_the_trace_says_why() -> None:
    async def fail() -> None:
        raise ModelUnavailable("the model is down")

    shop = desk(MUGS, planner=PlannedBeforehand(TWO_NEEDS[:1]), formulator=ScriptedFormulator([fail]))
    with pytest.raises(ModelUnavailable):
        await shop.say("a mug")
    assert {run.name: run.error for run in shop.traces.runs}["turn"] == "ModelUnavailable: the model is down"


async def test_a_failing_index_fails_the_turn_and_ends_the_model_too() -> None:
    class Gone(ListCatalog):
        async def retrieve(self, *args: Any, **kwargs: Any) -> Any:
            raise IndexUnavailable("the index is gone")

    never = asyncio.Event()
    formulator = ScriptedFormulator([ASKED, CategoryFormulated(0, category("Mugs")), never.wait])
    shop = desk(MUGS, planner=PlannedBeforehand(TWO_NEEDS[:1]), formulator=formulator, catalog=Gone(MUGS))
    with pytest.raises(IndexUnavailable):
        async with asyncio.timeout(5):
            await shop.say("a mug")
    await asyncio.sleep(0)
    assert formulator.ended.is_set()


async def test_whoever_goes_away_leaves_nothing_running() -> None:
    never = asyncio.Event()
    formulator = ScriptedFormulator([ASKED, CategoryFormulated(0, category("Mugs")), never.wait])
    shop = desk(MUGS, planner=PlannedBeforehand(TWO_NEEDS[:1]), formulator=formulator)
    stream = shop.stream("a mug")
    async with asyncio.timeout(5):
        async for event in stream:
            if isinstance(event, StreamEvent) and event.name == "section":
                break
    await stream.aclose()  # type: ignore[attr-defined]
    async with asyncio.timeout(5):
        await formulator.ended.wait()


async def test_the_trace_is_one_tree_with_every_step() -> None:
    shop = desk(MUGS)
    await shop.say("a mug")
    roots = [run for run in shop.traces.runs if run.parent_run_id is None]
    assert [run.name for run in roots] == ["turn"]
    assert {"plan", "formulate", "embed", "retrieve", "rank", "check", "reply"} <= {run.name for run in shop.traces.runs}
    ids = {run.id for run in shop.traces.runs}
    assert all(run.parent_run_id in ids and run.trace_id == roots[0].id for run in shop.traces.runs if run is not roots[0])


@pytest.mark.parametrize("secret", ["ann@example.org", "4111 1111 1111 1111", "+49 30 1234 5678", "nvapi-abcdefghijklmnop"])
async def test_no_secret_reaches_a_trace(secret: str) -> None:
    shop = desk(MUGS)
    await shop.say(f"a mug, reach me under {secret}")
    stored = " ".join(run.model_dump_json() for run in shop.traces.runs)
    assert "mug" in stored and secret not in stored


async def test_nothing_of_one_shopper_reaches_another() -> None:
    one, other = desk(MUGS), desk(MUGS)
    other.assistant = one.assistant
    first, second = await asyncio.gather(one.say("a red mug"), other.say("a blue mug"))
    assert {c for p in first.products for c in p.colors} == {"red"}
    assert {c for p in second.products for c in p.colors} == {"blue"}


async def test_a_price_is_told_and_never_overstepped() -> None:
    reply = await desk(MUGS).say("a mug under $5")
    assert reply.products == () and "the cheapest is $10.00" in reply.text and "Up to $10" in reply.suggestions


async def test_a_colour_that_is_not_there_is_opened_by_name_for_this_turn_only() -> None:
    shop = desk([*MUGS, product("tent", "Pink Tent", kind="Tents", colors=("pink",))])
    reply = await shop.say("a pink mug")
    assert reply.products and "nothing in pink" in reply.text
    assert reply.plan[0].filters.lifted == ("color",) and reply.plan[0].filters.color is None
    assert shop.session.standing.color == ("pink",)


async def test_gender_is_never_opened() -> None:
    boots = [product("m", "Ridge Boots - Men's", kind="Boots", gender="men")]
    wanted = Task(kind="search", request="women's boots", subject="boots", filters=Filters(gender="women"))
    reply = await desk(boots, planner=PlannedBeforehand((wanted,))).say("boots for my wife")
    assert reply.products == () and reply.plan[0].filters.gender == "women"


async def test_a_made_up_product_gets_no_unrelated_offers() -> None:
    reply = await desk([*MUGS, *TENTS]).say("Flurbatron 9000")
    assert reply.products == () and "could not find" in reply.text
    assert [c.passed for c in reply.checks if c.name == "answers_what_was_asked"] == [False]


async def test_two_hundred_turns_keep_the_session_small() -> None:
    shop = desk([*MUGS, *TENTS])
    for i in range(200):
        await shop.say(("a red mug under $40 please " + "very " * 60, "only blue ones", "a tent", "thanks a lot")[i % 4])
    assert len(shop.session.exchanges) == RECENT_TURNS and shop.session.turn_count == 200
    assert len(shop.session.model_dump_json().encode()) < 64 * 1024


async def test_every_search_carries_a_proposal_also_when_nothing_fits() -> None:
    reply = await desk(MUGS).say("a mug under $5")
    assert reply.proposal and all(len(set(c.products)) == 6 for c in reply.proposal)


async def test_the_last_event_is_the_whole_reply() -> None:
    events = [event async for event in desk(MUGS).stream("a mug")]
    assert [isinstance(event, TurnFinished) for event in events].index(True) == len(events) - 1


async def test_the_request_is_searched_where_it_says_more_than_the_category() -> None:
    stands = [product("stand", "Phone Stand", kind="Bags & Cases"), product("case", "Leather Case", kind="Bags & Cases")]
    formulator = ScriptedFormulator([ASKED, CategoryFormulated(0, category("Stands")), DONE])
    shop = desk(stands, planner=PlannedBeforehand((Task(kind="search", request="phone stand"),)), formulator=formulator)
    await shop.say("a phone stand")
    assert [run.inputs["query"] for run in shop.traces.runs if run.name == "retrieve"][:1] == ["phone stand"]


async def test_a_category_of_another_thing_is_searched_by_its_own_name() -> None:
    formulator = ScriptedFormulator([ASKED, CategoryFormulated(0, category("Mugs")), DONE])
    shop = desk(MUGS, planner=PlannedBeforehand((Task(kind="search", request="camping trip"),)), formulator=formulator)
    await shop.say("I go on a camping trip")
    assert [run.inputs["query"] for run in shop.traces.runs if run.name == "retrieve"][:1] == ["Mugs"]
