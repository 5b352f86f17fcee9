"""Does a lesson teach the serving format and nothing that is given, and do batches keep all of them?"""

import random
from dataclasses import dataclass

from tests.unit.test_training_data import example
from training.lessons import LengthMix, Lesson, PartWeights, Teacher, in_batches


@dataclass(frozen=True)
class Letters:
    """A tokenizer whose tokens are characters."""

    eos_token_id: int = 0

    def apply_chat_template(self, messages: list[dict[str, str]], *, tokenize: bool, add_generation_prompt: bool) -> str:
        return "".join(f"<{m['role']}>{m['content']}" for m in messages) + "<assistant>"

    def __call__(self, text: str, *, add_special_tokens: bool) -> "Ids":
        return Ids([ord(c) for c in text])


@dataclass(frozen=True)
class Ids:
    input_ids: list[int]


def text_of(lesson: Lesson, *, taught: bool) -> str:
    return "".join(chr(i) if i else "<end>" for i, w in zip(lesson.ids, lesson.weights, strict=True) if (w > 0) == taught)


def test_only_the_answer_is_taught_and_the_prompt_is_that_of_serving() -> None:
    lesson = Teacher(Letters()).lesson(example(filters={"color": ["brown"]}), "all")
    assert text_of(lesson, taught=False) == "<system>Shop search.<user>brown hiking boots please\n[color=brown]<assistant>"
    assert text_of(lesson, taught=True).startswith("brown hiking boots\ncategory=hiking boots; color=brown\nHiking Boots\nKeen")
    assert text_of(lesson, taught=True).endswith("trail boots\n<end>")


def test_a_short_lesson_ends_without_an_end_sign() -> None:
    head = text_of(Teacher(Letters()).lesson(example(), "head"), taught=True)
    assert head == "brown hiking boots\ncategory=hiking boots; color=brown\nHiking Boots\n"


def test_what_is_not_known_of_a_real_query_is_not_taught() -> None:
    query_only = Teacher(Letters()).lesson(example(taught="query"), "all")
    names = Teacher(Letters()).lesson(example(taught="names"), "all")
    assert text_of(query_only, taught=True) == "brown hiking boots\n"
    assert text_of(names, taught=True) == "brown hiking boots\nHiking Boots\n"


def test_prices_are_left_to_rules() -> None:
    target = example().target.model_dump(mode="json")
    target["attributes"]["price_max"] = 90
    assert "90" not in text_of(Teacher(Letters()).lesson(example(target=target), "all"), taught=True)


def test_held_filters_can_be_forgotten() -> None:
    lesson = Teacher(Letters()).lesson(example(filters={"color": ["brown"]}), "head", forget_held=True)
    assert "[color" not in text_of(lesson, taught=False)


def test_parts_weigh_as_configured() -> None:
    lesson = Teacher(Letters(), PartWeights(query=2.0, attributes=0.5, names=1.0, titles=0.25)).lesson(example(), "all")
    weight_of = dict(zip(lesson.parts, lesson.weights, strict=True))
    assert weight_of == {"prompt": 0.0, "query": 2.0, "attributes": 0.5, "names": 1.0, "titles": 0.25}


def test_batches_hold_every_lesson_once_and_lengths_that_are_near() -> None:
    lessons = [Lesson(tuple(range(n)), (1.0,) * n, ("query",) * n) for n in random.Random(2).choices(range(2, 200), k=100)]
    batches = list(in_batches(lessons, size=4, chance=random.Random(1)))
    assert sorted(len(lesson.ids) for batch in batches for lesson in batch) == sorted(len(lesson.ids) for lesson in lessons)
    spreads = [max(len(x.ids) for x in batch) - min(len(x.ids) for x in batch) for batch in batches]
    assert sum(spreads) / len(spreads) < 40


def test_the_mix_of_lengths_is_drawn_from_the_seed() -> None:
    mix = LengthMix(head=0.0, first=0.0, all=1.0)
    assert {mix.draw(random.Random(i)) for i in range(5)} == {"all"}
