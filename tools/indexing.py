"""How does a feed become an index? Streamed, resumable, beside the old one, then switched atomically."""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Protocol, TextIO, TypeVar

from catalog.feeds.rows import FeedRow, FeedRows, Rejection
from catalog.vocabulary import VocabularyBuilder
from domain.document import Document
from domain.errors import IndexUnavailable
from domain.product import Product
from domain.search import Vectors
from tools.build_ledger import BuildLedger
from tools.engine import IndexPoint, VectorEngine
from tools.index_home import INDEX_FORMAT, IndexHome, Manifest
from tools.index_store import locked, write_durably
from tools.lexical import Bm25Analyzer, SparseWeights
from tools.minilm import DIMENSIONS
from tools.search_document import embedded_text, payload_of, point_id, searched_texts
from tools.term_statistics import TermCounter

T = TypeVar("T")

_CHUNK = 512
_LENGTH_SAMPLE = 2_000
"""Rows from which the mean document length is fixed; BM25 needs one figure for the life of an index."""
_REPORTED = 1_000


class IndexReport(Document):
    """What a build did; written beside the index as JSON."""

    name: str
    build_id: str
    count: int
    """Products in the index."""
    added: int
    changed: int
    unchanged: int
    removed: int
    rejected: tuple[Rejection, ...] = ()
    """The first 1,000."""
    rejected_count: int = 0
    embedded: int
    """Texts that had to be encoded; the rest came from the cache."""
    seconds: float
    resumed_at: int = 0
    """Rows that an interrupted build had already taken in."""
    report_file: str = ""
    rejected_file: str = ""
    """JSON Lines with every rejection."""


class TextVectors(Protocol):
    """Where the vectors of a build come from: a cache before an encoder, or an encoder alone."""

    misses: int
    """Texts that had to be encoded."""

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """L2-normalised rows, one a text."""
        ...


@dataclass
class IndexBuilder:
    """Builds one named index. Blocking; one instance a build."""

    home: IndexHome
    work_root: Path
    """Where ledgers and reports of this index's builds lie, whichever engine holds the products."""
    texts: TextVectors
    progress: Callable[[int], None] = lambda rows: None
    """Called with the number of rows read so far."""
    _rejected: int = field(default=0, init=False)
    _first_rejected: list[Rejection] = field(default_factory=list, init=False)

    def build(self, rows: Iterable[FeedRow], *, source_hash: str, rebuild: bool = False) -> IndexReport:
        """Takes in all rows and makes the result the current index; reads none when it is built from this source already.

        ``rebuild`` builds it all the same. Raises StartupError when another process builds it, IndexUnavailable when the
        engine fails, and whatever the rows raise: the index that was current stays so then, and the same source goes on
        where it stopped.
        """
        started = time.monotonic()
        with locked(self.work_root, purpose=f"building index {self.home.name!r}"):
            before = self.home.current_id()
            if before is not None and not rebuild and (same := self._same(before, source_hash)):
                return same
            build_id = self._build_id(source_hash, before)
            ledger = BuildLedger(self._work(build_id) / "rows.sqlite")
            try:
                report = self._run(rows, build_id, before, ledger, source_hash, started)
            finally:
                ledger.close()
            self.home.remove_old_builds()
            self._remove_old_work(build_id)
        return report

    def _run(
        self, rows: Iterable[FeedRow], build_id: str, before: str | None, ledger: BuildLedger, source_hash: str, started: float
    ) -> IndexReport:
        work, resumed_at = self._work(build_id), ledger.rows_read
        vocabulary, terms = VocabularyBuilder(), TermCounter()
        average = self._take_in_all(rows, build_id, ledger, vocabulary, terms)
        words = vocabulary.vocabulary()
        fates = ledger.compared_with(None if before is None else self._work(before) / "rows.sqlite")
        manifest = Manifest(
            name=self.home.name, build_id=build_id, count=ledger.count(), rejected=self._rejected,
            created_at=datetime.now(UTC), source_hash=source_hash, average_length=average, carried=words.carried,
        )  # fmt: skip
        report = IndexReport(
            name=self.home.name, build_id=build_id, count=manifest.count, **fates,
            rejected=tuple(self._first_rejected), rejected_count=self._rejected, embedded=self.texts.misses,
            seconds=round(time.monotonic() - started, 3), resumed_at=resumed_at,
            report_file=str(work / "report.json"), rejected_file=str(work / "rejected.jsonl"),
        )  # fmt: skip
        # The report marks the work as done, so it stands before the switch: a finished build is never resumed.
        write_durably(work / "report.json", report.model_dump_json(indent=2).encode())
        self.home.publish(manifest, words, terms.statistics())
        return report

    def _same(self, build_id: str, source_hash: str) -> IndexReport | None:
        """The report of a build that has nothing to do, or None where the source or the format is another."""
        try:
            manifest = self.home.manifest(build_id)
        except IndexUnavailable:
            return None
        if manifest.source_hash != source_hash:
            return None
        work = self._work(build_id)
        return IndexReport(
            name=self.home.name, build_id=build_id, count=manifest.count, added=0, changed=0, unchanged=manifest.count, removed=0,
            rejected_count=manifest.rejected, embedded=0, seconds=0.0,
            report_file=str(work / "report.json"), rejected_file=str(work / "rejected.jsonl"),
        )  # fmt: skip

    def _take_in_all(
        self, rows: Iterable[FeedRow], build_id: str, ledger: BuildLedger, vocabulary: VocabularyBuilder, terms: TermCounter
    ) -> float:
        """The mean document length that the build's vectors rest on."""
        resumed_at = ledger.rows_read
        engine = self.home.resume_engine(build_id) if resumed_at else self.home.create_engine(build_id, dimensions=DIMENSIONS)
        average = ledger.fact("average_length")
        try:
            with (self._work(build_id) / "rejected.jsonl").open("w") as rejected:
                for position, chunk in _chunks(rows):
                    products = self._accepted(chunk, ledger, rejected)
                    if average is None:
                        average = _average_length(products)
                        ledger.note("average_length", average)
                    analyzer = Bm25Analyzer(average)
                    sparse = [analyzer.document(*searched_texts(product)) for product in products]
                    terms.add(sparse)
                    for product in products:
                        vocabulary.add(product)
                    if position > resumed_at:
                        self._take_in(products, sparse, engine, ledger)
                        ledger.commit(position)
                    self.progress(position)
            engine.finish()
        finally:
            engine.close()
        return average or 1.0

    def _accepted(self, chunk: list[tuple[int, int, FeedRow]], ledger: BuildLedger, rejected: TextIO) -> list[Product]:
        accepted: list[Product] = []
        for position, line, row in chunk:
            if isinstance(row, Product) and not ledger.claim(row.product_id, position):
                row = Rejection(line=line, field="product_id", value=row.product_id[:200], reason="an earlier row has the same product_id")
            if isinstance(row, Product):
                accepted.append(row)
                continue
            self._rejected += 1
            if len(self._first_rejected) < _REPORTED:
                self._first_rejected.append(row)
            rejected.write(row.model_dump_json() + "\n")
        return accepted

    def _take_in(self, products: list[Product], sparse: list[SparseWeights], engine: VectorEngine, ledger: BuildLedger) -> None:
        for start in range(0, len(products), _CHUNK):
            part = products[start : start + _CHUNK]
            vectors = self.texts.vectors([embedded_text(product) for product in part])
            points = [
                IndexPoint(point_id(p.product_id), vector, weights, payload_of(p))
                for p, vector, weights in zip(part, vectors, sparse[start : start + _CHUNK], strict=True)
            ]
            engine.upsert(points)
            ledger.keep((product.product_id, content_hash(product)) for product in part)

    def _build_id(self, source_hash: str, current: str | None) -> str:
        """The interrupted build of the same source, or a new one; other unfinished work is deleted."""
        mark = f"{INDEX_FORMAT} {source_hash}"
        resumable = None
        for folder in (self.work_root / "builds").glob("*"):
            if folder.name == current or (folder / "report.json").exists():
                continue
            if (folder / "source").exists() and (folder / "source").read_text() == mark:
                resumable = folder.name
            else:
                shutil.rmtree(folder)
        if resumable is None:
            resumable = f"{datetime.now(UTC):%Y%m%dt%H%M%S%f}-{hashlib.sha256(mark.encode()).hexdigest()[:8]}"
            self._work(resumable).mkdir(parents=True)
            write_durably(self._work(resumable) / "source", mark.encode())
        return resumable

    def _remove_old_work(self, current: str) -> None:
        # A folder with a manifest is a whole embedded build: its home deletes it, once nobody serves it.
        for folder in (self.work_root / "builds").glob("*"):
            if folder.name != current and not (folder / "manifest.json").exists():
                shutil.rmtree(folder)

    def _work(self, build_id: str) -> Path:
        return self.work_root / "builds" / build_id


def content_hash(product: Product) -> str:
    """A hash of everything that the index holds of a product."""
    return hashlib.blake2b(product.model_dump_json().encode(), digest_size=12).hexdigest()


def _average_length(sample: list[Product]) -> float:
    analyzer = Bm25Analyzer(1.0)
    lengths = [analyzer.length(*searched_texts(product)) for product in sample]
    return max(1.0, sum(lengths) / len(lengths)) if lengths else 1.0


def _chunks(rows: Iterable[FeedRow]) -> Iterator[tuple[int, list[tuple[int, int, FeedRow]]]]:
    """(position after the chunk, its rows with position and line); the first chunk is the sample that fixes the mean length."""
    numbered = ((position, rows.line if isinstance(rows, FeedRows) else position, row) for position, row in enumerate(rows, start=1))
    size = _LENGTH_SAMPLE
    while chunk := list(islice(numbered, size)):
        yield chunk[-1][0], chunk
        size = _CHUNK
