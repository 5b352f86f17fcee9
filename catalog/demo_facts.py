"""Which value does a fact have for one model? Draws from the taxonomy's notation.

"8..40/2 hours ^"    a number in steps of 2 that rises with the price ("v" falls, no mark: by chance)
"1080p < 2.7K < 4K"  an ordered choice that rises with the price
("oak", "walnut")    any of these
"USB-C"              always so
"""

import random
import re
from collections.abc import Mapping
from functools import cache
from string import Formatter

from catalog.product_types import Facts

_RANGE = re.compile(r"^(.*? )?(-?[\d.]+?)\.\.(-?[\d.]+?)(?:/([\d.]+))?((?: |x|°).*?)??(?: ([\^v]))?$")
_SCATTER = 0.12
"""How far a fact strays from what the price would suggest, as a share of its range."""


def draw_facts(facts: Facts, rng: random.Random, *, position: float) -> dict[str, str]:
    """One value a fact; ``position`` is where the model's price lies in its type's range, 0 to 1."""
    return {name: _draw(notation, rng, position) for name, notation in facts.items()}


def fill(pattern: str, words: Mapping[str, str]) -> str | None:
    """The pattern with its {words} filled in, [optional parts] kept where all of theirs are known; None if another is missing."""
    parts: list[str] = []
    for optional, pieces in _compiled(pattern):
        if all(field in words for _, field in pieces if field):
            parts += [words[field] if field else literal for literal, field in pieces]
        elif not optional:
            return None
    return " ".join("".join(parts).split())


def slot_name(fact: str) -> str:
    """ "battery_life" for the fact "battery life"."""
    return re.sub(r"\W+", "_", fact)


@cache
def _compiled(pattern: str) -> tuple[tuple[bool, tuple[tuple[str, str], ...]], ...]:
    """Parts of a pattern: whether it may fall away, and its pieces, each a literal or the name of a word."""
    parts = []
    for text in re.split(r"(\[[^\]]*\])", pattern):
        optional = text.startswith("[")
        pieces: list[tuple[str, str]] = []
        for literal, field, _, _ in Formatter().parse(text[1:-1] if optional else text):
            pieces += [(literal, "")] if literal else []
            pieces += [("", field)] if field else []
        parts.append((optional, tuple(pieces)))
    return tuple(parts)


def _draw(notation: str | tuple[str, ...], rng: random.Random, position: float) -> str:
    if isinstance(notation, tuple):
        return rng.choice(notation)
    where = min(1.0, max(0.0, rng.gauss(position, _SCATTER)))
    if " < " in notation:
        steps = notation.split(" < ")
        return steps[min(len(steps) - 1, int(where * len(steps)))]
    match = _RANGE.match(notation)
    if match is None:
        return notation
    before, low, high, step, unit, trend = match.groups(default="")
    share = {"^": where, "v": 1 - where}.get(trend, rng.random())
    return before + _number(float(low), float(high), share, step=step or "1") + unit


def _number(low: float, high: float, share: float, *, step: str) -> str:
    size = float(step)
    value = min(high, max(low, low + round((high - low) * share / size) * size))
    decimals = len(step.partition(".")[2])
    return f"{value:,.{decimals}f}"
