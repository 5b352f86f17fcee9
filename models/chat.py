"""What is a chat model to Aisle? A stream of text pieces for a list of messages, whatever engine stands behind it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

from domain.errors import BadModelOutput, ModelUnavailable
from domain.reply import Usage

OutputForm = Literal["wire", "json", "verdict"]


@dataclass(frozen=True)
class Piece:
    """Some text of the answer."""

    text: str


@dataclass(frozen=True)
class Ended:
    """The answer is over; ``complete`` is False when it was cut off by its token limit."""

    usage: Usage
    complete: bool = True


class FailedCall(ModelUnavailable):
    """A call that was made and not answered; ``usage`` is what it had cost by then."""

    def __init__(self, message: str, usage: Usage) -> None:
        super().__init__(message)
        self.usage = usage


class UnreadableAnswer(BadModelOutput):
    """An answer that breaks the format; ``usage`` is what it had cost by then."""

    def __init__(self, message: str, usage: Usage) -> None:
        super().__init__(message)
        self.usage = usage


class ChatModel(Protocol):
    """One model. Raises ModelUnavailable when it cannot answer (in time)."""

    @property
    def name(self) -> str:
        """For traces and ``degraded``: "embedded/smollm2-135m"."""
        ...

    @property
    def form(self) -> OutputForm:
        """What it is guided to write: our line format, a Proposal in JSON, or a judge's verdict."""
        ...

    def stream(self, messages: list[dict[str, str]], *, max_tokens: int) -> AsyncIterator[Piece | Ended]:
        """Pieces as they come, then Ended."""
        ...

    async def check(self) -> None:
        """Raises ModelUnavailable unless the model could answer now."""
        ...
