"""Is a set of conversations varied? Shared 4-grams between groups, distinct 3-grams, repeated openings."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.example import Example

_WORD = re.compile(r"[\w']+")
MAX_SHARED = 0.6
MIN_DISTINCT_3 = 0.7
MAX_OPENING = 0.01
_OPENING_WORDS = 4


@dataclass(frozen=True)
class Variety:
    """The three measures, and the pairs of groups that share too much."""

    distinct_3: float
    most_used_opening: tuple[str, float]
    too_alike: tuple[tuple[str, str, float], ...]

    @property
    def complaints(self) -> list[str]:
        found = [f"groups {a!r} and {b!r} share {share:.0%} of their 4-grams" for a, b, share in self.too_alike]
        if self.distinct_3 < MIN_DISTINCT_3:
            found.append(f"distinct-3 is {self.distinct_3:.2f}, under {MIN_DISTINCT_3}")
        if self.most_used_opening[1] > MAX_OPENING:
            found.append(f"{self.most_used_opening[1]:.1%} of the messages open with {self.most_used_opening[0]!r}")
        return found


def variety_of(examples: Sequence[Example]) -> Variety:
    """Measured over the shoppers' own messages."""
    messages = [said.text for example in examples for said in example.conversation if said.role == "user"]
    threes = [gram for text in messages for gram in _grams(text, 3)]
    openings = Counter(" ".join(words[:_OPENING_WORDS]) for text in messages if len(words := _words(text)) >= _OPENING_WORDS)
    opening, count = openings.most_common(1)[0] if openings else ("", 0)
    return Variety(
        distinct_3=len(set(threes)) / len(threes) if threes else 1.0,
        most_used_opening=(opening, count / max(1, len(messages))),
        too_alike=tuple(_too_alike(examples)),
    )


def _too_alike(examples: Sequence[Example]) -> Iterable[tuple[str, str, float]]:
    grams: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for example in examples:
        for said in example.conversation:
            if said.role == "user":
                grams[example.group].update(_grams(said.text, 4))
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for group, own in grams.items():
        for gram in own:
            holders[gram].append(group)
    shared: Counter[tuple[str, str]] = Counter()
    for groups in holders.values():
        for i, first in enumerate(groups):
            for second in groups[i + 1 :]:
                shared[first, second] += 1
    for (first, second), count in sorted(shared.items()):
        share = count / min(len(grams[first]), len(grams[second]))
        # A handful of words has too few 4-grams to tell chance from copying.
        if share > MAX_SHARED and min(len(grams[first]), len(grams[second])) >= 5:
            yield first, second, share


def _grams(text: str, size: int) -> list[tuple[str, ...]]:
    words = _words(text)
    return [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
