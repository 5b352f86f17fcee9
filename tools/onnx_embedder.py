"""How do texts become vectors while serving? MiniLM on onnxruntime, without torch."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from domain.search import Vectors
from tools.minilm import DIMENSIONS, MAX_TOKENS, onnx_file, packaged_model_dir

_BATCH = 8
"""Texts of like length at once: a fifth quicker than 32 on two cores, whose caches the rest would leave."""
_REMEMBERED = 4096
"""Recent texts kept with their vectors (1.5 KB each): hypothetical titles and suggestions come again."""


class OnnxEmbedder:
    """The Embedder port over MiniLM-L6; vectors are those of sentence-transformers within 1e-5."""

    def __init__(self, cache_dir: Path, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(onnx_file(cache_dir)), options, ["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(packaged_model_dir() / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self._recent: OrderedDict[str, Vectors] = OrderedDict()

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """L2-normalised rows, shape (len(texts), 384), computed off the event loop."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._recent]
        fresh = await asyncio.to_thread(self.encode, missing) if missing else np.empty((0, DIMENSIONS), np.float32)
        known = dict(zip(missing, fresh, strict=True)) | {t: self._recent[t] for t in texts if t in self._recent}
        self._remember(known)
        return np.stack([known[text] for text in texts]) if texts else fresh

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The same, blocking and without memory: for builders of indexes, which have a cache of their own."""
        rows = np.empty((len(texts), DIMENSIONS), np.float32)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        by_length = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
        for start in range(0, len(by_length), _BATCH):
            chosen = by_length[start : start + _BATCH]
            rows[chosen] = self._encode_batch([tokens[i] for i in chosen])
        return rows

    def _encode_batch(self, tokens: list[list[int]]) -> Vectors:
        longest = max(map(len, tokens))
        ids = np.zeros((len(tokens), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, own in enumerate(tokens):
            ids[row, : len(own)] = own
            mask[row, : len(own)] = 1
        return np.asarray(self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0], np.float32)

    def _remember(self, vectors: dict[str, Vectors]) -> None:
        for text, vector in vectors.items():
            self._recent[text] = vector
            self._recent.move_to_end(text)
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
