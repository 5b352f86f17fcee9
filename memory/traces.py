"""Where are run trees kept? In the SQL database, readable by trace and by session."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Select, and_, insert, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Unavailable
from domain.trace import Run
from memory.database import runs

_log = structlog.get_logger()


class SqlTraces:
    """TraceSink and TraceSource over the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def write(self, tree: Sequence[Run]) -> None:
        """Stores a tree; a failure is logged and does not fail the turn (the port's promise)."""
        rows = [
            {
                "id": run.id, "trace_id": run.trace_id, "parent_run_id": run.parent_run_id, "session_id": run.session_id,
                "dotted_order": run.dotted_order, "start_time": run.start_time.astimezone(UTC),
                "document": run.model_dump(mode="json"),
            }
            for run in tree
        ]  # fmt: skip
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(runs), rows)
        except SQLAlchemyError as exc:
            _log.error("trace_not_stored", error=str(exc), runs=len(rows))

    async def traces(
        self, *, session_id: str | None, limit: int, before: tuple[datetime, str] | None = None
    ) -> tuple[Run, ...]:
        query = select(runs.c.document).where(runs.c.parent_run_id.is_(None))
        if session_id is not None:
            query = query.where(runs.c.session_id == session_id)
        if before is not None:
            moment, run_id = before[0].astimezone(UTC), before[1]
            same_moment = and_(runs.c.start_time == moment, runs.c.id < run_id)
            query = query.where(or_(runs.c.start_time < moment, same_moment))
        return await self._read(query.order_by(runs.c.start_time.desc(), runs.c.id.desc()).limit(limit))

    async def trace(self, trace_id: str) -> tuple[Run, ...]:
        return await self._read(select(runs.c.document).where(runs.c.trace_id == trace_id).order_by(runs.c.dotted_order))

    async def _read(self, query: Select[Any]) -> tuple[Run, ...]:
        try:
            async with self._engine.connect() as connection:
                found = await connection.execute(query)
        except SQLAlchemyError as exc:
            raise Unavailable("the trace store is down; try again in a moment") from exc
        return tuple(Run.model_validate(row[0]) for row in found)
