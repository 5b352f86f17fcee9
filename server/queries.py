"""Which query strings are taken? Those in UTF-8 whose every name the route knows; the rest is refused by name."""

from urllib.parse import unquote_to_bytes

from fastapi import Request
from fastapi.exceptions import RequestValidationError

from domain.errors import BadInput


def utf8_only(request: Request) -> None:
    """A dependency of every route: what is no UTF-8 would be searched for as a row of question marks."""
    query: bytes = request.scope["query_string"]
    for pair in query.split(b"&"):
        try:
            unquote_to_bytes(pair).decode("utf-8")
        except UnicodeDecodeError as exc:
            name = pair.partition(b"=")[0].decode("ascii", "replace")
            raise BadInput(f"{name} is not UTF-8; percent-encode it as UTF-8", field=name, value=pair.decode("ascii", "replace")) from exc


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
            "msg": f"is unknown; known are {', '.join(sorted(known)) or 'none'}",
            "input": value,
        }
        for name, value in request.query_params.multi_items()
        if name not in known
    ]
    if unknown:
        raise RequestValidationError(unknown)
