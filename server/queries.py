"""Which query strings are taken? Those whose every name the route knows; the rest is refused by name."""

from fastapi import Request
from fastapi.exceptions import RequestValidationError


def known_names_only(request: Request) -> None:
    """A dependency of every route: what OpenAPI says of the route is what it takes."""
    if not request.query_params:
        return
    route = request.scope.get("route")
    described = request.app.openapi()["paths"].get(getattr(route, "path_format", ""), {}).get(request.method.lower())
    if described is None:
        return
    known = {parameter["name"] for parameter in described.get("parameters", []) if parameter["in"] == "query"}
    unknown = [
        {
            "type": "extra_forbidden",
            "loc": ("query", name),
            "msg": f"unknown parameter; known are {sorted(known)}",
            "input": value,
        }
        for name, value in request.query_params.multi_items()
        if name not in known
    ]
    if unknown:
        raise RequestValidationError(unknown)
