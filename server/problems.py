"""How does every error leave the server? As an RFC 9457 problem document; one table from error type to status."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from domain import errors

_log = structlog.get_logger()

_STATUS: tuple[tuple[type[errors.AisleError], int, str], ...] = (
    (errors.Unauthorised, 401, "Unauthorised"),
    (errors.Forbidden, 403, "Forbidden"),
    (errors.NotFound, 404, "Not found"),
    (errors.Conflict, 409, "Conflict"),
    (errors.TooLarge, 413, "Too large"),
    (errors.BadInput, 422, "Unprocessable"),
    (errors.TooMany, 429, "Too many requests"),
    (errors.NotBuilt, 501, "Not built yet"),
    (errors.Unavailable, 503, "Temporarily unavailable"),
)
_VALUE_LIMIT = 200


class MalformedBody(errors.AisleError):
    """A body that is no JSON or no UTF-8: 400, before anything is validated."""


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    errors: list[dict[str, Any]] | None = None,
    retry_after_s: int | None = None,
) -> JSONResponse:
    """A problem document as a response; 429, 409 and 503 carry Retry-After where waiting helps."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if errors is not None:
        body["errors"] = errors
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def describe(error: errors.AisleError) -> JSONResponse:
    """The problem document of one of our own errors."""
    if isinstance(error, MalformedBody):
        return problem(400, "Bad request", str(error))
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            named = None
            if isinstance(error, errors.BadInput):
                named = [{"field": error.field, "message": str(error), "value": clipped(error.value)}]
            return problem(status, title, str(error), errors=named, retry_after_s=getattr(error, "retry_after_s", None))
    _log.error("unexpected_error", kind=type(error).__name__, error=str(error))
    return problem(500, "Internal error", "something went wrong here; the request was not carried out")


def clipped(value: Any) -> Any:
    """A value as it may be shown back: short and JSON-ready."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _VALUE_LIMIT else text[:_VALUE_LIMIT] + "…"


def install(app: FastAPI) -> None:
    """Makes every error of the app a problem document."""

    @app.exception_handler(errors.AisleError)
    async def _ours(request: Request, error: errors.AisleError) -> JSONResponse:
        return describe(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        if any(e["type"] == "json_invalid" for e in found):
            return problem(400, "Bad request", "the body is not valid JSON")
        listed = [
            {
                "field": ".".join(map(str, e["loc"][1:])) or str(e["loc"][0]),
                "message": e["msg"],
                "value": clipped(e.get("input")),
            }
            for e in found
        ]
        detail = "; ".join(f"{e['field']}: {e['message']}" for e in listed[:3])
        return problem(422, "Unprocessable", detail, errors=listed)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        response = problem(error.status_code, str(error.detail), f"{request.method} {request.url.path}: {error.detail}")
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.error("unexpected_error", kind=type(error).__name__, error=str(error), path=request.url.path)
        return problem(500, "Internal error", "something went wrong here; the request was not carried out")
