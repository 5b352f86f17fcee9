"""What did the shopper think or do about a turn?"""

from datetime import datetime
from typing import Literal

from domain.document import Document

FeedbackKind = Literal["thumb", "click", "add_to_cart", "purchase", "dismiss"]


class Feedback(Document):
    """One signal about a turn of the session that sends it; a thumb's value is 1 or -1."""

    session_id: str
    turn_id: str
    kind: FeedbackKind
    value: float | None = None
    product_id: str | None = None
    comment: str | None = None
    at: datetime
