"""Which models could answer now? Each is asked now and then in the background, so that no turn waits for one that is down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from domain.errors import ModelUnavailable
from domain.reply import Degraded

_log = structlog.get_logger()
Check = Callable[[], Awaitable[None]]


@dataclass
class Health:
    """What is known of one model; until it was asked once it counts as up."""

    name: str
    check: Check
    role: str = "formulator"
    reason: str | None = None
    """Why it cannot answer; None while it can."""

    async def ask(self, timeout_s: float) -> None:
        """Asks once; a model that does not answer in time is down."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.check()
        except ModelUnavailable as error:
            self.reason = str(error)[:200]
        except TimeoutError:
            self.reason = f"{self.name} gave no sign of life within {timeout_s:g} s"
        except Exception as error:  # noqa: BLE001 - a check that breaks says that its model cannot be relied on, and ends no watch
            _log.exception("model_check_failed", model=self.name)
            self.reason = f"{type(error).__name__}: {error}"[:200]
        else:
            self.reason = None


@dataclass
class HealthWatch:
    """Asks all models at once, again and again, until it is cancelled."""

    models: Sequence[Health]
    last: str = "rules"
    """What answers when none of them does."""
    every_s: float = 15.0
    timeout_s: float = 5.0

    async def ask(self, *, patience_s: float | None = None) -> None:
        """Asks all once; an embedded model is loaded by its first question, for which a start may have more patience."""
        await asyncio.gather(*(model.ask(patience_s or self.timeout_s) for model in self.models))

    async def run(self) -> None:
        """The loop."""
        while self.models:
            await asyncio.sleep(self.every_s)
            await self.ask()

    def playing(self) -> str:
        """Who formulates now: every tagger that is up, then the first model that is, or what stands below all."""
        up = [model for model in self.models if model.reason is None]
        writers = [model.name for model in up if model.role == "formulator"] or [self.last]
        return " + ".join([*(model.name for model in up if model.role != "formulator"), writers[0]])

    def degraded(self) -> tuple[Degraded, ...]:
        """Every model that is wanted and cannot answer now, with the reason."""
        return tuple(
            Degraded(role=model.role, wanted=model.name, used=self.last, reason=model.reason) for model in self.models if model.reason
        )
