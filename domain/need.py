"""What does an encoder read out of a conversation? The words of the need, its attributes, and how sure it is."""

from domain.document import Document
from domain.proposal import Attributes


class TaggedNeed(Document):
    """Words that were said, marked as belonging to what is wanted now; nothing in here was invented."""

    query: str
    """The marked words in the order of the conversation; empty when none was."""
    confidence: float
    """0 to 1: how far the marks are from a toss-up, averaged over the words of the last message."""
    attributes: Attributes = Attributes()
