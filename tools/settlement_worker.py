"""Does planned money keep moving in the background? A loop that nothing but its cancelling ends, and that says how it is doing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from domain.errors import AisleError, Unavailable
from tools.settlement import Settlement

_log = structlog.get_logger()
_BAD_ROUNDS = 5
"""So many failed rounds in a row are told: a single one may be a database that was restarted."""
_PRUNE_EVERY = 1_000


@dataclass
class SettlementWorker:
    """Settles what is due, again and again. The first round takes also what a worker that died held."""

    settle: Callable[[bool], Awaitable[object]]
    prune: Callable[[], Awaitable[None]]
    every_s: float = 2.0
    failed: int = 0
    """Rounds that failed since the last that did not."""
    reason: str = ""
    task: asyncio.Task[None] | None = field(default=None)

    @classmethod
    def of(cls, settlement: Settlement) -> "SettlementWorker":
        async def settle(first: bool) -> object:
            return await settlement.run_due(everything=first)

        return cls(settle, settlement.prune)

    def start(self) -> asyncio.Task[None]:
        """Begins to work; who started it cancels the task."""
        self.task = asyncio.create_task(self.work(), name="settlement")
        return self.task

    async def work(self) -> None:
        """The loop."""
        first, rounds = True, 0
        while True:
            if await self._tried(self.settle(first), "settlement_round_failed"):
                first = False
                if rounds % _PRUNE_EVERY == 0:
                    await self._tried(self.prune(), "pruning_failed")
                rounds += 1
            await asyncio.sleep(self.every_s)

    async def check(self) -> None:
        """Unavailable when the loop has ended, was never begun, or fails round after round."""
        if self.task is None or self.task.done():
            raise Unavailable("the settlement worker is not running: no payment is finished and no order expires; restart the server")
        if self.failed >= _BAD_ROUNDS:
            raise Unavailable(f"the last {self.failed} rounds of the settlement worker failed: {self.reason}")

    async def _tried(self, step: Awaitable[object], event: str) -> bool:
        try:
            await step
        except AisleError as exc:
            _log.warning(event, error=str(exc))
            self.failed, self.reason = self.failed + 1, str(exc)[:200]
            return False
        except Exception as exc:  # noqa: BLE001 - the edge of a task that nobody awaits: what is not caught here is never told
            _log.exception(event)
            self.failed, self.reason = self.failed + 1, f"{type(exc).__name__}: {exc}"[:200]
            return False
        self.failed, self.reason = 0, ""
        return True
