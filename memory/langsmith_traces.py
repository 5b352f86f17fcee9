"""How do traces reach LangSmith? Through its client's own queue and thread, so that no turn waits for it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from langsmith import Client

from domain.trace import Run

_log = structlog.get_logger()
_CLOSE_TIMEOUT_S = 5.0


class LangSmithTraces:
    """A TraceSink over the LangSmith API. What cannot be delivered is logged and dropped; the local store has it all."""

    def __init__(self, *, endpoint: str, api_key: str | None, project: str) -> None:
        self._project = project
        self._client = Client(api_url=endpoint, api_key=api_key, tracing_error_callback=_report, omit_traced_runtime_info=True)

    async def write(self, runs: Sequence[Run]) -> None:
        """Hands the runs over to the client's queue; parents before children, as their order sorts."""
        for run in sorted(runs, key=lambda run: run.dotted_order):
            self._client.create_run(**_document(run), project_name=self._project)

    async def close(self) -> None:
        """Delivers what is still queued, as far as a few seconds allow."""
        await asyncio.to_thread(self._client.cleanup, _CLOSE_TIMEOUT_S)


def _document(run: Run) -> dict[str, Any]:
    extra = {"metadata": {**run.extra, "session_id": run.session_id}}
    own = run.model_dump(exclude={"session_id", "extra", "tags"})
    return own | {"tags": list(run.tags), "extra": extra}


def _report(error: Exception) -> None:
    _log.warning("langsmith_not_reached", error=str(error)[:300])
