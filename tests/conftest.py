"""Which tests are left out here, and how does one get them? A program that is missing is named; in CI that is a failure."""

import os
import shutil
from pathlib import Path

import pytest

_FIXES = {
    "chromium": "install Debian's chromium (apt install chromium)",
    "postgres": "install PostgreSQL (apt install postgresql)",
}
_left_out: dict[str, int] = {}


def has_program(name: str) -> bool:
    """Whether a program that tests drive is there; Debian keeps PostgreSQL's outside the path."""
    if shutil.which(name) or (name == "chromium" and shutil.which("chromium-browser")):
        return True
    return name == "postgres" and any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        missing = [name for mark in item.iter_markers("needs") for name in mark.args if not has_program(name)]
        for name in missing:
            _left_out[name] = _left_out.get(name, 0) + 1
        if missing and os.environ.get("CI") != "true":
            item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = [name for mark in item.iter_markers("needs") for name in mark.args if not has_program(name)]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"{', '.join(missing)} is missing and CI leaves no test out: {_FIXES.get(missing[0], '')}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, count in _left_out.items():
        terminalreporter.write_line(f"left out {count} tests that need {name}: {_FIXES.get(name, f'install {name}')}")
