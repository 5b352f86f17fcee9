"""How does the tagger leave training? As eight-bit differences to the packaged encoder, its head, and its thresholds.

python -m training.tagger_export                 # newest tagger of the run -> models/weights/need-tagger.safetensors
"""

import argparse
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from config import ROOT, Settings
from tools.minilm import WEIGHTS_SHA256, packaged_model_dir
from tools.tagger_network import HEAD

OUT = ROOT / "models" / "weights" / "need-tagger.safetensors"
Array = npt.NDArray[np.float32]


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", default="tagger")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    file = Settings().state_dir / "training" / arguments.run / "tagger.pt"
    if not file.exists():
        raise SystemExit(f"run {arguments.run!r} has no tagger yet; start it with `python -m training.tagger run={arguments.run}`")
    saved = torch.load(file, map_location="cpu", weights_only=True)
    weights = {name: value.float().numpy() for name, value in saved["weights"].items()}
    write_tagger(arguments.out, weights, thresholds=saved["thresholds"])
    digest = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


def write_tagger(file: Path, weights: dict[str, Array], *, thresholds: dict[str, float]) -> None:
    """The file that tools.tagger_network reads, whole or not at all."""
    from safetensors.numpy import load_file, save_file

    packaged = load_file(packaged_model_dir() / "model.safetensors")
    shipped: dict[str, npt.NDArray[Any]] = {}
    for name, tuned in weights.items():
        base = packaged.get(name.removeprefix("encoder."))
        if not name.startswith("encoder.") or base is None:
            continue
        difference = tuned - base.astype(np.float32)
        if np.any(difference):
            shipped |= _eight_bit(name.removeprefix("encoder."), difference)
    heads = ("need", "tags", "genders")
    shipped[f"{HEAD}.weight"] = np.concatenate([weights[f"{h}.weight"] for h in heads]).astype(np.float32)
    shipped[f"{HEAD}.bias"] = np.concatenate([weights[f"{h}.bias"] for h in heads]).astype(np.float32)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.partial")
    save_file(shipped, partial, {"base": WEIGHTS_SHA256, "thresholds": json.dumps(thresholds)})
    partial.replace(file)


def _eight_bit(name: str, difference: Array) -> dict[str, npt.NDArray[Any]]:
    """A matrix as int8 with a step a row; vectors, which are small, as they are."""
    if difference.ndim == 1:
        return {name: difference}
    step = np.abs(difference).max(axis=1) / 127
    step[step == 0] = 1.0
    return {name: np.round(difference / step[:, None]).astype(np.int8), f"{name}.step": step.astype(np.float32)}


if __name__ == "__main__":
    main()
