"""How does a training run survive a cut? Checkpoints written beside, synced, renamed; a broken one is passed over for the one before."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SEAL = "seal.json"


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one run; ``keep`` of them stay."""

    folder: Path
    keep: int = 2

    def save(self, step: int, tensors: dict[str, Any], progress: dict[str, Any]) -> Path:
        """Writes a whole checkpoint or none."""
        import torch

        self.folder.mkdir(parents=True, exist_ok=True)
        final = self.folder / f"step-{step:06d}"
        unfinished = final.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        torch.save(tensors, unfinished / "tensors.pt")
        (unfinished / "progress.json").write_text(json.dumps(progress))
        seal = {name: _digest(unfinished / name) for name in ("tensors.pt", "progress.json")}
        (unfinished / _SEAL).write_text(json.dumps(seal))
        for file in unfinished.iterdir():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
        shutil.rmtree(final, ignore_errors=True)
        unfinished.rename(final)
        for old in self._all()[: -self.keep]:
            shutil.rmtree(old)
        return final

    def latest(self) -> tuple[dict[str, Any], dict[str, Any], list[str]] | None:
        """(tensors, progress, names of broken checkpoints passed over) of the newest whole checkpoint; None when there is none."""
        import torch

        broken: list[str] = []
        for path in reversed(self._all()):
            if not _whole(path):
                broken.append(path.name)
                continue
            tensors = torch.load(path / "tensors.pt", map_location="cpu", weights_only=True)
            return tensors, json.loads((path / "progress.json").read_text()), broken
        return None

    def _all(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("step-*") if path.suffix != ".unfinished")


def _whole(path: Path) -> bool:
    try:
        seal = json.loads((path / _SEAL).read_text())
        return bool(seal) and all(_digest(path / name) == digest for name, digest in seal.items())
    except (OSError, ValueError):
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
