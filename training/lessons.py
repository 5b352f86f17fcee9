"""How does an example become tokens? The serving prompt without loss, then as much of the target as is taught, weighted by part."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from domain.document import Document
from models.prompt import messages
from models.wire import AttributeName, encode_parts
from training.example import Example

Length = Literal["head", "first", "all"]
LEFT_TO_RULES: frozenset[AttributeName] = frozenset({"price_min", "price_max"})
"""Prices are read exactly by rules; a small model copies half of them wrongly (FACTS.md)."""


class PartWeights(Document):
    """What a token's loss counts, by the part that it stands in."""

    query: float = 1.0
    attributes: float = 1.0
    names: float = 1.0
    titles: float = 1.0


class LengthMix(Document):
    """Shares of lessons that end after the category names, after the first category's products, or at the very end."""

    head: float
    first: float
    all: float

    def draw(self, chance: random.Random) -> Length:
        return chance.choices(("head", "first", "all"), (self.head, self.first, self.all))[0]


@dataclass(frozen=True)
class Lesson:
    """Token ids and, for each, the weight of predicting it; 0 for what is given."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]
    parts: tuple[str, ...]
    """Part of each token: "prompt", "query", "attributes", "names" or "titles"."""


@dataclass(frozen=True)
class Teacher:
    """Makes lessons with one tokenizer."""

    tokenizer: Any
    weights: PartWeights = field(default_factory=PartWeights)

    def lesson(self, example: Example, length: Length, *, forget_held: bool = False) -> Lesson:
        """The example as tokens; ``forget_held`` leaves out what held, as when a session's filters were never read."""
        request = example.request
        if forget_held:
            request = example.model_copy(update={"filters": type(example.filters)()}).request
        prompt = self.tokenizer.apply_chat_template(messages(request), tokenize=False, add_generation_prompt=True)
        pieces: list[tuple[str, list[int], float]] = [("prompt", self._ids(prompt), 0.0)]
        texts = encode_parts(example.target.formulation.model_copy(update={"proposal": _unexplained(example)}), leave_out=LEFT_TO_RULES)
        kept = _taught(example, len(texts), length)
        for position, text in enumerate(texts[:kept]):
            name, weight = self._part(position, example)
            pieces.append((name, self._ids(text), weight))
        if kept == len(texts) and length == "all" and example.taught == "all":
            pieces.append(("titles", [self.tokenizer.eos_token_id], self.weights.titles))
        return Lesson(
            ids=tuple(i for _, ids, _ in pieces for i in ids),
            weights=tuple(w for _, ids, w in pieces for _ in ids),
            parts=tuple(name for name, ids, _ in pieces for _ in ids),
        )

    def _part(self, position: int, example: Example) -> tuple[str, float]:
        if position == 0:
            return "query", self.weights.query
        if position == 1:
            return "attributes", 0.0 if example.taught == "names" else self.weights.attributes
        return ("names", self.weights.names) if position == 2 else ("titles", self.weights.titles)

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)


def in_batches(lessons: Sequence[Lesson], *, size: int, chance: random.Random) -> Iterator[list[Lesson]]:
    """Batches of lessons of similar length, in random order: padding is not paid for, and each batch mixes all kinds."""
    pool = 12 * size
    order = list(lessons)
    chance.shuffle(order)
    batches: list[list[Lesson]] = []
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lambda lesson: len(lesson.ids))
        batches += [near[i : i + size] for i in range(0, len(near), size)]
    chance.shuffle(batches)
    yield from batches


def _taught(example: Example, parts: int, length: Length) -> int:
    if example.taught == "query":
        return 1
    if example.taught == "names" or length == "head":
        return 3
    return 4 if length == "first" else parts


def _unexplained(example: Example) -> Any:
    proposal = example.target.formulation.proposal
    return proposal.model_copy(update={"categories": tuple(c.model_copy(update={"explanation": ""}) for c in proposal.categories)})
