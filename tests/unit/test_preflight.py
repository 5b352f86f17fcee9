"""Does Aisle say in one line why it cannot start?"""

import ast
import fcntl
import os
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from server.preflight import (
    REQUIRED,
    problem_with_folder,
    problem_with_interpreter,
    problem_with_modules,
    problem_with_platform,
    problem_with_port,
    problem_with_python,
    problem_with_venv,
)
from server.second_start import options_of, problem_with_second_start

ROOT = Path(__file__).resolve().parents[2]


def test_this_interpreter_is_fit() -> None:
    assert problem_with_interpreter() is None


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_supported_python_is_no_problem(version: tuple[int, int]) -> None:
    assert problem_with_python(version) is None


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 14)])
def test_another_python_is_named_with_those_to_use(version: tuple[int, int]) -> None:
    problem = one_line(problem_with_python(version))
    assert "{}.{}".format(*version) in problem and "3.12" in problem


@pytest.mark.parametrize("libc", [("glibc", "2.28"), ("glibc", "2.41")])
def test_linux_with_a_glibc_that_wheels_are_built_for_is_no_problem(libc: tuple[str, str]) -> None:
    assert problem_with_platform("linux", libc=libc) is None


@pytest.mark.parametrize(
    ("system", "machine", "libc", "macos", "said"),
    [
        ("linux", "x86_64", ("", ""), "", "musl"),
        ("linux", "x86_64", ("musl", "1.2"), "", "musl"),
        ("linux", "x86_64", ("glibc", "2.17"), "", "2.28"),
        ("darwin", "x86_64", ("", ""), "15.1", "Intel"),
        ("darwin", "arm64", ("", ""), "13.6", "macOS 14"),
        ("win32", "AMD64", ("", ""), "", "WSL"),
        ("freebsd14", "amd64", ("", ""), "", "freebsd14"),
    ],
)
def test_a_platform_without_builds_is_named(system: str, machine: str, libc: tuple[str, str], macos: str, said: str) -> None:
    assert said in one_line(problem_with_platform(system, machine=machine, libc=libc, macos=macos))


def test_apple_silicon_is_no_problem() -> None:
    assert problem_with_platform("darwin", machine="arm64", macos="14.0") is None


def test_a_missing_package_is_named_with_the_fix() -> None:
    problem = one_line(problem_with_modules(["pydantic", "no_such_module"]))
    assert "no_such_module" in problem and "pydantic" not in problem and "make install" in problem


def test_a_python_without_its_packages_stops_the_command_line_with_one_line(tmp_path: Path) -> None:
    """The interpreter is run without site-packages, as a system's Python would be."""
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run([sys.executable, "-S", "app.py", "serve"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("aisle: missing in ") and done.stderr.count("\n") == 1


def test_every_package_that_serving_imports_at_the_top_is_asked_for() -> None:
    """Those that are imported inside a function have a step down below them."""
    lazily = {"langchain", "langchain_core", "langchain_nvidia_ai_endpoints", "openai", "requests", "xllamacpp"}
    lazily |= {"sentence_transformers", "torch"}
    packages = ("agents", "catalog", "domain", "evaluator", "memory", "models", "planner", "server", "tools")
    files = [ROOT / "app.py", ROOT / "config.py", *(file for package in packages for file in (ROOT / package).rglob("*.py"))]
    ours = {*packages, "app", "config"}
    imported = {module for file in files for module in imports_at_the_top(file)} - ours - set(sys.stdlib_module_names)
    assert imported - lazily <= set(REQUIRED)


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10"])
def test_an_old_python_can_read_the_preflight_and_the_lines_that_call_it(version: str) -> None:
    """macOS brings 3.9: it must reach the sentence that says so."""
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-V"], capture_output=True, check=False).returncode:
        for file in ("server/preflight.py", "server/__init__.py", "app.py"):
            ast.parse((ROOT / file).read_text(), feature_version=int(version.split(".")[1]))
        return
    done = subprocess.run([python, "-B", "app.py", "serve"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith(f"aisle: Python {version} is not supported") and done.stderr.count("\n") == 1


def test_a_checkout_that_cannot_be_written_has_no_place_for_a_venv(tmp_path: Path) -> None:
    assert problem_with_venv(tmp_path) is None
    assert "cannot write" in one_line(problem_with_venv(tmp_path / "missing"))


def test_a_taken_port_is_named_with_the_fix() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        problem = one_line(problem_with_port("127.0.0.1", port))
    assert str(port) in problem and "AISLE_PORT" in problem


def test_a_second_server_is_named_before_anything_is_loaded(tmp_path: Path) -> None:
    lock = tmp_path / "indexes" / "toys" / "builds" / "b1" / "lock"
    lock.parent.mkdir(parents=True)
    (tmp_path / "indexes" / "toys" / "current").write_text("b1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = options_of(["--catalog", "toys", f"--port={port}", "--host", "127.0.0.1"])
    assert given == {"catalog": "toys", "port": str(port), "host": "127.0.0.1"}

    def problem() -> str | None:
        return problem_with_second_start("127.0.0.1", port, tmp_path, catalog="toys", own_redis=True)

    handle = os.open(lock, os.O_RDWR | os.O_CREAT)
    os.write(handle, b"4711")
    assert problem() is None

    fcntl.flock(handle, fcntl.LOCK_EX)
    said = problem()
    os.close(handle)
    assert said is not None
    assert "4711" in said and "AISLE_STATE_DIR" in said

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert str(port) in (problem() or "")


def test_a_free_port_is_no_problem() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert problem_with_port("127.0.0.1", port) is None
    assert problem_with_port("localhost", port) is None


def test_an_address_of_another_machine_is_named_with_the_fix() -> None:
    assert "AISLE_HOST" in one_line(problem_with_port("192.0.2.1", 8000))


def test_a_state_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_text("")
    assert "AISLE_STATE_DIR" in one_line(problem_with_folder(file))


def test_the_state_folder_is_made_for_this_user_only(tmp_path: Path) -> None:
    assert problem_with_folder(tmp_path / "new") is None
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def one_line(problem: str | None) -> str:
    assert problem and "\n" not in problem
    return problem


def imports_at_the_top(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
