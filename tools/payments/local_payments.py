"""How does Aisle pay with the local test provider? The PaymentProvider port over its HTTP interface."""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from domain.errors import BadInput, Conflict, Forbidden, Unavailable
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

SIGNATURE = "x-provider-signature"


@dataclass(frozen=True)
class LocalPayments:
    """``client`` has the key and a timeout; ``url`` is asked each time, since the provider may have been started anew."""

    client: httpx.AsyncClient
    key: str
    url: Callable[[], Awaitable[str]]
    name: str = "test"
    unattended: bool = True

    @classmethod
    def connect(
        cls, url: Callable[[], Awaitable[str]], key: str, *, timeout_s: float = 5.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> "LocalPayments":
        headers = {"Authorization": f"Bearer {key}"}
        return cls(httpx.AsyncClient(headers=headers, timeout=timeout_s, trust_env=False, transport=transport), key, url)

    async def close(self) -> None:
        await self.client.aclose()

    async def charge(self, payment: Transaction, *, order_id: str) -> ChargeOutcome:
        answer = await self._send("POST", "/payments", _payment_body(payment, order_id))
        return _charge_outcome(answer)

    async def refund(self, refund: Transaction, payment: Transaction | None) -> RefundOutcome:
        body = {
            "transaction_id": refund.transaction_id, "payment_id": payment.transaction_id if payment else None,
            "minor": refund.amount.minor, "currency": refund.amount.currency, "method_id": refund.method_id,
        }  # fmt: skip
        answer = await self._send("POST", "/refunds", body)
        return Refunded(answer["transaction_id"]) if answer["state"] == "refunded" else Declined(answer["reason"] or "refused")

    async def void(self, payment: Transaction) -> VoidOutcome:
        answer = await self._send("POST", f"/payments/{payment.transaction_id}/void", _payment_body(payment, "-"))
        return Captured(answer["transaction_id"]) if answer["state"] == "captured" else Voided()

    async def look(self, payment: Transaction) -> Outcome:
        answer = await self._send("GET", f"/payments/{payment.transaction_id}")
        if answer.get("error") == "unknown":
            return Voided()
        return Voided() if answer["state"] == "void" else _charge_outcome(answer)

    async def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookNotice:
        """Signed with HMAC-SHA256 over the body under the shared key."""
        given = headers.get(SIGNATURE, "")
        if not hmac.compare_digest(given.encode(), sign(body, self.key).encode()):
            raise Forbidden("the webhook's signature does not hold")
        try:
            notice = json.loads(body)
            return WebhookNotice(event_id=notice["event_id"], kind=notice["kind"], transaction_id=notice["transaction_id"])
        except (ValueError, KeyError, TypeError) as exc:
            raise BadInput(f"the webhook is not ours: {exc}", field="body") from exc

    async def ping(self) -> None:
        """Unavailable unless the provider answers."""
        await self._send("GET", "/health")

    async def ledger(self) -> dict[str, Any]:
        """The provider's own books, for comparisons."""
        return await self._send("GET", "/ledger")

    async def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = await self.client.request(method, f"{await self.url()}{path}", json=body)
        except httpx.HTTPError as exc:
            raise Unavailable(f"the payment provider does not answer ({type(exc).__name__}); the outcome is not known yet") from exc
        if answer.status_code >= 500 or answer.status_code == 401:
            raise Unavailable(f"the payment provider answered {answer.status_code}; the outcome is not known yet")
        try:
            found: dict[str, Any] = answer.json()
        except ValueError as exc:
            raise Unavailable(f"the payment provider answered {answer.status_code} without JSON; the outcome is not known yet") from exc
        if answer.status_code == 409:
            raise Conflict(f"the payment provider knows this id with another body: {method} {path}")
        if answer.status_code == 400:
            return {"state": "declined", "reason": found.get("error"), "transaction_id": ""}
        return found


def sign(body: bytes, key: str) -> str:
    """The signature that the provider puts on its notices."""
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def _payment_body(payment: Transaction, order_id: str) -> dict[str, Any]:
    return {
        "transaction_id": payment.transaction_id, "order_id": order_id, "minor": payment.amount.minor,
        "currency": payment.amount.currency, "method_id": payment.method_id,
    }  # fmt: skip


def _charge_outcome(answer: dict[str, Any]) -> ChargeOutcome:
    match answer["state"]:
        case "captured":
            return Captured(answer["transaction_id"])
        case "created" | "approved":
            return AwaitingApproval(answer["transaction_id"], answer["approve_url"])
        case "void":
            return Declined("the payment was called off")
    return Declined(answer.get("reason") or "the payment was declined")
