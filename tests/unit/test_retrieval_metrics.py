"""Do the metrics say what their definitions say, by hand-worked cases?"""

import math
from pathlib import Path

import pytest

from benchmarks.labelled import from_files
from benchmarks.metrics import (
    bootstrap,
    condensed_ndcg_at_10,
    cross_validated,
    mrr_at_10,
    ndcg_at_10,
    paired_bootstrap,
    recall_at_100,
)
from benchmarks.retrieval import write_run
from domain.errors import BadInput


def test_ndcg_of_the_ideal_order_is_one_and_of_nothing_relevant_is_zero() -> None:
    assert ndcg_at_10(["a", "b", "c"], {"a": 3, "b": 2, "c": 0}) == pytest.approx(1)
    assert ndcg_at_10(["x", "y"], {"a": 3}) == 0
    assert ndcg_at_10([], {"a": 0}) == 0


def test_ndcg_discounts_by_rank_and_its_ideal_counts_all_judged_products() -> None:
    expected = (1 / math.log2(3)) / (2 + 1 / math.log2(3))
    assert ndcg_at_10(["unjudged", "b"], {"a": 2, "b": 1}) == pytest.approx(expected)


def test_an_eleventh_product_gains_nothing() -> None:
    ranking = [f"x{i}" for i in range(10)] + ["a"]
    assert ndcg_at_10(ranking, {"a": 1}) == 0


def test_scaling_gains_changes_nothing() -> None:
    ranking = ["b", "a", "c"]
    assert ndcg_at_10(ranking, {"a": 3, "b": 1, "c": 2}) == pytest.approx(ndcg_at_10(ranking, {"a": 6, "b": 2, "c": 4}))


def test_the_condensed_reading_leaves_unjudged_products_out() -> None:
    assert condensed_ndcg_at_10(["x", "y", "a"], {"a": 1}) == pytest.approx(1)


def test_recall_and_reciprocal_rank_count_from_the_grade_that_is_relevant() -> None:
    qrels = {"a": 3, "b": 1, "c": 2}
    assert recall_at_100(["b", "c"], qrels, relevant_from=2) == 0.5
    assert mrr_at_10(["b", "c", "a"], qrels, relevant_from=2) == 0.5
    assert mrr_at_10(["b"], qrels, relevant_from=2) == 0


def test_a_bootstrap_interval_holds_the_mean_and_narrows_with_agreement() -> None:
    wide, narrow = bootstrap([0.0, 1.0] * 20), bootstrap([0.5] * 40)
    assert wide.low < wide.mean == 0.5 < wide.high
    assert (narrow.low, narrow.high) == (0.5, 0.5)


def test_a_constant_gain_is_a_real_difference_and_unlike_query_sets_are_refused() -> None:
    assert paired_bootstrap([0.3, 0.6, 0.9], [0.2, 0.5, 0.8]).low > 0
    with pytest.raises(ValueError, match="same queries"):
        paired_bootstrap([1.0], [1.0, 2.0])


def test_cross_validation_never_scores_a_query_with_a_weight_chosen_on_it() -> None:
    """Each query is best at a weight of its own; chosen by the others, it never gets it."""
    keys = [str(i) for i in range(4)]
    values, chosen = cross_validated(keys, [0.0, 1.0, 2.0, 3.0], lambda key, weight: float(weight == float(key)), folds=4)
    assert values == dict.fromkeys(keys, 0.0)
    assert all(chosen[key] != float(key) for key in keys)


def test_a_run_file_falls_strictly_also_where_scores_are_alike(tmp_path: Path) -> None:
    write_run({"q": (("a", 0.5), ("b", 0.5), ("c", 0.5))}, tmp_path / "run.tsv")
    lines = [line.split("\t") for line in (tmp_path / "run.tsv").read_text().splitlines()]
    scores = [float(score) for _, _, score in lines]
    assert [product_id for _, product_id, _ in lines] == ["a", "b", "c"]
    assert scores[0] > scores[1] > scores[2]


def test_labelled_files_are_read_and_a_bad_grade_is_named_with_its_line(tmp_path: Path) -> None:
    queries, qrels = tmp_path / "q.tsv", tmp_path / "r.tsv"
    queries.write_text("1\tred lamp\n")
    qrels.write_text("1\tp1\t2\n1\tp2\t0\n")
    (query,) = from_files(tmp_path / "c.jsonl", queries, qrels).queries
    assert (query.text, query.qrels) == ("red lamp", {"p1": 2, "p2": 0})
    qrels.write_text("1\tp1\tgood\n")
    with pytest.raises(BadInput, match="line 1"):
        from_files(tmp_path / "c.jsonl", queries, qrels)
