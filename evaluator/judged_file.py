"""Where are verdicts kept? A JSON line each in the state folder: no turn is judged twice, and a report can show them."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from domain.errors import BadInput
from evaluator.judging import JudgedTurn


def read_judged(file: Path) -> dict[str, JudgedTurn]:
    """By turn id, a later verdict in place of an earlier one; BadInput names the line that cannot be read."""
    if not file.exists():
        return {}
    found: dict[str, JudgedTurn] = {}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        try:
            judged = JudgedTurn.model_validate_json(line)
        except ValidationError as exc:
            raise BadInput(
                f"{file.name}, line {number} is no verdict: {line[:60]!r}; delete the line", field=file.name, value=line[:60]
            ) from exc
        found[judged.turn_id] = judged
    return found


def append_judged(file: Path, judged: Iterable[JudgedTurn]) -> None:
    """Adds the verdicts at the end."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        out.writelines(f"{one.model_dump_json()}\n" for one in judged)
