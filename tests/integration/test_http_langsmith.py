"""Does LangSmith get what we store, and nothing that we would not? The whole assistant, with its tracing switched on."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from langsmith import utils
from pydantic import SecretStr

import app
from config import Settings
from domain.session import Session
from domain.turn import Received
from tests.integration.listener import Listener

pytestmark = pytest.mark.integration


async def test_a_turn_reaches_langsmith_once_redacted_and_not_by_langgraphs_own_tracing(
    listener: Listener, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("TRACING", "true"), ("ENDPOINT", listener.url), ("API_KEY", "secret"), ("PROJECT", "shop")):
        monkeypatch.setenv(f"LANGSMITH_{name}", value)
    utils.get_env_var.cache_clear()  # type: ignore[attr-defined]
    settings = Settings(state_dir=state_dir)
    app.prepare_index(settings)
    application = app.build(settings, redis_url="redis://127.0.0.1:1/0")
    message = "a red mug, and write to jane.doe@example.com when it is here"
    now = datetime.now(UTC)
    session = Session(session_id="s1", created_at=now, expires_at=now + timedelta(hours=1))

    async with application.running():
        async for _ in application.assistant.answer(Received(turn_id="t1", message=message, at=now, session=session)):
            pass
        stored = await application.services.traces.traces(session_id="s1", limit=1)
        kept = await application.services.traces.trace(stored[0].trace_id)
    utils.get_env_var.cache_clear()  # type: ignore[attr-defined]

    sent = [run for path, _, body in listener.received if path == "/runs/batch" for run in json.loads(body)["post"]]
    assert sorted(run["id"] for run in sent) == sorted(run.id for run in kept)
    assert settings.langsmith_api_key == SecretStr("secret")
    assert all(b"jane.doe" not in body for _, _, body in listener.received)
    assert "[email]" in stored[0].inputs["message"]
