"""Where do tests get a PostgreSQL? A cluster of their own from the machine's packages, started as a user that is not root."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path


def programs() -> tuple[str, str] | None:
    """(initdb, postgres), or None where PostgreSQL is not installed."""
    found = shutil.which("initdb"), shutil.which("postgres")
    if found[0] and found[1]:
        return found[0], found[1]
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        return str(folder / "initdb"), str(folder / "postgres")
    return None


@dataclass
class PostgresCluster:
    """One server over one folder; ``start`` gives a URL. Durable settings are as shipped."""

    folder: Path
    port: int = field(default_factory=lambda: _free_port())
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        found = programs()
        assert found is not None, "PostgreSQL is not installed; ask programs() first"
        initdb, postgres = found
        data = self.folder / "data"
        if not data.exists():
            data.mkdir(parents=True)
            self._give_away()
            command = [initdb, "-D", str(data), "-U", "aisle", "-A", "trust", "--no-sync", "-E", "UTF8"]
            subprocess.run(command, check=True, capture_output=True, user=_user(), cwd="/")
        options = ["-D", str(data), "-p", str(self.port), "-k", str(self.folder), "-h", "127.0.0.1"]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([postgres, *options], stdout=quiet, stderr=quiet, user=_user(), cwd="/")
        self._wait()
        return f"postgresql+asyncpg://aisle@127.0.0.1:{self.port}/postgres"

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"PostgreSQL did not start on port {self.port}")

    def _give_away(self) -> None:
        name = _user()
        if name is None:
            return
        user = pwd.getpwnam(name)
        for path in (self.folder, self.folder / "data"):
            os.chown(path, user.pw_uid, user.pw_gid)
        for path in self.folder.parents:
            if path == Path("/tmp"):
                break
            path.chmod(path.stat().st_mode | 0o011)


def _user() -> str | None:
    """Whom to run as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
