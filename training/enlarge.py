"""Which examples come from real queries? People's requests with the query they typed, and real queries set into conversations."""

import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from domain.proposal import ProposedCategory
from training.example import Example, Said, Target
from training.rules import MAX_QUERY_WORDS
from training.surroundings import Surroundings

Side = Literal["train", "validation"]
_STYLES_EACH = 3
_WORD = re.compile(r"\w+")
_JUNK = re.compile(r"^\d+$|^(test|something|create|all|new|best buy)$|opp\b", re.IGNORECASE)
_TITLE_WORDS = 10


@dataclass(frozen=True)
class RealQuery:
    """A query that people typed, with what is known of its answer."""

    source: str
    key: str
    query: str
    request: str | None = None
    """What was asked in whole sentences, where that is known too."""
    category: str | None = None
    titles: tuple[str, ...] = ()
    """Titles of products that people judged relevant."""


def real_queries(data_dir: Path) -> list[RealQuery]:
    """All usable queries of the data folder; what is absent is left out."""
    found = [*_webshop(data_dir), *_wands(data_dir), *_bestbuy(data_dir), *_benchmark(data_dir)]
    return [replace(q, query=_clean(q.query)) for q in found if _usable(_clean(q.query))]


def side_of(query: RealQuery) -> Side:
    """The side of the split, by the need's words, so that a query never stands on both."""
    digest = hashlib.sha256(" ".join(sorted(_WORD.findall((query.request or query.query).lower()))).encode()).digest()
    return "train" if digest[0] < 148 else "validation"


def enlarged(queries: list[RealQuery], surroundings: Surroundings, *, side: Side, seed: int) -> Iterator[Example]:
    """Examples of one side: the request as it was written, or the query in hand-written styles."""
    chance = random.Random(seed)
    styles = list(range(len(surroundings.styles)))
    for number, query in enumerate(q for q in queries if side_of(q) == side):
        if number % len(styles) == 0:
            chance.shuffle(styles)
        if query.request is not None:
            yield _example(query, (Said(role="user", text=query.request),), "chatty", 0)
            continue
        for turn in range(_STYLES_EACH):
            conversation, kind = surroundings.around(query.query, styles[(number * _STYLES_EACH + turn) % len(styles)], chance)
            yield _example(query, conversation, kind, turn)


def _example(query: RealQuery, conversation: tuple[Said, ...], kind: Any, turn: int) -> Example:
    categories = () if query.category is None else (_category(query.category, query),)
    return Example(
        id=f"{query.source}-{query.key}-{turn}", group=f"{query.source}-{query.key}", kind=kind, conversation=conversation,
        target=Target(query=query.query, proposal=categories), taught="names" if categories else "query",
    )  # fmt: skip


def _category(name: str, query: RealQuery) -> ProposedCategory:
    return ProposedCategory(category=name[:60].replace("|", " "), products=tuple(t for t in query.titles[:3]))


def _webshop(data_dir: Path) -> Iterator[RealQuery]:
    seen: set[str] = set()
    for row in _rows(data_dir / "webshop_1k" / "human_goal_to_search_query.parquet"):
        key = hashlib.sha256(row["goal"].encode()).hexdigest()[:10]
        if key not in seen and _answers(row["query"], row["goal"]):
            seen.add(key)
            yield RealQuery("webshop", key, row["query"], request=row["goal"])


def _wands(data_dir: Path) -> Iterator[RealQuery]:
    for row in _rows(data_dir / "wands_queries" / "queries.parquet"):
        name = (row["query_class"] or "").split("|")[0].strip()
        yield RealQuery("wands", str(row["query_id"]), row["query"], category=name or None)


def _bestbuy(data_dir: Path) -> Iterator[RealQuery]:
    for number, row in enumerate(_rows(data_dir / "bestbuy_typesense" / "query_suggestions.parquet")):
        words = row["query"].split()
        paths = json.loads(row["top_categories"] or "[]")
        # What the site's own completion strung together repeats itself and is nothing that people typed.
        if _JUNK.search(row["query"]) or len(set(words)) < len(words) or not paths or (row["popularity"] or 0) < 1:
            continue
        yield RealQuery("bestbuy", str(number), row["query"], category=paths[0].split(" > ")[-1])


def _benchmark(data_dir: Path) -> Iterator[RealQuery]:
    titles = {r["product_id"]: (r["title"], r["category_path"]) for r in _rows(data_dir / "shopfront_catalog" / "catalog.parquet")}
    relevant: dict[str, list[str]] = {}
    for row in sorted(_rows(data_dir / "benchmark_public" / "qrels_train.parquet"), key=lambda r: -r["grade"]):
        if row["grade"] > 0 and row["product_id"] in titles:
            relevant.setdefault(row["query_id"], []).append(row["product_id"])
    for row in _rows(data_dir / "benchmark_public" / "queries_train.parquet"):
        products = relevant.get(row["query_id"], [])
        if row["label_kind"].startswith("known_item") or not products:
            continue
        path = titles[products[0]][1] or ""
        query = re.sub(r"\s+(under|below|over)\s+\$?\d+.*$", "", row["query"])
        names = tuple(dict.fromkeys(" ".join(titles[p][0].split()[:_TITLE_WORDS]) for p in products))
        yield RealQuery("benchmark", row["query_id"], query, category=re.split(r"\s*[>/]\s*", path)[-1] or None, titles=names)


def _answers(query: str, goal: str) -> bool:
    """Whether a typed query says what was asked: most of its words, and not all of the request."""
    typed, asked = set(_WORD.findall(query.lower())), set(_WORD.findall(goal.lower()))
    return bool(typed) and len(typed & asked) / len(typed) >= 0.6 and len(query) < 0.95 * len(goal)


def _usable(query: str) -> bool:
    return 1 <= len(query.split()) <= MAX_QUERY_WORDS and len(query) >= 3 and not re.search(r"gift card", query, re.IGNORECASE)


def _clean(query: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[|;=>\n]", " ", query)).strip(" .,")


def _rows(file: Path) -> list[dict[str, Any]]:
    return pq.read_table(file).to_pylist() if file.exists() else []
