"""How does every error leave the server? As an RFC 9457 problem document; one table from error type to status."""

import json
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from domain import errors
from domain.complaints import complaint
from domain.document import Document
from server.auth import COOKIE, StaleCookie
from server.bodies import MalformedBody

_log = structlog.get_logger()

_STATUS: tuple[tuple[type[errors.AisleError], int], ...] = (
    (MalformedBody, 400),
    (errors.Unauthorised, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.TooLarge, 413),
    (errors.BadInput, 422),
    (errors.TooMany, 429),
    (errors.NotBuilt, 501),
    (errors.Unavailable, 503),
)
_VALUE_LIMIT = 200
_UNFORESEEN = "something went wrong here; the request was not carried out"
MEDIA_TYPE = "application/problem+json"


class FieldError(Document):
    """What is wrong with one field of a body or query string."""

    field: str
    message: str
    value: Any = None


class Problem(Document):
    """An RFC 9457 problem document; ``type`` is about:blank, so that ``title`` is the status's own phrase."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] | None = None


def problem(status: int, detail: str, *, named: Sequence[FieldError] | None = None, retry_after_s: int | None = None) -> JSONResponse:
    """A problem document as a response; 409, 429 and 503 carry Retry-After where waiting helps."""
    document = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=None if named is None else tuple(named))
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = document.model_dump(mode="json", exclude={"errors"} if named is None else None)
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def describe(error: errors.AisleError) -> JSONResponse:
    """The problem document of one of our own errors."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if status == 500:
        _log.error("unexpected_error", kind=type(error).__name__, error=str(error))
        return problem(500, _UNFORESEEN)
    named = None
    if isinstance(error, errors.BadInput):
        named = [FieldError(field=error.field, message=str(error), value=clipped(error.value))]
    return problem(status, str(error), named=named, retry_after_s=getattr(error, "retry_after_s", None))


def clipped(value: Any) -> Any:
    """A value as it may be shown back: short and JSON-ready."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _VALUE_LIMIT else text[:_VALUE_LIMIT] + "…"


def install(app: FastAPI) -> None:
    """Makes every error of the app a problem document."""

    @app.exception_handler(errors.AisleError)
    async def _ours(request: Request, error: errors.AisleError) -> JSONResponse:
        response = describe(error)
        if isinstance(error, StaleCookie):
            # Else a browser would send the dead session again with each message, and never get a new one.
            response.delete_cookie(COOKIE, path="/")
        return response

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        named = [_field_error(found) for found in error.errors()]
        detail = "; ".join(f"{found.field} {found.message}" for found in named[:3])
        return problem(422, detail, named=named)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        response = problem(error.status_code, f"{request.method} {request.url.path}: {error.detail}")
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.error("unexpected_error", kind=type(error).__name__, error=str(error), path=request.url.path)
        return problem(500, _UNFORESEEN)


def _field_error(found: Mapping[str, Any]) -> FieldError:
    where = found["loc"]
    # For a missing field pydantic's input is everything around it.
    value = None if found["type"] == "missing" else clipped(found.get("input"))
    return FieldError(field=".".join(map(str, where[1:])) or str(where[0]), message=complaint(found), value=value)
