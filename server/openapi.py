"""What does /openapi.json say beyond the routes' own types? Problem documents for every failure, and an example of everything."""

from typing import Any

from fastapi import FastAPI

from server.examples import BODIES, PROBLEM_EXAMPLES, RESPONSES, STREAM
from server.problems import MEDIA_TYPE, Problem

DESCRIPTION = (
    "A multi-agent commerce assistant. A session comes by `POST /sessions` or with the first `/chat`; its token goes in "
    "`Authorization: Bearer` or a cookie. Every failure is an RFC 9457 problem document."
)
_EVERYWHERE = (422, 429, 503)
_BY_METHOD: dict[str, tuple[int, ...]] = {"post": (400, 413), "put": (400, 413), "patch": (400, 413)}
_METHODS = ("get", "post", "put", "patch", "delete")


def install(app: FastAPI) -> None:
    """Completes the description once, when it is first asked for."""
    generate = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(generate())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of a route that can fail in these ways, beside those that every route can."""
    return {status: _problem(status) for status in statuses}


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    parts = schema.setdefault("components", {}).setdefault("schemas", {})
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts.update(described.pop("$defs"))
    parts["Problem"] = described
    for path, operations in schema["paths"].items():
        for method in _METHODS:
            if method in operations:
                _complete(operations[method], method, path)
    # FastAPI's own shape of a validation error is never sent.
    for name in ("HTTPValidationError", "ValidationError"):
        parts.pop(name, None)
    return schema


def _complete(operation: dict[str, Any], method: str, path: str) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    statuses = {*_EVERYWHERE, *_BY_METHOD.get(method, ())}
    if operation.get("security"):
        statuses.add(401)
    if "{" in path:
        statuses.add(404)
    for status in sorted(statuses):
        responses.setdefault(str(status), _problem(status))
    _add_example(responses, RESPONSES.get((method, path)))
    if (method, path) == ("post", "/chat"):
        responses["200"]["content"]["text/event-stream"] = {"schema": {"type": "string"}, "example": STREAM}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and (method, path) in BODIES:
        body["example"] = BODIES[method, path]


def _add_example(responses: dict[str, Any], example: object) -> None:
    if example is None:
        return
    for status, response in responses.items():
        if status.startswith("2") and "application/json" in response.get("content", {}):
            response["content"]["application/json"]["example"] = example


def _problem(status: int) -> dict[str, Any]:
    example = PROBLEM_EXAMPLES[status]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    return {"description": example["title"], "content": content}
