"""Who else is told about a turn? Every sink that is configured, side by side; one that fails holds up no other."""

import asyncio
from collections.abc import Sequence

from domain.ports import TraceSink
from domain.trace import Run


class TraceFanout:
    """A TraceSink over several. Each keeps the port's promise itself: it reports its failures and raises none."""

    def __init__(self, *sinks: TraceSink) -> None:
        self._sinks = sinks

    async def write(self, runs: Sequence[Run]) -> None:
        await asyncio.gather(*(sink.write(runs) for sink in self._sinks))
