"""How quickly does a feed become an index, and in how much memory? Nothing cached, every text distinct.

python -m benchmarks.ingest                  15,000 rows
python -m benchmarks.ingest --rows 200000    the long run (an hour on two cores)
python -m benchmarks.ingest --rows 200000 --embed 5000
                                             the same index, the encoder's rate taken from 5,000 texts; the other vectors
                                             are drawn near theirs

Rows are those of the demo catalogue, each told apart by a model number, in the feed format that merchants send as JSON Lines.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.report import peak_memory_mib, print_table, write_result
from catalog.demo import load_demo
from catalog.feeds.reading import read_feed
from config import Settings
from domain.search import Vectors
from tools.index_store import IndexFolder
from tools.indexing import IndexBuilder
from tools.onnx_embedder import OnnxEmbedder


class TimedEncoder:
    """The encoder without a cache, and how long it took; after ``most`` texts vectors are drawn near those before."""

    def __init__(self, embedder: OnnxEmbedder, *, most: int | None) -> None:
        self._embedder = embedder
        self._most = most
        self._last: Vectors | None = None
        self._random = np.random.default_rng(7)
        self.misses = 0
        self.encoded = 0
        self.seconds = 0.0
        """Spent in the encoder, and in drawing: all that is not indexing."""
        self.encoding_seconds = self.encoding_cpu_seconds = self.cpu_seconds = 0.0

    def vectors(self, texts: Sequence[str]) -> Vectors:
        started, cpu = time.perf_counter(), time.process_time()
        if self._most is None or self.encoded < self._most or self._last is None:
            vectors = self._last = self._embedder.encode(texts)
            self.encoded += len(texts)
            self.encoding_seconds += time.perf_counter() - started
            self.encoding_cpu_seconds += time.process_time() - cpu
        else:
            vectors = self._drawn(len(texts), self._last)
        self.seconds += time.perf_counter() - started
        self.cpu_seconds += time.process_time() - cpu
        self.misses += len(texts)
        return vectors

    def _drawn(self, count: int, near: Vectors) -> Vectors:
        chosen = near[self._random.integers(0, len(near), count)]
        moved = chosen + self._random.normal(0, 0.03, chosen.shape).astype(np.float32)
        return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def write_feed(file: Path, rows: int) -> None:
    """A JSON Lines feed of distinct products."""
    shelf = load_demo()
    with file.open("w", encoding="utf-8") as out:
        for number, product in enumerate(islice(cycle(shelf), rows)):
            own = {"product_id": f"row-{number}", "title": f"{product.title} M{number:06}"}
            out.write(product.model_copy(update=own).model_dump_json(exclude_defaults=True) + "\n")


def main() -> int:
    """Prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=15_000)
    parser.add_argument("--threads", type=int, default=2, help="threads of the encoder")
    parser.add_argument("--embed", type=int, default=None, help="texts that are really embedded; all by default")
    arguments = parser.parse_args()
    encoder = TimedEncoder(OnnxEmbedder(Settings().state_dir / "cache", threads=arguments.threads), most=arguments.embed)
    with tempfile.TemporaryDirectory(prefix="aisle-ingest-") as folder:
        root, feed = Path(folder), Path(folder) / "feed.jsonl"
        write_feed(feed, arguments.rows)
        base = peak_memory_mib()
        started, cpu = time.perf_counter(), time.process_time()
        with _progress(arguments.rows) as bar:
            task = bar.add_task("indexing", total=arguments.rows)
            home = IndexFolder(root, "ingest")
            builder = IndexBuilder(home, root / "indexes" / "ingest", encoder, lambda rows: bar.update(task, completed=rows))
            report = builder.build(read_feed(feed), source_hash="benchmark")
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
        size = sum(file.stat().st_blocks * 512 for file in root.rglob("*") if file.is_file() and file != feed)
    indexing = seconds - encoder.seconds
    result = {
        "rows": report.count, "distinct_texts": encoder.misses, "texts_embedded": encoder.encoded,
        "rejected": report.rejected_count, "threads": arguments.threads,
        "rows_embedded_per_s": round(encoder.encoded / encoder.encoding_seconds, 1),
        "rows_indexed_per_s": round(report.count / indexing, 1),
        # On a machine that others use as well, the rates by processor time are the steadier ones.
        "rows_embedded_per_cpu_s": round(encoder.encoded / encoder.encoding_cpu_seconds, 1),
        "rows_indexed_per_cpu_s": round(report.count / (cpu_seconds - encoder.cpu_seconds), 1), "seconds": round(seconds, 1),
        "peak_memory_mib": peak_memory_mib(), "memory_before_mib": base, "index_mib": round(size / 2**20, 1),
    }  # fmt: skip
    print_table(f"Ingestion of {report.count:,} rows, no cache", ["figure", "value"], [[k, v] for k, v in result.items()])
    print(write_result(f"ingest_{report.count}", result))
    return 0


def _progress(rows: int) -> Progress:
    return Progress(TextColumn(f"{rows:,} rows"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


if __name__ == "__main__":
    raise SystemExit(main())
