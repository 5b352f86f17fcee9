"""Where does the demo's payment provider come from? A process of our own on loopback, started with the shop and ended with it."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import Unavailable

_ROOT = Path(__file__).resolve().parents[2]
_START_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 5.0


@dataclass
class PrivateProvider:
    """The process belongs to one state folder; its ledger outlives it. It is started by the first that needs its ``url``,
    and again if it has died: whoever never buys never has it running.
    """

    folder: Path
    slow_s: float = 30.0
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _key: str = field(default="", repr=False)
    _starting: threading.Lock = field(default_factory=threading.Lock)

    async def url(self) -> str:
        """The address of the running process; Unavailable when it can't be started."""
        if self._process is None or self._process.poll() is not None:
            await asyncio.to_thread(self._ensure)
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        """Made once and kept in the folder, readable by this user only."""
        if self._key:
            return self._key
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self.folder / "key"
        with contextlib.suppress(FileExistsError):
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(handle, secrets.token_urlsafe(32).encode())
            os.close(handle)
        self._key = file.read_text().strip()
        return self._key

    def _ensure(self) -> None:
        with self._starting:
            if self._process is None or self._process.poll() is not None:
                self.start()

    def start(self) -> str:
        """The URL. An orphan of ours from a crash is ended first. Unavailable when it doesn't come up."""
        key = self.key
        self._end_orphan()
        self.port = self.port or _free_port()
        command = [
            sys.executable, "-m", "tools.payments.test_provider", "--ledger", str(self.folder / "ledger.sqlite"),
            "--port", str(self.port), "--slow-s", str(self.slow_s),
        ]  # fmt: skip
        with (self.folder / "provider.log").open("ab") as log:
            # A session of its own: Ctrl-C in the terminal must not end it before the last order is settled.
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=_ROOT, start_new_session=True)
        assert process.stdin is not None
        process.stdin.write(f"{key}\n".encode())
        # Left open: the provider ends where its standard input does, which is when this process ends, however it ends.
        process.stdin.flush()
        (self.folder / "provider.pid").write_text(str(process.pid))
        self._wait_until_up(process)
        self._process = process
        return f"http://127.0.0.1:{self.port}"

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        process.kill()
        process.wait()
        raise Unavailable(f"the test payment provider did not start; see {self.folder / 'provider.log'}")

    def kill(self) -> None:
        """Ends it as a crash would; its ledger stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Ends what ``start`` started; does nothing twice."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        (self.folder / "provider.pid").unlink(missing_ok=True)

    def _end_orphan(self) -> None:
        try:
            pid = int((self.folder / "provider.pid").read_text())
        except (FileNotFoundError, ValueError):
            return
        listed = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False).stdout
        if "tools.payments.test_provider" in listed and str(self.folder) in listed:
            _end(pid)


def _end(pid: int) -> None:
    deadline = time.monotonic() + _STOP_TIMEOUT_S
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
