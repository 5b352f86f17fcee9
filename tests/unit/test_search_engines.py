"""Do both engines hold the contract of the index, and do its filters agree with Filters.admits?"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient

from config import Settings
from domain.filters import FILTER_FIELDS, Filters
from domain.money import Money
from domain.product import Product, Variant
from domain.search import HybridQuery, Vectors
from tools.engine import AnyOf, Between, Conditions, IndexPoint, Phrase, VectorEngine
from tools.fusion import FusionWeights
from tools.hybrid_retriever import HybridRetriever
from tools.lexical import Bm25Analyzer, query_weights
from tools.qdrant_edge_engine import QdrantEdgeEngine
from tools.qdrant_server_engine import QdrantServerEngine
from tools.search_document import conditions_for, payload_of, point_id, searched_texts
from tools.term_statistics import TermCounter

DIMENSIONS = 4
WEIGHTS = FusionWeights(dense=0.5, hyde=0.35, raw=0.25, category_boost=0.06)
ANALYZER = Bm25Analyzer(4.0)
ANYTHING = Filters()


def embedded(engine_dir: Path) -> VectorEngine:
    return QdrantEdgeEngine.create(engine_dir, dimensions=DIMENSIONS)


def on_server(engine_dir: Path) -> VectorEngine:
    """A real server where QDRANT_URL names one, else the client's own in-process implementation."""
    url = Settings().qdrant_url
    client = QdrantClient(url=url) if url else QdrantClient(":memory:")
    client.delete_collection(f"test_{engine_dir.name}")
    engine = QdrantServerEngine(client, f"test_{engine_dir.name}")
    engine.create(dimensions=DIMENSIONS)
    return engine


@pytest.fixture(params=[embedded, on_server], ids=["embedded", "server"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorEngine]:
    engine = request.param(tmp_path / "shard")
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=[embedded, on_server], ids=["embedded", "server"])
def shared_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorEngine]:
    engine = request.param(tmp_path_factory.mktemp("shelf") / "shard")
    yield engine
    engine.close()


def vector_of(text: str) -> Vectors:
    """A unit vector that differs from text to text and is the same for the same text."""
    numbers = np.random.default_rng(abs(point_id(text)) % 2**32).normal(size=DIMENSIONS)
    return np.asarray(numbers / np.linalg.norm(numbers), np.float32)


def indexed(engine: VectorEngine, products: list[Product], *, carried: tuple[str, ...] = FILTER_FIELDS) -> HybridRetriever:
    terms = TermCounter()
    points = [
        IndexPoint(point_id(p.product_id), vector_of(p.title), ANALYZER.document(*searched_texts(p)), payload_of(p)) for p in products
    ]
    terms.add(point.sparse for point in points)
    if points:
        engine.upsert(points)
    return HybridRetriever(engine, carried=carried, terms=terms.statistics(), weights=WEIGHTS)  # type: ignore[arg-type]


def ids(retriever: HybridRetriever, text: str, filters: Filters = ANYTHING, *, limit: int = 100) -> list[str]:
    found = retriever.retrieve_now(HybridQuery(text=text, vector=vector_of(text)), filters, limit=limit)
    return [candidate.product.product_id for candidate in found.candidates]


MUG = Product(product_id="mug", title="Red mug", colors=("red",), price=Money.usd("12"), stock=3, brand="Kiln", category=("Home", "Mugs"))
BOOTS = Product(
    product_id="boots", title="Leather boots", material=("full grain leather",), gender="women", price=Money.usd("120"),
    variants=(
        Variant(variant_id="a", size="7", color="brown", stock=0),
        Variant(variant_id="b", size="8", color="brown", stock=4),
        Variant(variant_id="c", size="7", color="black", stock=4, price=Money.usd("90")),
    ),
)  # fmt: skip
CARD = Product(product_id="card", title="Gift card", is_gift_card=True, price=Money.usd("25"), stock=100)


def test_the_query_s_words_rank_the_product_that_has_them_first(engine: VectorEngine) -> None:
    others = [Product(product_id=f"p{i}", title=f"Thing number {i}") for i in range(20)]
    assert ids(indexed(engine, [*others, MUG]), "red mug")[0] == "mug"


def test_a_gift_card_is_never_retrieved_even_when_asked_for(engine: VectorEngine) -> None:
    assert ids(indexed(engine, [CARD, MUG]), "gift card") == ["mug"]


def test_integer_flags_filter_in_both_engines(engine: VectorEngine) -> None:
    """The embedded engine matches nothing on booleans, which is why the payload has none."""
    indexed(engine, [CARD, MUG])
    assert engine.count(Conditions(must=(AnyOf("gift_card", (1,)),))) == 1
    assert not any(isinstance(value, bool) for value in payload_of(CARD).values())


async def test_a_price_order_goes_over_everything_that_passes_by_the_price_that_is_shown(engine: VectorEngine) -> None:
    shelf = [Product(product_id=f"p{n}", title=f"Thing {n}", price=Money.usd(f"{10 + n}.00"), brand="Kiln") for n in range(450)]
    cheap = Variant(variant_id="v", price=Money.usd("1.00"))
    dear = Variant(variant_id="w", price=Money.usd("9000.00"))
    odd = Product(product_id="odd", title="Odd", price=Money.usd("200.50"), variants=(cheap, dear))
    retriever = indexed(engine, [*shelf, odd, CARD, Product(product_id="none", title="No price")])

    assert [p.product_id for p in await retriever.by_price(ANYTHING, descending=False, limit=3)] == ["p0", "p1", "p2"]
    assert [p.product_id for p in await retriever.by_price(ANYTHING, descending=True, limit=2)] == ["p449", "p448"]
    everything = await retriever.by_price(ANYTHING, descending=False, limit=600)
    assert [p.product_id for p in everything[190:193]] == ["p190", "odd", "p191"] and len(everything) == 451
    kiln = await retriever.by_price(Filters(brand=("Kiln",), price_min=Decimal(300)), descending=False, limit=1)
    assert [p.product_id for p in kiln] == ["p290"]


def test_numbers_between_bounds_and_phrases_are_found(engine: VectorEngine) -> None:
    indexed(engine, [MUG, BOOTS])
    assert engine.count(Conditions(must=(Between("price", 1200, 1200),))) == 1
    assert engine.count(Conditions(must=(Phrase("named", "leather boots"),))) == 1
    assert engine.count(Conditions(must=(Phrase("named", "boots leather"),))) == 0


def test_one_variant_must_have_the_size_and_the_colour_at_once(engine: VectorEngine) -> None:
    retriever = indexed(engine, [BOOTS])
    assert ids(retriever, "boots", Filters(size="8", color=("brown",))) == ["boots"]
    assert ids(retriever, "boots", Filters(size="7", color=("black",))) == ["boots"]
    assert ids(retriever, "boots", Filters(size="7", color=("brown",))) == [], "that variant is sold out"
    assert engine.count(conditions_for(Filters(size="7", color=("brown",)))) == 0, "settled inside the engine"


def test_a_filter_on_a_field_that_nobody_carries_ranks_instead_of_excluding(engine: VectorEngine) -> None:
    retriever = indexed(engine, [MUG, BOOTS], carried=("price_min", "price_max"))
    found = retriever.retrieve_now(
        HybridQuery(text="mug", vector=vector_of("mug")), Filters(gender="kids", price_max=Decimal(50)), limit=10
    )
    assert [c.product.product_id for c in found.candidates] == ["mug"]
    assert found.unfiltered == ("gender",)


def test_a_deleted_product_is_not_found_and_an_upsert_replaces(engine: VectorEngine) -> None:
    retriever = indexed(engine, [MUG, BOOTS])
    indexed(engine, [MUG.model_copy(update={"title": "Blue mug"})])
    engine.delete([point_id("boots")])
    fresh = HybridRetriever(engine, carried=FILTER_FIELDS, terms=TermCounter().statistics(), weights=WEIGHTS)
    found = fresh.retrieve_now(HybridQuery(text="boots", vector=vector_of("x")), Filters(), limit=10)
    assert [c.product.title for c in found.candidates] == ["Blue mug"]
    assert retriever is not fresh


async def test_products_come_back_in_the_order_asked_and_unknown_ids_are_left_out(engine: VectorEngine) -> None:
    retriever = indexed(engine, [MUG, BOOTS])
    assert await retriever.products(["boots", "nobody", "mug"]) == (BOOTS, MUG)


def test_scores_of_a_leg_are_only_for_products_that_share_a_term(engine: VectorEngine) -> None:
    indexed(engine, [MUG, BOOTS])
    hits = engine.sparse(query_weights({"mug": 1.0}), Conditions(), limit=10)
    assert [hit.point_id for hit in hits] == [point_id("mug")]
    assert engine.sparse(query_weights({"the of": 1.0}), Conditions(), limit=10) == []


def test_a_word_that_no_product_has_makes_the_lexical_score_low(engine: VectorEngine) -> None:
    retriever = indexed(engine, [MUG, BOOTS, *(Product(product_id=f"p{i}", title=f"Lamp {i}") for i in range(10))])
    known = retriever.retrieve_now(HybridQuery(text="red mug", vector=vector_of("q")), Filters(), limit=1).candidates[0]
    unknown = retriever.retrieve_now(HybridQuery(text="flurbatron mug", vector=vector_of("q")), Filters(), limit=20).candidates
    assert known.lexical > 0.6
    assert max(c.lexical for c in unknown) < 0.5


def test_strict_filters_are_searched_deeper_until_enough_is_found(engine: VectorEngine) -> None:
    """Phrases of "not ..." are settled after the engine: a look-up of 200 that loses all but few goes on."""
    noisy = [Product(product_id=f"n{i}", title=f"wool mix scarf {i}") for i in range(300)]
    plain = [Product(product_id=f"s{i}", title=f"cotton scarf number {i}") for i in range(5)]
    found = ids(indexed(engine, [*noisy, *plain]), "wool mix scarf", Filters(exclude=("wool mix",)), limit=5)
    assert sorted(found) == [f"s{i}" for i in range(5)]


def test_hypothetical_titles_stand_beside_the_query_and_never_replace_it(engine: VectorEngine) -> None:
    retriever = indexed(engine, [MUG, BOOTS, Product(product_id="lamp", title="Lamp")])
    query = HybridQuery(text="", vector=vector_of("Red mug"), hyde=vector_of("Leather boots")[None])
    order = [c.product.product_id for c in retriever.retrieve_now(query, Filters(), limit=3).candidates]
    assert order[0] == "mug"


def test_a_predicted_category_lifts_and_does_not_filter(engine: VectorEngine) -> None:
    twins = [
        Product(product_id="a", title="Trail thing", category=("Outdoor", "Tents")),
        Product(product_id="b", title="Trail thing", category=("Outdoor", "Backpacks")),
    ]
    retriever = indexed(engine, twins)
    plain = HybridQuery(text="trail thing", vector=vector_of("Trail thing"), category="Backpacks")
    assert [c.product.product_id for c in retriever.retrieve_now(plain, Filters(), limit=2).candidates] == ["b", "a"]


# ---- agreement with the reference semantics


def thing(**facts: Any) -> Product:
    return Product(product_id="thing", title="Thing", **facts)


@pytest.mark.parametrize(
    ("product", "wanted", "admitted"),
    [
        (thing(gender="unisex"), Filters(gender="men"), True),
        (thing(gender="unisex"), Filters(gender="women"), True),
        (thing(gender="unisex"), Filters(gender="kids"), False),
        (thing(gender="women"), Filters(gender="men"), False),
        (thing(), Filters(gender="kids"), True),
        (thing(), Filters(price_max=Decimal(10)), False),
        (thing(price=Money.usd("10")), Filters(price_max=Decimal(10)), True),
        (thing(price=Money.usd("10")), Filters(price_min=Decimal("10.01")), False),
        (thing(price=Money.of("10", "EUR")), Filters(price_max=Decimal(10)), False),
        (thing(), Filters(size="M"), True),
        (thing(sizes=("Medium", "L")), Filters(size="m"), True),
        (thing(sizes=("L",)), Filters(size="m"), False),
        (thing(), Filters(color=("blue",)), False),
        (thing(colors=("navy blue",)), Filters(color=("red", "blue")), True),
        (thing(colors=("bluish",)), Filters(color=("blue",)), False),
        (thing(), Filters(brand=("Kiln",)), False),
        (thing(brand="KILN"), Filters(brand=("kiln",)), True),
        (thing(), Filters(material=("wool",)), True),
        (thing(material=("merino wool",)), Filters(material=("wool",)), True),
        (thing(material=("cotton",)), Filters(material=("wool",)), False),
        (thing(), Filters(features=("waterproof",)), True),
        (thing(features=("light",)), Filters(features=("waterproof",)), False),
        (thing(features=("light",), description="It is water-proof."), Filters(features=("water proof",)), True),
        (thing(features=("light",)), Filters(exclude=("light",)), False),
        (thing(description="Not of leather."), Filters(exclude=("leather",)), True),
        (thing(), Filters(in_stock=True), True),
        (thing(stock=0), Filters(in_stock=True), False),
        (thing(stock=1), Filters(in_stock=False), False),
        (thing(category=("Home", "Mugs")), Filters(category="mugs"), True),
        (thing(), Filters(category="mugs"), False),
    ],
)
def test_what_a_product_does_not_say_passes_or_fails_as_the_contract_names(
    shared_engine: VectorEngine, product: Product, wanted: Filters, admitted: bool
) -> None:
    retriever = indexed(shared_engine, [product])
    assert wanted.admits(product) is admitted
    assert bool(ids(retriever, "thing", wanted)) is admitted
    shared_engine.delete([point_id("thing")])


WORDS = (
    "red",
    "navy blue",
    "Blue",
    "black & white",
    "leather",
    "faux-leather",
    "full grain leather",
    "wool",
    "10",
    "US 10",
    "M",
    "medium",
)
money = st.builds(
    lambda minor, currency: Money(minor=minor, currency=currency),
    st.integers(1, 20).map(lambda n: n * 500),
    st.sampled_from(["USD", "USD", "EUR"]),
)
word = st.sampled_from(WORDS)
words = st.lists(word, max_size=2, unique=True).map(tuple)
variants = st.lists(
    st.builds(
        Variant, variant_id=st.integers(0, 9).map(str), size=st.none() | word, color=st.none() | word, price=st.none() | money,
        stock=st.none() | st.integers(0, 2),
    ),
    max_size=3,
).map(tuple)  # fmt: skip
genders = st.none() | st.sampled_from(["women", "men", "unisex", "kids"])
stocks = st.none() | st.integers(0, 2)
products = st.builds(
    Product, product_id=st.integers(0, 10**9).map(str), title=word.map(lambda w: f"{w} thing"), description=word,
    brand=st.none() | word, price=st.none() | money, category=words, gender=genders, colors=words, material=words,
    features=words, sizes=words, stock=stocks, variants=variants, is_gift_card=st.booleans(),
)  # fmt: skip
some = st.lists(word, min_size=1, max_size=2, unique=True).map(tuple)
each_filter = {
    "price_min": st.integers(0, 40).map(Decimal), "price_max": st.integers(40, 90).map(Decimal),
    "gender": st.sampled_from(["women", "men", "unisex", "kids"]), "size": word, "category": word, "color": some, "brand": some,
    "material": some, "features": some, "exclude": some, "in_stock": st.booleans(),
}  # fmt: skip
# Two constraints at a time: with all at once next to nothing is admitted, and agreeing on nothing says nothing.
filters = st.lists(st.sampled_from(sorted(each_filter)), min_size=1, max_size=2, unique=True).flatmap(
    lambda names: st.builds(Filters, **{name: each_filter[name] for name in names})
)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(shelf=st.lists(products, min_size=4, max_size=10, unique_by=lambda p: p.product_id), wanted=filters)
def test_the_index_finds_exactly_what_the_filters_admit(shared_engine: VectorEngine, shelf: list[Product], wanted: Filters) -> None:
    retriever = indexed(shared_engine, shelf)
    try:
        found = ids(retriever, "red leather thing", wanted)
        admitted = {p.product_id for p in shelf if wanted.admits(p) and not p.is_gift_card}
        assert set(found) == admitted
        assert shared_engine.count(conditions_for(wanted)) >= len(admitted), "the engine's filter may be wide, never narrow"
    finally:
        shared_engine.delete([point_id(p.product_id) for p in shelf] or [0])
