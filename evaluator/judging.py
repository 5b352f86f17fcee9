"""How are recorded turns judged? A sample of them, off the hot path, in three parts; every failure of a judge is counted."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from domain.document import Document
from domain.errors import BadModelOutput, ModelUnavailable
from domain.recorded import RecordedTurn
from domain.verdict import PARTS, Judge, JudgedCase, JudgedPart, Winner

_PAIRED_TITLES = 6


class JudgedTurn(Document):
    """One turn's scores by part, and who gave each."""

    turn_id: str
    scores: dict[JudgedPart, int]
    reasons: dict[JudgedPart, str]
    judges: dict[JudgedPart, str]

    @property
    def mean(self) -> float:
        return sum(self.scores.values()) / len(self.scores)


class Preferred(Document):
    """Which of two turns answered the same words better. "inconsistent": the choice went with the place, so it says nothing."""

    message: str
    turn_ids: tuple[str, str]
    winner: Literal["first", "second", "neither", "inconsistent"]
    judge: str


@dataclass
class Judging:
    """Judges in order, the first that answers is believed; what they could not answer is counted by judge and kind of error."""

    judges: Sequence[Judge]
    failures: Counter[str] = field(default_factory=Counter)

    async def turn(self, turn: RecordedTurn) -> JudgedTurn | None:
        """None when nobody could judge any part of it."""
        scores: dict[JudgedPart, int] = {}
        reasons: dict[JudgedPart, str] = {}
        judges: dict[JudgedPart, str] = {}
        for part in PARTS:
            case = case_of(turn, part)
            for judge in self.judges:
                try:
                    verdict = await judge.score(part, case)
                except (ModelUnavailable, BadModelOutput) as error:
                    self.failures[f"{judge.name}: {type(error).__name__}"] += 1
                    continue
                scores[part], reasons[part], judges[part] = verdict.score, verdict.reason, judge.name
                break
        return JudgedTurn(turn_id=turn.turn_id, scores=scores, reasons=reasons, judges=judges) if scores else None

    async def pair(self, first: RecordedTurn, second: RecordedTurn) -> Preferred | None:
        """Judged in both orders; None when nobody could."""
        for judge in self.judges:
            try:
                winner = await preferred(judge, first.message, titles_of(first), titles_of(second))
            except (ModelUnavailable, BadModelOutput) as error:
                self.failures[f"{judge.name}: {type(error).__name__}"] += 1
                continue
            ids = (first.turn_id, second.turn_id)
            return Preferred(message=first.message, turn_ids=ids, winner=winner or "inconsistent", judge=judge.name)
        return None


async def preferred(judge: Judge, need: str, first: tuple[str, ...], second: tuple[str, ...]) -> Winner | None:
    """Asked twice with the places swapped; None when the two answers contradict each other."""
    there, back = await judge.prefer(need, first, second), await judge.prefer(need, second, first)
    swapped: dict[Winner, Winner] = {"first": "second", "second": "first", "neither": "neither"}
    return there if swapped[back] == there else None


def case_of(turn: RecordedTurn, part: JudgedPart) -> JudgedCase:
    """What a judge of this part sees."""
    need = f"{turn.query}: {turn.message}" if turn.intent == "refine" and turn.query else turn.message
    if part == "hypothetical_products":
        return JudgedCase(need=need, lines=tuple(title for category in turn.proposal for title in category.products))
    if part == "attributes":
        held = (f"{name}: {', '.join(map(str, v)) if isinstance(v, list) else v}" for name, v in turn.filters.items())
        return JudgedCase(need=need, lines=(f"wanted: {turn.query}", *held))
    return JudgedCase(need=need, lines=tuple(title for section in turn.shown for title in section.titles))


def sampled(turns: Iterable[RecordedTurn], share: float) -> tuple[RecordedTurn, ...]:
    """Turns that searched and ended well, a share of them by their id: the same ones whenever it is asked."""
    return tuple(turn for turn in turns if turn.searched and turn.error is None and turn.proposal and _lot(turn.turn_id) < share)


def pairs(turns: Iterable[RecordedTurn]) -> Iterator[tuple[RecordedTurn, RecordedTurn]]:
    """Turns in which the same words were answered with other products; one pair for each wording."""
    asked: dict[str, list[RecordedTurn]] = defaultdict(list)
    for turn in turns:
        if turn.intent == "search" and turn.shown:
            asked[turn.message.casefold()].append(turn)
    for same in asked.values():
        other = next((turn for turn in same[1:] if titles_of(turn) != titles_of(same[0])), None)
        if other is not None:
            yield same[0], other


def titles_of(turn: RecordedTurn) -> tuple[str, ...]:
    """The first titles that were shown."""
    return tuple(title for section in turn.shown for title in section.titles)[:_PAIRED_TITLES]


def _lot(turn_id: str) -> float:
    return int.from_bytes(hashlib.sha256(turn_id.encode()).digest()[:6]) / 2**48
