"""How does Aisle pay with PayPal? The PaymentProvider port over the Orders v2 and Payments v2 REST interfaces.

Every POST carries PayPal-Request-Id made of the transaction's id, so that a repeated call never moves money twice.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.errors import BadInput, Conflict, Forbidden, Unavailable
from domain.money import Money
from domain.payment import (
    AwaitingApproval,
    Captured,
    ChargeOutcome,
    Declined,
    Outcome,
    Refunded,
    RefundOutcome,
    Transaction,
    Voided,
    VoidOutcome,
    WebhookNotice,
)

_TRIES = 2
_TOKEN_SLACK_S = 60
_SIGNED = ("auth-algo", "cert-url", "transmission-id", "transmission-sig", "transmission-time")
_KINDS = {
    "CHECKOUT.ORDER.APPROVED": "approved", "PAYMENT.CAPTURE.COMPLETED": "captured", "PAYMENT.CAPTURE.REFUNDED": "refunded",
    "PAYMENT.CAPTURE.DENIED": "denied", "PAYMENT.CAPTURE.DECLINED": "denied",
}  # fmt: skip
_BUYER_MUST_ACT = ("ORDER_NOT_APPROVED", "INSTRUMENT_DECLINED", "PAYER_ACTION_REQUIRED")

_NEVER_REFUNDED = (
    "REFUND_TIME_LIMIT_EXCEEDED", "MAX_NUMBER_OF_REFUNDS_EXCEEDED", "PARTIAL_REFUND_NOT_ALLOWED", "REFUND_NOT_ALLOWED",
)  # fmt: skip
"""Issues that no later try changes."""


@dataclass(frozen=True)
class Credentials:
    """An application of PayPal's dashboard. Without ``webhook_id`` every webhook is refused."""

    client_id: str
    secret: str = field(repr=False)
    webhook_id: str | None = None


@dataclass
class PayPalPayments:
    """``return_url`` is where PayPal sends the shopper back to. ``monotonic`` tells when an access token has run out."""

    client: httpx.AsyncClient
    credentials: Credentials
    return_url: str
    monotonic: Callable[[], float] = time.monotonic
    name: str = "paypal"
    unattended: bool = False
    _token: tuple[str, float] = ("", 0.0)
    _signing_in: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def connect(cls, url: str, credentials: Credentials, *, return_url: str, timeout_s: float = 10.0) -> "PayPalPayments":
        return cls(httpx.AsyncClient(base_url=url, timeout=timeout_s), credentials, return_url)

    async def close(self) -> None:
        await self.client.aclose()

    async def charge(self, payment: Transaction, *, order_id: str) -> ChargeOutcome:
        """Creates PayPal's order first; once the shopper has approved it, captures it."""
        if payment.reference is None:
            return await self._create(payment, order_id)
        return await self._capture(payment, payment.reference)

    async def refund(self, refund: Transaction, payment: Transaction | None) -> RefundOutcome:
        if payment is None or payment.reference is None:
            return Declined("PayPal gives money back only on a payment of its own")
        body = {"amount": _amount(refund.amount), "custom_id": refund.transaction_id}
        path = f"/v2/payments/captures/{payment.reference}/refund"
        answer = await self._send("POST", path, body, request_id=refund.transaction_id)
        state = answer.document.get("status") if answer.status in (200, 201) else None
        if state in ("COMPLETED", "PENDING"):
            return Refunded(answer.document["id"])
        if state in ("FAILED", "CANCELLED") or any(issue in answer.issues for issue in _NEVER_REFUNDED):
            return Declined(answer.words)
        if "CAPTURE_FULLY_REFUNDED" in answer.issues:
            # Given back by hand at PayPal: a second time would be once too often.
            return Refunded(payment.reference)
        # A permission, a balance, a defect of ours: the shopper's money is still owed, so the refund stays open.
        raise Conflict(f"PayPal refuses refund {refund.transaction_id} ({answer.status}): {answer.words}")

    async def void(self, payment: Transaction) -> VoidOutcome:
        """An uncaptured order of PayPal's is captured by nobody but us: that it isn't captured yet is enough."""
        found = await self.look(payment)
        return found if isinstance(found, Captured) else Voided()

    async def look(self, payment: Transaction) -> Outcome:
        if payment.reference is None:
            return Voided()
        answer = await self._send("GET", f"/v2/checkout/orders/{payment.reference}")
        if answer.status == 404 and answer.document.get("name") == "RESOURCE_NOT_FOUND":
            return Voided()
        if answer.status != 200:
            raise Unavailable(f"PayPal answered {answer.status} when asked for {payment.reference}; the outcome is not known yet")
        return _standing(answer.document, payment)

    async def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookNotice:
        """PayPal itself is asked whether the signature holds, with the body byte for byte as it came."""
        event = _event(body)
        if self.credentials.webhook_id is None:
            raise Forbidden("no webhook id is configured; set AISLE_PAYPAL_WEBHOOK_ID")
        fields = {name.replace("-", "_"): headers.get(f"paypal-{name}", "") for name in _SIGNED}
        if not all(fields.values()):
            raise Forbidden("the webhook is not signed")
        asked = json.dumps({**fields, "webhook_id": self.credentials.webhook_id})
        content = asked[:-1].encode() + b', "webhook_event": ' + body + b"}"
        answer = await self._send("POST", "/v1/notifications/verify-webhook-signature", content=content)
        if answer.document.get("verification_status") != "SUCCESS":
            raise Forbidden("the webhook's signature does not hold")
        return _notice(event)

    # ---- parts

    async def _create(self, payment: Transaction, order_id: str) -> ChargeOutcome:
        unit = {
            "reference_id": order_id, "custom_id": payment.transaction_id, "invoice_id": f"{order_id}-{payment.transaction_id[-8:]}",
            "amount": _amount(payment.amount),
        }  # fmt: skip
        context = {
            "return_url": self.return_url, "cancel_url": self.return_url, "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
        }  # fmt: skip
        body = {"intent": "CAPTURE", "purchase_units": [unit], "payment_source": {"paypal": {"experience_context": context}}}
        answer = await self._send("POST", "/v2/checkout/orders", body, request_id=payment.transaction_id)
        if answer.status not in (200, 201):
            return Declined(answer.words)
        return AwaitingApproval(answer.document["id"], answer.link("payer-action") or answer.link("approve"))

    async def _capture(self, payment: Transaction, reference: str) -> ChargeOutcome:
        path = f"/v2/checkout/orders/{reference}/capture"
        answer = await self._send("POST", path, {}, request_id=f"{payment.transaction_id}-capture")
        if answer.status in (200, 201):
            return _charged(_standing(answer.document, payment))
        if "ORDER_ALREADY_CAPTURED" in answer.issues:
            return _charged(await self.look(payment))
        if any(issue in answer.issues for issue in _BUYER_MUST_ACT):
            return AwaitingApproval(reference, answer.link("payer-action") or answer.link("redirect") or payment.approve_url)
        return Declined(answer.words)

    async def _send(
        self, method: str, path: str, body: object = None, *, request_id: str | None = None, content: bytes | None = None
    ) -> "_Answer":
        """Once more with the same id where the outcome is unknown; Unavailable when it stays so."""
        failure = ""
        for attempt in range(_TRIES):
            headers = {"Authorization": f"Bearer {await self._access(fresh=failure == '401')}", "Prefer": "return=representation"}
            headers |= {"PayPal-Request-Id": request_id} if request_id else {}
            headers |= {"Content-Type": "application/json"} if content is not None or body is not None else {}
            sent = content if content is not None else (None if body is None else json.dumps(body).encode())
            try:
                response = await self.client.request(method, path, content=sent, headers=headers)
            except httpx.HTTPError as exc:
                failure = type(exc).__name__
                continue
            failure = str(response.status_code)
            if response.status_code == 401 and attempt == 0:
                continue
            if response.status_code < 500 and response.status_code not in (401, 408, 409, 425, 429):
                return _Answer(response.status_code, _json(response))
        raise Unavailable(f"PayPal does not answer ({failure}); the outcome is not known yet", retry_after_s=5)

    async def _access(self, *, fresh: bool = False) -> str:
        """An access token, kept until shortly before it runs out."""
        async with self._signing_in:
            token, until = self._token
            if token and not fresh and self.monotonic() < until:
                return token
            basic = (self.credentials.client_id, self.credentials.secret)
            try:
                response = await self.client.post("/v1/oauth2/token", data={"grant_type": "client_credentials"}, auth=basic)
            except httpx.HTTPError as exc:
                raise Unavailable(f"PayPal does not answer ({type(exc).__name__})", retry_after_s=5) from exc
            if response.status_code != 200:
                raise Unavailable(f"PayPal refuses our credentials ({response.status_code}); check AISLE_PAYPAL_CLIENT_ID and its secret")
            document = _json(response)
            self._token = (document["access_token"], self.monotonic() + int(document["expires_in"]) - _TOKEN_SLACK_S)
            return self._token[0]


@dataclass(frozen=True)
class _Answer:
    status: int
    document: dict[str, Any]

    @property
    def issues(self) -> tuple[str, ...]:
        return tuple(detail.get("issue", "") for detail in self.document.get("details", ()))

    @property
    def words(self) -> str:
        """Why, as PayPal says it."""
        details = "; ".join(d.get("description") or d.get("issue", "") for d in self.document.get("details", ()))
        return details or self.document.get("message") or self.document.get("status") or f"PayPal answered {self.status}"

    def link(self, rel: str) -> str | None:
        return next((link["href"] for link in self.document.get("links", ()) if link.get("rel") == rel), None)


def _standing(document: dict[str, Any], payment: Transaction) -> Outcome:
    """How an order of PayPal's stands: by its capture where there is one."""
    units = document.get("purchase_units") or [{}]
    captures = units[0].get("payments", {}).get("captures", [])
    state = captures[0]["status"] if captures else document.get("status")
    if captures and state in ("COMPLETED", "REFUNDED", "PARTIALLY_REFUNDED"):
        return Captured(captures[0]["id"])
    if state in ("DECLINED", "FAILED", "DENIED"):
        return Declined("the payment was declined")
    if state == "VOIDED":
        return Voided()
    reference = document.get("id") or payment.reference or ""
    return AwaitingApproval(reference, payment.approve_url)


def _charged(outcome: Outcome) -> ChargeOutcome:
    return outcome if isinstance(outcome, Captured | AwaitingApproval | Declined) else Declined("the payment was called off")


def _amount(money: Money) -> dict[str, str]:
    return {"currency_code": money.currency, "value": money.amount}


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError as exc:
        raise Unavailable(f"PayPal answered {response.status_code} without JSON; the outcome is not known yet") from exc
    return document if isinstance(document, dict) else {}


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except ValueError as exc:
        raise BadInput(f"the webhook is no JSON: {exc}", field="body") from exc
    if not isinstance(event, dict) or not isinstance(event.get("id"), str):
        raise BadInput("the webhook has no id", field="body")
    return event


def _notice(event: dict[str, Any]) -> WebhookNotice:
    resource = event.get("resource") or {}
    units = resource.get("purchase_units") or [{}]
    of_order = str(event.get("event_type", "")).startswith("CHECKOUT.ORDER.")
    related = resource.get("supplementary_data", {}).get("related_ids", {})
    return WebhookNotice.model_validate(
        {
            "event_id": event["id"], "kind": _KINDS.get(str(event.get("event_type")), "other"),
            "transaction_id": resource.get("custom_id") or units[0].get("custom_id"),
            "reference": resource.get("id") if of_order else related.get("order_id"),
        }
    )  # fmt: skip
