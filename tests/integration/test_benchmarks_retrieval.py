"""Does the retrieval benchmark take anybody's catalogue, queries and judgments, and write a run that others can score?"""

import asyncio
import itertools
import json
import os
import sys
from pathlib import Path

import pytest

from catalog.demo import load_demo

ROOT = Path(__file__).parents[2]


async def benchmark(*arguments: str | Path, state: Path) -> tuple[int, str]:
    """(exit code, what it said) of ``python -m benchmarks.retrieval``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.retrieval", *map(str, arguments), cwd=ROOT,
        env=os.environ | {"AISLE_STATE_DIR": str(state)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 150)
    return process.returncode or 0, said.decode()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Three hundred products with most fields null, two queries, and their judgments."""
    products = load_demo()[::20]
    catalog, queries, qrels = tmp_path / "catalog.jsonl", tmp_path / "queries.tsv", tmp_path / "qrels.tsv"
    catalog.write_text("".join(json.dumps({"product_id": p.product_id, "title": p.title, "color": None}) + "\n" for p in products))
    queries.write_text(f"q1\t{products[3].title}\nq2\t{products[9].title}\n")
    qrels.write_text(f"q1\t{products[3].product_id}\t3\nq2\t{products[9].product_id}\t1\nq2\t{products[3].product_id}\t0\n")
    return {"--catalog": catalog, "--queries": queries, "--qrels": qrels}


async def test_a_run_is_written_a_hundred_deep_with_falling_scores(files: dict[str, Path], tmp_path: Path) -> None:
    given = [part for pair in files.items() for part in pair]
    code, said = await benchmark(*given, "--mode", "hybrid", "--run-out", tmp_path / "run.tsv", state=tmp_path / "state")
    assert code == 0, said
    rows = [line.split("\t") for line in (tmp_path / "run.tsv").read_text().splitlines()]
    for query_id in ("q1", "q2"):
        scores = [float(score) for own, _, score in rows if own == query_id]
        assert len(scores) >= 100
        assert all(above > below for above, below in itertools.pairwise(scores))
    judged = dict(line.split("\t")[:2] for line in files["--qrels"].read_text().splitlines()[:2])
    assert {row[0]: row[1] for row in reversed(rows)} == judged, "the title asked for stands first"
    assert "1.0000 [1.0000, 1.0000]" in said


async def test_a_missing_file_is_one_clear_line_and_exit_code_one(files: dict[str, Path], tmp_path: Path) -> None:
    given: list[str | Path] = ["--catalog", files["--catalog"], "--queries", tmp_path / "nowhere.tsv", "--qrels", files["--qrels"]]
    code, said = await benchmark(*given, "--mode", "lexical", state=tmp_path / "state")
    assert code == 1
    assert "nowhere.tsv" in said
    assert "Traceback" not in said
