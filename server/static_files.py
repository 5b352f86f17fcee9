"""How do the shopper's page and the trace page get to the browser? As files with an ETag, asked about again each time."""

from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.auth import COOKIE

_HERE = Path(__file__).resolve().parent
PAGE_DIR = _HERE / "page"
_RETURNING = "aisle_returning"
TRACE_VIEW_DIR = _HERE / "trace_view"


class _Revalidated(StaticFiles):
    """Browsers keep the files but ask each time: a page of one version never runs with a script of another."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def install(app: FastAPI) -> None:
    """Serves the page at / and /page, the trace page at /traces/view."""
    page, trace_view = _Revalidated(directory=PAGE_DIR), _Revalidated(directory=TRACE_VIEW_DIR)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def index(request: Request) -> Response:
        response = await page.get_response("index.html", request.scope)
        # The page's script cannot see the session's cookie: without this it would ask for a conversation that nobody has begun.
        if COOKIE in request.cookies:
            response.set_cookie(_RETURNING, "1", samesite="lax", secure=request.url.scheme == "https", path="/")
        elif _RETURNING in request.cookies:
            response.delete_cookie(_RETURNING, path="/")
        return response

    @app.api_route("/traces/view", methods=["GET", "HEAD"], include_in_schema=False)
    async def traces(request: Request) -> Response:
        return await trace_view.get_response("index.html", request.scope)

    app.mount("/page", page, name="page")
    app.mount("/traces/view", trace_view, name="trace_view")
