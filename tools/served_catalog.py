"""Which build of an index answers right now? Opens the current one, follows a switch, recovers when a lost one comes back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from catalog.vocabulary import Vocabulary
from domain.errors import IndexUnavailable, StartupError
from domain.filters import Filters
from domain.product import Product
from domain.search import HybridQuery, Retrieved
from tools.fusion import FusionWeights
from tools.hybrid_retriever import HybridRetriever
from tools.index_home import Build, IndexHome

_log = structlog.get_logger(__name__)


@dataclass
class _Served:
    """An opened build and who asks it: it is closed when the last question is answered, not before."""

    build: Build
    retriever: HybridRetriever
    questions: int = 0
    retired: bool = False

    def release_if_idle(self) -> None:
        if self.retired and self.questions == 0:
            self.build.close()


class ServedCatalog:
    """Retriever and ProductSource over the current build of a named index; one event loop uses it.

    ``open`` raises StartupError when another process holds the build. Later calls raise IndexUnavailable while the index
    is gone, and answer again once it stands: by ``python -m app index``, or by ``rebuild`` where one is given.
    """

    def __init__(
        self,
        home: IndexHome,
        *,
        weights: FusionWeights,
        rebuild: Callable[[], object] | None = None,
        look_every_s: float = 1.0,
    ) -> None:
        self._home = home
        self._weights = weights
        self._rebuild = rebuild
        self._look_every_s = look_every_s
        self._served: _Served | None = None
        self._looked_at = 0.0
        self._following = asyncio.Lock()
        self.prepare: Callable[[Vocabulary], Callable[[], None]] = lambda vocabulary: lambda: None
        """What others build of a new build's words: called off the event loop before a switch, and its result with the switch."""

    def open(self) -> None:
        """Opens the current build; blocking, at start-up."""
        build_id = self._home.current_id()
        if build_id is None:
            raise IndexUnavailable(f"there is no index named {self.name!r}; build it with `python -m app index`")
        self._switch_to(self._home.open(build_id))

    def close(self) -> None:
        """Closes the build; for shutdown, when nobody asks any more."""
        self._retire()

    @property
    def name(self) -> str:
        return self._home.name

    @property
    def build_id(self) -> str:
        return self._require().build.manifest.build_id

    @property
    def count(self) -> int:
        return self._require().build.manifest.count

    @property
    def vocabulary(self) -> Vocabulary:
        return self._require().build.vocabulary

    async def retrieve(self, query: HybridQuery, filters: Filters, *, limit: int) -> Retrieved:
        async with self._asking() as retriever:
            return await retriever.retrieve(query, filters, limit=limit)

    async def products(self, product_ids: Sequence[str]) -> tuple[Product, ...]:
        async with self._asking() as retriever:
            return await retriever.products(product_ids)

    async def by_price(self, filters: Filters, *, descending: bool, limit: int) -> tuple[Product, ...]:
        """The cheapest or dearest of all priced products that pass the filters, in this order."""
        async with self._asking() as retriever:
            return await retriever.by_price(filters, descending=descending, limit=limit)

    async def matching(self, filters: Filters) -> int:
        """How many products pass the filters."""
        async with self._asking() as retriever:
            return await retriever.count(filters)

    async def check(self) -> None:
        """Raises IndexUnavailable unless the index can answer now."""
        async with self._asking():
            pass

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[HybridRetriever]:
        await self._follow()
        served = self._require()
        served.questions += 1
        try:
            yield served.retriever
        finally:
            served.questions -= 1
            served.release_if_idle()

    async def _follow(self) -> None:
        """Moves to the build that is current now, looking at most every ``look_every_s``."""
        if self._served and time.monotonic() - self._looked_at < self._look_every_s:
            return
        async with self._following:
            if self._served and time.monotonic() - self._looked_at < self._look_every_s:
                return
            self._looked_at = time.monotonic()
            build_id = await asyncio.to_thread(self._home.current_id)
            if build_id is None:
                build_id = await self._recovered()
            if self._served is None or self._served.build.manifest.build_id != build_id:
                await self._open(build_id)

    async def _open(self, build_id: str) -> None:
        try:
            build = await asyncio.to_thread(self._home.open, build_id)
            take_over = await asyncio.to_thread(self.prepare, build.vocabulary)
            self._switch_to(build)
            take_over()
        except (StartupError, IndexUnavailable) as exc:
            if self._served is None:
                raise IndexUnavailable(str(exc)) from exc
            # What is open still answers; the switch is tried again at the next look.
            _log.warning("index_switch_failed", index=self.name, build_id=build_id, reason=str(exc))

    async def _recovered(self) -> str:
        self._retire()
        if self._rebuild is not None:
            try:
                await asyncio.to_thread(self._rebuild)
            except StartupError as exc:
                raise IndexUnavailable(str(exc)) from exc
        build_id = await asyncio.to_thread(self._home.current_id)
        if build_id is None:
            raise IndexUnavailable(f"index {self.name!r} is gone; build it again with `python -m app index`")
        return build_id

    def _switch_to(self, build: Build) -> None:
        retriever = HybridRetriever(build.engine, carried=build.manifest.carried, terms=build.terms, weights=self._weights)
        self._retire()
        self._served = _Served(build, retriever)
        self._looked_at = time.monotonic()

    def _retire(self) -> None:
        old, self._served = self._served, None
        if old:
            old.retired = True
            old.release_if_idle()

    def _require(self) -> _Served:
        if self._served is None:
            raise IndexUnavailable(f"index {self.name!r} is not open; build it with `python -m app index`")
        return self._served
