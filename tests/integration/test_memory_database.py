"""Do traces and feedback last, on SQLite and on PostgreSQL? One suite over both."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Unavailable
from domain.feedback import Feedback
from domain.trace import Run
from memory.database import create_engine, create_tables, database_url, feedback, metadata, reading, runs, writing
from memory.feedback import SqlFeedback
from memory.traces import SqlTraces

pytestmark = pytest.mark.integration
_NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def root(number: int, *, session_id: str = "s1", at: datetime | None = None) -> Run:
    start = at or _NOON + timedelta(seconds=number)
    return Run(
        id=f"root-{number}", trace_id=f"root-{number}", dotted_order=f"{number:04}", name="turn", run_type="chain",
        start_time=start, end_time=start, inputs={"message": "boots"}, session_id=session_id,
    )  # fmt: skip


def child(parent: Run, name: str) -> Run:
    identity = {"id": f"{parent.id}-{name}", "parent_run_id": parent.id, "dotted_order": f"{parent.dotted_order}.{name}"}
    return parent.model_copy(update={"name": name, **identity})


async def test_the_migrations_make_exactly_the_declared_tables(engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async with reading(engine) as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_again_and_from_several_processes_at_once_changes_nothing(engine: AsyncEngine) -> None:
    await SqlTraces(engine).write([root(1)])
    await asyncio.gather(*(create_tables(engine) for _ in range(4)))

    assert len(await SqlTraces(engine).traces(session_id=None, limit=10)) == 1


async def test_an_empty_database_may_be_opened_by_several_at_once(tmp_path: Path) -> None:
    engines = [create_engine(database_url(None, tmp_path)) for _ in range(3)]
    await asyncio.gather(*(create_tables(engine) for engine in engines))
    async with reading(engines[0]) as connection:
        assert (await connection.execute(text("SELECT count(*) FROM alembic_version"))).scalar() == 1
        assert (await connection.execute(select(runs))).all() == []
    for engine in engines:
        await engine.dispose()


async def test_a_tree_is_read_back_as_it_was_written_depth_first(engine: AsyncEngine) -> None:
    turn = root(1)
    tree = [turn, child(turn, "b"), child(turn, "a")]
    await SqlTraces(engine).write(tree)

    assert await SqlTraces(engine).trace("root-1") == (turn, tree[2], tree[1])
    assert await SqlTraces(engine).trace("none") == ()


async def test_root_runs_come_newest_first_and_pages_join_even_within_one_moment(engine: AsyncEngine) -> None:
    traces = SqlTraces(engine)
    for number in range(5):
        await traces.write([root(number, at=_NOON)])
    await traces.write([root(9, session_id="s2", at=_NOON - timedelta(days=1))])
    first = await traces.traces(session_id=None, limit=3)
    rest = await traces.traces(session_id=None, limit=9, before=(first[-1].start_time, first[-1].id))

    assert [r.id for r in (*first, *rest)] == ["root-4", "root-3", "root-2", "root-1", "root-0", "root-9"]
    assert [r.id for r in await traces.traces(session_id="s2", limit=9)] == ["root-9"]


async def test_old_runs_go_and_young_ones_stay(engine: AsyncEngine) -> None:
    await SqlTraces(engine, keep_days=7).write([root(1, at=_NOON - timedelta(days=8))])
    await SqlTraces(engine, keep_days=7).write([root(2, at=_NOON - timedelta(days=6))])
    await SqlTraces(engine, keep_days=7).write([root(3, at=_NOON)])

    assert [r.id for r in await SqlTraces(engine).traces(session_id=None, limit=9)] == ["root-3", "root-2"]


async def test_a_tree_goes_as_a_whole_and_a_backlog_in_bounded_steps(engine: AsyncEngine) -> None:
    traces = SqlTraces(engine, keep_days=7)
    await traces.write([root(999, at=_NOON)])
    for number in range(1, 49):
        old = root(number, at=_NOON - timedelta(days=8))
        await traces.write([old, child(old, "step")])
    assert len(await traces.traces(session_id=None, limit=99)) == 49, "nothing is pruned between two steps"
    for number in range(100, 102):
        await traces.write([root(number, at=_NOON)])

    assert [r.id for r in await traces.traces(session_id=None, limit=99)] == ["root-999", "root-101", "root-100"]
    assert await traces.trace("root-1") == ()


async def test_what_was_written_is_not_in_an_error_s_text(engine: AsyncEngine) -> None:
    row = {"id": "x", "trace_id": "x", "session_id": "s", "dotted_order": "1", "start_time": _NOON, "document": {"to": "12 Elm Street"}}
    with pytest.raises(IntegrityError) as raised:
        async with writing(engine) as connection:
            await connection.execute(runs.insert(), [row, row])

    assert "Elm Street" not in str(raised.value)


async def test_writers_on_sqlite_get_their_turn_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    made = create_engine(database_url(None, tmp_path))
    await create_tables(made)
    order: list[int] = []

    async def write(number: int) -> None:
        async with writing(made):
            order.append(number)
            await asyncio.sleep(0.005)

    writers = []
    for number in range(12):
        writers.append(asyncio.create_task(write(number)))
        await asyncio.sleep(0.001)
    await asyncio.gather(*writers)
    await made.dispose()

    assert order == sorted(order)


async def test_a_trace_that_cannot_be_stored_does_not_fail_the_turn(engine: AsyncEngine) -> None:
    traces = SqlTraces(engine)
    await traces.write([root(1)])
    await traces.write([root(1)])

    assert len(await traces.traces(session_id=None, limit=9)) == 1


async def test_feedback_is_stored_with_its_time_and_zone(engine: AsyncEngine) -> None:
    said = Feedback(session_id="s1", turn_id="t1", kind="thumb", value=-1, comment="naïve 靴 👟", at=_NOON)
    await SqlFeedback(engine).record(said)
    async with reading(engine) as connection:
        row = (await connection.execute(select(feedback))).one()

    assert (row.turn_id, row.value, row.comment, row.at) == ("t1", -1, said.comment, _NOON)
    assert row.at.utcoffset() == timedelta(0)


async def test_an_error_inside_a_transaction_undoes_all_of_it(engine: AsyncEngine) -> None:
    values = {"session_id": "s", "turn_id": "t", "kind": "click", "at": _NOON}
    with pytest.raises(RuntimeError):
        async with writing(engine) as connection:
            await connection.execute(feedback.insert().values(**values))
            raise RuntimeError("midway")
    async with reading(engine) as connection:
        assert (await connection.execute(select(feedback))).all() == []


async def test_a_duplicate_comes_through_as_what_it_is(engine: AsyncEngine) -> None:
    row = {"id": "x", "trace_id": "x", "session_id": "s", "dotted_order": "1", "start_time": _NOON, "document": {}}
    with pytest.raises(IntegrityError):
        async with writing(engine) as connection:
            await connection.execute(runs.insert(), [row, row])


async def test_writers_that_read_first_wait_for_each_other_instead_of_failing(engine: AsyncEngine) -> None:
    async def append(number: int) -> None:
        async with writing(engine) as connection:
            await connection.execute(select(feedback))
            await asyncio.sleep(0.01)
            values = {"session_id": "s", "turn_id": str(number), "kind": "click", "at": _NOON}
            await connection.execute(feedback.insert().values(**values))

    await asyncio.gather(*(append(i) for i in range(12)))
    async with reading(engine) as connection:
        assert len((await connection.execute(select(feedback))).all()) == 12


async def test_sqlite_writes_ahead_and_syncs_fully(tmp_path: Path) -> None:
    made = create_engine(database_url(None, tmp_path))
    async with reading(made) as connection:
        modes = [(await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in ("journal_mode", "synchronous")]
    await made.dispose()

    assert modes == ["wal", 2]


async def test_a_database_that_does_not_answer_is_unavailable_with_a_time_to_come_back() -> None:
    made = create_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable) as down:
        await SqlTraces(made).traces(session_id=None, limit=1)
    await made.dispose()

    assert down.value.retry_after_s > 0
    assert "127.0.0.1" not in str(down.value)


def test_plain_urls_get_their_async_driver(tmp_path: Path) -> None:
    assert database_url("postgres://u@h/d", tmp_path) == "postgresql+asyncpg://u@h/d"
    assert database_url("postgresql://u@h/d", tmp_path) == "postgresql+asyncpg://u@h/d"
    assert database_url("sqlite:///x.db", tmp_path) == "sqlite+aiosqlite:///x.db"
    assert database_url(None, tmp_path).endswith("/aisle.sqlite")
