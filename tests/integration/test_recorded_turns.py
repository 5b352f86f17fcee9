"""Is a turn found again with what the shopper did about it? Runs, feedback and orders joined, on each kind of database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.feedback import Feedback
from domain.trace import Run
from memory.database import writing
from memory.feedback import SqlFeedback
from memory.recorded_turns import SqlRecordedTurns
from memory.shop_tables import orders
from memory.traces import SqlTraces

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOWN = [{"category": "Mugs", "products": ["mug-1"], "titles": ["Birch Mug"]}]


def tree(turn_id: str, *, at: datetime = NOW, session_id: str = "s", **outputs: Any) -> list[Run]:
    """A turn's runs as the assistant writes them."""

    def run(name: str, **more: Any) -> Run:
        root = name == "turn"
        return Run(
            id=f"{turn_id}-{name}", trace_id=f"{turn_id}-turn", parent_run_id=None if root else f"{turn_id}-turn", dotted_order=name,
            name=name, run_type="chain", start_time=at, session_id=session_id, **more,
        )  # fmt: skip

    filters: dict[str, Any] = {"price_max": "30", "color": None, "currency": "USD", "lifted": []}
    return [
        run(
            "turn",
            inputs={"message": "mug under 30", "turn_id": turn_id},
            outputs={"text": "A mug.", "timings_ms": {"total": 80}} | outputs,
        ),
        run("plan", outputs={"plan": [{"kind": "search", "request": "mug", "filters": filters}, {"kind": "shop_question"}]}),
        run("formulate", outputs={"query": "mug", "model": "need-tagger + rules"}),
        run("reply", outputs={"checks": ["within_price"]}),
    ]


async def order(engine: AsyncEngine, owner: str, *, at: datetime) -> None:
    row = {
        "order_id": f"o-{owner}", "owner": owner, "state": "paid", "created_at": at, "pay_by": at, "total_minor": 100, "currency": "USD",
        "version": 1, "document": {"lines": [{"product_id": "mug-1"}]},
    }  # fmt: skip
    async with writing(engine) as connection:
        await connection.execute(insert(orders).values(**row))


async def test_a_turn_is_read_back_with_its_feedback(engine: AsyncEngine) -> None:
    await SqlTraces(engine).write(tree("t1", shown=SHOWN, degraded=["rules"]))
    log = SqlFeedback(engine)
    await log.record(Feedback(session_id="s", turn_id="t1", kind="thumb", value=-1, at=NOW))
    await log.record(Feedback(session_id="somebody else's", turn_id="t1", kind="thumb", value=1, at=NOW))
    (turn,) = await SqlRecordedTurns(engine).since(NOW - timedelta(days=1))
    assert (turn.message, turn.intents, turn.query, turn.model) == (
        "mug under 30",
        ("search", "shop_question"),
        "mug",
        "need-tagger + rules",
    )
    assert (turn.filters, turn.failed_checks, turn.degraded, turn.total_ms) == ({"price_max": "30"}, ("within_price",), ("rules",), 80)
    assert turn.shown[0].titles == ("Birch Mug",)
    assert [(said.kind, said.value) for said in turn.feedback] == [("thumb", -1)]


async def test_a_purchase_belongs_to_the_last_turn_that_showed_the_product(engine: AsyncEngine) -> None:
    for turn_id, minutes in (("early", -10), ("late", -5), ("after", 5)):
        await SqlTraces(engine).write(tree(turn_id, at=NOW + timedelta(minutes=minutes), shown=SHOWN))
    await SqlTraces(engine).write(tree("other", session_id="x", shown=SHOWN))
    await order(engine, "session:s", at=NOW)
    turns = {turn.turn_id: turn for turn in await SqlRecordedTurns(engine).since(NOW - timedelta(days=1))}
    assert [(name, said.kind) for name, turn in turns.items() for said in turn.feedback] == [("late", "purchase")]


async def test_a_failed_turn_and_one_from_before_the_traces_held_products_are_read_too(engine: AsyncEngine) -> None:
    failed = tree("broken")[0].model_copy(update={"error": "IndexUnavailable: gone", "outputs": {}})
    await SqlTraces(engine).write([failed])
    await SqlTraces(engine).write(tree("old", at=NOW - timedelta(days=40)))
    (turn,) = await SqlRecordedTurns(engine).since(NOW - timedelta(days=30))
    assert (turn.error, turn.intent, turn.shown) == ("IndexUnavailable: gone", "none", ())
