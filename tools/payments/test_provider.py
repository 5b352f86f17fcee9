"""Who takes the demo's money? A payment provider in a process of its own, with a ledger of its own.

The key that a shop must send comes on standard input, so that no process list shows it; the provider ends where that ends.

    (echo KEY; cat) | python -m tools.payments.test_provider --ledger FILE --port PORT
"""

import argparse
import asyncio
import hmac
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from domain.document import Document
from tools.payments.ledger import SLOW_AFTER, SLOW_BEFORE, Ledger, OtherBody, Payment, Refund

_SLOW_S = 30.0


class PaymentBody(Document):
    """What a shop asks for."""

    transaction_id: str = Field(min_length=1, max_length=64)
    order_id: str = Field(min_length=1, max_length=64)
    minor: int = Field(ge=0)
    currency: str = Field(pattern="^[A-Z]{3}$")
    method_id: str = Field(min_length=1, max_length=100)


class RefundBody(Document):
    transaction_id: str = Field(min_length=1, max_length=64)
    payment_id: str | None = None
    minor: int = Field(ge=0)
    currency: str = Field(pattern="^[A-Z]{3}$")
    method_id: str = Field(min_length=1, max_length=100)


def create_provider(ledger: Ledger, key: str, *, base_url: str, slow_s: float = _SLOW_S) -> Starlette:
    """The provider's HTTP application. Methods whose id ends in a word of ledger.py misbehave on purpose."""
    provider = _Provider(ledger, base_url, slow_s)

    def guarded(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def checked(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
                return JSONResponse({"error": "unauthorized"}, 401)
            try:
                return await endpoint(request)
            except ValidationError as exc:
                return JSONResponse({"error": "invalid", "detail": str(exc)}, 400)
            except OtherBody:
                return JSONResponse({"error": "id reused with another body"}, 409)

        return checked

    return Starlette(
        routes=[
            Route("/payments", guarded(provider.pay), methods=["POST"]),
            Route("/payments/{id}", guarded(provider.payment)),
            Route("/payments/{id}/void", guarded(provider.void), methods=["POST"]),
            Route("/refunds", guarded(provider.refund), methods=["POST"]),
            Route("/ledger", guarded(provider.everything)),
            Route("/approve/{id}", provider.approve),
            Route("/health", _health),
        ]
    )


class _Provider:
    def __init__(self, ledger: Ledger, base_url: str, slow_s: float) -> None:
        self._ledger = ledger
        self._base_url = base_url
        self._slow_s = slow_s

    async def pay(self, request: Request) -> Response:
        body = PaymentBody.model_validate_json(await request.body())
        new = await asyncio.to_thread(self._ledger.payment, body.transaction_id) is None
        if new and body.method_id.endswith(SLOW_BEFORE):
            await asyncio.sleep(self._slow_s)
        done = await asyncio.to_thread(self._ledger.pay, Payment(**body.model_dump(), state="captured"))
        if new and body.method_id.endswith(SLOW_AFTER):
            await asyncio.sleep(self._slow_s)
        return self._shown(done)

    async def payment(self, request: Request) -> Response:
        found = await asyncio.to_thread(self._ledger.payment, request.path_params["id"])
        return JSONResponse({"error": "unknown"}, 404) if found is None else self._shown(found)

    async def void(self, request: Request) -> Response:
        body = PaymentBody.model_validate_json(await request.body())
        return self._shown(await asyncio.to_thread(self._ledger.void, Payment(**body.model_dump(), state="void")))

    async def refund(self, request: Request) -> Response:
        body = RefundBody.model_validate_json(await request.body())
        done = await asyncio.to_thread(self._ledger.refund, Refund(**body.model_dump(), state="refunded"))
        return JSONResponse(asdict(done))

    async def everything(self, request: Request) -> Response:
        payments, refunds = await asyncio.to_thread(self._ledger.everything)
        return JSONResponse({"payments": [asdict(p) for p in payments], "refunds": [asdict(r) for r in refunds]})

    async def approve(self, request: Request) -> Response:
        """The page at which a shopper of the demo approves."""
        found = await asyncio.to_thread(self._ledger.approve, request.path_params["id"])
        if found is None:
            return HTMLResponse("<p>There is no such payment.</p>", 404)
        return HTMLResponse("<p>Approved. You can close this page and go back to the shop.</p>")

    def _shown(self, payment: Payment) -> Response:
        shown: dict[str, Any] = asdict(payment)
        waiting = payment.state in ("created", "approved")
        return JSONResponse({**shown, "approve_url": f"{self._base_url}/approve/{payment.transaction_id}" if waiting else None})


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _end_with_the_shop() -> None:
    """Whoever started us holds our standard input open as long as it lives."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serves on loopback until it is ended."""
    import uvicorn

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--slow-s", type=float, default=_SLOW_S)
    given = parser.parse_args()
    key = sys.stdin.readline().strip()
    if not key:
        raise SystemExit("test_provider: no key on standard input")
    threading.Thread(target=_end_with_the_shop, name="shop", daemon=True).start()
    app = create_provider(Ledger(given.ledger), key, base_url=f"http://127.0.0.1:{given.port}", slow_s=given.slow_s)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
