"""Which sessions are there, and whose? Opening, binding, reading back and forgetting a conversation."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from domain.document import Document
from domain.errors import Forbidden, Unauthorised
from domain.reply import Reply
from domain.session import Session
from domain.shop_views import document
from server.auth import COOKIE, CurrentSession, address_of, check_key, open_session, require_key, set_cookie, token_expiry
from server.openapi import problems
from server.services import ServerServices, services
from server.shopping import shopper_of
from server.times import rfc3339

router = APIRouter(tags=["sessions"])
_PAGE = 50


class OpenSession(Document):
    """A new session; ``customer_id`` only from a shop's server with its key."""

    customer_id: str | None = Field(default=None, min_length=1, max_length=200, strict=True)


class BindCustomer(Document):
    customer_id: str = Field(min_length=1, max_length=200, strict=True)


class Opened(Document):
    session_id: str
    token: str
    expires_at: str


class PastTurn(Document):
    message: str
    at: str
    reply: Reply


class Conversation(Document):
    """What a page needs after a reload."""

    session_id: str
    created_at: str
    expires_at: str
    customer: bool
    turns: tuple[PastTurn, ...]
    next_cursor: str | None
    cart: dict[str, Any] | None
    pending: dict[str, Any] | None


@router.post("/sessions", status_code=201, response_model=Opened, responses=problems(401, 403))
async def open_(request: Request, response: Response, body: OpenSession | None = None) -> Opened:
    """Opens a session. With ``customer_id`` the shop's key is required."""
    own = services(request)
    customer = body.customer_id if body else None
    if customer is not None:
        check_key(request, "shop")
    session, token = await open_session(own, address_of(request), customer_id=customer)
    set_cookie(response, token, request)
    return Opened(session_id=session.session_id, token=token, expires_at=rfc3339(session.expires_at))


@router.post("/sessions/current/customer", response_model=Opened, dependencies=[require_key("shop")], responses=problems(403, 409))
async def bind(request: Request, body: BindCustomer, session: CurrentSession) -> Opened:
    """Binds a customer to a running session; its conversation is kept. A session bound to somebody else is refused."""
    own = services(request)
    if session.customer_id not in (None, body.customer_id):
        raise Forbidden("this session belongs to another customer already; open a new one")
    bound = session if session.customer_id else await _bind(own, session.session_id, body.customer_id)
    if own.shop is not None:
        # Again for a repeated call: the first may have been cut off between the two.
        await own.shop.carts.claim(shopper_of(bound))
    token = own.signer.sign(bound.session_id, expires_at=token_expiry(own, bound))
    return Opened(session_id=bound.session_id, token=token, expires_at=rfc3339(bound.expires_at))


@router.get("/sessions/current", response_model=Conversation)
async def current(
    request: Request, session: CurrentSession, cursor: Annotated[str | None, Query(pattern=r"^\d{1,9}$")] = None
) -> Conversation:
    """The conversation so far: the last 50 turns, or those before ``cursor``."""
    own = services(request)
    before = int(cursor) if cursor is not None else None
    records, following = await own.turns.history(session.session_id, before=before, limit=_PAGE)
    turns = tuple(PastTurn(message=r.message, at=rfc3339(r.at), reply=r.reply) for r in records)
    return await _conversation(own, session, turns, following)


@router.delete("/sessions/current", status_code=204)
async def forget(request: Request, response: Response, session: CurrentSession) -> None:
    """Forgets the conversation; the token is worthless afterwards."""
    await services(request).sessions.forget(session.session_id)
    response.delete_cookie(COOKIE, path="/")


async def _bind(own: ServerServices, session_id: str, customer_id: str) -> Session:
    """Between turns only: a turn that runs would save over it, or lose its own commit. Conflict while one runs."""
    async with own.turns.running(session_id, "bind"):
        session = await own.sessions.load(session_id)
        if session is None:
            raise Unauthorised("the session has expired or was forgotten; open a new one with POST /sessions")
        return await own.sessions.save(session.model_copy(update={"customer_id": customer_id}))


async def _conversation(own: ServerServices, session: Session, turns: tuple[PastTurn, ...], following: int | None) -> Conversation:
    cart = await own.shop.carts.view(shopper_of(session)) if own.shop else None
    pending = await own.shop.consent.waiting(shopper_of(session)) if own.shop else None
    return Conversation(
        session_id=session.session_id, created_at=rfc3339(session.created_at), expires_at=rfc3339(session.expires_at),
        customer=session.customer_id is not None, turns=turns,
        next_cursor=None if following is None else str(following), cart=document(cart) if cart else None,
        pending=document(pending) if pending else None,
    )  # fmt: skip
