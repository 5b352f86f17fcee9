"""Can Aisle run here at all? Standard library only: asked before any dependency is imported. One clear line each.

Any Python 3.6 or later can read this file, so that one which is too old is told so. The Makefile runs it before there is a
.venv: ``python3 server/preflight.py``.
"""

import errno
import os
import platform
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

TYPE_CHECKING = False  # spelled out, since importing typing costs as much as the rest of this file
if TYPE_CHECKING:
    from collections.abc import Iterable

_FIRST_PYTHON, _NO_LONGER_PYTHON = (3, 11), (3, 14)
_FIRST_GLIBC, _FIRST_MACOS = (2, 28), (14,)
"""The oldest systems that onnxruntime is built for."""

REQUIRED = {
    "alembic": "alembic",
    "defusedxml": "defusedxml",
    "fastapi": "fastapi",
    "httpx": "httpx",
    "langgraph": "langgraph",
    "langsmith": "langsmith",
    "numpy": "numpy",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "opentelemetry": "opentelemetry-sdk",
    "prometheus_client": "prometheus-client",
    "pyarrow": "pyarrow",
    "pydantic": "pydantic",
    "pydantic_settings": "pydantic-settings",
    "qdrant_client": "qdrant-client",
    "qdrant_edge": "qdrant-edge-py",
    "rapidfuzz": "rapidfuzz",
    "redis": "redis",
    "rich": "rich",
    "safetensors": "safetensors",
    "snowballstemmer": "snowballstemmer",
    "sqlalchemy": "sqlalchemy",
    "sse_starlette": "sse-starlette",
    "starlette": "starlette",
    "structlog": "structlog",
    "tokenizers": "tokenizers",
    "typer": "typer",
    "uvicorn": "uvicorn",
    "yaml": "pyyaml",
}
"""Module -> package without which nothing is served. Model clients and torch are not here: without them something steps down."""


def problem_with_interpreter() -> "str | None":
    """What is wrong with the Python, the platform or the installed modules, with the fix; None when nothing is."""
    return problem_with_python(sys.version_info[:2]) or problem_with_platform() or problem_with_modules()


def problem_with_python(version: "tuple[int, int]") -> "str | None":
    """Whether this version of Python is supported; None when it is."""
    if _FIRST_PYTHON <= version < _NO_LONGER_PYTHON:
        return None
    return "Python {}.{} is not supported; use 3.11, 3.12 or 3.13 (`make run PYTHON=python3.12`)".format(*version)


def problem_with_platform(
    system: str = sys.platform,
    *,
    machine: "str | None" = None,
    libc: "tuple[str, str] | None" = None,
    macos: "str | None" = None,
) -> "str | None":
    """Whether the vector engine and onnxruntime have builds for this system; None when they do."""
    if system == "linux":
        name, version = libc or platform.libc_ver()
        if name != "glibc":
            return "this Linux has no glibc (musl?), and the vector engine has no build for it; use a distribution with glibc"
        if _numbers(version) < _FIRST_GLIBC:
            return f"glibc {version} is too old, and onnxruntime has no build for it; use a distribution with glibc 2.28 or later"
        return None
    if system == "darwin":
        if (machine or platform.machine()) != "arm64":
            return "macOS on Intel is not supported, since torch and onnxruntime have no build for it; use Apple silicon or Linux"
        macos = macos or platform.mac_ver()[0]
        if _numbers(macos) < _FIRST_MACOS:
            return f"macOS {macos} is too old, and onnxruntime has no build for it; use macOS 14 or later"
        return None
    if system in ("win32", "cygwin"):
        return "Windows is not supported; use Linux with glibc, macOS, or WSL"
    return f"{system} is not supported; use Linux with glibc, or macOS"


def problem_with_modules(required: "Iterable[str]" = tuple(REQUIRED)) -> "str | None":
    """Which packages this Python lacks; None when it has all."""
    missing = [REQUIRED.get(module, module) for module in required if find_spec(module) is None]
    if not missing:
        return None
    several = f"{missing[0]} and {len(missing) - 1} more" if len(missing) > 3 else ", ".join(missing)
    return f"missing in {sys.executable}: {several}; run `make install` and use .venv/bin/python"


def problem_with_venv(folder: Path) -> "str | None":
    """Whether this Python can make a virtual environment in ``folder``; None when it can."""
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        return f"{sys.executable} has no venv module; install it (Debian: apt install python3-venv) and try again"
    if not os.access(str(folder), os.W_OK | os.X_OK):
        return f"cannot write to {folder}, where .venv goes; check out Aisle where you can write"
    return None


def problem_with_port(host: str, port: int) -> "str | None":
    """Whether the address can be listened on; None when it can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        return f"{host!r} is no address of this machine; set AISLE_HOST"
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE:
                return f"port {port} on {host} is taken; stop what uses it, or set AISLE_PORT to another"
            return f"cannot listen on {host}:{port}: {exc.strerror}; set AISLE_HOST and AISLE_PORT"
    return None


def problem_with_folder(folder: Path) -> "str | None":
    """Whether the state folder can be written; it is made if it isn't there. None when it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        return f"cannot make the state folder {folder}: {exc.strerror}; set AISLE_STATE_DIR to one you can write"
    if not os.access(str(folder), os.W_OK | os.X_OK):
        return f"cannot write to the state folder {folder}; set AISLE_STATE_DIR to one you can write"
    return None


def problem_with_locks(files: "Iterable[Path]") -> "str | None":
    """Whether another process holds one of these locks, so that a start would fail after loading everything. None when free."""
    import fcntl  # where it is missing, problem_with_platform has spoken before

    for file in files:
        try:
            handle = os.open(str(file), os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            return f"{file.parent} is in use by process {holder}; stop it, or set AISLE_STATE_DIR to another folder"
        finally:
            os.close(handle)
    return None


def _numbers(version: str) -> "tuple[int, ...]":
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def main() -> None:
    """Run by the Makefile with the Python that will make .venv: dependencies cannot be there yet."""
    problem = problem_with_python(sys.version_info[:2]) or problem_with_platform() or problem_with_venv(Path(__file__).resolve().parents[1])
    if problem:
        raise SystemExit("aisle: " + problem)


if __name__ == "__main__":
    main()
