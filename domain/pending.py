"""What waits for a yes? A proposal: exactly one action, its summary, until when it stands, and what it described."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.address import Address
from domain.document import Document
from domain.errors import Conflict
from domain.order import Totals

PendingState = Literal["waiting", "accepted", "declined", "superseded"]
Action = Literal["place_order", "cancel_order", "modify_order", "return", "exchange", "change_address"]


class PlaceOrder(Document):
    action: Literal["place_order"] = "place_order"
    address: Address
    method_id: str


class CancelOrder(Document):
    action: Literal["cancel_order"] = "cancel_order"
    order_id: str
    reason: str


class LineQuantity(Document):
    line_id: str
    quantity: int = Field(ge=1)


class LineSwap(Document):
    """A line, or some of its pieces, for another variant."""

    line_id: str
    quantity: int = Field(ge=1)
    product_id: str
    variant_id: str | None = None


class ModifyOrder(Document):
    """``method_id`` with lines or an address says where a difference is charged; alone, it replaces the payment."""

    action: Literal["modify_order"] = "modify_order"
    order_id: str
    address: Address | None = None
    lines: tuple[LineSwap, ...] = ()
    method_id: str | None = None


class ReturnLines(Document):
    action: Literal["return"] = "return"
    order_id: str
    lines: tuple[LineQuantity, ...] = Field(min_length=1)
    refund_to: str
    """A method's id."""


class ExchangeLines(Document):
    action: Literal["exchange"] = "exchange"
    order_id: str
    lines: tuple[LineSwap, ...] = Field(min_length=1)
    method_id: str


class ChangeAddress(Document):
    """The default address of the owner."""

    action: Literal["change_address"] = "change_address"
    address: Address


Command = Annotated[PlaceOrder | CancelOrder | ModifyOrder | ReturnLines | ExchangeLines | ChangeAddress, Field(discriminator="action")]


class Pending(Document):
    """A proposal as it is kept. ``fingerprint`` is that of everything the summary says."""

    pending_id: str
    session_id: str
    owner: str
    command: Command
    summary: str
    totals: Totals | None
    fingerprint: str
    expires_at: datetime
    state: PendingState = "waiting"
    order_id: str | None = None
    """The order that came of it, or that it is about."""

    def check_open(self, now: datetime) -> None:
        """Conflict, in words for the shopper, unless it still waits."""
        if self.state == "accepted":
            done = f" (order {self.order_id})" if self.order_id else ""
            raise Conflict(f"That has been done already{done}; nothing was done a second time.")
        if self.state == "declined":
            raise Conflict("You said no to that; ask for it again if you want it after all.")
        if self.state == "superseded":
            raise Conflict("Something newer was proposed since; that one is what a yes is for.")
        if now >= self.expires_at:
            raise Conflict("That proposal has expired and nothing was done; ask again and I will work it out anew.")

    def check_same(self, fingerprint: str) -> None:
        """Conflict when what it described is no longer so."""
        if fingerprint != self.fingerprint:
            raise Conflict("Something has changed since I asked (the cart, a price, the stock or the order), so nothing was done. "
                           "Ask again and I will show you what it comes to now.")  # fmt: skip


def answer_key(turn_id: str) -> str:
    """The idempotency key of what a chat turn answers."""
    return f"answer:{turn_id}"


def fingerprint(described: Any) -> str:
    """SHA-256 of a JSON-ready value in one canonical form."""
    canonical = json.dumps(described, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
