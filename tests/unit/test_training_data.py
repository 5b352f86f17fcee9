"""Is the training data read row by row, held to its rules, varied, and split so that nothing crosses?"""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from training.enlarge import RealQuery, enlarged, side_of
from training.example import Example, read_examples, to_json
from training.rules import broken_rules, repeated_titles
from training.surroundings import Surroundings
from training.validate import DATA, complaints_about
from training.variety import variety_of

PRODUCTS = ["Keen Targhee Boot", "Merrell Moab Boot", "Lowa Renegade Boot", "hiking boots", "walking boots", "trail boots"]


def row(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": "t-001", "group": "boots", "kind": "chatty", "conversation": [{"role": "user", "text": "brown hiking boots please"}],
        "target": {
            "query": "brown hiking boots", "attributes": {"category": "hiking boots", "color": ["brown"]},
            "proposal": [{"category": "Hiking Boots", "explanation": "Boots for your trails.", "products": PRODUCTS}],
        },
    }  # fmt: skip
    return base | changes


def example(**changes: Any) -> Example:
    return Example.model_validate(row(**changes))


def proposal(**changes: Any) -> dict[str, Any]:
    target: dict[str, Any] = row()["target"]
    return target | {"proposal": [target["proposal"][0] | changes]}


def test_a_broken_row_is_named_by_line_and_field_and_the_rest_is_read(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    broken = [json.dumps(row(kind="rude")), "{half a row", json.dumps(row(conversation=[{"role": "assistant", "text": "hi"}]))]
    file.write_text("\n".join([json.dumps(row()), *broken, json.dumps(row(id="t-002"))]))
    examples, rejected = read_examples(file)
    assert [e.id for e in examples] == ["t-001", "t-002"]
    assert [(r.line, r.field) for r in rejected] == [(2, "kind"), (3, "row"), (4, "row")]
    assert "rows.jsonl:2: kind:" in str(rejected[0])


def test_an_example_is_written_as_it_was_read() -> None:
    assert Example.model_validate(to_json(example())) == example()


def test_bounds_that_cross_do_not_stop_a_row() -> None:
    held = example(filters={"price_min": 200, "price_max": 100, "occasion": "trip"}).request.held
    assert held.price_min is None and held.price_max == 100


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"target": row()["target"] | {"query": "one two three four five six seven eight nine ten eleven"}}, "query of 11 words"),
        ({"target": proposal(products=[*PRODUCTS[:5], PRODUCTS[0]])}, "six_different_products"),
        ({"target": proposal(products=[*PRODUCTS[:5], "Boot gift card"])}, "no_gift_cards"),
        ({"target": proposal(explanation="The shopper will like them.")}, "explanation"),
        ({"target": proposal(category="Women's Boots")}, "generic phrases without"),
        ({"target": row()["target"] | {"decline": "unsafe"}}, "declined turn"),
        ({"kind": "exact_title", "conversation": [{"role": "user", "text": "a zither"}]}, "exact title"),
    ],
)
def test_each_rule_of_the_brief_is_held(changes: dict[str, Any], complaint: str) -> None:
    assert broken_rules(example()) == []
    assert any(complaint in found for found in broken_rules(example(**changes)))


def test_a_title_that_many_groups_use_is_reported() -> None:
    assert repeated_titles([example(id=f"t-{i:03}") for i in range(5)]) == sorted(t.lower() for t in PRODUCTS[:3])


def test_paraphrases_under_two_group_names_are_found() -> None:
    said = "my brother needs a really warm winter jacket for his trip to norway in january"
    one = example(conversation=[{"role": "user", "text": said}])
    two = example(id="t-002", group="jacket", conversation=[{"role": "user", "text": f"hello {said}"}])
    assert [pair[:2] for pair in variety_of([one, two]).too_alike] == [("boots", "jacket")]


def test_the_committed_conversations_keep_every_rule() -> None:
    examples, rejected = read_examples(*sorted((DATA / "core").glob("*.jsonl")), *sorted((DATA / "validation").glob("*.jsonl")))
    assert rejected == [] and complaints_about(examples) == []
    assert len(examples) >= 4_990


def test_validation_conversations_are_in_no_training_file() -> None:
    train, _ = read_examples(*sorted((DATA / "core").glob("*.jsonl")))
    validation, _ = read_examples(*sorted((DATA / "validation").glob("*.jsonl")))
    assert not {e.message.lower() for e in train if len(e.message) > 30} & {e.message.lower() for e in validation}


def test_training_and_validation_have_different_voices() -> None:
    train, validation = (Surroundings.load(DATA / "surroundings" / f"{side}.yaml") for side in ("train", "validation"))
    assert len(train.styles) >= 60 and len(validation.styles) >= 60
    assert set(train.styles) & set(validation.styles) == {("u: {q}",)}


def test_a_query_never_stands_on_both_sides() -> None:
    queries = [RealQuery("wands", str(i), f"oak table {i}", category="Tables") for i in range(60)]
    surroundings = Surroundings(styles=(("u: {q}",), ("u: hi", "a: Hello!", "u: show me {q}")))
    sides = {side: {e.target.query for e in enlarged(queries, surroundings, side=side, seed=1)} for side in ("train", "validation")}
    assert sides["train"] and sides["validation"] and not sides["train"] & sides["validation"]
    assert side_of(queries[0]) == side_of(RealQuery("bestbuy", "9", "Table oak 0"))


def test_the_same_seed_makes_the_same_examples() -> None:
    queries = [RealQuery("wands", str(i), f"oak table {i}") for i in range(20)]
    surroundings = Surroundings.load(DATA / "surroundings" / "train.yaml")
    first, second = (list(enlarged(queries, surroundings, side="train", seed=3)) for _ in range(2))
    assert first == second


def test_a_story_around_a_message_leaves_what_is_wanted() -> None:
    surroundings = Surroundings(styles=(("u: {q}",),), before=("My dog is ill.",), after=("Thanks!",))
    told = surroundings.with_story(example(), random.Random(1))
    assert told.target == example().target
    assert told.message in ("My dog is ill. brown hiking boots please", "brown hiking boots please. Thanks!")
