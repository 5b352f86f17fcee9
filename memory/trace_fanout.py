"""Who else is told about a turn? Every sink that is configured, side by side; one that fails holds up no other."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from domain.ports import TraceSink
from domain.trace import Run


class RemoteTraceSink(TraceSink, Protocol):
    """A sink with a queue of its own, to be emptied at shutdown."""

    async def close(self) -> None: ...


class TraceFanout:
    """A TraceSink over several. Each keeps the port's promise itself: it reports its failures and raises none."""

    def __init__(self, *sinks: TraceSink) -> None:
        self._sinks = sinks

    async def write(self, runs: Sequence[Run]) -> None:
        await asyncio.gather(*(sink.write(runs) for sink in self._sinks))
