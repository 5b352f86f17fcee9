"""Does the packaged small model, raw, keep the structure when guided? Real llama.cpp, real weights."""

import re
from pathlib import Path

import pytest

from domain.errors import ModelUnavailable
from domain.events import CategoryExplained, CategoryFormulated, FormulationEvent, FormulationFinished, QueryFormulated
from domain.plan import Plan, Task
from domain.turn import FormulationRequest
from models.embedded import EmbeddedModel, ModelFile, packaged_base
from models.formulator import ModelFormulator
from models.wire import GRAMMAR

pytestmark = pytest.mark.integration
ONE_CATEGORY = re.sub(r"categories ::= .*", r'categories ::= name "\\n" six', GRAMMAR).replace("{2,90}", "{2,30}")
"""The same grammar for a single category: a minute less on a busy machine."""
REQUEST = FormulationRequest(
    message="i need waterproof hiking boots for women, not leather",
    plan=Plan(tasks=(Task(kind="search", request="women's waterproof hiking boots"),)),
)


class Kept:
    """Leaves what the model wrote as it is."""

    def query(self, event: QueryFormulated, request: FormulationRequest) -> QueryFormulated:
        return event

    def category(self, event: CategoryFormulated, request: FormulationRequest) -> CategoryFormulated:
        return event

    def explanation(self, event: CategoryExplained, request: FormulationRequest) -> CategoryExplained:
        return event


async def test_the_raw_model_keeps_the_structure() -> None:
    """What it says is poor until it is fine-tuned; the form is guided, so it parses from query to last explanation."""
    formulator = ModelFormulator(EmbeddedModel(packaged_base(), grammar=ONE_CATEGORY), Kept(), max_tokens=500)
    events: list[FormulationEvent] = [event async for event in formulator.formulate(REQUEST)]
    assert isinstance(events[0], QueryFormulated) and events[0].led and events[0].query
    categories = [e for e in events if isinstance(e, CategoryFormulated)]
    assert 1 <= len(categories) <= 4 and all(len(c.category.products) == 6 for c in categories)
    last = events[-1]
    assert isinstance(last, FormulationFinished) and last.report.usage.completion_tokens > 20 and last.report.led


async def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    model = EmbeddedModel(ModelFile(tmp_path / "gone.gguf", "00"))
    with pytest.raises(ModelUnavailable, match=r"gone\.gguf"):
        await model.check()


async def test_a_truncated_model_file_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    base = packaged_base()
    short = tmp_path / base.path.name
    with base.path.open("rb") as whole:
        short.write_bytes(whole.read(1 << 20))
    with pytest.raises(ModelUnavailable, match="has hash"):
        await EmbeddedModel(ModelFile(short, base.sha256)).check()
