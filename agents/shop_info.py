"""What does the shop say of itself? Questions about shipping, returns and the like, answered with the shop's own passage."""

import asyncio
import re
from dataclasses import dataclass, field

from agents.state import Spoken
from catalog.shop import ShopInfo, ShopSection
from domain.plan import Task
from domain.ports import Embedder
from domain.reply import Check, Citation
from domain.search import Vectors
from domain.terms import fold
from domain.turn import Planned
from planner.lexicon import stem, words_of

_NEAR = 0.5
"""Cosine from which a passage without any of its keywords answers: of 35 hand-written questions 0.5 takes none wrongly, 0.45 two."""
# "Can I get it by Friday?" asks how long delivery takes, not when the shop is open.
_BY_WHEN = re.compile(
    r"\b(?P<get>get|have|receive|arrive|here)\b.{0,20}\b(?:by|before|in time for)\b.{0,15}\b"
    r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|weekend|week)\b"
)
_BETWEEN = r"(?: [a-z']+){0,3} "
"""A few words that may stand inside a keyword of several."""
_PLAIN = frozenset(
    "what is are your you the a an do does how can i my to of for in on it be will get much long many policy there "
    "any if with and or have this shop store".split()
)


@dataclass
class ShopInfoAgent:
    """Answers ``shop_question`` tasks: by keyword, else by meaning where that is clear, else that it isn't known."""

    shop: ShopInfo
    embedder: Embedder
    _vectors: Vectors | None = None
    _embedding: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, planned: Planned, task: Task, order: int) -> Spoken:
        question = _BY_WHEN.sub(r"\g<get> by delivery time", task.request.casefold())
        section = self._by_keyword(question) or await self._by_meaning(question)
        if section is None:
            return Spoken(order=order, text="I don't know that; the shop's information doesn't say.", checks=(_grounded(False),))
        citation = Citation(source=section.name, passage=section.text)
        return Spoken(order=order, text=section.text, citations=(citation,), checks=(_grounded(True),))

    def _by_keyword(self, question: str) -> ShopSection | None:
        """The section whose keywords the question names most; longer keywords count more."""
        asked = fold(question)
        stems = {stem(w) for w in words_of(asked)} - _PLAIN
        scored = [(_score(section, asked, stems), -i) for i, section in enumerate(self.shop.sections)]
        score, position = max(scored, default=(0.0, 0))
        return self.shop.sections[-position] if score >= 1.0 else None

    async def _by_meaning(self, question: str) -> ShopSection | None:
        passages = _passages(self.shop)
        if not passages:
            return None
        async with self._embedding:
            if self._vectors is None:
                self._vectors = await self.embedder.embed([text for _, text in passages])
        near = self._vectors @ (await self.embedder.embed([question]))[0]
        best = int(near.argmax())
        return passages[best][0] if near[best] >= _NEAR else None


def _passages(shop: ShopInfo) -> list[tuple[ShopSection, str]]:
    """Each section's keywords as one text, and each of its sentences."""
    found: list[tuple[ShopSection, str]] = []
    for section in shop.sections:
        found.append((section, f"{section.name.replace('_', ' ')}: {', '.join(section.keywords)}"))
        found += [(section, sentence) for sentence in re.split(r"(?<=[.!?])\s+", section.text)]
    return found


def _score(section: ShopSection, asked: str, stems: set[str]) -> float:
    score = 0.0
    for keyword in section.keywords:
        words = fold(keyword).split()
        if re.search(rf"\b{re.escape(' '.join(words))}\b", asked):
            score += 1.0 + 0.5 * (len(words) - 1)
        elif len(words) > 1 and re.search(r"\b" + _BETWEEN.join(map(re.escape, words)) + r"\b", asked):
            # "Send my stuff back" says "send back".
            score += 1.0
        elif " " not in keyword and stem(fold(keyword)) in stems:
            score += 1.0
    return score


def _grounded(answered: bool) -> Check:
    reason = "answered with the shop's own passage" if answered else "nothing in the shop's information answers this, and the reply says so"
    return Check(name="grounded", passed=True, reason=reason)
