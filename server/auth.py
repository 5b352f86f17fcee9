"""Who is calling? The session by bearer token or cookie, the shop's software by X-Api-Key; nothing else is believed."""

import hmac
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, Request, Response, Security
from fastapi.params import Depends as DependsMarker
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer

from domain.errors import Forbidden, Unauthorised
from domain.session import Session
from server.services import ServerServices, services
from server.tokens import new_session_id

COOKIE = "aisle_session"
KeyKind = Literal["shop", "merchant", "operator"]
# These describe the schemes in OpenAPI; what they read is checked below, where the answers are our own.
_BEARER = HTTPBearer(auto_error=False, description="The session's token")
_COOKIE = APIKeyCookie(name=COOKIE, auto_error=False, description="The same token, as a browser keeps it")
_KEY = APIKeyHeader(name="X-Api-Key", auto_error=False, description="A key of the shop, merchant or operator kind")


class StaleCookie(Unauthorised):
    """The cookie names a session that is over; the answer takes the cookie back."""


async def optional_session(request: Request) -> Session | None:
    """The session, or None when the request carries no token at all; a bad token is Unauthorised. The header wins."""
    header = request.headers.get("Authorization")
    if header is not None:
        return await _session(services(request), _bearer_token(header))
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return None
    try:
        return await _session(services(request), cookie)
    except Unauthorised as error:
        raise StaleCookie(str(error)) from error


async def current_session(
    request: Request,
    _bearer: Annotated[Any, Security(_BEARER)],
    _cookie: Annotated[Any, Security(_COOKIE)],
) -> Session:
    """The session that the request belongs to; Unauthorised without one, or when it has expired or was forgotten."""
    session = await optional_session(request)
    if session is None:
        raise Unauthorised("no session; open one with POST /sessions, or send a first message to /chat")
    return session


CurrentSession = Annotated[Session, Depends(current_session)]


async def _session(own: ServerServices, token: str) -> Session:
    session = await own.sessions.load(own.signer.read(token))
    if session is None:
        raise Unauthorised("the session has expired or was forgotten; open a new one with POST /sessions")
    return session


def _bearer_token(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorised("Authorization must be 'Bearer <token>'")
    return token.strip()


def require_key(kind: KeyKind) -> DependsMarker:
    """A dependency that lets only the holder of this kind of key pass."""

    def check(request: Request, _key: Annotated[Any, Security(_KEY)]) -> None:
        check_key(request, kind)

    return DependsMarker(check)


def check_key(request: Request, kind: KeyKind) -> None:
    """Unauthorised without a valid key, Forbidden with one of another kind."""
    given = request.headers.get("X-Api-Key")
    if given is None:
        raise Unauthorised(f"this call needs the {kind} key in X-Api-Key")
    keys = services(request).keys
    if hmac.compare_digest(given.encode(), getattr(keys, kind).encode()):
        return
    if any(hmac.compare_digest(given.encode(), getattr(keys, other).encode()) for other in ("shop", "merchant", "operator")):
        raise Forbidden(f"this call needs the {kind} key; another kind of key was sent")
    raise Unauthorised("the key in X-Api-Key is not valid")


async def open_session(own: ServerServices, address: str, *, customer_id: str | None = None) -> tuple[Session, str]:
    """A new session and its token; TooMany when the address opens too many."""
    await own.limiter.check("sessions", address, per_minute=own.limits.new_sessions_per_minute)
    now = own.clock.now()
    session = Session(
        session_id=new_session_id(), created_at=now, expires_at=now + timedelta(seconds=own.limits.session_ttl_s),
        customer_id=customer_id,
    )  # fmt: skip
    await own.sessions.open(session)
    return session, own.signer.sign(session.session_id, expires_at=token_expiry(own, session))


def token_expiry(own: ServerServices, session: Session) -> int:
    """Tokens outlive the session's idle lifetime; the store decides when a conversation is over."""
    return int(own.clock.now().timestamp()) + 30 * own.limits.session_ttl_s


def set_cookie(response: Response, token: str, request: Request) -> None:
    """The token as an HttpOnly cookie that other sites cannot send along; over TLS (a trusted proxy's too) it stays there."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=30 * services(request).limits.session_ttl_s,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )


def address_of(request: Request) -> str:
    """The caller's address as the server sees it; proxies are named to uvicorn, never believed from a header here."""
    return request.client.host if request.client else "unknown"
