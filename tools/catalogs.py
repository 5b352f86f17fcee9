"""Which catalogues does this installation have, and how is one built, opened and served?"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from catalog.demo import load_demo
from catalog.feeds.reading import feed_hash, read_feed
from catalog.feeds.rows import FeedRow
from domain.ports import Embedder
from domain.search import Vectors
from tools.demo_index import committed_vectors, demo_source_hash
from tools.embedding_cache import EmbeddingCache
from tools.fusion import FusionWeights, committed_weights
from tools.index_home import IndexHome
from tools.index_store import IndexFolder
from tools.indexing import IndexBuilder, IndexReport
from tools.served_catalog import ServedCatalog

_log = structlog.get_logger(__name__)


class BlockingEncoder(Embedder, Protocol):
    """An Embedder that builders use too, without an event loop."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """L2-normalised rows, shape (len(texts), dimensions)."""
        ...


@dataclass(frozen=True)
class Catalogs:
    """Named indexes: in the state folder with the embedded engine, or on the Qdrant server that ``qdrant_url`` names."""

    state_dir: Path
    qdrant_url: str | None = None
    qdrant_api_key: str | None = None
    weights: FusionWeights = field(default_factory=committed_weights)
    builder_threads: int = 2

    def home(self, name: str) -> IndexHome:
        """Where the builds of ``name`` live; BadInput for a name that is no index name."""
        folder = IndexFolder(self.state_dir, name)
        if self.qdrant_url is None:
            return folder
        # The client takes 2 s to import, which a start with the embedded engine need not pay.
        from tools.index_server import IndexOnServer

        return IndexOnServer.connect(self.qdrant_url, name, api_key=self.qdrant_api_key)

    def build_from_feed(
        self,
        feed: Path,
        *,
        name: str,
        currency: str = "USD",
        rebuild: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> IndexReport:
        """Reads a feed file into the index ``name``. Blocking. Raises BadFeed, BadInput, StartupError, IndexUnavailable."""
        source = f"{feed_hash(feed)} {currency}"
        return self.build(read_feed(feed, currency=currency), name=name, source_hash=source, rebuild=rebuild, progress=progress)

    def build_demo(self, *, progress: Callable[[int], None] = lambda _: None) -> IndexReport:
        """The demo catalogue as index "demo", with the committed vectors: seconds, or nothing when it is current. Blocking."""
        return self.build(_demo_rows(), name="demo", source_hash=demo_source_hash(), known=_demo_vectors, progress=progress)

    def build(
        self,
        rows: Iterable[FeedRow],
        *,
        name: str,
        source_hash: str,
        rebuild: bool = False,
        known: Callable[[], dict[bytes, Vectors]] = dict,
        progress: Callable[[int], None] = lambda _: None,
    ) -> IndexReport:
        """Takes rows from anywhere into the index ``name``; ``source_hash`` names their content, ``known`` brings vectors."""
        home = self.home(name)
        cache = EmbeddingCache(
            self.cache_dir / "embeddings.sqlite", _LazyEncoder(lambda: self.embedder(threads=self.builder_threads)).encode, known
        )
        try:
            builder = IndexBuilder(home, self._work_root(name), cache, progress)
            return builder.build(rows, source_hash=source_hash, rebuild=rebuild)
        finally:
            cache.close()

    def serve(self, name: str, *, rebuild: Callable[[], object] | None = None) -> ServedCatalog:
        """The served catalogue of ``name``, not opened yet."""
        return ServedCatalog(self.home(name), weights=self.weights, rebuild=rebuild)

    def embedder(self, *, threads: int = 1) -> BlockingEncoder:
        """The encoder for serving: ONNX, or sentence-transformers (4 s to load, the same vectors) where onnxruntime is missing."""
        try:
            from tools.onnx_embedder import OnnxEmbedder
        except ImportError as exc:
            from tools.sentence_transformer_embedder import SentenceTransformerEmbedder

            _log.warning("embedder_fallback", wanted="onnxruntime", used="sentence-transformers", reason=str(exc))
            return SentenceTransformerEmbedder()
        return OnnxEmbedder(self.cache_dir, threads=threads)

    @property
    def cache_dir(self) -> Path:
        """Encoder file and vectors by content hash."""
        return self.state_dir / "cache"

    def _work_root(self, name: str) -> Path:
        return self.state_dir / ("indexes" if self.qdrant_url is None else "server-indexes") / name


def _demo_rows() -> Iterator[FeedRow]:
    yield from load_demo()


def _demo_vectors() -> dict[bytes, Vectors]:
    committed = committed_vectors()
    return {} if committed is None else committed.rows()


class _LazyEncoder:
    """An encoder that is loaded only when a text is not in the cache."""

    def __init__(self, load: Callable[[], BlockingEncoder]) -> None:
        self._load = load
        self._encoder: BlockingEncoder | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self._encoder is None:
            self._encoder = self._load()
        return self._encoder.encode(texts)
