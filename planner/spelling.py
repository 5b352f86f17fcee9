"""What do a phone's short forms stand for? "4 my grandad, nt 2 expensive" in whole words, before anything is read."""

import re

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
    )
)


def spelt_out(message: str) -> str:
    """The message with its short forms written out; everything else stays as typed."""
    for pattern, whole in _FORMS:
        message = pattern.sub(whole, message)
    return message
