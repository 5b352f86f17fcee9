"""Does an adapter survive the way to llama.cpp's file and back, and is a foreign one refused?"""

from pathlib import Path

import numpy as np
import pytest

from domain.errors import ModelUnavailable
from training import export
from training.export import lora_pairs, low_rank_pairs, read_adapter, write_adapter

RANDOM = np.random.default_rng(5)
SHAPES = {"blk.0.attn_q": (576, 576), "blk.0.attn_k": (576, 192), "blk.3.ffn_up": (576, 1536)}


def pairs(rank: int = 32) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {
        name: (RANDOM.normal(size=(rank, i)).astype(np.float32), RANDOM.normal(size=(o, rank)).astype(np.float32))
        for name, (i, o) in SHAPES.items()
    }


def test_an_adapter_is_read_back_within_eight_bits(tmp_path: Path) -> None:
    file, made = tmp_path / "a.gguf", pairs()
    write_adapter(file, made, alpha=64.0, trained="step 1")
    found, alpha = read_adapter(file)
    assert alpha == 64.0 and set(found) == set(made)
    for name, (a, b) in made.items():
        np.testing.assert_allclose(found[name][0], a, atol=0.05)
        np.testing.assert_allclose(found[name][1], b, atol=0.05)


def test_query_and_key_rows_are_stored_in_the_rotation_order_of_llama_cpp(tmp_path: Path) -> None:
    import gguf

    b = np.repeat(np.arange(192, dtype=np.float32)[:, None], 32, axis=1)
    file = tmp_path / "a.gguf"
    write_adapter(file, {"blk.0.attn_k": (np.zeros((32, 576), np.float32), b)}, alpha=1.0, trained="")
    stored = next(t for t in gguf.GGUFReader(file).tensors if t.name.endswith("lora_b"))
    rows = gguf.quants.dequantize(stored.data, stored.tensor_type)[:, 0].round().astype(int).tolist()
    assert rows[:4] == [0, 32, 1, 33] and rows[64:66] == [64, 96]


def test_an_adapter_of_another_base_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.gguf"
    with monkeypatch.context() as other:
        other.setattr(export, "BASE_SHA256", "0" * 64)
        write_adapter(file, pairs(), alpha=1.0, trained="")
    with pytest.raises(ModelUnavailable, match="belongs to base '000000000000'"):
        read_adapter(file)


def test_a_file_that_is_no_adapter_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.gguf"
    file.write_bytes(b"not a model")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        read_adapter(file)


def test_parameters_of_transformers_find_their_tensors() -> None:
    name = "base_model.model.model.layers.7.mlp.down_proj.lora_{}.default.weight"
    a, b = np.ones((4, 8), np.float32), np.ones((6, 4), np.float32)
    assert list(lora_pairs({name.format("A"): a, name.format("B"): b})) == ["blk.7.ffn_down"]


class OneLayer:
    """A model with a single weight, in the shape that low_rank_pairs asks for."""

    def __init__(self, weight: np.ndarray) -> None:
        self.weight = weight

    def named_parameters(self) -> list[tuple[str, "OneLayer"]]:
        return [("model.layers.0.mlp.up_proj.weight", self)]

    def detach(self) -> "OneLayer":
        return self

    def float(self) -> "OneLayer":
        return self

    def numpy(self) -> np.ndarray:
        return self.weight


def test_a_full_fine_tuning_of_low_rank_ships_without_loss() -> None:
    base = RANDOM.normal(size=(40, 30)).astype(np.float32)
    change = (RANDOM.normal(size=(40, 3)) @ RANDOM.normal(size=(3, 30))).astype(np.float32)
    found = low_rank_pairs({"model.layers.0.mlp.up_proj.weight": base + change}, OneLayer(base), 3)
    a, b = found["blk.0.ffn_up"]
    np.testing.assert_allclose(b @ a, change, atol=1e-3)
