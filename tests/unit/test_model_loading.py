"""Is the embedded model loaded once, whoever gives up waiting for it, and is a failure not paid for at every turn?"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ModelUnavailable
from models.embedded import EmbeddedModel, ModelFile

NOWHERE = ModelFile(Path("nowhere.gguf"), "")


@dataclass
class Slow(EmbeddedModel):
    """Takes its time to load, and counts."""

    loads: int = 0
    failure: Exception | None = None

    def _load(self) -> Any:
        self.loads += 1
        time.sleep(0.2)
        if self.failure:
            raise self.failure
        return object()


async def test_a_caller_that_gives_up_leaves_the_load_to_the_next() -> None:
    model = Slow(NOWHERE)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await model.check()
    await asyncio.gather(model.check(), model.check())
    assert model.loads == 1


@pytest.mark.parametrize("failure", [ModelUnavailable("no such file"), MemoryError("no memory left")])
async def test_a_failed_load_is_told_to_all_and_not_repeated_at_once(failure: Exception) -> None:
    model = Slow(NOWHERE, failure=failure)
    for _ in range(3):
        with pytest.raises(ModelUnavailable, match="no "):
            await model.check()
    assert model.loads == 1


async def test_after_a_while_a_failed_load_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Slow(NOWHERE, failure=ModelUnavailable("no such file"))
    with pytest.raises(ModelUnavailable):
        await model.check()
    monkeypatch.setattr("models.embedded._RELOAD_AFTER_S", 0.0)
    model.failure = None
    await model.check()
    assert model.loads == 2
