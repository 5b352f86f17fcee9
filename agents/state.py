"""What flows through the graph? One channel a stage of the turn; a node names the stage it needs by its parameter's type."""

import operator
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from domain.filters import FilterField
from domain.reply import Check, Citation, Comparison
from domain.search import RankedProduct
from domain.session import Unfinished
from domain.turn import Planned, Received


@dataclass(frozen=True, kw_only=True)
class Relaxed:
    """A constraint that nothing fulfilled: opened by name, once."""

    field: FilterField | None
    """None where every constraint holds and only words of the request are not met."""
    said: str
    """The constraint in words: "red"."""
    shown: bool
    """Whether products without it are shown, or only offered as a suggestion."""
    offer: str
    """What is there instead, in words: "the cheapest is $34.99"."""
    suggestion: str


@dataclass(frozen=True, kw_only=True)
class SearchOutcome:
    """What one search task came to."""

    task_index: int
    found: bool
    relaxed: Relaxed | None = None
    unfiltered: tuple[FilterField, ...] = ()
    pool: tuple[RankedProduct, ...] = ()
    """The ranked candidates behind the first section, for suggestions that have answers."""


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """What a task that searches nothing says."""

    order: int
    """Position of the task in the plan."""
    text: str
    suggestions: tuple[str, ...] = ()
    comparison: Comparison | None = None
    citations: tuple[Citation, ...] = ()
    checks: tuple[Check, ...] = ()
    cart: dict[str, Any] | None = None
    order_document: dict[str, Any] | None = None
    pending: dict[str, Any] | None = None
    """CART, ORDER and PENDING of API.md, where the task touched them."""
    unfinished: Unfinished | None = None
    """What the text asks about, when a cart or an order lacks something."""
    focus: tuple[str, ...] = ()
    """Products that the text singles out: what "it" means next."""


class TurnState(TypedDict, total=False):
    """All channels."""

    received: Received
    planned: Planned
    searched: Annotated[list[SearchOutcome], operator.add]
    spoken: Annotated[list[Spoken], operator.add]


class ReceivedState(TypedDict):
    received: Received


class PlannedState(TypedDict):
    planned: Planned


class BranchState(TypedDict):
    """Input of one branch: a task of the plan."""

    planned: Planned
    task_index: int


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Everything that the reply is written from."""

    planned: Planned
    searched: tuple[SearchOutcome, ...] = ()
    spoken: tuple[Spoken, ...] = ()


class FinishedState(TypedDict):
    planned: Planned
    searched: list[SearchOutcome]
    spoken: list[Spoken]
