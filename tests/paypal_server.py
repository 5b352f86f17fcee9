"""What does PayPal answer? A local stand-in that keeps orders and replays the documented responses, errors included."""

import base64
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT, SECRET, WEBHOOK_ID = "client", "secret", "WH1"
GOOD_SIGNATURE = "good-signature"


@dataclass
class FakePayPal:
    """Orders by id, requests by PayPal-Request-Id. ``fail_next`` answers the next calls with these statuses instead."""

    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    fail_next: list[int] = field(default_factory=list)
    fail_after: list[str] = field(default_factory=list)
    """Paths' endings after whose work the answer is lost (a 503 in its place), once each."""
    instrument_declined: bool = False
    refund_issue: str = ""
    """Why every refund is refused, where it is."""
    tokens: int = 0
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/oauth2/token", self.token, methods=["POST"]),
                Route("/v2/checkout/orders", self.create, methods=["POST"]),
                Route("/v2/checkout/orders/{id}", self.show),
                Route("/v2/checkout/orders/{id}/capture", self.capture, methods=["POST"]),
                Route("/v2/payments/captures/{id}/refund", self.refund, methods=["POST"]),
                Route("/v1/notifications/verify-webhook-signature", self.verify, methods=["POST"]),
            ]
        )

    def approve(self, order_id: str) -> None:
        self.orders[order_id]["status"] = "APPROVED"

    async def token(self, request: Request) -> Response:
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers["authorization"] != expected:
            return JSONResponse({"error": "invalid_client", "error_description": "Client Authentication failed"}, 401)
        self.tokens += 1
        return JSONResponse({"access_token": f"A21AA{self.tokens}", "token_type": "Bearer", "expires_in": 32400})

    async def create(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        known = self.seen.get(request.headers["paypal-request-id"])
        if known is None:
            body = await request.json()
            order_id = f"5O190127TN36471{next(self._numbers):02}"
            unit = {**body["purchase_units"][0], "payee": {"merchant_id": "M1"}}
            known = {
                "id": order_id, "intent": "CAPTURE", "status": "PAYER_ACTION_REQUIRED", "purchase_units": [unit],
                "links": [
                    {"href": f"https://api-m.paypal.com/v2/checkout/orders/{order_id}", "rel": "self", "method": "GET"},
                    {"href": f"https://www.paypal.com/checkoutnow?token={order_id}", "rel": "payer-action", "method": "GET"},
                ],
            }  # fmt: skip
            self.orders[order_id] = self.seen[request.headers["paypal-request-id"]] = known
        return self._answer("/orders", known, 201)

    async def show(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        found = self.orders.get(request.path_params["id"])
        return JSONResponse(found) if found else _problem(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")

    async def capture(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        order = self.orders[request.path_params["id"]]
        if order["status"] == "COMPLETED":
            if request.headers["paypal-request-id"] in self.seen:
                return JSONResponse(order, 201)
            return _problem(422, "UNPROCESSABLE_ENTITY", "ORDER_ALREADY_CAPTURED", "Order already captured.")
        if order["status"] != "APPROVED":
            return _problem(422, "UNPROCESSABLE_ENTITY", "ORDER_NOT_APPROVED", "Payer has not yet approved the Order for payment.")
        if self.instrument_declined:
            link = {"href": f"https://www.paypal.com/checkoutnow?token={order['id']}&retry", "rel": "redirect", "method": "GET"}
            return _problem(422, "UNPROCESSABLE_ENTITY", "INSTRUMENT_DECLINED", "The instrument presented was declined.", link)
        unit = order["purchase_units"][0]
        capture = {"id": f"3C679366HH9089{next(self._numbers):02}", "status": "COMPLETED", "amount": unit["amount"], "final_capture": True}
        unit["payments"] = {"captures": [{**capture, "custom_id": unit["custom_id"]}]}
        order["status"] = "COMPLETED"
        self.seen[request.headers["paypal-request-id"]] = order
        return self._answer("/capture", order, 201)

    async def refund(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        known = self.seen.get(request.headers["paypal-request-id"])
        if known is not None:
            return JSONResponse(known, 201)
        if self.refund_issue:
            return _problem(422, "UNPROCESSABLE_ENTITY", self.refund_issue, "The refund cannot be made.")
        capture = request.path_params["id"]
        body = await request.json()
        whole = next(
            c["amount"]["value"]
            for order in self.orders.values()
            for c in order["purchase_units"][0].get("payments", {}).get("captures", [])
            if c["id"] == capture
        )
        gone = sum(float(r["amount"]["value"]) for r in self.refunds if r["capture"] == capture)
        if gone + float(body["amount"]["value"]) > float(whole) + 0.001:
            return _problem(422, "UNPROCESSABLE_ENTITY", "REFUND_AMOUNT_EXCEEDED", "The refund amount exceeds the captured amount.")
        made = {"id": f"1JU08902781691{next(self._numbers):03}", "status": "COMPLETED", "amount": body["amount"], "capture": capture}
        self.refunds.append(made)
        self.seen[request.headers["paypal-request-id"]] = made
        return self._answer("/refund", made, 201)

    async def verify(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        body = json.loads(await request.body())
        good = body["transmission_sig"] == GOOD_SIGNATURE and body["webhook_id"] == WEBHOOK_ID and body["webhook_event"]["id"]
        return JSONResponse({"verification_status": "SUCCESS" if good else "FAILURE"})

    def _refuse(self, request: Request) -> Response | None:
        self.calls.append(f"{request.method} {request.url.path}")
        if request.headers.get("authorization") != f"Bearer A21AA{self.tokens}":
            return JSONResponse({"error": "invalid_token", "error_description": "Token signature verification failed"}, 401)
        if not self.fail_next:
            return None
        status = self.fail_next.pop(0)
        return _problem(
            status, "INTERNAL_SERVICE_ERROR" if status >= 500 else "RATE_LIMIT_REACHED", "", "An internal service error occurred."
        )

    def _answer(self, ending: str, document: dict[str, Any], status: int) -> Response:
        if ending in self.fail_after:
            self.fail_after.remove(ending)
            return _problem(503, "SERVICE_UNAVAILABLE", "", "Service unavailable.")
        return JSONResponse(document, status)


def _problem(status: int, name: str, issue: str, description: str = "", link: dict[str, Any] | None = None) -> Response:
    document = {
        "name": name, "message": "The requested action could not be performed, semantically incorrect, or failed business validation.",
        "debug_id": "90957fca61718", "details": [{"issue": issue, "description": description}] if issue else [],
        "links": [link] if link else [],
    }  # fmt: skip
    return JSONResponse(document, status)
