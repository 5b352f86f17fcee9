"""Are the exported encoder's vectors those of sentence-transformers?"""

import numpy as np

from config import Settings
from tools.onnx_embedder import OnnxEmbedder
from tools.sentence_transformer_embedder import SentenceTransformerEmbedder


async def test_onnx_and_sentence_transformers_give_the_same_vectors() -> None:
    texts = ["red mug", "", "Women's waterproof hiking boots, size 8 – “Alto”", "noise " * 400, "日本語 and emoji 🎿"]
    exported = await OnnxEmbedder(Settings().state_dir / "cache").embed(texts)
    reference = await SentenceTransformerEmbedder().embed(texts)
    assert np.allclose(exported, reference, atol=2e-4)
