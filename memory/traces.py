"""Where are run trees kept? In the SQL database, readable by trace and by session, for some weeks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select, and_, delete, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Unavailable
from domain.trace import Run
from memory.database import reading, runs, writing

_log = structlog.get_logger()
_PRUNE_EVERY = 50
_PRUNED_AT_ONCE = 200
"""Traces: more than are written meanwhile, and few enough that carts and orders do not wait for them."""


class SqlTraces:
    """TraceSink and TraceSource over the database; what is older than ``keep_days`` goes with later writes."""

    def __init__(self, engine: AsyncEngine, *, keep_days: int = 30) -> None:
        self._engine = engine
        self._keep = timedelta(days=keep_days)
        self._writes = 0

    async def write(self, tree: Sequence[Run]) -> None:
        """Stores a tree; a failure is logged and does not fail the turn (the port's promise)."""
        if not tree:
            return
        try:
            async with writing(self._engine) as connection:
                await connection.execute(insert(runs), [_row(run) for run in tree])
        except (Unavailable, IntegrityError) as exc:
            _log.error("trace_not_stored", trace_id=tree[0].trace_id, runs=len(tree), error=str(exc))
            return
        self._writes += 1
        if self._writes % _PRUNE_EVERY == 1:
            await self._prune(tree[0].start_time - self._keep)

    async def _prune(self, before: datetime) -> None:
        """Whole trees, oldest first, found by the index of roots and in a transaction of its own."""
        old = select(runs.c.trace_id).where(runs.c.parent_run_id.is_(None), runs.c.start_time < before)
        try:
            async with reading(self._engine) as connection:
                found = (await connection.execute(old.order_by(runs.c.start_time).limit(_PRUNED_AT_ONCE))).scalars().all()
            if found:
                async with writing(self._engine) as connection:
                    await connection.execute(delete(runs).where(runs.c.trace_id.in_(found)))
        except Unavailable as exc:
            _log.warning("traces_not_pruned", error=str(exc))

    async def traces(self, *, session_id: str | None, limit: int, before: tuple[datetime, str] | None = None) -> tuple[Run, ...]:
        query = select(runs.c.document).where(runs.c.parent_run_id.is_(None))
        if session_id is not None:
            query = query.where(runs.c.session_id == session_id)
        if before is not None:
            moment, run_id = before
            same_moment = and_(runs.c.start_time == moment, runs.c.id < run_id)
            query = query.where(or_(runs.c.start_time < moment, same_moment))
        return await self._read(query.order_by(runs.c.start_time.desc(), runs.c.id.desc()).limit(limit))

    async def trace(self, trace_id: str) -> tuple[Run, ...]:
        return await self._read(select(runs.c.document).where(runs.c.trace_id == trace_id).order_by(runs.c.dotted_order))

    async def _read(self, query: Select[Any]) -> tuple[Run, ...]:
        async with reading(self._engine) as connection:
            found = await connection.execute(query)
        return tuple(Run.model_validate(row[0]) for row in found)


def _row(run: Run) -> dict[str, Any]:
    return {
        "id": run.id, "trace_id": run.trace_id, "parent_run_id": run.parent_run_id, "session_id": run.session_id,
        "dotted_order": run.dotted_order, "start_time": run.start_time.astimezone(UTC), "document": run.model_dump(mode="json"),
    }  # fmt: skip
