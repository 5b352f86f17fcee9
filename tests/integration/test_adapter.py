"""Does llama.cpp read our adapters as we mean them, and is one that does not fit refused with a reason?"""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from domain.errors import ModelUnavailable
from models.chat import Piece
from models.embedded import EmbeddedModel, ModelFile, packaged_base
from training.export import write_adapter

pytestmark = pytest.mark.integration
RANK = 32


def adapter(folder: Path, *, columns: int = 576, strength: float = 0.0) -> ModelFile:
    """An adapter of one matrix: zero changes nothing, a strong one changes everything."""
    chance = np.random.default_rng(3)
    a = chance.normal(size=(RANK, columns)).astype(np.float32)
    b = (strength * chance.normal(size=(576, RANK))).astype(np.float32)
    file = folder / "adapter.gguf"
    write_adapter(file, {"blk.4.attn_output": (a, b)}, alpha=float(RANK), trained="for a test")
    return ModelFile(file, hashlib.sha256(file.read_bytes()).hexdigest())


async def said(model: EmbeddedModel) -> str:
    parts = [part async for part in model.stream([{"role": "user", "content": "red mugs"}], max_tokens=8)]
    return "".join(part.text for part in parts if isinstance(part, Piece))


async def test_an_adapter_of_zeros_changes_nothing_and_one_of_noise_does(tmp_path: Path) -> None:
    (tmp_path / "zero").mkdir()
    (tmp_path / "noise").mkdir()
    plain = await said(EmbeddedModel(packaged_base(), grammar="", threads=1))
    assert await said(EmbeddedModel(packaged_base(), adapter(tmp_path / "zero"), grammar="", threads=1)) == plain
    assert await said(EmbeddedModel(packaged_base(), adapter(tmp_path / "noise", strength=5.0), grammar="", threads=1)) != plain


async def test_an_adapter_for_another_base_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="could not be loaded"):
        await EmbeddedModel(packaged_base(), adapter(tmp_path, columns=640), threads=1).check()


async def test_a_truncated_adapter_is_named(tmp_path: Path) -> None:
    made = adapter(tmp_path)
    made.path.write_bytes(made.path.read_bytes()[:500])
    with pytest.raises(ModelUnavailable, match=r"adapter\.gguf.*has hash"):
        await EmbeddedModel(packaged_base(), made, threads=1).check()
