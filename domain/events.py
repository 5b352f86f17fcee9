"""What happens during a turn that somebody may wait for? Formulation events inside, stream events outside."""

from dataclasses import dataclass
from typing import Any, Literal

from domain.proposal import Attributes, ProposedCategory
from domain.reply import Reply
from domain.session import Session
from domain.turn import ModelReport

# ---- inside: from the formulator to the search agent, in this order


@dataclass(frozen=True)
class QueryFormulated:
    """The search query and the attributes stand; nothing of the proposal does yet."""

    query: str
    attributes: Attributes
    led: bool = False
    """Whether a language model wrote it; then it leads the search."""


@dataclass(frozen=True)
class CategoryFormulated:
    """A category closed with all its products; its explanation may still be empty. ``index`` counts from 0."""

    index: int
    category: ProposedCategory


@dataclass(frozen=True)
class CategoryExplained:
    """The explanation of an earlier category."""

    index: int
    explanation: str


@dataclass(frozen=True)
class FormulationFinished:
    """The last event, always: what it cost and how it was degraded."""

    report: ModelReport


FormulationEvent = QueryFormulated | CategoryFormulated | CategoryExplained | FormulationFinished

# ---- outside: what a client of a turn sees (API.md, server-sent events)

StreamName = Literal["plan", "section", "cart", "order", "pending", "token"]


@dataclass(frozen=True)
class StreamEvent:
    """One server-sent event of a turn; ``data`` is JSON-ready."""

    name: StreamName
    data: Any


@dataclass(frozen=True)
class TurnFinished:
    """The last event of a turn, always: the whole reply, and the session as it is to be saved with it."""

    reply: Reply
    session: Session
