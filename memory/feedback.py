"""What did shoppers think of turns? An append-only table of feedback, joined to turns by id."""

from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Unavailable
from domain.feedback import Feedback
from memory.database import feedback


class SqlFeedback:
    """The FeedbackLog port over the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def record(self, said: Feedback) -> None:
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(feedback).values(**said.model_dump()))
        except SQLAlchemyError as exc:
            raise Unavailable("feedback could not be stored; try again in a moment") from exc
