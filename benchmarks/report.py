"""How is a benchmark's result shown and kept? A table on the screen, and JSON with the hardware, the counts and the commit."""

import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from config import ROOT

RESULTS = ROOT / "benchmarks" / "results"


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table whose first column names the row; numbers are right-aligned."""
    table = Table(title=title, title_justify="left")
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(_shown(cell) for cell in row))
    # A file or a pipe has no width: nothing is cut there.
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table)


def write_result(name: str, result: Mapping[str, Any], *, folder: Path = RESULTS) -> Path:
    """Writes ``<name>.json`` with what it was measured on; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    document = {"benchmark": name, "measured_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "hardware": hardware(), **result}
    file.write_text(json.dumps(document, indent=2, default=str) + "\n")
    return file


def hardware() -> dict[str, Any]:
    """What the figures depend on: processor, cores, memory, Python, the commit and how busy the machine was."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 2),
        "commit": _commit(),
    }


def peak_memory_mib() -> int:
    """The largest resident size that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (2**20 if sys.platform == "darwin" else 2**10)


def _shown(cell: object) -> str:
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor()
    lines = (line for line in cpuinfo.read_text().splitlines() if line.startswith("model name"))
    return next(lines, ":unknown").partition(":")[2].strip()


def _commit() -> str:
    try:
        found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return found.stdout.strip() or "unknown"
