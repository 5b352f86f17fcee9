"""Which servers do integration tests run against? Real ones of their own, started here and ended with the tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from memory.database import create_engine, create_tables, database_url
from memory.private_redis import PrivateRedis
from tests.integration.composed import Composed, composed_in
from tests.integration.listener import Listener, listening
from tests.integration.postgres import PostgresCluster


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of the test run, shared: tests use session ids of their own."""
    server = PrivateRedis(tmp_path_factory.mktemp("redis"))
    yield server.start()
    server.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    """A Redis for one test to start, kill and start again."""
    server = PrivateRedis(tmp_path / "redis")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of the test run; tests that ask for it are marked ``needs("postgres")``."""
    cluster = PostgresCluster(tmp_path_factory.mktemp("postgres"))
    yield cluster.start()
    cluster.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An empty database at the present schema, once on each kind."""
    if request.param == "sqlite":
        made = create_engine(database_url(None, tmp_path))
    else:
        made = create_engine(request.getfixturevalue("postgres_url"))
        async with made.begin() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
    await create_tables(made)
    yield made
    await made.dispose()


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state folder, and so one demo index, for all tests that compose the application."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture
async def composed(state_dir: Path) -> AsyncIterator[Composed]:
    """The whole assistant; see ``tests.integration.composed``."""
    async with composed_in(state_dir) as application:
        yield application


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Takes what is meant for LangSmith or a collector."""
    with listening() as heard:
        yield heard
