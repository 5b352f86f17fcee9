"""Where does the tagger's network come from? From the shipped differences to the packaged MiniLM, quantised once into the cache.

Embeddings and lower layers are shared with the packaged encoder; what ships is eight bits a value. Quantising takes half a gigabyte for
some seconds, which a process that serves for weeks need not carry: a child does it.

python -m tools.tagger_network WEIGHTS TARGET        # what the child runs
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.errors import ModelUnavailable
from domain.product import Gender
from tools.minilm import WEIGHTS_SHA256, EncoderGraph, packaged_model_dir

TAGS = ("category", "brand", "color", "size", "material", "features", "exclude", "recipient", "occasion")
GENDERS: tuple[Gender | None, ...] = (None, "women", "men", "kids", "unisex")
HEAD = "need_head"
"""Outputs a token: need, then TAGS, then, on the first token, the need's gender and the gender the query is written with."""
_OUTPUTS = 1 + len(TAGS) + 2 * len(GENDERS)
_PATIENCE_S = 120
Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TaggerFile:
    """The shipped weights and the hash that they must have."""

    path: Path
    sha256: str


def tagger_onnx(file: TaggerFile, cache_dir: Path) -> tuple[Path, dict[str, float]]:
    """(the whole network as an ONNX file in the cache, its thresholds); ModelUnavailable when the shipped weights do not fit."""
    if not file.path.is_file():
        raise ModelUnavailable(f"tagger weights {file.path.name!r} are missing; restore models/weights from the repository")
    digest = hashlib.sha256(file.path.read_bytes()).hexdigest()
    if digest != file.sha256:
        raise ModelUnavailable(f"tagger weights {file.path.name!r} have hash {digest[:12]!r}, not {file.sha256[:12]!r}; restore them")
    metadata = _metadata(file.path)
    target = cache_dir / f"need-tagger-{digest[:16]}-q8.onnx"
    if not target.exists():
        _build(file.path, target)
    return target, json.loads(metadata["thresholds"])


def _metadata(weights: Path) -> Mapping[str, str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, "numpy") as tensors:
            metadata: Mapping[str, str] = tensors.metadata() or {}
    except SafetensorError as exc:
        raise ModelUnavailable(f"tagger weights {weights.name!r} cannot be read: {exc}") from exc
    if metadata.get("base") != WEIGHTS_SHA256:
        raise ModelUnavailable(
            f"tagger weights {weights.name!r} belong to encoder {str(metadata.get('base'))[:12]!r}, not to the packaged one"
        )
    return metadata


def _build(weights: Path, target: Path) -> None:
    """The network at ``target``, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tools.tagger_network", str(weights.resolve()), str(target.resolve())]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).resolve().parents[1], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise ModelUnavailable(f"the tagger's network could not be built: {str(exc)[:160]}") from exc
    if done.returncode or not target.exists():
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise ModelUnavailable(f"the tagger's network could not be built: {last[:160]}")


def main() -> None:
    """Builds one network; its caller checked the weights."""
    from safetensors import safe_open

    weights, target = map(Path, sys.argv[1:3])
    with safe_open(weights, "numpy") as tensors:
        shipped = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118  # not a dict
    partial = target.with_suffix(f".{os.getpid()}.partial")
    _export(merged(shipped), partial)
    partial.replace(target)


def merged(shipped: Mapping[str, npt.NDArray[Any]]) -> dict[str, Array]:
    """The packaged encoder's weights plus the shipped differences, and the head."""
    from safetensors.numpy import load_file

    weights = {
        name: array.astype(np.float32) for name, array in load_file(packaged_model_dir() / "model.safetensors").items() if array.ndim
    }
    for name, array in shipped.items():
        if name.endswith(".step"):
            continue
        value = array.astype(np.float32)
        step = shipped.get(f"{name}.step")
        if step is not None:
            value = value * step.astype(np.float32)[:, None]
        weights[name] = weights[name] + value if name in weights else value
    return weights


def _export(weights: dict[str, Array], target: Path) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = EncoderGraph(weights)
    hidden, _ = graph.hidden()
    model = graph.model(graph.linear(hidden, HEAD), shape=("batch", "tokens", _OUTPUTS))
    onnx.checker.check_model(model)
    whole = target.with_suffix(".float")
    onnx.save(model, str(whole))
    try:
        # Two thirds of the time for a thousandth of the query F1 (docs/query-model.md); the reduced range does not overflow on AVX2.
        quantize_dynamic(str(whole), str(target), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    finally:
        whole.unlink()


if __name__ == "__main__":
    main()
