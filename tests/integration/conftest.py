"""Which servers do integration tests run against? Real ones of their own, started here and ended with the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from memory.private_redis import PrivateRedis


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
