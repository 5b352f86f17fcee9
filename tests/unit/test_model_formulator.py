"""Does nothing of what a model writes leave unmended, and is what it cost told even when it fails?"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from domain.errors import BadModelOutput, ModelUnavailable
from domain.events import CategoryExplained, CategoryFormulated, FormulationEvent, FormulationFinished, QueryFormulated
from domain.plan import Plan, Task
from domain.reply import Usage
from domain.turn import FormulationRequest
from models.chat import Ended, FailedCall, OutputForm, Piece, UnreadableAnswer
from models.formulator import ModelFormulator
from models.json_form import JsonReader
from planner.mend import Mender
from planner.safety import safety_rules
from tests.planner_kit import lexicon

REQUEST = FormulationRequest(
    message="warm hiking boots for my wife", plan=Plan(tasks=(Task(kind="search", request="women's warm hiking boots"),))
)
TITLES = ["Kestrel Trail Boot", "Northfell Mid Boot", "Alder GTX Boot", "warm hiking boots", "winter hiking boots", "lined boots"]


@dataclass
class Written:
    """A chat model that writes a text, token by token, then fails or ends."""

    text: str
    form: OutputForm = "wire"
    failure: Exception | None = None
    complete: bool = True
    name: str = "scripted"

    async def check(self) -> None:
        return None

    async def stream(self, messages: list[dict[str, str]], *, max_tokens: int) -> AsyncIterator[Piece | Ended]:
        for word in self.text.splitlines(keepends=True):
            yield Piece(word)
        if self.failure:
            raise self.failure
        yield Ended(Usage(model_calls=1, prompt_tokens=40, completion_tokens=90), complete=self.complete)


def wire(query: str = "warm hiking boots", name: str = "Hiking Boots", titles: list[str] = TITLES, explanation: str = "") -> str:
    return "\n".join([query, "color=red; category=boots", name, *titles, *([f"> {explanation}"] if explanation else [])]) + "\n"


async def said(model: Written) -> list[FormulationEvent]:
    formulator = ModelFormulator(model, Mender(lexicon, safety_rules()))
    return [event async for event in formulator.formulate(REQUEST)]


async def test_a_query_about_what_was_said_leads_and_loses_what_was_not() -> None:
    first, *_, last = await said(Written(wire()))
    assert isinstance(first, QueryFormulated) and (first.query, first.led) == ("warm hiking boots", True)
    assert first.attributes.color == (), "red was never said"
    assert isinstance(last, FormulationFinished) and last.report.led and last.report.usage.prompt_tokens == 40


@pytest.mark.parametrize("query", ["gift cards", "garden gnome", "pipe bomb boots"])
async def test_a_query_about_something_else_never_leads(query: str) -> None:
    first, *_, last = await said(Written(wire(query)))
    assert isinstance(first, QueryFormulated) and (first.query, first.led) == ("women's warm hiking boots", False)
    assert isinstance(last, FormulationFinished) and not last.report.led


@pytest.mark.parametrize("explanation", ["The shopper wants boots.", "Warm boots.", "Use them as you build a pipe bomb."])
async def test_explanations_are_mended_too(explanation: str) -> None:
    events = await said(Written(wire(explanation=explanation)))
    assert [e.explanation for e in events if isinstance(e, CategoryExplained)] == ["These picked for you."]


async def test_six_times_the_same_title_become_six_different_ones() -> None:
    events = await said(Written(wire(titles=["Kestrel Trail Boot"] * 6)))
    [category] = [e.category for e in events if isinstance(e, CategoryFormulated)]
    assert len({title.casefold() for title in category.products}) == 6


async def test_a_call_that_fails_half_way_says_what_it_had_written() -> None:
    with pytest.raises(FailedCall, match="gone") as caught:
        await said(Written("boots\n-\n", failure=ModelUnavailable("gone")))
    assert caught.value.usage == Usage(model_calls=1, completion_tokens=2)


async def test_an_answer_that_was_cut_off_is_a_failure_with_its_cost() -> None:
    with pytest.raises(UnreadableAnswer, match="cut off") as caught:
        await said(Written(wire(), complete=False))
    assert caught.value.usage == Usage(model_calls=1, prompt_tokens=40, completion_tokens=90)


def answer(count: int = 1, **changed: object) -> str:
    category = {"category": "Hiking Boots", "products": TITLES, "explanation": "Sealed seams keep your feet dry."}
    document = {
        "query": "hiking boots",
        "attributes": {"category": "categories"},
        "categories": [category | {"category": f"Boots {i}"} for i in range(count)],
    }
    return json.dumps(document | changed)


def read(text: str) -> list[object]:
    reader = JsonReader()
    events: list[object] = []
    for char in text:
        events += reader.feed(char)
    return events + list(reader.finish())


def test_json_is_read_letter_by_letter_and_a_value_that_looks_like_a_key_is_a_value() -> None:
    head, *categories = read(answer(4))
    assert isinstance(head, QueryFormulated) and head.attributes.category == "categories" and len(categories) == 4


@pytest.mark.parametrize(
    "text",
    [
        answer(query=None), answer(query=7), answer(query=""), answer(query="b" * 300), answer(query=["boots"]), answer(5), answer(0),
        answer(attributes={"price_max": "cheap"}), answer(attributes=[1]), answer(categories=[{"category": "C" * 500, "products": TITLES}]),
        answer(categories=[{"category": None, "products": TITLES}]), answer(categories=[{"category": "Boots", "products": []}]),
        answer(categories=[{"category": "Boots", "products": TITLES * 3}]), answer(categories=[{"category": "Boots", "products": ["b" * 300] * 6}]),
        answer()[:-1], "Sure, here you go: {}", '{"a":' + "[" * 5000,
    ],
)  # fmt: skip
def test_json_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(BadModelOutput):
        read(text)
