"""Where do records that outlive a conversation lie? One SQL database: SQLite by default, PostgreSQL by URL.

A new table is declared over ``metadata``, and made by the next numbered file in ``memory/migrations/versions``;
a test holds the two to each other.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    event,
    text,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.errors import Unavailable

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_MIGRATION_LOCK = 4_174_151  # any number, the same in all processes
_RETRY_AFTER_S = 2
_NOT_AN_OUTAGE = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
_OUTAGE = (DBAPIError, PoolTimeout, OSError)
_turns: WeakKeyDictionary[Engine, asyncio.Lock] = WeakKeyDictionary()

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware times in, UTC times out, on both databases (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"the time {value!r} has no zone; use UTC")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


runs = Table(
    "runs", metadata,
    Column("id", String(36), primary_key=True),
    Column("trace_id", String(36), nullable=False),
    Column("parent_run_id", String(36)),
    Column("session_id", String(64), nullable=False),
    Column("dotted_order", Text, nullable=False),
    Column("start_time", UtcDateTime, nullable=False),
    Column("document", JSON, nullable=False),
    Index("ix_runs_trace", "trace_id"),
    Index("ix_runs_roots", "parent_run_id", "start_time"),
    Index("ix_runs_session", "session_id", "start_time"),
)  # fmt: skip

feedback = Table(
    "feedback", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("session_id", String(64), nullable=False),
    Column("turn_id", String(200), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("value", Float),
    Column("product_id", String(512)),
    Column("comment", Text),
    Column("at", UtcDateTime, nullable=False),
)  # fmt: skip


def database_url(configured: str | None, state_dir: Path) -> str:
    """The SQLAlchemy URL to use: the configured one with an async driver, or SQLite in the state folder."""
    if configured is None:
        return f"sqlite+aiosqlite:///{state_dir / 'aisle.sqlite'}"
    for plain, driver in (
        ("postgresql://", "postgresql+asyncpg://"),
        ("postgres://", "postgresql+asyncpg://"),
        ("sqlite://", "sqlite+aiosqlite://"),
    ):
        if configured.startswith(plain):
            return driver + configured.removeprefix(plain)
    return configured


def create_engine(url: str) -> AsyncEngine:
    """An engine; SQLite writes ahead and syncs fully, so that what is acknowledged survives a power cut."""
    # An error's text goes into logs: an order's address and a shopper's words must not go with it.
    engine = create_async_engine(url, pool_pre_ping=not url.startswith("sqlite"), hide_parameters=True)
    if url.startswith("sqlite"):
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
        event.listen(engine.sync_engine, "begin", begin_sqlite)
    return engine


async def create_tables(engine: AsyncEngine) -> None:
    """Brings an empty or older database to the present schema; of several processes at once, one does it."""
    async with writing(engine) as connection:
        await connection.run_sync(_upgrade)


async def ping(engine: AsyncEngine) -> None:
    """Unavailable unless the database answers."""
    async with reading(engine) as connection:
        await connection.execute(text("SELECT 1"))


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One write transaction, committed at the end and rolled back on any error; Unavailable when the database is down.

    IntegrityError and defects of a statement come through: only the caller knows what a duplicate means. On SQLite the
    write lock is taken at once, so that a transaction that reads first cannot fail because another wrote in between.
    """
    try:
        async with _turn(engine), engine.connect() as connection:
            await connection.execution_options(aisle_writes=True)
            async with connection.begin():
                yield connection
    except _NOT_AN_OUTAGE:
        raise
    except _OUTAGE as exc:
        raise _unavailable(exc) from exc


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Reads; on SQLite of one moment, on PostgreSQL each statement of its own. Unavailable when the database is down."""
    try:
        async with engine.connect() as connection:
            yield connection
    except _NOT_AN_OUTAGE:
        raise
    except _OUTAGE as exc:
        raise _unavailable(exc) from exc


def _turn(engine: AsyncEngine) -> AbstractAsyncContextManager[object]:
    """SQLite has one writer. Waiting here is first come, first served; waiting for its lock is polling with pauses."""
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return _turns.setdefault(engine.sync_engine, asyncio.Lock())


def _unavailable(exc: Exception) -> Unavailable:
    reason = type(exc.orig).__name__ if isinstance(exc, DBAPIError) else type(exc).__name__
    return Unavailable(f"the database does not answer ({reason}); try again in a moment", retry_after_s=_RETRY_AFTER_S)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    command.upgrade(config, "head")


def prepare_sqlite(connection: Any, _: Any) -> None:
    # The driver begins no transaction of its own: begin_sqlite does, so that DDL and reads are inside it too.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("aisle_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
