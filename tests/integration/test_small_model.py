"""Does the fine-tuned model answer where it is asked, and is it left alone where a message names its thing?"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import app
from app import Application
from config import ROOT, Settings
from domain.proposal import Proposal
from evaluator.conversation import converse

pytestmark = pytest.mark.integration


@pytest.fixture
async def with_the_model(state_dir: Path, tmp_path: Path) -> AsyncIterator[Application]:
    """As it is served, but for its deadlines: how long a busy machine takes is no matter of these tests."""
    models = ROOT / "models"
    served = (models / "roles-small-model.yaml").read_text().replace("weights/", f"{models}/weights/")
    roles = tmp_path / "roles.yaml"
    roles.write_text(re.sub(r"(first_ms|total_ms): \d+", r"\1: 120000", served))
    settings = Settings(state_dir=state_dir, catalog="demo", models_file=roles)
    app.prepare_index(settings)
    application = app.build(settings, redis_url=app.NO_REDIS)
    async with application.running():
        yield application


async def test_a_need_without_a_name_is_written_by_the_model_and_keeps_the_papers_rules(with_the_model: Application) -> None:
    reply = (await converse(with_the_model.assistant, ["something to stop my glasses fogging up when i wear a mask"]))[0]
    assert reply.usage.model_calls == 1 and reply.usage.completion_tokens > 0
    assert not [step for step in reply.degraded if step.role == "formulator"]
    assert reply.proposal and not Proposal(categories=reply.proposal).broken_rules()


async def test_a_message_that_names_its_thing_costs_no_call(with_the_model: Application) -> None:
    replies = await converse(with_the_model.assistant, ["red coffee mugs under 20", "unicorn saddle"])
    assert [reply.usage.model_calls for reply in replies] == [0, 0]
