"""Do the exported trees say what LightGBM said, is the shipped file the one that was measured, and is a broken one named?"""

import hashlib
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from agents.rank_features import FEATURES, features
from agents.ranking import FactRanker
from domain.errors import StartupError
from domain.plan import Task
from domain.search import Candidate
from tests.turn_kit import lexicon_of, product
from tools.rank_trees import COMMITTED, RankTrees, committed_trees

_SHA256 = "dc7c7f17c8ff2cad38773100de27f02d3cd2b319d508b58eccb7e1e540dc6fe5"


def test_the_shipped_ranker_is_the_one_that_was_measured() -> None:
    assert hashlib.sha256(COMMITTED.read_bytes()).hexdigest() == _SHA256
    assert committed_trees().features == FEATURES


def test_plain_arrays_score_as_lightgbm_does_and_survive_the_file(tmp_path: Path) -> None:
    drawn = np.random.default_rng(3)
    rows = drawn.normal(size=(400, 5))
    gains = (rows[:, 0] + rows[:, 1] * rows[:, 2] > 0.5).astype(int)
    data = lightgbm.Dataset(rows, gains, group=[20] * 20, feature_name=list("abcde"))
    model = lightgbm.train({"objective": "lambdarank", "num_leaves": 9, "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5}, data, 12)
    trees = RankTrees.of_dump(model.dump_model())
    file = tmp_path / "ranker"
    file.write_bytes(trees.save())
    again = RankTrees.load(file)
    assert np.allclose(again.scores(rows), model.predict(rows)) and again.features == tuple("abcde")
    assert again.save() == trees.save()


@pytest.mark.parametrize("content", [b"", b"no trees at all", None])
def test_a_ranker_that_is_none_is_named_with_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ranker"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StartupError, match=r"is no ranker .*training\.ranker"):
        RankTrees.load(file)


def test_trees_of_other_features_are_refused() -> None:
    trees = committed_trees()
    other = RankTrees(("a",), trees.column, trees.threshold, trees.left, trees.right, trees.value, trees.depth)
    with pytest.raises(StartupError, match="other features"):
        FactRanker(lambda: lexicon_of([]), trees=other)


def test_what_is_named_word_for_word_stands_first_however_others_are_rated() -> None:
    goods = [
        product("named", "Folding Storage Box Ottoman Faux Leather", kind="Ottomans", rating=3.1, rating_count=400),
        product("rated", "Storage Ottoman", kind="Ottomans", rating=4.9, rating_count=900),
        product("third", "Velvet Ottoman Round", kind="Ottomans", rating=5.0, rating_count=900),
    ]
    lexicon = lexicon_of(goods)
    task = Task(kind="search", request="folding storage box ottoman faux leather", subject="ottomans")
    candidates = [Candidate(product=p, score=s, lexical=s, dense=s / 2) for p, s in zip(goods, (1.0, 0.75, 0.5), strict=True)]
    ordered = FactRanker(lambda: lexicon, trees=committed_trees()).ordered(candidates, task, task.request, {})
    assert ordered[0].candidate.product.product_id == "named"


def test_the_trees_deal_out_the_scores_that_were_there() -> None:
    """Their order, our scale: what rules add for stock, price and taste weighs as much as before."""
    goods = [product(f"p{i}", f"Mug {name}", kind="Mugs") for i, name in enumerate(("red", "tall", "steel travel"))]
    lexicon = lexicon_of(goods)
    task = Task(kind="search", request="steel travel mug", subject="mugs")
    candidates = [Candidate(product=p, score=score) for p, score in zip(goods, (0.9, 0.8, 0.7), strict=True)]
    by_weights = FactRanker(lambda: lexicon).ordered(candidates, task, task.request, {})
    by_trees = FactRanker(lambda: lexicon, trees=committed_trees()).ordered(candidates, task, task.request, {})
    assert sorted(s.score for s in by_trees) == pytest.approx(sorted(s.score for s in by_weights))


def test_no_candidates_have_no_features() -> None:
    assert features([], [], [], Task(kind="search", request="mug")).shape == (0, len(FEATURES))
