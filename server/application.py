"""How is the HTTP application put together? Routes by subject, errors as problems, the guard before them, the page beside."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from fastapi import Depends, FastAPI

from server import (
    cart,
    chat,
    checkout,
    feedback,
    health,
    not_built,
    openapi,
    orders,
    problems,
    profile,
    search,
    sessions,
    static_files,
    traces,
    webhooks,
)
from server.guard import Guard
from server.queries import known_names_only, utf8_only
from server.services import ServerServices
from server.turns import TurnRunner


def create_app(own: ServerServices, *, lifespan: Callable[[], AbstractAsyncContextManager[None]] = nullcontext) -> FastAPI:
    """The application over these services; ``lifespan`` opens and closes what belongs to the process.

    At shutdown the turns that still run are finished and saved before ``lifespan`` closes the stores.
    """
    runner = TurnRunner(own.assistant, own.sessions, own.turns, own.clock, own.limits.turn_timeout_s, own.profiles, own.learner)

    @asynccontextmanager
    async def alive(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan():
            yield
            await runner.finish()

    app = FastAPI(
        title="Aisle", version="1", description=openapi.DESCRIPTION, lifespan=alive,
        dependencies=[Depends(utf8_only), Depends(known_names_only)], docs_url=None, redoc_url=None,
        redirect_slashes=False,
    )  # fmt: skip
    app.state.services = own
    app.state.turn_runner = runner
    problems.install(app)
    # Before the routes: /traces/view must not be taken for a trace of that id.
    static_files.install(app)
    for module in (sessions, chat, search, cart, checkout, orders, webhooks, profile, feedback, traces, health):
        app.include_router(module.router)
    app.include_router(not_built.router())
    openapi.install(app)
    app.add_middleware(Guard, own=own)
    return app
