"""Can Aisle run here at all? Standard library only: asked before any dependency is imported. One clear line each."""

import errno
import os
import platform
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

_PYTHON = ((3, 11), (3, 14))
_MODULES = {
    "fastapi": "fastapi", "langgraph": "langgraph", "pydantic": "pydantic", "qdrant_edge": "qdrant-edge-py", "redis": "redis",
    "onnxruntime": "onnxruntime", "sqlalchemy": "sqlalchemy", "uvicorn": "uvicorn",
}  # fmt: skip


def problem_with_interpreter() -> str | None:
    """What is wrong with the Python, the platform or the installed modules, with the fix; None when nothing is."""
    if not _PYTHON[0] <= sys.version_info[:2] < _PYTHON[1]:
        return f"Python {platform.python_version()} is not supported; use 3.11, 3.12 or 3.13"
    if sys.platform == "win32":
        return "Windows is not supported; use Linux with glibc, macOS, or WSL"
    if sys.platform == "linux" and platform.libc_ver()[0] != "glibc":
        return "this Linux has no glibc (musl?); the vector engine has no build for it, use a glibc distribution"
    missing = [package for module, package in _MODULES.items() if find_spec(module) is None]
    if missing:
        return f"missing in this Python: {', '.join(missing)}; run `make install` and use .venv/bin/python"
    return None


def problem_with_port(host: str, port: int) -> str | None:
    """Whether the address can be listened on; None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE:
                return f"port {port} on {host} is taken; stop what uses it, or set AISLE_PORT to another"
            return f"cannot listen on {host}:{port}: {exc.strerror}; set AISLE_HOST and AISLE_PORT"
    return None


def problem_with_folder(folder: Path) -> str | None:
    """Whether the state folder can be written; it is made if it isn't there. None when it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        return f"cannot make the state folder {folder}: {exc.strerror}; set AISLE_STATE_DIR to one you can write"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"cannot write to the state folder {folder}; set AISLE_STATE_DIR to one you can write"
    return None


if __name__ == "__main__":
    # Run by the Makefile with the system's Python, before there is a .venv: modules cannot be there yet.
    _MODULES.clear()
    _found = problem_with_interpreter()
    if _found:
        raise SystemExit(f"aisle: {_found}")
