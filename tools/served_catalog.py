"""Which build of an index answers right now? Opens the current one, follows a switch, recovers when its folder comes back."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from catalog.vocabulary import Vocabulary
from domain.errors import IndexUnavailable
from domain.filters import Filters
from domain.product import Product
from domain.search import HybridQuery, Retrieved
from tools.hybrid_retriever import FusionWeights, HybridRetriever
from tools.index_store import IndexFolder, Manifest, open_lock
from tools.qdrant_edge_engine import QdrantEdgeEngine

_LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class _Opened:
    manifest: Manifest
    vocabulary: Vocabulary
    retriever: HybridRetriever
    engine: QdrantEdgeEngine
    lock: int


class ServedCatalog:
    """Retriever and ProductSource over the current build of a named index.

    ``open`` raises StartupError when another process serves the same build; later calls raise IndexUnavailable
    while the folder is gone, and answer again once an index stands there.
    """

    def __init__(self, folder: IndexFolder, *, weights: FusionWeights) -> None:
        self._folder = folder
        self._weights = weights
        self._opened: _Opened | None = None
        self._looked_at = 0.0
        self._switching = asyncio.Lock()

    def open(self) -> None:
        """Opens the current build; blocking, at start-up."""
        self._opened = self._open_current()

    def close(self) -> None:
        if self._opened:
            _release(self._opened)
            self._opened = None

    @property
    def name(self) -> str:
        return self._folder.name

    @property
    def count(self) -> int:
        return self._require().manifest.count

    @property
    def vocabulary(self) -> Vocabulary:
        return self._require().vocabulary

    async def retrieve(self, query: HybridQuery, filters: Filters, *, limit: int) -> Retrieved:
        return await (await self._current()).retriever.retrieve(query, filters, limit=limit)

    async def products(self, product_ids: Sequence[str]) -> tuple[Product, ...]:
        return await (await self._current()).retriever.products(product_ids)

    async def matching(self, filters: Filters) -> int:
        """How many products pass the filters."""
        return await (await self._current()).retriever.count(filters)

    async def check(self) -> None:
        """Raises IndexUnavailable unless the index can answer now."""
        await self._current()

    async def _current(self) -> _Opened:
        if self._opened and time.monotonic() - self._looked_at < _LOOK_EVERY_S:
            return self._opened
        async with self._switching:
            await asyncio.to_thread(self._follow)
        return self._require()

    def _follow(self) -> None:
        """Switches to the build that ``current`` names, if it changed; the old one is closed once nobody can use it."""
        self._looked_at = time.monotonic()
        build_id = self._folder.current_id()
        if build_id is None or not self._folder.build_dir(build_id).is_dir():
            self.close()
            raise IndexUnavailable(f"index {self.name!r} is gone; run `python -m app index` or restart")
        if self._opened and self._opened.manifest.build_id == build_id:
            return
        fresh, old = self._open_current(), self._opened
        self._opened = fresh
        if old:
            _release(old)

    def _open_current(self) -> _Opened:
        build_id = self._folder.current_id()
        if build_id is None:
            raise IndexUnavailable(f"there is no index named {self.name!r}; build it with `python -m app index`")
        manifest = self._folder.manifest(build_id)
        lock = open_lock(self._folder.build_dir(build_id), purpose=f"serving index {self.name!r}")
        try:
            engine = QdrantEdgeEngine.load(self._folder.build_dir(build_id) / "shard")
            vocabulary = self._folder.vocabulary(build_id)
        except IndexUnavailable:
            os.close(lock)
            raise
        retriever = HybridRetriever(engine, carried=manifest.carried, weights=self._weights)
        return _Opened(manifest, vocabulary, retriever, engine, lock)

    def _require(self) -> _Opened:
        if self._opened is None:
            raise IndexUnavailable(f"index {self.name!r} is not open; run `python -m app index`")
        return self._opened


def _release(opened: _Opened) -> None:
    opened.engine.close()
    os.close(opened.lock)
