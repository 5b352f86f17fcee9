"""What may a shopper say of a turn? POST /feedback, for turns of one's own session only."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from domain.document import Document
from domain.errors import BadInput, NotFound
from domain.feedback import Feedback, FeedbackKind
from server.auth import CurrentSession
from server.learning import learned
from server.openapi import problems
from server.services import services

router = APIRouter(tags=["feedback"])


class FeedbackBody(Document):
    """One signal; a thumb's value is 1 or -1."""

    turn_id: Annotated[str, Field(min_length=1, max_length=200, strict=True)]
    kind: FeedbackKind
    value: Annotated[float | None, Field(strict=True, allow_inf_nan=False)] = None
    product_id: Annotated[str | None, Field(max_length=512, strict=True)] = None
    comment: Annotated[str | None, Field(max_length=2000, strict=True)] = None


class Accepted(Document):
    accepted: bool = True


@router.post("/feedback", status_code=202, response_model=Accepted, responses=problems(404))
async def give(request: Request, body: FeedbackBody, session: CurrentSession) -> Accepted:
    """Takes the signal; 404 when the turn is not one of this session's."""
    own = services(request)
    if body.kind == "thumb" and body.value not in (1, -1):
        raise BadInput("a thumb's value is 1 or -1", field="value", value=body.value)
    if await own.turns.saved(session.session_id, body.turn_id) is None:
        raise NotFound(f"this session has no turn {body.turn_id!r}")
    said = Feedback(session_id=session.session_id, at=own.clock.now(), **body.model_dump())
    await own.feedback.record(said)
    if own.learner is not None:
        await learned(own.learner.feedback(session, said))
    return Accepted()
