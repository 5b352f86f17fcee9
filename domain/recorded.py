"""What is known of a turn afterwards? What its trace holds, and what the shopper thought, did or bought because of it."""

from datetime import datetime
from typing import Any

from pydantic import Field

from domain.document import Document
from domain.feedback import Feedback
from domain.proposal import ProposedCategory


class ShownSection(Document):
    """What stood under one heading of the answer."""

    category: str
    products: tuple[str, ...]
    """Product ids."""
    titles: tuple[str, ...]


class RecordedTurn(Document):
    """One turn, joined from its runs, the feedback of its shopper and the orders of its session."""

    turn_id: str
    session_id: str
    at: datetime
    message: str
    text: str = ""
    intents: tuple[str, ...] = ()
    """Kinds of the plan's tasks, in order."""
    query: str = ""
    filters: dict[str, Any] = Field(default_factory=dict)
    """What was held of the shopper's constraints, as the first task had them; only what is set."""
    model: str = "none"
    """Who formulated: "need-tagger + rules"; "none" where nothing was searched."""
    total_ms: float | None = None
    error: str | None = None
    failed_checks: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    """Models that answered in another's place."""
    proposal: tuple[ProposedCategory, ...] = ()
    shown: tuple[ShownSection, ...] = ()
    feedback: tuple[Feedback, ...] = ()

    @property
    def intent(self) -> str:
        """The first task's kind; "none" for a turn that failed before it was planned."""
        return self.intents[0] if self.intents else "none"

    @property
    def searched(self) -> bool:
        return any(intent in ("search", "refine", "similar") for intent in self.intents)
