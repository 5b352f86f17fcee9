"""Is anything lost or done twice when the shop's process is killed? A slice of the campaign in benchmarks.commerce."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.shop_crash import FAILPOINTS, Crashes
from tools.payments.private_provider import PrivateProvider

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def crashes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashes]:
    provider = PrivateProvider(tmp_path_factory.mktemp("provider"))
    yield Crashes(provider, provider.start())
    provider.stop()


@pytest.mark.parametrize("name", FAILPOINTS)
def test_a_kill_at_a_failpoint_loses_and_doubles_nothing(crashes: Crashes, tmp_path: Path, name: str) -> None:
    found = crashes.at_failpoint(tmp_path, name, times=1)

    assert found.killed
    assert found.wrong == []
    assert found.orders == found.begun + 1


def test_a_kill_on_the_way_of_a_returns_refund_is_recovered_from(crashes: Crashes, tmp_path: Path) -> None:
    # The first refund is a cancelled order's, the second that of a thing that came back.
    found = crashes.at_failpoint(tmp_path, "refund.after_provider", times=2)

    assert found.killed
    assert found.wrong == []


def test_a_kill_at_a_random_moment_loses_and_doubles_nothing(crashes: Crashes, tmp_path: Path) -> None:
    found = crashes.at_random(tmp_path, random.Random(5))

    assert found.killed
    assert found.wrong == []
