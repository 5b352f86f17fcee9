"""Where does the demo's payment provider come from? A process of our own on loopback, started with the shop and ended with it."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import StartupError

_ROOT = Path(__file__).resolve().parents[2]
_START_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 5.0


@dataclass
class PrivateProvider:
    """The process belongs to one state folder; its ledger outlives it. ``start`` gives its URL, ``key`` what it asks for."""

    folder: Path
    slow_s: float = 30.0
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _key: str = field(default="", repr=False)

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

    def start(self) -> str:
        """The URL. An orphan of ours from a crash is ended first. StartupError when it doesn't come up."""
        key = self.key
        self._end_orphan()
        self.port = self.port or _free_port()
        command = [
            sys.executable, "-m", "tools.payments.test_provider", "--ledger", str(self.folder / "ledger.sqlite"),
            "--port", str(self.port), "--slow-s", str(self.slow_s),
        ]  # fmt: skip
        with (self.folder / "provider.log").open("ab") as log:
            # A session of its own: Ctrl-C in the terminal must not end it before the last order is settled.
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=_ROOT, start_new_session=True)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{key}\n".encode())
        self._process.stdin.close()
        (self.folder / "provider.pid").write_text(str(self._process.pid))
        return f"http://127.0.0.1:{self.port}"

    def wait_until_up(self) -> None:
        """StartupError, with the place of its log, when it ends or stays silent."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        self.stop()
        raise StartupError(f"the test payment provider did not start; see {self.folder / 'provider.log'}")

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
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            time.sleep(0.3)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
