"""Does the process live, can it answer, and how is it doing? /healthz, /readyz and /metrics."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from domain.document import Document
from domain.errors import AisleError
from domain.reply import Degraded
from server.services import services

router = APIRouter(tags=["health"])
_CHECK_TIMEOUT_S = 2.0


class Alive(Document):
    status: Literal["ok"] = "ok"


class DependencyState(Document):
    state: Literal["ok", "down"]
    latency_ms: float | None = None
    reason: str | None = None


class ServedCatalog(Document):
    name: str
    count: int


class Readiness(Document):
    """``catalog`` is null while the index is down."""

    status: Literal["ready", "unavailable"]
    dependencies: dict[str, DependencyState]
    models: dict[str, str]
    degraded: tuple[Degraded, ...] = ()
    """Models that are wanted and cannot answer now: turns do without them."""
    catalog: ServedCatalog | None


@router.get("/healthz", response_model=Alive)
async def healthz() -> Alive:
    """The process lives."""
    return Alive()


@router.get("/readyz", response_model=Readiness)
async def readyz(request: Request, response: Response) -> Readiness:
    """Each dependency with its state and latency; 503 when one that turns need is down."""
    own = services(request)
    found = await asyncio.gather(*(_state(check) for check in own.checks.values()))
    states = dict(zip(own.checks, found, strict=True))
    ready = all(state.state == "ok" for state in found)
    if not ready:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    index = states.get("index", DependencyState(state="ok"))
    return Readiness(
        status="ready" if ready else "unavailable",
        dependencies=states,
        models=own.roles(),
        degraded=own.degraded(),
        catalog=ServedCatalog(name=own.catalog.name, count=own.catalog.count) if index.state == "ok" else None,
    )


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics() -> PlainTextResponse:
    """Prometheus text."""
    return PlainTextResponse(generate_latest().decode(), media_type=CONTENT_TYPE_LATEST)


async def _state(check: Callable[[], Awaitable[None]]) -> DependencyState:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT_S):
            await check()
    except TimeoutError:
        return DependencyState(state="down", reason=f"no answer in {_CHECK_TIMEOUT_S:g} s")
    except AisleError as error:
        return DependencyState(state="down", reason=str(error))
    return DependencyState(state="ok", latency_ms=round((time.perf_counter() - started) * 1000, 2))
