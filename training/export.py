"""How does what was trained leave training? As a GGUF LoRA for llama.cpp, and from there back into training to go on.

python -m training.export                     # newest whole checkpoint of the run -> models/weights/query.gguf, and its hash
python -m training.export --run NAME --rank 64 --out FILE
"""

import argparse
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from config import ROOT, Settings
from domain.errors import ModelUnavailable
from models.embedded import BASE_SHA256
from training.base_model import base_folder, load_weights
from training.checkpoints import Checkpoints
from training.trainable import Trainable

Matrix = npt.NDArray[np.float32]
BASE_KEY = "aisle.base.sha256"
OUT = ROOT / "models" / "weights" / "query.gguf"
_GGUF_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
_HEADS = {"attn_q": 9, "attn_k": 3}
"""llama.cpp stores these with the two halves of each head's rotation interleaved; the B matrix is reordered with them."""
_PARAMETER = re.compile(r"layers\.(\d+)\.(self_attn\.\w+|mlp\.\w+)\.(?:lora_([AB])\.default\.)?weight$")


def main() -> None:
    arguments = _arguments()
    found = Checkpoints(Settings().state_dir / "training" / arguments.run / "checkpoints").latest()
    if found is None:
        raise SystemExit(f"run {arguments.run!r} has no whole checkpoint; start it with `python -m training.sft run={arguments.run}`")
    tensors, progress, _ = found
    parameters = {name: p.float().numpy() for name, p in tensors["parameters"].items()}
    if progress["settings"]["method"] == "lora":
        pairs, alpha = lora_pairs(parameters), float(progress["settings"]["lora"]["alpha"])
    else:
        pairs, alpha = low_rank_pairs(parameters, load_weights(base_folder(Settings().state_dir)), arguments.rank), float(arguments.rank)
    write_adapter(arguments.out, pairs, alpha=alpha, trained=f"step {progress['step']} of run {arguments.run}")
    digest = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB, step {progress['step']}, sha256 {digest}")


def lora_pairs(parameters: Mapping[str, Matrix]) -> dict[str, tuple[Matrix, Matrix]]:
    """(A, B) by llama.cpp's name of the tensor that they change."""
    halves: dict[str, dict[str, Matrix]] = {}
    for name, value in parameters.items():
        tensor, half = _tensor_name(name)
        halves.setdefault(tensor, {})[half] = value
    return {tensor: (pair["A"], pair["B"]) for tensor, pair in halves.items()}


def low_rank_pairs(parameters: Mapping[str, Matrix], base: Any, rank: int) -> dict[str, tuple[Matrix, Matrix]]:
    """The best (A, B) of the rank for tuned minus base weights: a full fine-tuning that ships as an adapter."""
    before = {name: p.detach().float().numpy() for name, p in base.named_parameters()}
    pairs: dict[str, tuple[Matrix, Matrix]] = {}
    for name, tuned in parameters.items():
        left, scales, right = np.linalg.svd(tuned - before[name], full_matrices=False)
        root = np.sqrt(scales[:rank])
        pairs[_tensor_name(name)[0]] = (root[:, None] * right[:rank], left[:, :rank] * root)
    return pairs


def write_adapter(file: Path, pairs: Mapping[str, tuple[Matrix, Matrix]], *, alpha: float, trained: str) -> None:
    """A GGUF adapter with eight-bit matrices, whole or not at all; it names the base that it belongs to."""
    import gguf

    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.partial")
    writer = gguf.GGUFWriter(str(partial), "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    writer.add_name("Aisle query model")
    writer.add_description(trained)
    writer.add_license("Apache-2.0")
    writer.add_string(BASE_KEY, BASE_SHA256)
    for tensor, (a, b) in sorted(pairs.items()):
        ordered = _interleaved(b, tensor)
        for half, value in (("lora_a", a), ("lora_b", ordered)):
            kind = gguf.GGMLQuantizationType.Q8_0 if value.shape[-1] % 32 == 0 else gguf.GGMLQuantizationType.F16
            data = gguf.quants.quantize(np.ascontiguousarray(value, np.float32), kind)
            writer.add_tensor(f"{tensor}.weight.{half}", data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(file)


def read_adapter(file: Path) -> tuple[dict[str, tuple[Matrix, Matrix]], float]:
    """(A, B) by tensor, and alpha; ModelUnavailable when the file is no adapter of our base."""
    import gguf

    try:
        reader = gguf.GGUFReader(file)
        base = reader.fields[BASE_KEY].contents()
        alpha = float(reader.fields[gguf.Keys.Adapter.LORA_ALPHA].contents())
    except (OSError, ValueError, KeyError, IndexError) as exc:
        raise ModelUnavailable(f"adapter {file.name!r} cannot be read; export it again with `python -m training.export`") from exc
    if base != BASE_SHA256:
        raise ModelUnavailable(f"adapter {file.name!r} belongs to base {str(base)[:12]!r}…, not to {BASE_SHA256[:12]!r}…")
    halves: dict[str, dict[str, Matrix]] = {}
    for tensor in reader.tensors:
        name, half = tensor.name.rsplit(".weight.", 1)
        halves.setdefault(name, {})[half] = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
    return {name: (pair["lora_a"], _separated(pair["lora_b"], name)) for name, pair in halves.items()}, alpha


def load_adapter(file: Path, trainable: Trainable) -> None:
    """Copies a GGUF adapter into a model with LoRA of the same rank."""
    import torch

    pairs, _ = read_adapter(file)
    with torch.no_grad():
        for name, parameter in trainable.parameters.items():
            tensor, half = _tensor_name(name)
            value = torch.from_numpy(pairs[tensor][0 if half == "A" else 1])
            if value.shape != parameter.shape:
                raise ModelUnavailable(f"adapter {file.name!r} has {tuple(value.shape)} for {tensor!r}, training {tuple(parameter.shape)}")
            parameter.copy_(value)


def _tensor_name(parameter: str) -> tuple[str, str]:
    match = _PARAMETER.search(parameter)
    if match is None:
        raise ValueError(f"{parameter!r} is no weight that an adapter can change")
    return f"blk.{match[1]}.{_GGUF_NAMES[match[2]]}", match[3] or ""


def _interleaved(b: Matrix, tensor: str) -> Matrix:
    """From the order of transformers, a head's two halves one after the other, to llama.cpp's, row by row in turn."""
    return _heads_reordered(b, tensor, lambda heads, half: (heads, 2, half))


def _separated(b: Matrix, tensor: str) -> Matrix:
    return _heads_reordered(b, tensor, lambda heads, half: (heads, half, 2))


def _heads_reordered(b: Matrix, tensor: str, shape: Callable[[int, int], tuple[int, int, int]]) -> Matrix:
    heads = _HEADS.get(tensor.rsplit(".", 1)[-1])
    if heads is None:
        return b
    rows, rank = b.shape
    return b.reshape(*shape(heads, rows // heads // 2), rank).swapaxes(1, 2).reshape(rows, rank)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", default="smollm2-135m")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--rank", type=int, default=32, help="of the low-rank difference of a full fine-tuning")
    return parser.parse_args()


if __name__ == "__main__":
    main()
