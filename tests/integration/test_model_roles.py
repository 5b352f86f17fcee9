"""Does the composed application serve without the tagger's weights, and say so wherever one looks?"""

from pathlib import Path

import httpx
import pytest

import app
from config import Settings
from domain.events import FormulationEvent, FormulationFinished, QueryFormulated
from domain.plan import Plan, Task
from domain.turn import FormulationRequest
from server.application import create_app

pytestmark = pytest.mark.integration
REQUEST = FormulationRequest(message="warm hiking boots please", plan=Plan(tasks=(Task(kind="search", request="warm hiking boots"),)))


async def test_without_its_weights_rules_serve_and_readiness_names_what_is_missing(state_dir: Path, tmp_path: Path) -> None:
    roles = tmp_path / "roles.yaml"
    roles.write_text("formulator: []\ntagger: {file: weights/gone.safetensors, sha256: '00'}\n")
    settings = Settings(state_dir=state_dir, catalog="demo", models_file=roles)
    app.prepare_index(settings)
    application = app.build(settings, redis_url="redis://127.0.0.1:1/0")
    async with application.running():
        events: list[FormulationEvent] = [event async for event in application.formulator.formulate(REQUEST)]
        transport = httpx.ASGITransport(create_app(application.services))
        async with httpx.AsyncClient(transport=transport, base_url="http://aisle") as client:
            state = (await client.get("/readyz")).json()
    assert isinstance(events[0], QueryFormulated) and not events[0].led
    assert isinstance(events[-1], FormulationFinished)
    assert [(d.role, d.used) for d in events[-1].report.degraded] == [("tagger", "rules")]
    assert state["models"]["formulator"] == "rules"
    assert [(d["wanted"], d["used"]) for d in state["degraded"]] == [("need-tagger", "rules")]
    assert "gone.safetensors" in state["degraded"][0]["reason"]
