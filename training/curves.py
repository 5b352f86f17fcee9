"""How did a run learn? Its losses by part over the steps, as a picture: training (mean of twenty steps) and validation.

python -m training.curves --run smollm2-135m --out docs/images/sft-curves.svg
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from config import ROOT, Settings

PARTS = ("query", "attributes", "names", "titles")
_SMOOTHED = 20
Points = list[tuple[int, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", default="smollm2-135m")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "sft-curves.svg")
    arguments = parser.parse_args()
    log = Settings().state_dir / "training" / arguments.run / "log.jsonl"
    if not log.exists():
        raise SystemExit(f"run {arguments.run!r} has no log yet; start it with `python -m training.sft run={arguments.run}`")
    training, validation = curves(log.read_text().splitlines())
    draw(arguments.out, training, validation)
    print(f"{arguments.out}: {max(step for step, _ in training['query'])} steps")


def curves(lines: Sequence[str]) -> tuple[dict[str, Points], dict[str, Points]]:
    """(training, validation): (step, loss) by part. Of a step that was taken again after a cut the later one counts."""
    training: dict[str, dict[int, float]] = {part: {} for part in PARTS}
    validation: dict[str, dict[int, float]] = {part: {} for part in PARTS}
    for row in map(json.loads, lines):
        for name, found in (("loss", training), ("validation", validation)):
            if "step" in row and isinstance(row.get(name), dict):
                for part in PARTS:
                    if part in row[name]:
                        found[part][row["step"]] = row[name][part]
    smoothed = {part: _means(sorted(points.items())) for part, points in training.items()}
    return smoothed, {part: sorted(points.items()) for part, points in validation.items()}


def draw(out: Path, training: dict[str, Points], validation: dict[str, Points]) -> None:
    """An SVG with a line a part and a mark a validation."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5))
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    for number, part in enumerate(PARTS):
        axes.plot(*zip(*training[part], strict=True), color=f"C{number}", label=part)
        if validation[part]:
            axes.plot(*zip(*validation[part], strict=True), "o--", color=f"C{number}", alpha=0.7)
    axes.set_xlabel("step (8 lessons each)")
    axes.set_ylabel("loss a token")
    axes.set_title("Query model: training (lines) and validation (marks)")
    axes.legend()
    axes.grid(alpha=0.3)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, metadata={"Date": None})


def _means(points: Points) -> Points:
    return [
        (
            points[min(i + _SMOOTHED, len(points)) - 1][0],
            sum(loss for _, loss in points[i : i + _SMOOTHED]) / len(points[i : i + _SMOOTHED]),
        )
        for i in range(0, len(points), _SMOOTHED)
    ]


if __name__ == "__main__":
    main()
