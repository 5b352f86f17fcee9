"""How are texts embedded with sentence-transformers? The builder's and the trainer's encoder, and the fallback of the server."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from domain.search import Vectors
from tools.minilm import DIMENSIONS, packaged_model_dir


class SentenceTransformerEmbedder:
    """The Embedder port over torch; the model is loaded at the first call (4 to 6 s), never on the serving path."""

    def __init__(self) -> None:
        self._model: Any = None

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """L2-normalised rows, shape (len(texts), 384)."""
        return await asyncio.to_thread(self.encode, texts)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The same, blocking."""
        if self._model is None:
            from sentence_transformers import SentenceTransformer

            self._model = SentenceTransformer(str(packaged_model_dir()), device="cpu")
        return np.asarray(self._model.encode(list(texts), normalize_embeddings=True), np.float32)
