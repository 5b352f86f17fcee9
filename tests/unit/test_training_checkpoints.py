"""Does a cut in the middle of a checkpoint cost no more than the minutes since the one before?"""

from pathlib import Path

import torch

from training.checkpoints import Checkpoints


def saved(folder: Path, *steps: int) -> Checkpoints:
    checkpoints = Checkpoints(folder)
    for step in steps:
        checkpoints.save(step, {"parameters": {"w": torch.full((2,), float(step))}}, {"step": step})
    return checkpoints


def test_the_newest_is_read_and_old_ones_are_removed(tmp_path: Path) -> None:
    found = saved(tmp_path, 1, 2, 3).latest()
    assert found is not None
    tensors, progress, broken = found
    assert progress == {"step": 3} and tensors["parameters"]["w"].tolist() == [3.0, 3.0] and broken == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-000002", "step-000003"]


def test_a_truncated_checkpoint_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    checkpoints = saved(tmp_path, 1, 2)
    tensors = tmp_path / "step-000002" / "tensors.pt"
    tensors.write_bytes(tensors.read_bytes()[:100])
    found = checkpoints.latest()
    assert found is not None and found[1] == {"step": 1} and found[2] == ["step-000002"]


def test_a_checkpoint_that_was_never_finished_is_not_seen(tmp_path: Path) -> None:
    checkpoints = saved(tmp_path, 1)
    unfinished = tmp_path / "step-000002.unfinished"
    unfinished.mkdir()
    (unfinished / "tensors.pt").write_bytes(b"half")
    found = checkpoints.latest()
    assert found is not None and found[1] == {"step": 1}


def test_an_empty_run_has_none(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "new").latest() is None
