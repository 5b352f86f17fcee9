"""Does the picture of a run tell what its log says?"""

import json
from pathlib import Path

from training.curves import curves, draw

LINES = [
    json.dumps({"event": "start", "step": 0, "settings": {"weights": {"query": 2.0}}}),
    *(json.dumps({"step": step, "loss": {"query": 4.0 - step / 20, "names": 1.0}}) for step in range(1, 41)),
    json.dumps({"step": 40, "loss": {"query": 0.0}}),
    json.dumps({"step": 40, "validation": {"query": 2.5, "titles": 3.0}}),
]


def test_losses_are_means_of_twenty_steps_and_a_step_taken_again_counts_once() -> None:
    training, validation = curves(LINES)
    assert [step for step, _ in training["query"]] == [20, 40]
    assert training["query"][0][1] > training["query"][1][1] > 0
    assert training["names"] == [(20, 1.0), (40, 1.0)] and training["titles"] == []
    assert validation["query"] == [(40, 2.5)]


def test_the_picture_names_every_part(tmp_path: Path) -> None:
    training, validation = curves(LINES)
    draw(tmp_path / "c.svg", training | {"attributes": [(20, 1.0)], "titles": [(20, 3.0)]}, validation)
    assert (tmp_path / "c.svg").read_text().startswith("<?xml")
