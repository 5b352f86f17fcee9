"""Which models could answer now? Each is asked now and then in the background, so that no turn waits for one that is down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from domain.errors import ModelUnavailable

Check = Callable[[], Awaitable[None]]


@dataclass
class Health:
    """What is known of one model; until it was asked once it counts as up."""

    name: str
    check: Check
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
        else:
            self.reason = None


@dataclass
class HealthWatch:
    """Asks all models at once, again and again, until it is cancelled."""

    models: Sequence[Health]
    every_s: float = 15.0
    timeout_s: float = 5.0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when every model was asked once."""

    async def run(self) -> None:
        """The loop; an embedded model is loaded by its first question."""
        while True:
            await asyncio.gather(*(model.ask(self.timeout_s) for model in self.models))
            self.asked.set()
            await asyncio.sleep(self.every_s)
