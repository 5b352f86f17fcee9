"""What is turned away before any route runs? Bodies over the limit, bodies that are no UTF-8 JSON, callers over their rate."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import AisleError, Forbidden, TooLarge
from server.auth import COOKIE, address_of
from server.problems import MalformedBody, describe
from server.services import ServerServices

_log = structlog.get_logger()
_UNLIMITED = frozenset({"/healthz", "/readyz", "/metrics"})
_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; "
        b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
)
# /docs would need scripts from another host; OpenAPI stands at /openapi.json for any viewer.


class Guard:
    """ASGI middleware; the body is read once, within its limit, and handed on."""

    def __init__(self, app: ASGIApp, own: ServerServices) -> None:
        self._app = app
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        sending = _with_headers(send)
        try:
            if request.url.path not in _UNLIMITED:
                await self._own.limiter.check("requests", address_of(request), per_minute=self._own.limits.requests_per_minute)
            _refuse_foreign_origin(request)
            body = await self._body(request, receive) if _has_body(request) else None
        except AisleError as error:
            await describe(error)(scope, receive, sending)
            return
        await self._app(scope, receive if body is None else _replay(body, receive), sending)

    async def _body(self, request: Request, receive: Receive) -> bytes:
        limit = self._own.limits.max_body_bytes
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            raise TooLarge(f"the body has {declared} bytes; at most {limit} are taken")
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise TooLarge(f"the body has over {limit} bytes, which is the limit")
            parts.append(part)
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        body = b"".join(parts)
        if request.headers.get("content-type", "").startswith("application/json") or _looks_like_json_route(request):
            _check_json(body)
        return body


def _has_body(request: Request) -> bool:
    return request.method in {"POST", "PUT", "PATCH", "DELETE"}


def _looks_like_json_route(request: Request) -> bool:
    return not request.url.path.startswith(("/catalog/products", "/webhooks"))


def _check_json(body: bytes) -> None:
    if not body.strip():
        return
    try:
        json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as exc:
        raise MalformedBody("the body is not UTF-8") from exc
    except (ValueError, RecursionError) as exc:
        raise MalformedBody(f"the body is not JSON: {exc}"[:200]) from exc


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _refuse_foreign_origin(request: Request) -> None:
    """A browser on another site must not write with our cookie (SameSite=Lax is the first fence, this the second)."""
    origin = request.headers.get("origin")
    if request.method in {"GET", "HEAD", "OPTIONS"} or origin is None or COOKIE not in request.cookies:
        return
    if urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Forbidden(f"requests from {origin!r} may not use the shopper's cookie; send the token as a bearer")


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message.get("headers", [])}
            extra = [(name, value) for name, value in _SECURITY_HEADERS if name not in present]
            message = {**message, "headers": [*message.get("headers", []), *extra]}
        await send(message)

    return sending
