"""Is an index built whole, only once, again after a crash, and switched to without an unanswered question?"""

import asyncio
import json
import shutil
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from qdrant_client import QdrantClient

from catalog.feeds.rows import FeedRow, Rejection
from catalog.vocabulary import Vocabulary
from domain.errors import BadFeed, BadInput, IndexUnavailable, StartupError
from domain.filters import Filters
from domain.product import Product
from domain.search import HybridQuery, Vectors
from tools.embedding_cache import EmbeddingCache
from tools.fusion import committed_weights
from tools.index_home import IndexHome
from tools.index_server import IndexOnServer
from tools.index_store import IndexFolder, locked
from tools.indexing import IndexBuilder, IndexReport
from tools.minilm import DIMENSIONS
from tools.served_catalog import ServedCatalog

ROOT = Path(__file__).parents[2]


def encode(texts: Sequence[str]) -> Vectors:
    """Unit vectors that are the same for the same text."""
    rows = [np.random.default_rng(zlib.crc32(text.encode())).normal(size=DIMENSIONS) for text in texts]
    return np.array([row / np.linalg.norm(row) for row in rows], np.float32)


def shelf(count: int, *, start: int = 0, title: str = "Lamp") -> list[Product]:
    return [Product(product_id=f"p{i}", title=f"{title} number {i}", category=("Home", "Lamps")) for i in range(start, start + count)]


class Shop:
    """One named index under test, with the cache and folders that a build needs."""

    def __init__(self, home: IndexHome, root: Path) -> None:
        self.home, self.root = home, root
        self.encoded = 0

    def build(self, rows: Sequence[FeedRow] | Iterator[FeedRow], *, source: str = "one", rebuild: bool = False) -> IndexReport:
        cache = EmbeddingCache(self.root / "cache.sqlite", self._encode)
        try:
            return IndexBuilder(self.home, self.root / "indexes" / self.home.name, cache).build(rows, source_hash=source, rebuild=rebuild)
        finally:
            cache.close()

    def serve(self, *, rebuild: Callable[[], object] | None = None) -> ServedCatalog:
        catalog = ServedCatalog(self.home, weights=committed_weights(), rebuild=rebuild, look_every_s=0)
        catalog.open()
        return catalog

    def _encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += len(texts)
        return encode(texts)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(IndexFolder(tmp_path, "shop"), tmp_path)


@pytest.fixture(params=["folder", "server"])
def either_shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    """The same index in a folder and on a Qdrant server (the client's in-process one)."""
    on_server = request.param == "server"
    return Shop(IndexOnServer(QdrantClient(":memory:"), "shop") if on_server else IndexFolder(tmp_path, "shop"), tmp_path)


async def titles(catalog: ServedCatalog, text: str, *, limit: int = 10) -> list[str]:
    found = await catalog.retrieve(HybridQuery(text=text, vector=encode([text])[0]), Filters(), limit=limit)
    return [candidate.product.title for candidate in found.candidates]


async def test_what_was_built_is_found_with_its_vocabulary(either_shop: Shop) -> None:
    report = either_shop.build([*shelf(5), Rejection(line=6, field="price", value="abc", reason="no price")])
    catalog = either_shop.serve()
    assert (report.count, report.added, report.rejected_count) == (5, 5, 1)
    assert (catalog.name, catalog.count, catalog.vocabulary.count) == ("shop", 5, 5)
    assert (await titles(catalog, "Lamp number 3. Lamps"))[0] == "Lamp number 3"
    assert await catalog.matching(Filters()) == 5
    catalog.close()


async def test_a_running_catalogue_follows_a_new_build(either_shop: Shop) -> None:
    either_shop.build(shelf(3), source="one")
    catalog = either_shop.serve()
    before = catalog.build_id
    either_shop.build(shelf(4, title="Desk lamp"), source="two")
    assert (await titles(catalog, "desk lamp"))[0].startswith("Desk lamp")
    assert (catalog.count, catalog.build_id != before) == (4, True)
    catalog.close()


def test_the_same_source_is_not_built_twice(either_shop: Shop) -> None:
    either_shop.build(shelf(3))

    def never() -> Iterator[FeedRow]:
        raise AssertionError("the rows were read again")
        yield

    again = either_shop.build(never())
    assert (again.unchanged, again.added, again.embedded) == (3, 0, 0)


def test_only_changed_rows_are_embedded_and_removed_ones_are_gone(either_shop: Shop) -> None:
    either_shop.build(shelf(10), source="one")
    rows = [*shelf(7), Product(product_id="p8", title="A new title")]
    either_shop.encoded = 0
    report = either_shop.build(rows, source="two")
    assert (report.unchanged, report.changed, report.removed, report.added) == (7, 1, 2, 0)
    assert either_shop.encoded == 1


def test_a_product_id_that_comes_twice_is_rejected_the_second_time(shop: Shop) -> None:
    report = shop.build([*shelf(2), Product(product_id="p0", title="Twin")])
    assert report.count == 2
    assert [(r.line, r.field, r.value) for r in report.rejected] == [(3, "product_id", "p0")]
    lines = Path(report.rejected_file).read_text().splitlines()
    assert [json.loads(line)["value"] for line in lines] == ["p0"]


def test_a_feed_that_breaks_midway_leaves_the_current_index_as_it_is(shop: Shop) -> None:
    first = shop.build(shelf(3))

    def breaking() -> Iterator[FeedRow]:
        yield from shelf(2_500)
        raise BadFeed("broken XML")

    with pytest.raises(BadFeed):
        shop.build(breaking(), source="two")
    assert shop.home.current_id() == first.build_id
    assert shop.home.manifest(first.build_id).count == 3


def test_an_interrupted_build_goes_on_where_it_stopped(shop: Shop) -> None:
    rows = shelf(4_000)

    def cut_off() -> Iterator[FeedRow]:
        yield from rows[:3_000]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.build(cut_off())
    report = shop.build(rows)
    assert report.resumed_at == 2_512, "the first chunk of 2,000 and one of 512 were finished"
    assert report.count == 4_000
    assert report.embedded == 4_000 - 2_512


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.integration.test_index_builds import Shop, shelf
from tools.index_store import IndexFolder

def rows():
    for number, product in enumerate(shelf(4_000)):
        if number == 3_000:
            os.kill(os.getpid(), signal.SIGKILL)
        yield product

root = Path(sys.argv[1])
Shop(IndexFolder(root, "shop"), root).build(rows())
"""


async def test_a_build_survives_kill_9_and_holds_every_row_once(shop: Shop) -> None:
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(shop.root), cwd=ROOT)
    assert await asyncio.wait_for(killed.wait(), 120) == -9
    report = shop.build(shelf(4_000))
    assert (report.resumed_at, report.count) == (2_512, 4_000)
    catalog = shop.serve()
    assert await catalog.matching(Filters()) == 4_000
    assert len(await catalog.products([f"p{i}" for i in range(4_000)])) == 4_000
    catalog.close()


def test_a_killed_build_of_an_older_feed_is_thrown_away(shop: Shop) -> None:
    def cut_off() -> Iterator[FeedRow]:
        yield from shelf(3_000)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.build(cut_off(), source="old")
    report = shop.build(shelf(5, start=9_000), source="new")
    assert (report.resumed_at, report.count) == (0, 5)
    assert [folder.name for folder in (shop.root / "indexes" / "shop" / "builds").iterdir()] == [report.build_id]


def test_two_builds_at_once_are_refused_with_the_other_s_process(shop: Shop) -> None:
    with (
        locked(shop.root / "indexes" / "shop", purpose="a test"),
        pytest.raises(StartupError, match=r"locked by process \d+"),
    ):
        shop.build(shelf(1))


def test_an_index_that_another_process_serves_is_named_with_its_process(shop: Shop) -> None:
    shop.build(shelf(2))
    catalog = shop.serve()
    with pytest.raises(StartupError, match=r"locked by process \d+"):
        shop.serve()
    catalog.close()
    shop.serve().close()


def test_an_index_that_does_not_exist_says_how_to_build_it(shop: Shop) -> None:
    with pytest.raises(IndexUnavailable, match="python -m app index"):
        shop.serve()


@pytest.mark.parametrize("name", ["", "../up", "With Space", "a/b", "x" * 80])
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="lower-case"):
        IndexFolder(tmp_path, name)


async def test_a_folder_deleted_while_serving_is_unavailable_until_it_is_built_again(shop: Shop) -> None:
    shop.build(shelf(3))
    catalog = shop.serve()
    shutil.rmtree(shop.root / "indexes")
    with pytest.raises(IndexUnavailable, match="is gone"):
        await catalog.check()
    shop.build(shelf(4))
    await catalog.check()
    assert catalog.count == 4
    catalog.close()


async def test_a_catalogue_that_can_rebuild_itself_heals_without_help(shop: Shop) -> None:
    shop.build(shelf(3))
    catalog = shop.serve(rebuild=lambda: shop.build(shelf(3)))
    shutil.rmtree(shop.root / "indexes")
    assert len(await titles(catalog, "lamp")) == 3
    catalog.close()


async def test_questions_during_switches_are_all_answered(shop: Shop) -> None:
    """The old build is closed only when its last question is answered."""
    shop.build(shelf(50), source="0")
    catalog = shop.serve()
    stop = asyncio.Event()

    async def ask() -> int:
        asked = 0
        while not stop.is_set():
            assert len(await titles(catalog, "lamp number 7", limit=20)) == 20
            asked += 1
        return asked

    shoppers = [asyncio.create_task(ask()) for _ in range(4)]
    for source in range(1, 4):
        await asyncio.to_thread(shop.build, shelf(50 + source), source=str(source))
        await asyncio.sleep(0.2)
    stop.set()
    assert min(await asyncio.gather(*shoppers)) > 0
    assert catalog.count == 53
    assert len(list((shop.root / "indexes" / "shop" / "builds").iterdir())) <= 2, "old builds are cleaned up"
    catalog.close()


async def test_what_is_made_of_a_new_build_s_words_is_made_beside_the_event_loop_and_taken_with_the_switch(shop: Shop) -> None:
    shop.build(shelf(3), source="one")
    catalog = shop.serve()
    seen: list[tuple[bool, int]] = []

    def prepare(vocabulary: Vocabulary) -> Callable[[], None]:
        seen.append((threading.current_thread() is threading.main_thread(), catalog.count))
        return lambda: seen.append((threading.current_thread() is threading.main_thread(), catalog.count))

    catalog.prepare = prepare
    shop.build(shelf(4), source="two")
    await titles(catalog, "lamp")
    catalog.close()
    assert seen == [(False, 3), (True, 4)]


async def test_a_new_build_that_cannot_be_opened_leaves_the_old_one_answering(shop: Shop) -> None:
    shop.build(shelf(3), source="one")
    catalog = shop.serve()
    second = shop.build(shelf(4), source="two")
    shutil.rmtree(shop.root / "indexes" / "shop" / "builds" / second.build_id / "shard")
    assert len(await titles(catalog, "lamp")) == 3
    catalog.close()


def test_an_index_of_another_format_is_rebuilt_and_not_misread(shop: Shop) -> None:
    report = shop.build(shelf(2))
    file = shop.root / "indexes" / "shop" / "builds" / report.build_id / "manifest.json"
    file.write_text(file.read_text().replace('"format": ', '"format": 9'))
    with pytest.raises(IndexUnavailable, match="format"):
        shop.serve()
    assert shop.build(shelf(2)).count == 2
    shop.serve().close()


def test_vectors_are_kept_by_text_and_known_ones_are_asked_for_once(tmp_path: Path) -> None:
    asked = 0

    def bring() -> dict[bytes, Vectors]:
        nonlocal asked
        asked += 1
        return {}

    cache = EmbeddingCache(tmp_path / "c.sqlite", encode, bring)
    first = cache.vectors(["a", "b", "a"])
    second = cache.vectors(["b", "c"])
    assert (cache.misses, cache.hits, asked) == (3, 2, 1)
    assert np.allclose(first[1], second[0], atol=1e-3)
    assert np.allclose(first[0], encode(["a"])[0], atol=1e-3), "float16 on disk"
    cache.close()
