"""How is something proposed in the chat, and what does the shopper's answer come to? The same Consent that HTTP uses."""

import re
from dataclasses import dataclass

from agents.state import Spoken
from domain.errors import AisleError, BadInput, Conflict, NotFound
from domain.order import Order
from domain.pending import Command
from domain.shop_views import OrderView, PendingView, document
from domain.shopper import Shopper
from domain.turn import Planned
from planner.consent import claims_consent, is_vague, read_consent
from tools.shop import Shop

SAID_TO_SHOPPER = (Conflict, NotFound, BadInput)
"""Errors whose words are the shop's answer; everything else fails the turn."""
_YES_NO = ("Yes", "No")
_BUYS = re.compile(r"\b(?:buy|order|place)\b", re.IGNORECASE)
_LOOKED_ELSEWHERE = frozenset({"search", "refine", "similar"})
"""After a turn of these kinds a yes may be meant for what that turn showed; the summary is said again first."""
_ASK = "Shall I do that? Please answer yes or no."


def shopper_of(planned: Planned) -> Shopper:
    """Identity comes from the session and from nothing that was said."""
    return Shopper(session_id=planned.session.session_id, customer_id=planned.session.customer_id)


def is_answer(message: str) -> bool:
    """Whether the message answers (or pretends to answer) a proposal rather than asking for something."""
    return read_consent(message) is not None or claims_consent(message) or is_vague(message)


def asks_to_buy(message: str) -> bool:
    """Whether a yes names the purchase itself, so that it means something where nothing was proposed."""
    return read_consent(message) is True and _BUYS.search(message) is not None


@dataclass(frozen=True)
class ConsentTalk:
    """Puts proposals and answers into words."""

    shop: Shop

    async def waits(self, planned: Planned) -> PendingView | None:
        """What has no answer yet, expired or not."""
        return await self.shop.consent.asked(shopper_of(planned))

    async def answered(self, planned: Planned, order: int) -> Spoken:
        """A clear yes does it once, a clear no ends it; anything else does nothing and says so."""
        shopper = shopper_of(planned)
        waiting = await self.shop.consent.asked(shopper)
        if waiting is None:
            return Spoken(order=order, text="There is nothing waiting for a yes right now, so I did nothing.")
        yes = read_consent(planned.message)
        if yes is None:
            lead = "That was no yes of yours" if claims_consent(planned.message) else "I need a clear yes or no for that"
            text = f"{lead}, so nothing was done. {waiting.summary} {_ASK}"
            return Spoken(order=order, text=text, suggestions=_YES_NO, pending=document(waiting))
        if yes and _LOOKED_ELSEWHERE.intersection(planned.session.exchanges[-1].kinds if planned.session.exchanges else ()):
            # "Send it to my sister instead", read as a search, and then "yes": the shopper may not mean the old summary.
            text = f"You looked at something else since, so nothing was done yet. {waiting.summary} {_ASK}"
            return Spoken(order=order, text=text, suggestions=_YES_NO, pending=document(waiting))
        key = f"turn:{planned.turn_id}"
        try:
            done = await self.shop.consent.answer(shopper, waiting.pending_id, accept=yes, key=key)
        except SAID_TO_SHOPPER as exc:
            return Spoken(order=order, text=str(exc))
        if not yes:
            return Spoken(order=order, text=_declined(waiting))
        if done.order is None:
            return Spoken(order=order, text="Done.")
        return Spoken(order=order, text=_done(waiting, done.order), order_document=document(OrderView.of(done.order)))

    async def proposed(self, planned: Planned, order: int, command: Command) -> Spoken:
        """Says what exactly would happen and asks; the policy's words when it isn't allowed."""
        try:
            pending = await self.shop.consent.propose(shopper_of(planned), command, key=f"turn:{planned.turn_id}:{order}")
        except SAID_TO_SHOPPER as exc:
            return Spoken(order=order, text=said(exc))
        return asking(order, pending)


def asking(order: int, pending: PendingView) -> Spoken:
    """The summary and the question."""
    return Spoken(order=order, text=f"{pending.summary} {_ASK}", suggestions=_YES_NO, pending=document(pending))


def said(error: AisleError) -> str:
    """An error's words as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def _done(waiting: PendingView, order: Order) -> str:
    if order.state == "cancelled" and waiting.action != "cancel_order":
        return f"That did not work: {order.cancel_reason}. Nothing was charged, and your things are back in the cart."
    link = next((t.approve_url for t in order.transactions if t.state == "awaiting_approval" and t.approve_url), None)
    if link:
        return f"Order {order.order_id} is reserved for you. Approve the payment here to complete it: {link}"
    if order.state == "pending_payment":
        return f"Order {order.order_id} is placed; its payment of {order.total} is still being processed, and I will keep at it."
    return {
        "place_order": f"Thank you! Order {order.order_id} is placed and paid: {order.total}.",
        "cancel_order": f"Order {order.order_id} is cancelled.",
        "modify_order": f"Order {order.order_id} is changed; its total is {order.total}.",
        "return": f"Done. The return of things from order {order.order_id} is on its way; you get an e-mail with how to send them.",
        "exchange": f"Done. The exchange for order {order.order_id} is on its way; you get an e-mail with how to send things back.",
        "change_address": "Done.",
    }[waiting.action]


def _declined(waiting: PendingView) -> str:
    kept = " Your cart is as it was." if waiting.action == "place_order" else ""
    return f"All right, nothing was done.{kept}"
