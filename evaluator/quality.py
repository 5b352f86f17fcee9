"""How good was a turn, and where are turns bad? One score from checks, errors, time and feedback; groups and the worst turns."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.feedback import FeedbackKind
from domain.recorded import RecordedTurn

_SLOW_MS = 2_000.0
_UNANSWERED = "answers_what_was_asked"
_GOOD: frozenset[FeedbackKind] = frozenset(["click", "add_to_cart", "purchase"])
_COSTS = {"check": 0.4, "down": 0.4, "unanswered": 0.3, "dismissed": 0.2, "slow": 0.1, "degraded": 0.1}
"""A turn starts at 1; what went wrong is taken off. Hand-set: they order turns for a person to read, they predict nothing."""
_LIKED = 0.2
"""Given back once for a thumb up, a click, a cart or a purchase."""


@dataclass(frozen=True)
class Quality:
    """A turn's score from 0 to 1, with what was taken off, in words."""

    turn: RecordedTurn
    score: float
    reasons: tuple[str, ...]


def quality_of(turn: RecordedTurn) -> Quality:
    """0 for a turn that failed."""
    if turn.error:
        return Quality(turn, 0.0, (turn.error,))
    hard = [check for check in turn.failed_checks if check != _UNANSWERED]
    found = {
        "check": f"failed {', '.join(hard)}" if hard else "",
        "down": "thumb down" if thumbs(turn, -1) else "",
        "unanswered": "nothing was found" if _UNANSWERED in turn.failed_checks else "",
        "dismissed": "dismissed" if _has(turn, "dismiss") else "",
        "slow": f"{turn.total_ms:.0f} ms" if (turn.total_ms or 0) > _SLOW_MS else "",
        "degraded": f"{', '.join(turn.degraded)} stepped in" if turn.degraded else "",
    }
    score = 1.0 - sum(_COSTS[name] for name, reason in found.items() if reason)
    score += _LIKED if liked(turn) else 0.0
    return Quality(turn, round(min(max(score, 0.0), 1.0), 3), tuple(reason for reason in found.values() if reason))


def liked(turn: RecordedTurn) -> bool:
    """Whether the shopper said or did anything that speaks for the turn."""
    return thumbs(turn, 1) > 0 or any(said.kind in _GOOD for said in turn.feedback)


def thumbs(turn: RecordedTurn, value: int) -> int:
    return sum(said.kind == "thumb" and said.value == value for said in turn.feedback)


@dataclass(frozen=True)
class GroupQuality:
    """One group's figures; shares are of its turns, ``clicked`` and ``bought`` of those that showed products."""

    name: str
    turns: int
    score: float
    unanswered: float
    failed_checks: float
    errors: float
    thumbs_up: int
    thumbs_down: int
    clicked: float | None
    bought: float | None
    p95_ms: float | None
    judged: float | None
    """Mean of the judge's scores, 0 to 5, over the judged turns among them."""


KEYS: Mapping[str, Callable[[RecordedTurn], str]] = {
    "intent": lambda turn: turn.intent,
    "day": lambda turn: f"{turn.at:%Y-%m-%d}",
    "model": lambda turn: turn.model,
}


def grouped(turns: Iterable[RecordedTurn], key: Callable[[RecordedTurn], str], judged: Mapping[str, float]) -> tuple[GroupQuality, ...]:
    """By the key's value, in its order; ``judged`` holds the judge's mean score by turn id."""
    groups: dict[str, list[RecordedTurn]] = defaultdict(list)
    for turn in turns:
        groups[key(turn)].append(turn)
    return tuple(_group(name, members, judged) for name, members in sorted(groups.items()))


def worst(turns: Iterable[RecordedTurn], count: int) -> tuple[Quality, ...]:
    """The turns with the lowest scores below 1, the newest first among equals."""
    bad = [quality for turn in turns if (quality := quality_of(turn)).score < 1]
    return tuple(sorted(bad, key=lambda quality: (quality.score, -quality.turn.at.timestamp()))[:count])


def _group(name: str, turns: Sequence[RecordedTurn], judged: Mapping[str, float]) -> GroupQuality:
    showing = [turn for turn in turns if turn.shown]
    times = sorted(turn.total_ms for turn in turns if turn.total_ms is not None)
    scores = [judged[turn.turn_id] for turn in turns if turn.turn_id in judged]
    return GroupQuality(
        name=name, turns=len(turns), score=_mean([quality_of(turn).score for turn in turns]) or 0.0,
        unanswered=_share(turns, lambda turn: _UNANSWERED in turn.failed_checks),
        failed_checks=_share(turns, lambda turn: bool(set(turn.failed_checks) - {_UNANSWERED})),
        errors=_share(turns, lambda turn: turn.error is not None),
        thumbs_up=sum(thumbs(turn, 1) for turn in turns), thumbs_down=sum(thumbs(turn, -1) for turn in turns),
        clicked=_share(showing, lambda turn: _has(turn, "click")) if showing else None,
        bought=_share(showing, lambda turn: _has(turn, "purchase")) if showing else None,
        p95_ms=round(times[int(0.95 * (len(times) - 1))], 1) if times else None, judged=_mean(scores),
    )  # fmt: skip


def _has(turn: RecordedTurn, kind: FeedbackKind) -> bool:
    return any(said.kind == kind for said in turn.feedback)


def _share(turns: Sequence[RecordedTurn], holds: Callable[[RecordedTurn], bool]) -> float:
    return round(sum(map(holds, turns)) / len(turns), 4)


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None
