"""How did a turn come about? Run trees in LangSmith's shape, for the operator."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

from domain.document import Document
from domain.errors import NotFound
from domain.trace import Run
from server.auth import require_key
from server.services import PAGE_DIR, services

router = APIRouter(tags=["traces"])


class Traces(Document):
    traces: tuple[Run, ...]


class Trace(Document):
    runs: tuple[Run, ...]


@router.get("/traces/view", include_in_schema=False)
async def view() -> FileResponse:
    """A small page over the traces; it asks for the operator key and keeps it in memory only."""
    return FileResponse(PAGE_DIR / "traces.html", media_type="text/html")


@router.get("/traces", response_model=Traces, dependencies=[require_key("operator")])
async def traces(
    request: Request,
    session_id: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Traces:
    """Root runs, newest first."""
    return Traces(traces=await services(request).traces.traces(session_id=session_id, limit=limit))


@router.get("/traces/{trace_id}", response_model=Trace, dependencies=[require_key("operator")])
async def trace(request: Request, trace_id: str) -> Trace:
    """All runs of one trace, in dotted order."""
    runs = await services(request).traces.trace(trace_id)
    if not runs:
        raise NotFound(f"there is no trace {trace_id!r}")
    return Trace(runs=runs)
