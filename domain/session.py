"""What does Aisle remember of a conversation? A versioned document, bounded in size; replies lie under keys of their own."""

from datetime import datetime
from typing import Any, Literal

from domain.document import Document
from domain.filters import Filters
from domain.money import Money
from domain.reply import Reply

SESSION_SCHEMA = 1
RECENT_TURNS = 12
"""Exchanges kept inside the session document, for reference and context; the rest is summarised."""


class ShownProduct(Document):
    """A product that the shopper has on the screen, as far as references need it."""

    product_id: str
    ordinal: int
    title: str
    category: str
    """The section it stood in."""
    brand: str | None = None
    colors: tuple[str, ...] = ()
    price: Money | None = None
    rating: float | None = None
    variant_id: str | None = None


class Exchange(Document):
    """One turn in brief: what was said on both sides."""

    message: str
    answer: str
    kinds: tuple[str, ...] = ()
    query: str = ""
    """What was searched, empty for turns that did not."""


class Unfinished(Document):
    """A wish about the cart or an order that still lacks something, in words that the answer completes."""

    kind: Literal["cart", "order"]
    said: str


class Session(Document):
    """The conversation's state between turns. Owned by one session; ``customer_id`` is set by the shop's server only."""

    schema_version: int = SESSION_SCHEMA
    session_id: str
    version: int = 0
    """Grows by one with each commit: a writer with an older version is refused, so no update is lost."""
    created_at: datetime
    expires_at: datetime
    customer_id: str | None = None
    exchanges: tuple[Exchange, ...] = ()
    """The last RECENT_TURNS, oldest first."""
    summary: str = ""
    """What the older turns were about, when the conversation is long."""
    standing: Filters = Filters()
    subject: str | None = None
    """What is being shopped for now, in search-box words."""
    recipient: str | None = None
    shown: tuple[ShownProduct, ...] = ()
    """Products of the latest replies that showed any, the newest first by reply."""
    focus: tuple[str, ...] = ()
    """Products of ``shown`` that were spoken of last: what "it" means."""
    question: str | None = None
    """The clarifying question that the next message may answer."""
    cart_id: str | None = None
    pending: dict[str, Any] | None = None
    unfinished: Unfinished | None = None
    """What the question of the last reply was about, when a cart or an order asked it."""
    turn_count: int = 0


class TurnRecord(Document):
    """A finished turn as it is saved and returned again for the same ``turn_id``."""

    turn_id: str
    message: str
    at: datetime
    reply: Reply
