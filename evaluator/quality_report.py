"""How is the quality of turns shown? A Markdown report with plots (SVG): by intent, by day and by model, and the worst turns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from domain.recorded import RecordedTurn
from evaluator.quality import KEYS, GroupQuality, Quality, grouped, worst

_WORST = 20


def write_report(turns: Sequence[RecordedTurn], judged: Mapping[str, float], folder: Path) -> Path:
    """Writes ``report.md`` and a plot a grouping into the folder; returns the report's path."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [f"# Quality of {len(turns)} turns", _period(turns)]
    for name, key in KEYS.items():
        groups = grouped(turns, key, judged)
        _plot(f"by {name}", groups, folder / f"by-{name}.svg")
        parts += [f"## By {name}", f"![by {name}](by-{name}.svg)", _table(groups)]
    parts += ["## The worst turns", _worst_table(worst(turns, _WORST))]
    report = folder / "report.md"
    report.write_text("\n\n".join(part for part in parts if part) + "\n")
    return report


def columns() -> tuple[str, ...]:
    """Names of a group's figures, for tables."""
    return tuple(field.name.replace("_", " ") for field in fields(GroupQuality))


def cells(group: GroupQuality) -> tuple[Any, ...]:
    """A group's figures, "-" for what is not known."""
    return tuple("-" if (value := getattr(group, field.name)) is None else value for field in fields(GroupQuality))


def _period(turns: Sequence[RecordedTurn]) -> str:
    moments = [turn.at for turn in turns]
    return f"From {min(moments):%Y-%m-%d %H:%M} to {max(moments):%Y-%m-%d %H:%M} UTC." if moments else "No turn was recorded."


def _table(groups: Iterable[GroupQuality]) -> str:
    return _markdown(columns(), [cells(group) for group in groups])


def _worst_table(found: Iterable[Quality]) -> str:
    rows = [
        (q.score, f"{q.turn.at:%Y-%m-%d %H:%M}", q.turn.intent, q.turn.message[:80], "; ".join(q.reasons)[:120], q.turn.turn_id)
        for q in found
    ]
    return _markdown(("score", "at", "intent", "message", "why", "turn"), rows) if rows else "No turn has anything against it."


def _markdown(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    # A shopper's words must not open a column, a line or markup of their own.
    lines += ["| " + " | ".join(_safe(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _safe(cell: Any) -> str:
    text = " ".join(str(cell).split())
    for sign, plain in (("|", "/"), ("<", "&lt;"), ("`", "'"), ("[", "("), ("]", ")")):
        text = text.replace(sign, plain)
    return text


def _plot(title: str, groups: Sequence[GroupQuality], file: Path) -> None:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.5 + 0.35 * max(len(groups), 3)), layout="constrained")
    axes = figure.add_subplot()
    names = [f"{group.name} ({group.turns})" for group in reversed(groups)]
    for offset, (label, values) in enumerate((("score", [g.score for g in groups]), ("nothing found", [g.unanswered for g in groups]))):
        axes.barh([i - 0.2 + 0.4 * offset for i in range(len(names))], list(reversed(values)), height=0.38, label=label)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlim(0, 1)
    axes.set_title(f"Turns {title}")
    axes.legend(loc="lower right")
    FigureCanvasSVG(figure).print_svg(str(file))
