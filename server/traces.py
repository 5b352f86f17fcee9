"""How did a turn come about? Run trees in LangSmith's shape, for the operator."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request

from domain.document import Document
from domain.errors import BadInput, NotFound
from domain.trace import Run
from server.auth import require_key
from server.openapi import problems
from server.services import services

router = APIRouter(tags=["traces"])


class Traces(Document):
    """Root runs, one a turn, newest first."""

    traces: tuple[Run, ...]
    next_cursor: str | None = None


class Trace(Document):
    """Every step of one turn, in dotted order: depth first."""

    runs: tuple[Run, ...]


@router.get("/traces", response_model=Traces, dependencies=[require_key("operator")], responses=problems(403))
async def traces(
    request: Request,
    session_id: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Traces:
    """Turns, newest first; of one session where ``session_id`` is given."""
    before = None if cursor is None else _read_cursor(cursor)
    found = await services(request).traces.traces(session_id=session_id, limit=limit, before=before)
    return Traces(traces=found, next_cursor=_cursor(found[-1]) if len(found) == limit else None)


@router.get("/traces/{trace_id}", response_model=Trace, dependencies=[require_key("operator")], responses=problems(403))
async def trace(request: Request, trace_id: str) -> Trace:
    """All runs of one trace; 404 when there is none of this id."""
    runs = await services(request).traces.trace(trace_id)
    if not runs:
        raise NotFound(f"there is no trace {trace_id!r}")
    return Trace(runs=runs)


def _cursor(last: Run) -> str:
    return base64.urlsafe_b64encode(f"{last.start_time.isoformat()} {last.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        moment, _, run_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return datetime.fromisoformat(moment).astimezone(UTC), run_id
    except (binascii.Error, ValueError, OverflowError) as exc:
        raise BadInput("cursor is not one that this route gave; leave it out to start anew", field="cursor", value=cursor) from exc
