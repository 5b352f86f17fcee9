"""What does the shopper want of this turn? Typed tasks, the filters each holds under, and what to ask if it's unclear."""

from typing import Literal

from domain.document import Document
from domain.filters import Filters

TaskKind = Literal[
    "search", "refine", "compare", "similar", "question", "shop_question", "preference", "cart", "checkout", "order",
    "clarify", "small_talk", "out_of_scope", "unsafe",
]  # fmt: skip
SEARCHING: frozenset[TaskKind] = frozenset({"search", "refine", "similar"})


class Task(Document):
    """One thing to do. ``request`` is the need in search-box words for searching kinds, else the shopper's words."""

    kind: TaskKind
    request: str
    filters: Filters = Filters()
    product_ids: tuple[str, ...] = ()
    """Products that the message refers to, resolved from what was shown."""
    seen: tuple[str, ...] = ()
    """Products on the screen that are not shown again: "show me more"."""
    subject: str | None = None
    """Type of thing wanted, as the catalogue's vocabulary names it; None when unknown."""
    categories: tuple[str, ...] = ()
    """Categories that were shown together and stay together when the shopper narrows them; empty otherwise."""


class Clarification(Document):
    """One short question with answers to tap."""

    question: str
    choices: tuple[str, ...] = ()


class Plan(Document):
    """All tasks of a turn, in the order in which they are answered."""

    tasks: tuple[Task, ...]
    standing: Filters = Filters()
    """The filters that hold after this turn."""
    clarification: Clarification | None = None
    openers: tuple[str, ...] = ()
    """Things of this catalogue to start with, where the turn shows no products."""
    recipient: str | None = None
    """Whom the turn shops for, when not the shopper; personalisation is off then."""

    @property
    def searches(self) -> tuple[Task, ...]:
        """The tasks that need retrieval."""
        return tuple(task for task in self.tasks if task.kind in SEARCHING)
