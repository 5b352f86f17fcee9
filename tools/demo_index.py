"""How does the demo catalogue become an index in seconds? Its vectors are committed.

``python -m tools.demo_index`` rebuilds them.
catalog/vectors/demo.npz holds float16 vectors by text key, and the hash of the catalogue that they were made from.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from catalog.demo import catalog_hash, load_demo
from config import ROOT, Settings
from domain.search import Vectors
from tools.embedding_cache import text_key
from tools.onnx_embedder import OnnxEmbedder
from tools.search_document import embedded_text

VECTORS_FILE = ROOT / "catalog" / "vectors" / "demo.npz"
_CATALOG_DIR = ROOT / "catalog"


@dataclass(frozen=True)
class DemoVectors:
    """The committed vectors."""

    keys: npt.NDArray[np.uint8]
    """Shape (n, 16), as ``tools.embedding_cache.text_key`` makes them."""
    vectors: npt.NDArray[np.float16]
    catalog_hash: str

    def rows(self) -> dict[bytes, Vectors]:
        """Vectors by text key."""
        return {key.tobytes(): vector.astype(np.float32) for key, vector in zip(self.keys, self.vectors, strict=True)}


def committed_vectors(file: Path = VECTORS_FILE) -> DemoVectors | None:
    """What is committed, or None where the file is missing: the index is then built from the texts, in minutes."""
    if not file.exists():
        return None
    with np.load(file, allow_pickle=False) as stored:
        return DemoVectors(stored["keys"], stored["vectors"], str(stored["catalog_hash"]))


def demo_source_hash() -> str:
    """A hash of everything that the demo catalogue is made from; quicker than making it."""
    digest = hashlib.sha256()
    for file in sorted(p for p in _CATALOG_DIR.rglob("*") if p.suffix in {".py", ".yaml"}):
        digest.update(file.relative_to(_CATALOG_DIR).as_posix().encode() + b"\0" + file.read_bytes())
    return f"demo {digest.hexdigest()}"


def rebuild_vectors(embedder: OnnxEmbedder, file: Path = VECTORS_FILE) -> int:
    """Writes the file for the demo catalogue as it is now, embedding only texts that it lacks; the number of texts."""
    products = load_demo()
    texts = {text_key(text): text for text in sorted({embedded_text(product) for product in products})}
    committed = committed_vectors(file)
    known = {} if committed is None else committed.rows()
    missing = [key for key in texts if key not in known]
    known |= dict(zip(missing, embedder.encode([texts[key] for key in missing]), strict=True))
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        file,
        keys=np.stack([np.frombuffer(key, np.uint8) for key in texts]),
        vectors=np.stack([known[key] for key in texts]).astype(np.float16),
        catalog_hash=np.array(catalog_hash(products)),
    )
    return len(texts)


def main() -> None:
    """Rebuilds the committed vectors."""
    count = rebuild_vectors(OnnxEmbedder(Settings().state_dir / "cache", threads=2))
    print(f"{VECTORS_FILE.relative_to(ROOT)}: vectors of {count} texts, {VECTORS_FILE.stat().st_size / 1e6:.1f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
