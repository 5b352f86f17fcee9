"""What did shoppers think of turns? An append-only table of feedback, joined to turns by id."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.feedback import Feedback
from memory.database import feedback, writing


class SqlFeedback:
    """The FeedbackLog port over the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def record(self, said: Feedback) -> None:
        """Durable when it returns; Unavailable when the database is down."""
        async with writing(self._engine) as connection:
            await connection.execute(insert(feedback).values(**said.model_dump()))
