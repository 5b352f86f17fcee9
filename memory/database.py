"""Where do records that outlive a conversation lie? One SQL database: SQLite by default, PostgreSQL by URL."""

from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Float, Index, Integer, MetaData, String, Table, Text, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

runs = Table(
    "runs", metadata,
    Column("id", String(36), primary_key=True),
    Column("trace_id", String(36), nullable=False),
    Column("parent_run_id", String(36)),
    Column("session_id", String(64), nullable=False),
    Column("dotted_order", Text, nullable=False),
    Column("start_time", DateTime(timezone=True), nullable=False),
    Column("document", JSON, nullable=False),
    Index("ix_runs_trace", "trace_id"),
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
    Column("at", DateTime(timezone=True), nullable=False),
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
    engine = create_async_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if url.startswith("sqlite"):
        event.listen(engine.sync_engine, "connect", _pragmas)
    return engine


async def create_tables(engine: AsyncEngine) -> None:
    """Brings an empty or older database to the present schema."""
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)


def _pragmas(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
