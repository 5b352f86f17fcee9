"""How does money move? Transactions of an order, and what a payment provider answers to them.

planned -> settled | failed | awaiting_approval -> settled | failed
planned, awaiting_approval -> voiding -> void | settled (the money had gone already)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from domain.document import Document
from domain.money import Money

TransactionState = Literal["planned", "awaiting_approval", "voiding", "settled", "failed", "void"]
Purpose = Literal["order", "difference", "replacement", "cancellation", "return", "exchange", "late"]
OPEN: frozenset[TransactionState] = frozenset({"planned", "voiding"})
"""States in which it is our turn: the provider must be asked (again)."""
CREDIT = "credit"
"""Provider name of money that the shop itself keeps: settled inside our own transaction."""


class Transaction(Document):
    """One movement of money. ``transaction_id`` is the idempotency key at the provider: asking again never moves it twice."""

    transaction_id: str
    kind: Literal["payment", "refund"]
    purpose: Purpose
    amount: Money
    method_id: str
    provider: str
    state: TransactionState = "planned"
    at: datetime
    reference: str | None = None
    """The provider's own id."""
    approve_url: str | None = None
    refunds: str | None = None
    """For a refund: the payment it goes back on; None for one that goes elsewhere (store credit)."""
    record_id: str | None = None
    """The return or exchange that it belongs to."""
    reason: str | None = None
    """Why it failed."""
    label: str = ""
    """The way to pay as the shopper knew it then: it may no longer be offered when the money goes back."""


@dataclass(frozen=True)
class Captured:
    """The money is ours."""

    reference: str


@dataclass(frozen=True)
class AwaitingApproval:
    """The shopper must approve at the provider's page first."""

    reference: str
    approve_url: str | None


@dataclass(frozen=True)
class Declined:
    """It will not come; asking again changes nothing."""

    reason: str


@dataclass(frozen=True)
class Refunded:
    reference: str


@dataclass(frozen=True)
class Voided:
    """It was not taken, and never will be under this transaction's id."""


ChargeOutcome = Captured | AwaitingApproval | Declined
RefundOutcome = Refunded | Declined
VoidOutcome = Voided | Captured
Outcome = Captured | AwaitingApproval | Declined | Refunded | Voided


class WebhookNotice(Document):
    """What a provider told us by itself, once its signature held."""

    event_id: str
    kind: Literal["approved", "captured", "refunded", "denied", "other"]
    transaction_id: str | None = None
    reference: str | None = None
    """The provider's id of the payment (not of its capture)."""


class PaymentProvider(Protocol):
    """Each call is idempotent by ``transaction_id``; Unavailable means that the outcome is unknown, and asking again is safe."""

    @property
    def name(self) -> str: ...

    @property
    def unattended(self) -> bool:
        """Whether it can charge a known method without the shopper at its page."""
        ...

    async def charge(self, payment: Transaction, *, order_id: str) -> ChargeOutcome: ...

    async def refund(self, refund: Transaction, payment: Transaction | None) -> RefundOutcome:
        """``payment`` is the settled one it goes back on; None pays out to ``refund.method_id``."""
        ...

    async def void(self, payment: Transaction) -> VoidOutcome:
        """Makes sure that the payment never comes, or says that it has come already."""
        ...

    async def look(self, payment: Transaction) -> Outcome:
        """How the payment stands, without moving anything."""
        ...

    async def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookNotice:
        """Forbidden when the signature does not hold; BadInput when the body is not theirs."""
        ...
