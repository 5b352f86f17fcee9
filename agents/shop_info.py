"""What does the shop say of itself? Questions about shipping, returns and the like, answered with the shop's own passage."""

import re
from dataclasses import dataclass

from agents.state import Spoken
from catalog.shop import ShopInfo, ShopSection
from domain.plan import Task
from domain.reply import Check, Citation
from domain.terms import fold
from domain.turn import Planned
from planner.lexicon import stem, words_of

_PLAIN = frozenset(
    "what is are your you the a an do does how can i my to of for in on it be will get much long many policy there "
    "any if with and or have this shop store".split()
)


@dataclass(frozen=True)
class ShopInfoAgent:
    """Answers ``shop_question`` tasks."""

    shop: ShopInfo

    async def __call__(self, planned: Planned, task: Task, order: int) -> Spoken:
        section = self._section(task.request)
        if section is None:
            return Spoken(order=order, text="I don't know that; the shop's information doesn't say.", checks=(_grounded(False),))
        citation = Citation(source=section.name, passage=section.text)
        return Spoken(order=order, text=section.text, citations=(citation,), checks=(_grounded(True),))

    def _section(self, question: str) -> ShopSection | None:
        """The section whose keywords the question names most; longer keywords count more."""
        asked = fold(question)
        stems = {stem(w) for w in words_of(asked)} - _PLAIN
        scored = [(self._score(section, asked, stems), -i, section) for i, section in enumerate(self.shop.sections)]
        best = max(scored, default=(0.0, 0, None))
        return best[2] if best[0] >= 1.0 else None

    def _score(self, section: ShopSection, asked: str, stems: set[str]) -> float:
        score = 0.0
        for keyword in section.keywords:
            if re.search(rf"\b{re.escape(fold(keyword))}\b", asked):
                score += 1.0 + 0.5 * (len(keyword.split()) - 1)
            elif " " not in keyword and stem(fold(keyword)) in stems:
                score += 1.0
        return score


def _grounded(answered: bool) -> Check:
    reason = "answered with the shop's own passage" if answered else "nothing in the shop's information answers this, and the reply says so"
    return Check(name="grounded", passed=True, reason=reason)
