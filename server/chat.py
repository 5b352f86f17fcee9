"""How does a shopper talk to Aisle? POST /chat, as one JSON reply or as server-sent events."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from domain.document import Document
from domain.reply import OpenedSession, Reply
from server.auth import address_of, open_session, optional_session, set_cookie
from server.openapi import problems
from server.problems import describe
from server.services import Limits, services
from server.times import rfc3339
from server.turns import Failed, TurnEvent, TurnRunner, checked_message

router = APIRouter(tags=["chat"])


class ChatMessage(Document):
    """One message of the shopper. ``turn_id`` makes a retry safe."""

    message: Annotated[
        str,
        Field(
            strict=True,
            description="1 to 4,000 characters after trimming white space",
            examples=["waterproof hiking boots under $120"],
            json_schema_extra={"minLength": 1, "pattern": r"\S"},
        ),
    ]
    turn_id: Annotated[str | None, Field(strict=True, min_length=1, max_length=200, examples=["7f2c0a1e"])] = None


class ChatReply(Reply):
    """A Reply; ``session`` stands in it only when this call opened one."""

    session: OpenedSession | None = None


@router.post("/chat", response_model=ChatReply, responses=problems(401, 409))
async def chat(request: Request, body: ChatMessage) -> Response:
    """Answers one message. With ``Accept: text/event-stream`` the answer comes as it is made (API.md, Chat)."""
    own = services(request)
    checked_message(body.message)
    session = await optional_session(request)
    opened, token = None, None
    if session is None:
        session, token = await open_session(own, address_of(request))
        opened = OpenedSession(session_id=session.session_id, token=token, expires_at=rfc3339(session.expires_at))
    events = await _runner(request).start(session, body.message, body.turn_id)
    streaming = "text/event-stream" in request.headers.get("accept", "")
    response = _stream(events, opened, own.limits) if streaming else await _json(events, opened)
    if token:
        set_cookie(response, token, request)
    return response


def _runner(request: Request) -> TurnRunner:
    runner: TurnRunner = request.app.state.turn_runner
    return runner


async def _json(events: AsyncIterator[TurnEvent], opened: OpenedSession | None) -> Response:
    async for event in events:
        if isinstance(event, Failed):
            return describe(event.error)
        if isinstance(event, Reply):
            return JSONResponse(_reply_document(event, opened))
    raise AssertionError("a turn always ends with a reply or a failure")


def _stream(events: AsyncIterator[TurnEvent], opened: OpenedSession | None, limits: Limits) -> Response:
    return EventSourceResponse(
        _sse(events, opened),
        ping=limits.stream_ping_s,
        # A server told to stop lets the stream end as its turn ends, which has a limit of its own.
        shutdown_grace_period=limits.turn_timeout_s,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _sse(events: AsyncIterator[TurnEvent], opened: OpenedSession | None) -> AsyncIterator[ServerSentEvent]:
    if opened:
        yield _event("session", opened.model_dump())
    async for event in events:
        if isinstance(event, Failed):
            yield ServerSentEvent(event="error", data=bytes(describe(event.error).body).decode())
            return
        if isinstance(event, Reply):
            yield _event("reply", _reply_document(event, opened))
            yield _event("done", {})
            return
        yield _event(event.name, event.data)


def _event(name: str, data: Any) -> ServerSentEvent:
    return ServerSentEvent(event=name, data=json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def _reply_document(reply: Reply, opened: OpenedSession | None) -> dict[str, Any]:
    document = reply.model_dump(mode="json")
    return document | {"session": opened.model_dump()} if opened else document
