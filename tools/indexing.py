"""How does a feed become an index? Streamed, resumable, beside the old one, then switched atomically."""

import hashlib
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from catalog.vocabulary import VocabularyBuilder
from domain.document import Document
from domain.product import Product
from tools.embedding_cache import EmbeddingCache
from tools.engine import IndexPoint
from tools.index_store import IndexFolder, Manifest
from tools.lexical import Bm25Analyzer
from tools.minilm import DIMENSIONS
from tools.qdrant_edge_engine import QdrantEdgeEngine
from tools.search_document import embedded_text, payload_of, point_id, searched_texts

T = TypeVar("T")

_CHUNK = 512
_LENGTH_SAMPLE = 2_000
"""Rows from which the mean document length is fixed; BM25 needs one figure for the life of an index."""


class Rejection(Document):
    """A row that was left out, and why."""

    line: int
    field: str
    value: str
    """At most 200 characters of it."""
    reason: str


class IndexReport(Document):
    """What a build did; written beside the index as JSON."""

    name: str
    build_id: str
    count: int
    added: int
    changed: int
    unchanged: int
    removed: int
    rejected: tuple[Rejection, ...] = ()
    rejected_count: int = 0
    """All of them; ``rejected`` holds the first 1,000, the file rejected.jsonl every one."""
    embedded: int
    """Texts that had to be encoded; the rest came from the cache."""
    seconds: float
    resumed_at: int = 0
    """Rows that an interrupted build had already taken in."""


@dataclass
class IndexBuilder:
    """Builds one named index in the embedded engine. Blocking; one instance a build."""

    folder: IndexFolder
    cache: EmbeddingCache
    progress: Callable[[int], None] = lambda rows: None
    """Called with the number of rows read so far."""
    _rejected: int = field(default=0, init=False)
    _first_rejected: list[Rejection] = field(default_factory=list, init=False)

    def build(self, rows: Iterable[Product | Rejection], *, source_hash: str) -> IndexReport:
        """Takes in all rows and makes the result the current index. Raises StartupError when another process builds it."""
        started = time.monotonic()
        with self.folder.building():
            work = self._work_dir(source_hash)
            previous = self._previous_rows()
            report = self._run(rows, work, previous, source_hash, started)
            self.folder.remove_old_builds()
        return report

    def _run(
        self,
        rows: Iterable[Product | Rejection],
        work: Path,
        previous: dict[str, str],
        source_hash: str,
        started: float,
    ) -> IndexReport:
        ledger = _Ledger(work / "rows.sqlite")
        resumed_at = ledger.rows_done()
        stream = _Numbered(rows)
        vocabulary = VocabularyBuilder()
        counts = {"added": 0, "changed": 0, "unchanged": 0}
        engine, analyzer = None, None
        with (work / "rejected.jsonl").open("w") as rejected_file:
            for chunk in _chunks(stream, _LENGTH_SAMPLE if resumed_at == 0 else _CHUNK):
                products = self._accepted(chunk, ledger, rejected_file)
                if analyzer is None:
                    analyzer = Bm25Analyzer(ledger.average_length(products))
                    engine = self._engine(work, resumed_at)
                assert engine is not None
                for part in _chunks(iter(products), _CHUNK):
                    self._take_in(part, engine, analyzer, ledger, skip=stream.position <= resumed_at)
                for product in products:
                    vocabulary.add(product)
                    counts[_fate(previous, product)] += 1
                ledger.done(stream.position)
                self.progress(stream.position)
        if engine is None:
            engine, analyzer = self._engine(work, 0), Bm25Analyzer(1.0)
        assert analyzer is not None
        engine.finish()
        engine.close()
        kept = ledger.ids()
        words = vocabulary.vocabulary()
        manifest = Manifest(
            name=self.folder.name, build_id=work.name, count=len(kept), rejected=self._rejected,
            created_at=datetime.now(UTC), source_hash=source_hash, average_length=analyzer.average_length,
            carried=words.carried,
        )  # fmt: skip
        ledger.close()
        self.folder.publish(manifest, words)
        report = IndexReport(
            name=self.folder.name, build_id=work.name, count=len(kept), removed=len(previous.keys() - kept),
            rejected=tuple(self._first_rejected), rejected_count=self._rejected, embedded=self.cache.misses,
            seconds=time.monotonic() - started, resumed_at=resumed_at, **counts,
        )  # fmt: skip
        (work / "report.json").write_text(report.model_dump_json(indent=2))
        return report

    def _accepted(self, chunk: list[tuple[int, Product | Rejection]], ledger: "_Ledger", rejected_file: object) -> list[Product]:
        accepted: list[Product] = []
        for line, row in chunk:
            if isinstance(row, Product) and not ledger.claim(row.product_id, line):
                row = Rejection(line=line, field="product_id", value=row.product_id[:200], reason="stands in an earlier row too")
            if isinstance(row, Product):
                accepted.append(row)
                continue
            self._rejected += 1
            if len(self._first_rejected) < 1_000:
                self._first_rejected.append(row)
            rejected_file.write(row.model_dump_json() + "\n")  # type: ignore[attr-defined]
        return accepted

    def _take_in(
        self,
        products: list[Product],
        engine: QdrantEdgeEngine,
        analyzer: Bm25Analyzer,
        ledger: "_Ledger",
        *,
        skip: bool,
    ) -> None:
        if skip:
            return
        vectors = self.cache.vectors([embedded_text(product) for product in products])
        points = [
            IndexPoint(point_id(p.product_id), vector, analyzer.document(*searched_texts(p)), payload_of(p))
            for p, vector in zip(products, vectors, strict=True)
        ]
        engine.upsert(points)
        ledger.keep({product.product_id: content_hash(product) for product in products})

    def _engine(self, work: Path, resumed_at: int) -> QdrantEdgeEngine:
        shard = work / "shard"
        if resumed_at:
            return QdrantEdgeEngine.load(shard)
        shutil.rmtree(shard, ignore_errors=True)
        return QdrantEdgeEngine.create(shard, dimensions=DIMENSIONS)

    def _work_dir(self, source_hash: str) -> Path:
        """The interrupted build of the same source, or a new one; other unfinished builds are deleted."""
        builds = self.folder.root / "builds"
        builds.mkdir(exist_ok=True)
        resumable = None
        for folder in builds.glob("*"):
            if (folder / "manifest.json").exists():
                continue
            if (folder / "source").exists() and (folder / "source").read_text() == source_hash:
                resumable = folder
            else:
                shutil.rmtree(folder)
        if resumable is None:
            resumable = builds / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{source_hash[:8]}"
            resumable.mkdir()
            (resumable / "source").write_text(source_hash)
        return resumable

    def _previous_rows(self) -> dict[str, str]:
        current = self.folder.current_id()
        file = self.folder.build_dir(current) / "rows.sqlite" if current else None
        if file is None or not file.exists():
            return {}
        ledger = _Ledger(file)
        rows = ledger.hashes()
        ledger.close()
        return rows


class _Ledger:
    """Which rows a build has taken in, on disk: what a resumed build and the next one need."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, line INTEGER, hash TEXT) WITHOUT ROWID")
        self._db.execute("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value REAL)")

    def claim(self, product_id: str, line: int) -> bool:
        """Whether this line is the first with the id; asking again for the same line says yes again."""
        found = self._db.execute("SELECT line FROM rows WHERE id = ?", (product_id,)).fetchone()
        if found is None:
            self._db.execute("INSERT INTO rows VALUES (?, ?, '')", (product_id, line))
        return found is None or found[0] == line

    def keep(self, hashes: dict[str, str]) -> None:
        self._db.executemany("UPDATE rows SET hash = ? WHERE id = ?", [(h, i) for i, h in hashes.items()])

    def done(self, rows: int) -> None:
        self._fact("rows", rows)
        self._db.commit()

    def rows_done(self) -> int:
        return int(self._read("rows") or 0)

    def average_length(self, sample: list[Product]) -> float:
        """Fixed by the first chunk of the build, and read back when it is resumed."""
        known = self._read("average_length")
        if known is not None:
            return known
        analyzer = Bm25Analyzer(1.0)
        lengths = [analyzer.length(*searched_texts(product)) for product in sample]
        average = max(1.0, sum(lengths) / len(lengths)) if lengths else 1.0
        self._fact("average_length", average)
        return average

    def hashes(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT id, hash FROM rows"))

    def ids(self) -> set[str]:
        return {row[0] for row in self._db.execute("SELECT id FROM rows")}

    def close(self) -> None:
        self._db.commit()
        self._db.close()

    def _fact(self, name: str, value: float) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def _read(self, name: str) -> float | None:
        found = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if found is None else float(found[0])


class _Numbered:
    """Counts the rows it hands out, from 1."""

    def __init__(self, rows: Iterable[Product | Rejection]) -> None:
        self._rows = iter(rows)
        self.position = 0

    def __iter__(self) -> Iterator[tuple[int, Product | Rejection]]:
        for row in self._rows:
            self.position += 1
            yield self.position, row


def content_hash(product: Product) -> str:
    """A hash of everything that the index holds of a product."""
    document = json.dumps(product.model_dump(mode="json"), sort_keys=True)
    return hashlib.blake2b(document.encode(), digest_size=12).hexdigest()


def _fate(previous: dict[str, str], product: Product) -> str:
    before = previous.get(product.product_id)
    if before is None:
        return "added"
    return "unchanged" if before == content_hash(product) else "changed"


def _chunks(rows: Iterable[T], first: int) -> Iterator[list[T]]:
    """Lists of at most _CHUNK rows; the first may be longer."""
    iterator = iter(rows)
    size = first
    while chunk := list(islice(iterator, size)):
        yield chunk
        size = _CHUNK
