"""What do a phone's short forms stand for? "4 my grandad, nt 2 expensive" in whole words, before anything is read."""

import re
from collections.abc import Container

from rapidfuzz.distance import OSA

_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), whole)
    for pattern, whole in (
        (r"\b(?:4|fr) (?=(?:my|a|an|the|me|his|her|our|your|work|gym|school|kids?|men|women|mum|mom|dad)\b)", "for "),
        (r"\bw/o\b ?", "without "),
        (r"\bw/ ?(?=[a-z])", "with "),
        (r"\b(?:nt|not) 2 (?=[a-z])", "not too "),
        (r"\b2 (?=(?:expensive|big|small|pricey)\b)", "too "),
        (r"\bluvs\b", "loves"),
        (r"\bluv\b", "love"),
        (r"(?<![\w'-])u(?![\w'-])", "you"),
        (r"\bur\b", "your"),
        (r"\bhav\b", "have"),
        (r"\bsum(?= [a-z])", "some"),
        (r"\bsumthin[g']?\b", "something"),
        (r"\bwhats\b", "what's"),
        (r"\bhes\b", "he's"),
        (r"\bshes\b", "she's"),
        (r"\b(?:lookin|luking)(?![a-z])'?", "looking"),
        (r"(?<= )n(?= [a-z])", "and"),
        (r"\bdont\b", "don't"),
        (r"\bdoesnt\b", "doesn't"),
        (r"\b(?:wat|wht)(?=(?:'?s)?\b)", "what"),
        (r"\bwhich 1\b", "which one"),
        (r"\blemme\b", "let me"),
    )
)


def spelt_out(message: str) -> str:
    """The message with its short forms written out; everything else stays as typed."""
    for pattern, whole in _FORMS:
        message = pattern.sub(whole, message)
    return message


# What is said of shopping rather than of things: no catalogue has these words, and yet they must be understood when mistyped.
_OF_TALK = (
    "difference differences between compare comparison first second third fourth fifth sixth number which what cheapest shipping delivery deliver return returns "
    "policy refund exchange warranty discount coupon weather tomorrow today yesterday something anything everything different similar another cheaper "
    "expensive question recommend choose rated rating reviews payment surprise instead forget remove please thanks other"
).split()
_SHORTEST = 4
_TWO_SLIPS = 8
"""Letters from which two slips are forgiven; below, one is (of four letters, only two that changed places)."""


def mended(message: str, known: Container[str]) -> str:
    """The message with mistyped words of talk put right: "the diffrence between the frist and secnd"."""
    return re.sub(r"(?<![\w'-])[a-z]{4,}(?![\w-])", lambda match: _mended(match.group(), known), message)


def _mended(word: str, known: Container[str]) -> str:
    if len(word) < _SHORTEST or word in known or word in _OF_TALK:
        return word
    allowed = 2 if len(word) >= _TWO_SLIPS else 1
    near = [(OSA.distance(word, meant), meant) for meant in _OF_TALK if abs(len(meant) - len(word)) <= allowed]
    distance, meant = min(near, default=(9, word))
    if distance > allowed or meant[0] != word[0] or (len(word) == _SHORTEST and sorted(meant) != sorted(word)):
        return word
    return meant
