"""Which texts were embedded before? A file of vectors by content hash, shared by all indexes of a state folder."""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from domain.search import Vectors
from tools.minilm import DIMENSIONS, WEIGHTS_SHA256


class EmbeddingCache:
    """Vectors as float16 rows keyed by model and text; blocking, for builders.

    ``known`` brings vectors from elsewhere (the committed ones of the demo catalogue); it is asked once, at the first miss.
    """

    def __init__(
        self,
        file: Path,
        encode: Callable[[Sequence[str]], Vectors],
        known: Callable[[], dict[bytes, Vectors]] = dict,
    ) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._encode = encode
        self._bring, self._brought = known, False
        self._db = sqlite3.connect(file, timeout=30, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        self.hits = self.misses = 0

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Rows for the texts, shape (n, 384); only unknown texts are encoded."""
        keys = [text_key(text) for text in texts]
        known = self._known(keys)
        if len(known) < len(set(keys)) and not self._brought:
            self._brought = True
            self._store(self._bring())
            known = self._known(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        self.hits += len(texts) - len(missing)
        self.misses += len(missing)
        if missing:
            fresh = self._encode(list(missing.values()))
            rows = dict(zip(missing, fresh, strict=True))
            self._store(rows)
            known |= rows
        return np.stack([known[key] for key in keys]) if keys else np.empty((0, DIMENSIONS), np.float32)

    def close(self) -> None:
        self._db.close()

    def _store(self, rows: dict[bytes, Vectors]) -> None:
        data = [(key, row.astype(np.float16).tobytes()) for key, row in rows.items()]
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", data)

    def _known(self, keys: list[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            query = f"SELECT key, vector FROM vectors WHERE key IN ({','.join('?' * len(part))})"
            for key, blob in self._db.execute(query, part):
                found[bytes(key)] = np.frombuffer(blob, np.float16).astype(np.float32)
        return found


def text_key(text: str) -> bytes:
    """Sixteen bytes that name a text under the encoder's weights."""
    return hashlib.blake2b(text.encode(), digest_size=16, key=WEIGHTS_SHA256[:32].encode()).digest()
