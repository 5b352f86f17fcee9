"""How is a conversation held without a server? Message by message, the session carried in memory."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from domain.events import TurnFinished
from domain.ports import Assistant
from domain.reply import Reply
from domain.session import Session
from domain.turn import Received


def fresh_session() -> Session:
    """An empty session that lives for a day."""
    now = datetime.now(UTC)
    return Session(session_id=uuid.uuid4().hex, created_at=now, expires_at=now + timedelta(days=1))


async def converse(assistant: Assistant, messages: Sequence[str]) -> list[Reply]:
    """The replies to the messages, said in one session."""
    session = fresh_session()
    replies: list[Reply] = []
    for message in messages:
        reply, session = await answered(assistant, message, session)
        replies.append(reply)
    return replies


async def answered(assistant: Assistant, message: str, session: Session) -> tuple[Reply, Session]:
    """One reply and the session after it."""
    received = Received(turn_id=uuid.uuid4().hex, message=message, at=datetime.now(UTC), session=session)
    finished: TurnFinished | None = None
    # Read to the end: what follows the reply, such as the trace, belongs to the turn.
    async for event in assistant.answer(received):
        finished = event if isinstance(event, TurnFinished) else finished
    if finished is not None:
        return finished.reply, finished.session
    raise RuntimeError("the assistant ended without a reply")
