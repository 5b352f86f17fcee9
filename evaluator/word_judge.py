"""How does one judge without a language model? By shared words and nearness in meaning: the baseline, and last in the judge's role."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.ports import Embedder
from domain.verdict import TOP_SCORE, JudgedCase, JudgedPart, Verdict, Winner
from evaluator.relevance import stems

_FAR, _NEAR = 0.15, 0.75
"""Cosines of the encoder between which a title goes from "something else" to "just that"; set by eye, not fitted to any label."""
_EQUAL = 0.02
"""Closeness under which two lists are equally good."""


@dataclass(frozen=True)
class WordJudge:
    """The Judge port over the text encoder."""

    embedder: Embedder
    name: str = "words and meaning"

    async def score(self, part: JudgedPart, case: JudgedCase) -> Verdict:
        """The mean closeness of the lines; of attributes, the share whose words were said."""
        if not case.lines:
            return Verdict(score=0, reason="nothing to judge")
        if part == "attributes":
            said = stems(case.need)
            found = [bool(stems(line.partition(":")[2]) & said) or _said_number(line, case.need) for line in case.lines]
            share = sum(found) / len(found)
            return Verdict(score=round(TOP_SCORE * share), reason=f"{sum(found)} of {len(found)} were said")
        near = float((await self.closeness(case.need, case.lines)).mean())
        return Verdict(score=round(TOP_SCORE * near), reason=f"mean closeness {near:.2f}")

    async def prefer(self, need: str, first: tuple[str, ...], second: tuple[str, ...]) -> Winner:
        if not first or not second:
            return "neither" if not first and not second else "first" if first else "second"
        difference = float((await self.closeness(need, first)).mean() - (await self.closeness(need, second)).mean())
        return "neither" if abs(difference) < _EQUAL else "first" if difference > 0 else "second"

    async def closeness(self, need: str, lines: Sequence[str]) -> npt.NDArray[np.float64]:
        """0 to 1 for each line: half the share of the need's words that it says, half its nearness in meaning."""
        vectors = await self.embedder.embed([need, *lines])
        cosines = vectors[1:] @ vectors[0]
        meaning = np.clip((cosines - _FAR) / (_NEAR - _FAR), 0, 1)
        wanted = stems(need)
        words = [len(wanted & stems(line)) / len(wanted) if wanted else 0.0 for line in lines]
        return np.asarray((meaning + np.asarray(words)) / 2, dtype=np.float64)


def _said_number(line: str, need: str) -> bool:
    numbers = [word for word in line.partition(":")[2].split() if word[:1].isdigit()]
    return any(number in need for number in numbers)
