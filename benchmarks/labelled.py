"""Which labelled queries is retrieval measured on? Tab-separated files of anybody, or the public sets in the data folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.metrics import Qrels
from domain.errors import BadInput

RELEVANT_FROM = {"human_graded_0_3": 2}
"""Grade from which a product counts as relevant for recall and MRR, where it isn't 1."""


@dataclass(frozen=True)
class LabelledQuery:
    """One query with its judgments, and the part of the catalogue that they are complete for."""

    query_id: str
    text: str
    qrels: Qrels
    kind: str = "labelled"
    split: str = "validation"
    corpus: str = ""
    """Prefix of the product ids that are searched; empty is the whole catalogue."""


@dataclass(frozen=True)
class LabelledSet:
    """Queries of one catalogue."""

    catalog: Path
    queries: tuple[LabelledQuery, ...]
    corpora: tuple[str, ...] = field(default=("",))

    def of(self, *, kind: str | None = None, split: str | None = None) -> tuple[LabelledQuery, ...]:
        """Those of a label kind and a split."""
        return tuple(q for q in self.queries if kind in (None, q.kind) and split in (None, q.split))

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted({query.kind for query in self.queries}))


def from_files(catalog: Path, queries: Path, qrels: Path) -> LabelledSet:
    """Files without headers: ``query_id, text`` and ``query_id, product_id, grade``. BadInput names file and line."""
    judged: dict[str, dict[str, int]] = {}
    for line, (query_id, product_id, grade) in _rows(qrels, 3):
        try:
            judged.setdefault(query_id, {})[product_id] = int(grade)
        except ValueError as exc:
            raise BadInput(f"{qrels.name}, line {line}: grade {grade!r} is no whole number", field="grade", value=grade) from exc
    texts = [(query_id, text) for _, (query_id, text) in _rows(queries, 2)]
    return LabelledSet(catalog, tuple(LabelledQuery(query_id, text, judged.get(query_id, {})) for query_id, text in texts))


def public_benchmark(data_dir: Path) -> LabelledSet | None:
    """benchmark_public over shopfront_catalog, train and validation; None where the data is absent."""
    folder, catalog = data_dir / "benchmark_public", data_dir / "shopfront_catalog" / "catalog.parquet"
    if not folder.is_dir() or not catalog.exists():
        return None
    queries: list[LabelledQuery] = []
    for split in ("train", "validation"):
        judged: dict[str, dict[str, int]] = {}
        for row in pq.read_table(folder / f"qrels_{split}.parquet").to_pylist():
            judged.setdefault(row["query_id"], {})[row["product_id"]] = int(row["grade"])
        queries += [
            LabelledQuery(r["query_id"], r["query"], judged.get(r["query_id"], {}), r["label_kind"], split, r["corpus_prefixes"])
            for r in pq.read_table(folder / f"queries_{split}.parquet").to_pylist()
        ]
    return LabelledSet(catalog, tuple(queries), tuple(sorted({query.corpus for query in queries})))


def _rows(file: Path, width: int) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise BadInput(f"{str(file)!r} cannot be read as UTF-8 text: {exc}", field="file", value=str(file)) from exc
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        values = line.split("\t")
        if len(values) < width:
            raise BadInput(f"{file.name}, line {number}: {len(values)} values, not {width}, between tabs", field="line", value=line)
        yield number, values[:width]
