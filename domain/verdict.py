"""What does a judge say of a turn? A score from 0 to 5 for one of its three parts, or which of two answers is better."""

from typing import Literal, Protocol

from pydantic import Field

from domain.document import Document

JudgedPart = Literal["hypothetical_products", "attributes", "recommendation"]
"""The three components of the paper's end-to-end score (table 1, footnote a)."""
PARTS: tuple[JudgedPart, ...] = ("hypothetical_products", "attributes", "recommendation")
TOP_SCORE = 5
Winner = Literal["first", "second", "neither"]


class JudgedCase(Document):
    """What a judge sees: what the shopper said, and what was made of it for one part."""

    need: str
    """The shopper's words; of a follow-up, what was being searched for stands before them."""
    lines: tuple[str, ...]
    """Hypothetical titles, attributes as "name: value", or the titles that were shown, best first."""


class Verdict(Document):
    """One score."""

    score: int = Field(ge=0, le=TOP_SCORE)
    reason: str = ""


class Judge(Protocol):
    """One who judges. Raises ModelUnavailable or BadModelOutput."""

    @property
    def name(self) -> str: ...

    async def score(self, part: JudgedPart, case: JudgedCase) -> Verdict:
        """By the rubric of the part."""
        ...

    async def prefer(self, need: str, first: tuple[str, ...], second: tuple[str, ...]) -> Winner:
        """Which of two lists of products answers the need better, judged once in this order."""
        ...
