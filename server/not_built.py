"""Which routes of the contract are still to come? Each answers 501 with a problem document."""

from fastapi import APIRouter, Request

from domain.errors import NotBuilt
from server.openapi import problems

ROUTES: tuple[tuple[str, str], ...] = (
    ("PUT", "/catalog/products"),
    ("DELETE", "/catalog/products/{product_id}"),
    ("GET", "/catalog/imports/{import_id}"),
    ("POST", "/catalog/enrichment"),
    ("POST", "/v1/chat/completions"),
    ("GET", "/v1/models"),
    ("POST", "/mcp"),
    ("GET", "/.well-known/agent-card.json"),
    ("POST", "/a2a"),
)


def router() -> APIRouter:
    """One route a row."""
    found = APIRouter(tags=["to come"])
    for method, path in ROUTES:
        found.add_api_route(path, _to_come, methods=[method], status_code=501, name=f"{method} {path}", responses=problems(501))
    return found


async def _to_come(request: Request) -> None:
    raise NotBuilt(f"{request.method} {request.url.path} is in the contract, but not built yet")
