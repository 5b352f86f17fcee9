"""How is SQLite asked without a thread? aiosqlite's connection whose work is done where it is asked, for a campaign that has one caller.

A running shop keeps the thread: there a commit that waits for the disk must not hold up the others.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from memory.database import begin_sqlite, prepare_sqlite

_ROWS_AT_ONCE = 64


def create_inline_engine(url: str) -> AsyncEngine:
    """As memory.database's engine, without a thread and without waiting for the disk."""
    engine = create_async_engine(url, connect_args={"async_creator_fn": _connect})
    event.listen(engine.sync_engine, "connect", prepare_sqlite)
    event.listen(engine.sync_engine, "begin", begin_sqlite)
    # Whether what is committed survives a power cut is the crash campaign's question; here it would only cost time.
    event.listen(engine.sync_engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return engine


class _AtOnce:
    """In place of the queue to the thread."""

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, work = item
        try:
            found = work()
        except Exception as exc:
            if future is None:
                raise
            future.set_exception(exc)
            return
        if future is not None:
            future.set_result(found)


class _Inline(aiosqlite.Connection):
    def __init__(self, connector: Callable[[], sqlite3.Connection], rows_at_once: int) -> None:
        super().__init__(connector, rows_at_once)
        self._tx = _AtOnce()  # type: ignore[assignment]

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._connect().__await__()


def _connect(database: str, **options: Any) -> aiosqlite.Connection:
    return _Inline(lambda: sqlite3.connect(database, **options), _ROWS_AT_ONCE)
