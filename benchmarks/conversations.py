"""Do conversations go as they should, time after time? pass^1 and pass^k by theme, for any set-up of models.

python -m benchmarks.conversations                          # every scenario four times on the embedded default
python -m benchmarks.conversations --times 1 --theme gift
python -m benchmarks.conversations --roles my-roles.yaml    # with other models in the roles; the result's name carries the file's

pass^k is the chance that k plays of a scenario all go as expected, averaged over the scenarios of a theme (tau-bench's measure).
A play that broke underneath (index, model server, database) says nothing of the assistant: it is counted apart and not as a miss.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb
from pathlib import Path
from typing import Annotated, Any

import typer

import app
from benchmarks.report import peak_memory_mib, print_table, write_result
from config import Settings
from evaluator.playing import Outcome, play
from evaluator.scenario import Scenario, load_scenarios
from server.logs import log_json


@dataclass
class Played:
    """One scenario, all its plays."""

    scenario: Scenario
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def counted(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.failure is None]

    def pass_hat(self, k: int) -> float | None:
        """None where fewer than k plays came to an end."""
        return pass_hat_k(sum(outcome.passed for outcome in self.counted), len(self.counted), k)


def pass_hat_k(passed: int, played: int, k: int) -> float | None:
    """The chance that k plays drawn from these all passed; None when there are fewer."""
    return comb(passed, k) / comb(played, k) if played >= k else None


def main(
    times: Annotated[int, typer.Option(min=1, help="Plays of each scenario; also the k of pass^k.")] = 4,
    theme: Annotated[str | None, typer.Option(help="Only scenarios of this theme; the result is then not written.")] = None,
    roles: Annotated[Path | None, typer.Option(help="Another roles.yaml.")] = None,
    misses: Annotated[bool, typer.Option(help="Tell every miss.")] = False,
) -> None:
    """Plays, prints a table by theme, writes benchmarks/results/conversations[-ROLES].json."""
    scenarios = [scenario for scenario in load_scenarios() if theme in (None, scenario.theme)]
    if not scenarios:
        raise typer.BadParameter(f"no scenario has theme {theme!r}", param_hint="--theme")
    log_json("error")
    started = time.perf_counter()
    played = asyncio.run(_played(scenarios, times, _settings(roles)))
    rows = _rows(played, times)
    print_table(f"Conversations, {times} plays each", ("theme", "scenarios", "pass^1", f"pass^{times}", "known gaps", "broken plays"), rows)
    result = _result(played, rows, times) | {"seconds": round(time.perf_counter() - started, 1)}
    print(f"{result['turns']} turns, {result['turn_ms']['p50']} ms p50, {result['turn_ms']['p95']} ms p95")
    for name, missed in result["misses"].items():
        print(f"{name}: {missed['gap'] or 'no known gap'}", *(f"  {miss}" for miss in missed["missed"] if misses), sep="\n")
    if theme is None:
        write_result(f"conversations-{roles.stem}" if roles else "conversations", {"roles": roles.name if roles else "default"} | result)


def _settings(roles: Path | None) -> Settings:
    return Settings(catalog="demo", models_file=roles) if roles else Settings(catalog="demo")


async def _played(scenarios: Sequence[Scenario], times: int, settings: Settings) -> list[Played]:
    app.prepare_index(settings)
    application = app.build(settings, redis_url=app.NO_REDIS)
    played = [Played(scenario) for scenario in scenarios]
    async with application.running():
        for _ in range(times):
            for one in played:
                one.outcomes.append(await play(application.assistant, one.scenario))
    return played


def _rows(played: Sequence[Played], times: int) -> list[tuple[object, ...]]:
    themes: dict[str, list[Played]] = defaultdict(list)
    for one in played:
        themes[one.scenario.theme].append(one)
    table = [_row(theme, ones, times) for theme, ones in sorted(themes.items())]
    talk = [one for one in played if one.scenario.theme not in ("unsafe", "self_harm", "harmless")]
    return [*table, *([_row("all but safety", talk, times)] if 0 < len(talk) < len(played) else []), _row("all", played, times)]


def _row(name: str, ones: Sequence[Played], times: int) -> tuple[object, ...]:
    broken = sum(outcome.failure is not None for one in ones for outcome in one.outcomes)
    return (name, len(ones), _mean(ones, 1), _mean(ones, times), sum(one.scenario.gap is not None for one in ones), broken)


def _mean(ones: Sequence[Played], k: int) -> float | str:
    measured = [share for one in ones if (share := one.pass_hat(k)) is not None]
    return round(sum(measured) / len(measured), 4) if measured else "-"


def _result(played: Sequence[Played], rows: Sequence[tuple[object, ...]], times: int) -> dict[str, Any]:
    taken = sorted(reply.timings_ms.get("total", 0.0) for one in played for outcome in one.outcomes for reply in outcome.replies)
    return {
        "times": times,
        "themes": {
            str(row[0]): {"scenarios": row[1], "pass^1": row[2], f"pass^{times}": row[3], "known_gaps": row[4], "broken_plays": row[5]}
            for row in rows
        },
        "turns": len(taken),
        "turn_ms": {"p50": round(taken[len(taken) // 2], 1), "p95": round(taken[int(0.95 * len(taken))], 1)} if taken else {},
        "peak_memory_mib": peak_memory_mib(),
        "misses": {
            one.scenario.name: {"theme": one.scenario.theme, "gap": one.scenario.gap, "missed": _first_misses(one)}
            for one in played
            if any(not outcome.passed for outcome in one.counted)
        },
        "failures": [outcome.failure for one in played for outcome in one.outcomes if outcome.failure is not None][:20],
        "gaps_closed": [one.scenario.name for one in played if one.scenario.gap and all(o.passed for o in one.outcomes)],
    }


def _first_misses(one: Played) -> list[str]:
    return next(list(outcome.misses[:5]) for outcome in one.counted if not outcome.passed)


if __name__ == "__main__":
    typer.run(main)
