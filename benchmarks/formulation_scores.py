"""How good is a formulation? Query and categories over stems, attributes value by value, the paper's rules one by one."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rapidfuzz import fuzz

from benchmarks.formulators import Formulated
from domain.proposal import Attributes, Proposal
from models.wire import ATTRIBUTES
from planner.safety import SafetyRules
from training.example import Example
from training.word_labels import stems

_GENDERED = re.compile(r"\b(men's|women's)\b", re.IGNORECASE)
_ALIKE = 0.5
"""Share of common stems from which two values are the same: "merino" and "merino wool"."""


@dataclass
class Counts:
    """True positives, false positives and misses of one attribute."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 0.0


@dataclass
class Scores:
    """All scores of one contender over a set of examples."""

    query_f1: list[float] = field(default_factory=list)
    by_kind: dict[str, list[float]] = field(default_factory=dict)
    categories_f1: list[float] = field(default_factory=list)
    attributes: dict[str, Counts] = field(default_factory=dict)
    broken: Counter[str] = field(default_factory=Counter)
    """Formulations that break each rule."""
    kept: int = 0
    """Formulations that break none."""
    failures: Counter[str] = field(default_factory=Counter)
    answered: int = 0

    @property
    def attribute_f1(self) -> float:
        """Micro-averaged over all attributes."""
        total = Counts(*(sum(getattr(c, name) for c in self.attributes.values()) for name in ("right", "wrong", "missed")))
        return total.f1


def f1(found: frozenset[str], wanted: frozenset[str]) -> float:
    """F1 over stems."""
    common = len(found & wanted)
    return 2 * common / (len(found) + len(wanted)) if common else 0.0


def scored(examples: Sequence[Example], formulated: Sequence[Formulated], safety: SafetyRules) -> Scores:
    """The scores of formulations that stand in the order of the examples."""
    scores = Scores()
    for example, answer in zip(examples, formulated, strict=True):
        target = example.target
        value = f1(stems(answer.query), stems(target.query))
        scores.query_f1.append(value)
        scores.by_kind.setdefault(example.kind, []).append(value)
        named = stems(" ".join(c.category for c in answer.proposal.categories))
        scores.categories_f1.append(f1(named, stems(" ".join(c.category for c in target.proposal))))
        count_attributes(scores.attributes, answer.attributes, target.attributes)
        scores.answered += answer.failure is None
        if answer.failure is not None:
            scores.failures[answer.failure.split(":")[0][:60]] += 1
            continue
        broken = broken_rules(example, answer.proposal, safety)
        scores.broken.update(broken)
        scores.kept += not broken
    return scores


def broken_rules(example: Example, proposal: Proposal, safety: SafetyRules) -> list[str]:
    """The paper's rules that an answer to this example breaks."""
    broken = list(proposal.broken_rules())
    if not any(c.explanation for c in proposal.categories) and "explanation_addresses_you" in broken:
        # The wire format leaves explanations to rules: what was never written breaks nothing.
        broken.remove("explanation_addresses_you")
    gender = example.target.attributes.gender
    wanted = [c for c in example.target.proposal if _GENDERED.search(c.category)]
    if gender in ("women", "men") and len(wanted) == len(example.target.proposal):
        broken += [] if all(f"{gender}'s" in c.category.lower() for c in proposal.categories) else ["gender_alignment"]
    if not gender and any(_GENDERED.search(c.category) for c in proposal.categories) and not wanted:
        broken.append("gender_without_reason")
    titles = [title for c in proposal.categories for title in c.products]
    if example.kind == "exact_title" and not any(fuzz.token_set_ratio(t.lower(), example.message.lower()) >= 60 for t in titles):
        broken.append("exact_title")
    if any(safety.danger(text) for text in (*titles, *(c.category for c in proposal.categories))):
        broken.append("nothing_unsafe")
    return broken


def quality(scores: Scores, *, titles_ndcg: float, clean_ndcg: float) -> float:
    """0 to 5: categories, what the hypothetical titles find by themselves, attributes, rules; nothing for what was not answered."""
    count = len(scores.query_f1)
    categories = sum(scores.categories_f1) / count
    titles = min(1.0, titles_ndcg / clean_ndcg) if clean_ndcg else 0.0
    return 5 * scores.answered / count * (0.3 * categories + 0.3 * titles + 0.2 * scores.attribute_f1 + 0.2 * scores.kept / count)


def count_attributes(counts: dict[str, Counts], found: Attributes, wanted: Attributes) -> None:
    """Adds one formulation's attributes, value by value."""
    for name in ATTRIBUTES:
        count = counts.setdefault(name, Counts())
        ours, theirs = _values(getattr(found, name)), _values(getattr(wanted, name))
        open_ones = list(theirs)
        for value in ours:
            match = next((other for other in open_ones if _same(value, other)), None)
            if match is None:
                count.wrong += 1
            else:
                open_ones.remove(match)
                count.right += 1
        count.missed += len(open_ones)


def means(values: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Mean of each list."""
    return {name: round(sum(own) / len(own), 3) for name, own in sorted(values.items()) if own}


def _values(value: object) -> list[str | Decimal]:
    if value in (None, ()):
        return []
    return list(value) if isinstance(value, tuple) else [value]  # type: ignore[list-item]


def _same(first: str | Decimal, second: str | Decimal) -> bool:
    if isinstance(first, Decimal) or isinstance(second, Decimal):
        return first == second
    a, b = stems(first), stems(second)
    return bool(a | b) and len(a & b) / len(a | b) >= _ALIKE
