"""How many random operations do the shop's invariants survive? Series by Hypothesis, a seed for each batch, gone on with at will.

python -m benchmarks.commerce operations --resume
"""

import json
import logging
import time
from collections import Counter
from typing import Any

import structlog

from benchmarks.report import RESULTS, hardware, print_table, write_result

_NAME = "commerce_operations"
_SERIES = 5
"""Series in one batch: after each, the result is written."""


def operations(count: int, steps: int, within_s: float, *, resume: bool) -> dict[str, Any]:
    """Hypothesis looks for a series of operations that breaks an invariant; it shows the shortest that it finds."""
    try:
        from hypothesis import HealthCheck, Phase, seed, settings
        from hypothesis.stateful import run_state_machine_as_test
    except ImportError:
        raise SystemExit("benchmarks.commerce operations needs Hypothesis: run `make install-test`") from None
    from benchmarks import shop_machine

    # A cut wire is what these series are about; a line of log for each would be most of the output.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    wanted = settings(
        max_examples=_SERIES, stateful_step_count=steps, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink), print_blob=True,
    )  # fmt: skip
    runs = _earlier() if resume else []
    run: dict[str, Any] = {"commit": hardware()["commit"], "seeds": [], "operations": 0, "seconds": 0.0}
    number = sum(len(r["seeds"]) for r in runs)
    started = time.perf_counter()
    total: dict[str, Any] = {"asked_for": count, "violations": 0, "database": "SQLite file, synchronous off", "runs": [*runs, run]}
    while sum(r["operations"] for r in total["runs"]) < count and time.perf_counter() - started < within_s:
        number += 1
        run_state_machine_as_test(seed(number)(shop_machine.ShopMachine), settings=wanted)
        run["seeds"].append(number)
        run["operations"] = shop_machine.OPERATIONS.total()
        run["seconds"] = round(time.perf_counter() - started, 1)
        run["series"] = len(run["seeds"]) * _SERIES
        run["by_operation"], run["refused"] = dict(shop_machine.OPERATIONS), dict(shop_machine.REFUSALS)
        run["checks"] = dict(shop_machine.CHECKS)
        write_result(_NAME, total | _summed(total["runs"]))
        print(f"{run['operations']} operations, {shop_machine.REFUSALS.total()} refused, {run['seconds']:.0f} s", flush=True)
    found = total | _summed(total["runs"])
    rows = [(name, n, found["refused_by_operation"].get(name, 0)) for name, n in found["by_operation"].items()]
    print_table("Random operations; no invariant was broken", ("operation", "run", "refused"), rows)
    return found


def _earlier() -> list[dict[str, Any]]:
    file = RESULTS / f"{_NAME}.json"
    earlier: list[dict[str, Any]] = json.loads(file.read_text()).get("runs", []) if file.exists() else []
    return earlier


def _summed(runs: list[dict[str, Any]]) -> dict[str, Any]:
    done, refused, checks = Counter[str](), Counter[str](), Counter[str]()
    for run in runs:
        done.update(run.get("by_operation", {}))
        refused.update(run.get("refused", {}))
        checks.update(run.get("checks", {}))
    return {
        "operations": done.total(), "refused": refused.total(), "series": sum(run.get("series", 0) for run in runs),
        "seconds": round(sum(run["seconds"] for run in runs)), "by_operation": dict(done.most_common()),
        "refused_by_operation": dict(refused), "checks": dict(checks),
    }  # fmt: skip
