"""Which turns were there, and what came of them? Runs, feedback and orders, joined turn by turn."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.feedback import Feedback
from domain.recorded import RecordedTurn, ShownSection
from domain.trace import Run
from memory.database import feedback, reading, runs
from memory.shop_tables import orders

_BATCH = 400
"""Ids in one question to the database."""


class SqlRecordedTurns:
    """Reads what the server wrote; nothing is changed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def since(self, moment: datetime, *, limit: int = 100_000) -> tuple[RecordedTurn, ...]:
        """Turns from then on, the newest first; at most ``limit``."""
        roots = await self._runs_where(
            select(runs.c.document)
            .where(runs.c.parent_run_id.is_(None), runs.c.start_time >= moment.astimezone(UTC))
            .order_by(runs.c.start_time.desc())
            .limit(limit)
        )
        said, bought = await self._feedback(roots), await self._orders(roots)
        steps: dict[str, list[Run]] = defaultdict(list)
        for ids in _batches(root.trace_id for root in roots):
            query = select(runs.c.document).where(runs.c.trace_id.in_(ids), runs.c.parent_run_id.is_not(None)).order_by(runs.c.dotted_order)
            for run in await self._runs_where(query):
                steps[run.trace_id].append(run)
        turns = [_turn(root, steps[root.trace_id], said) for root in roots]
        return tuple(_with_purchases(turns, bought))

    async def _runs_where(self, query: Any) -> list[Run]:
        async with reading(self._engine) as connection:
            return [Run.model_validate(row[0]) for row in await connection.execute(query)]

    async def _feedback(self, roots: Sequence[Run]) -> Mapping[tuple[str, str], list[Feedback]]:
        found: dict[tuple[str, str], list[Feedback]] = defaultdict(list)
        async with reading(self._engine) as connection:
            for ids in _batches(_turn_id(root) for root in roots):
                for row in (await connection.execute(select(feedback).where(feedback.c.turn_id.in_(ids)))).mappings():
                    found[row["session_id"], row["turn_id"]].append(_said(row))
        return found

    async def _orders(self, roots: Sequence[Run]) -> list[tuple[str, datetime, tuple[str, ...]]]:
        """Session, moment and products of the orders that these sessions placed without a customer's name."""
        owners = dict.fromkeys(f"session:{root.session_id}" for root in roots)
        found = []
        async with reading(self._engine) as connection:
            for ids in _batches(owners):
                for row in (await connection.execute(select(orders).where(orders.c.owner.in_(ids)))).mappings():
                    products = tuple(line["product_id"] for line in row["document"].get("lines", ()))
                    found.append((row["owner"].removeprefix("session:"), row["created_at"], products))
        return found


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = list(ids)
    return (remaining[start : start + _BATCH] for start in range(0, len(remaining), _BATCH))


def _turn_id(root: Run) -> str:
    return str(root.inputs.get("turn_id", root.id))


def _said(row: RowMapping) -> Feedback:
    return Feedback.model_validate({name: row[name] for name in Feedback.model_fields})


def _turn(root: Run, steps: Iterable[Run], said: Mapping[tuple[str, str], list[Feedback]]) -> RecordedTurn:
    by_name: dict[str, Run] = {}
    for step in steps:
        by_name.setdefault(step.name, step)
    plan = _outputs(by_name, "plan").get("plan") or []
    formulated, replied = _outputs(by_name, "formulate"), _outputs(by_name, "reply")
    held = plan[0].get("filters", {}) if plan else {}
    turn_id = _turn_id(root)
    return RecordedTurn(
        turn_id=turn_id, session_id=root.session_id, at=root.start_time, message=str(root.inputs.get("message", "")),
        text=str(root.outputs.get("text", "")), intents=tuple(task["kind"] for task in plan), query=str(formulated.get("query") or ""),
        filters={name: value for name, value in held.items() if value not in (None, [], "USD") and name != "lifted"},
        model=str(formulated.get("model") or "none"), total_ms=(root.outputs.get("timings_ms") or {}).get("total"), error=root.error,
        failed_checks=tuple(replied.get("checks") or ()), degraded=tuple(root.outputs.get("degraded") or ()),
        proposal=tuple(root.outputs.get("proposal") or ()), shown=tuple(ShownSection(**shown) for shown in root.outputs.get("shown") or ()),
        feedback=tuple(said.get((root.session_id, turn_id), ())),
    )  # fmt: skip


def _outputs(by_name: Mapping[str, Run], name: str) -> dict[str, Any]:
    return by_name[name].outputs if name in by_name else {}


def _with_purchases(turns: Sequence[RecordedTurn], bought: Iterable[tuple[str, datetime, tuple[str, ...]]]) -> Iterator[RecordedTurn]:
    """A purchase belongs to the last turn that had shown the product before it was ordered."""
    purchases: dict[str, list[Feedback]] = defaultdict(list)
    for session_id, at, products in bought:
        for product_id in products:
            showing = (t for t in turns if t.session_id == session_id and t.at <= at and any(product_id in s.products for s in t.shown))
            last = max(showing, key=lambda turn: turn.at, default=None)
            if last is not None:
                purchases[last.turn_id].append(
                    Feedback(session_id=session_id, turn_id=last.turn_id, kind="purchase", product_id=product_id, at=at)
                )
    for turn in turns:
        yield turn.model_copy(update={"feedback": (*turn.feedback, *purchases[turn.turn_id])}) if turn.turn_id in purchases else turn
