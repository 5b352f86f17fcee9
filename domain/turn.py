"""How far has a turn come? One type a stage, so that a step wired too early fails at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.filters import Filters
from domain.plan import Plan
from domain.reply import Degraded, Usage
from domain.session import Session


@dataclass(frozen=True, kw_only=True)
class Received:
    """A message of an authenticated session, before anything is understood."""

    turn_id: str
    message: str
    at: datetime
    session: Session
    profile: str = ""
    """The customer's profile in at most 40 tokens; empty for anonymous sessions and where learning is off."""
    tastes: Mapping[str, float] = field(default_factory=dict)
    """Fact id ("brand:acme") -> weight in 0..1, for ranking; empty where ``profile`` is."""


@dataclass(frozen=True, kw_only=True)
class Planned(Received):
    """What the shopper wants is known: typed tasks, standing filters, references resolved."""

    plan: Plan

    @property
    def liked(self) -> Mapping[str, float]:
        """``tastes`` where the shopper shops for themselves; empty when it is for somebody else."""
        return {} if self.plan.recipient else self.tastes


@dataclass(frozen=True, kw_only=True)
class FormulationRequest:
    """What a formulator may know: the conversation, the standing filters, the profile; no identity."""

    message: str
    plan: Plan
    conversation: tuple[tuple[str, str], ...] = ()
    """Earlier messages as (role, text), oldest first, role "user" or "assistant"."""
    profile: str = ""
    held: Filters = field(default_factory=Filters)
    """What held before this message; ``plan.standing`` is what holds after it."""


@dataclass(frozen=True)
class ModelReport:
    """What a role's call cost, and every step down that it took."""

    usage: Usage = field(default_factory=Usage)
    degraded: tuple[Degraded, ...] = ()
    model: str = "rules"
    led: bool = False
    """Whether a language model's query led the search."""
    extra: dict[str, str] = field(default_factory=dict)
