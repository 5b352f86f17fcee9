"""Does the process live, can it answer, and how is it doing? /healthz, /readyz and /metrics."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from domain.errors import AisleError
from server.services import ServerServices, services

router = APIRouter(tags=["health"])
_CHECK_TIMEOUT_S = 2.0


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Each dependency with its state and latency; 503 when one that turns need is down."""
    own = services(request)
    names = list(own.checks)
    states = dict(zip(names, await asyncio.gather(*(_state(own, name) for name in names)), strict=True))
    ready = all(state["state"] == "ok" for state in states.values())
    body: dict[str, Any] = {
        "status": "ready" if ready else "unavailable",
        "dependencies": states,
        "models": own.roles(),
    }
    if states.get("index", {}).get("state") == "ok":
        body["catalog"] = {"name": own.catalog.name, "count": own.catalog.count}
    return JSONResponse(body, 200 if ready else 503, {} if ready else {"Retry-After": "2"})


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics() -> PlainTextResponse:
    """Prometheus text."""
    return PlainTextResponse(generate_latest().decode(), media_type=CONTENT_TYPE_LATEST)


async def _state(own: ServerServices, name: str) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT_S):
            await own.checks[name]()
    except TimeoutError:
        return {"state": "down", "reason": f"no answer in {_CHECK_TIMEOUT_S:g} s"}
    except AisleError as error:
        return {"state": "down", "reason": str(error)}
    return {"state": "ok", "latency_ms": round((time.perf_counter() - started) * 1000, 2)}
