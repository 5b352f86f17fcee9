"""What happens around every request? Limits and body checks before; security headers, a log event and metrics after."""

import time
import uuid
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import AisleError, BadInput, Forbidden, NotFound
from server import metrics
from server.auth import COOKIE, address_of
from server.bodies import check_json, check_text, read_body
from server.problems import describe
from server.services import ServerServices

_log = structlog.get_logger()
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_COUNTED = _WRITING | {"GET", "HEAD", "OPTIONS"}
"""A method may be any word: each of these, and "other" for the rest, has series of its own in the metrics for ever."""
_OPENS_SESSIONS = frozenset({"/sessions", "/chat"})
_UNLIMITED = frozenset({"/healthz", "/readyz", "/metrics"})
_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (
        b"content-security-policy",
        # Merchants' pictures may lie on any https host; scripts and styles only here, none inline.
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; "
        b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
)


class Guard:
    """ASGI middleware; the body is read once, within its limit, and handed on."""

    def __init__(self, app: ASGIApp, own: ServerServices) -> None:
        self._app = app
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        structlog.contextvars.bind_contextvars(request_id=answer.request_id)
        try:
            body = await self._admit(Request(scope), receive)
            await self._app(scope, receive if body is None else _replay(body, receive), answer.send)
        except AisleError as error:
            await describe(error)(scope, receive, answer.send)
        finally:
            answer.report()
            structlog.contextvars.unbind_contextvars("request_id")

    async def _admit(self, request: Request, receive: Receive) -> bytes | None:
        """The body of a writing request, checked; None for others."""
        if request.url.path not in _UNLIMITED:
            await self._own.limiter.check("requests", address_of(request), per_minute=self._own.limits.requests_per_minute)
        _check_path(request.scope["path"])
        for name, value in request.query_params.multi_items():
            check_text(value, name)
        if request.method not in _WRITING:
            return None
        _refuse_foreign_origin(request)
        body = await read_body(request, receive, limit=self._own.limits.max_body_bytes)
        check_json(request, body)
        return body


class _Answer:
    """Sends the response with our headers and remembers how it went."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.request_id = uuid.uuid4().hex
        self._scope = scope
        self._send = send
        self._started = time.perf_counter()
        self._status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            present = {name for name, _ in message.get("headers", [])}
            extra = [(name, value) for name, value in _SECURITY_HEADERS if name not in present]
            extra.append((b"x-request-id", self.request_id.encode()))
            message = {**message, "headers": [*message.get("headers", []), *extra]}
        await self._send(message)

    def report(self) -> None:
        """The path alone is logged: query strings hold what people search for."""
        elapsed_s = time.perf_counter() - self._started
        route = getattr(self._scope.get("route"), "path", "none")
        method = self._scope["method"] if self._scope["method"] in _COUNTED else "other"
        metrics.request_seconds.labels(method, route, self._status).observe(elapsed_s)
        level = _log.debug if self._scope["path"] in _UNLIMITED else _log.info
        level(
            "request", method=method, path=self._scope["path"], status=self._status,
            elapsed_ms=round(elapsed_s * 1000, 1),
        )  # fmt: skip


def _check_path(path: str) -> None:
    """What no id can hold is nowhere; a database would call it an error."""
    try:
        check_text(path, "path")
    except BadInput as exc:
        raise NotFound("there is nothing under this path") from exc


def _refuse_foreign_origin(request: Request) -> None:
    """A browser on another site must neither write with our cookie (SameSite=Lax is the first fence) nor have it replaced.

    A request that would open a session is refused whatever cookies it carries: another site's come without ours.
    """
    opening = request.url.path in _OPENS_SESSIONS and "authorization" not in request.headers
    if COOKIE not in request.cookies and not opening:
        return
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    if foreign or request.headers.get("sec-fetch-site") == "cross-site":
        whose = repr(origin[:200]) if origin else "another site"
        raise Forbidden(f"requests from {whose} may not use or replace the shopper's cookie; send the token as a bearer")


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
