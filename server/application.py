"""How is the HTTP application put together? Routes by subject, errors as problems, the guard before them, the page beside."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

from server import chat, feedback, health, not_built, problems, search, sessions, traces
from server.guard import Guard
from server.services import PAGE_DIR, ServerServices
from server.turns import TurnRunner

_DESCRIPTION = "A multi-agent commerce assistant: sessions, chat, product search, feedback, traces and health."


def create_app(own: ServerServices, *, lifespan: Callable[[], AbstractAsyncContextManager[None]] | None = None) -> FastAPI:
    """The application over these services; ``lifespan`` opens and closes what belongs to the process."""
    runner = TurnRunner(own.assistant, own.sessions, own.turns, own.clock, own.limits.turn_timeout_s)

    @asynccontextmanager
    async def alive(app: FastAPI) -> AsyncIterator[None]:
        if lifespan is None:
            yield
            await runner.finish()
            return
        async with lifespan():
            yield
            await runner.finish()

    app = FastAPI(title="Aisle", version="1", description=_DESCRIPTION, lifespan=alive, docs_url=None, redoc_url=None)
    app.state.services = own
    app.state.turn_runner = runner
    problems.install(app)
    for module in (sessions, chat, search, feedback, traces, health):
        app.include_router(module.router)
    app.include_router(not_built.router())
    app.mount("/page", StaticFiles(directory=PAGE_DIR), name="page")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE_DIR / "index.html", headers={"Cache-Control": "no-cache"})

    app.add_middleware(Guard, own=own)
    return app
