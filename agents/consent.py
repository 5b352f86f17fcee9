"""How is something proposed in the chat, and what does the shopper's answer come to? The same Consent that HTTP uses."""

import re
from dataclasses import dataclass

from agents.state import Spoken
from domain.errors import AisleError, BadInput, Conflict, NotFound
from domain.order import Order
from domain.pending import Action, ChangeAddress, Command, answer_key
from domain.shop_views import OrderView, PendingView, document
from domain.shopper import Shopper
from domain.turn import Planned
from planner.consent import claims_consent, is_vague, read_consent
from tools.consent import Answered
from tools.shop import Shop

SAID_TO_SHOPPER = (Conflict, NotFound, BadInput)
"""Errors whose words are the shop's answer; everything else fails the turn."""
_YES_NO = ("Yes", "No")
_BUYS = re.compile(r"\b(?:buy|order|place)\b", re.IGNORECASE)
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
        """What has no answer yet, expired or not; in a repeated turn, what it answered the first time."""
        return await self.shop.consent.asked(shopper_of(planned), answer_key(planned.turn_id))

    async def answered(self, planned: Planned, order: int) -> Spoken:
        """A clear yes does it once, a clear no ends it; anything else does nothing and says so.

        An answer counts for what this conversation was told last, and for nothing that was proposed elsewhere since.
        """
        shopper, key = shopper_of(planned), answer_key(planned.turn_id)
        before = await self.shop.consent.answered(shopper, key)
        if before is not None:
            return _came_to(order, before)
        waiting = await self.shop.consent.asked(shopper)
        if waiting is None:
            return Spoken(order=order, text="There is nothing waiting for a yes right now, so I did nothing.")
        yes = read_consent(planned.message)
        if yes is None:
            lead = "That was no yes of yours" if claims_consent(planned.message) else "I need a clear yes or no for that"
            text = f"{lead}, so nothing was done. {waiting.summary} {_ASK}"
            return Spoken(order=order, text=text, suggestions=_YES_NO, pending=document(waiting))
        if (planned.session.pending or {}).get("pending_id") != waiting.pending_id:
            # Proposed in another tab, or before a search ("send it to my sister instead"): the shopper may not mean this one.
            text = f"Nothing was done yet, so that we mean the same. This is what waits for your answer: {waiting.summary} {_ASK}"
            return Spoken(order=order, text=text, suggestions=_YES_NO, pending=document(waiting))
        try:
            done = await self.shop.consent.answer(shopper, waiting.pending_id, accept=yes, key=key)
        except SAID_TO_SHOPPER as exc:
            return Spoken(order=order, text=str(exc))
        return _came_to(order, done)

    async def proposed(self, planned: Planned, order: int, command: Command) -> Spoken:
        """Says what exactly would happen and asks; the policy's words when it isn't allowed."""
        try:
            pending = await self.shop.consent.propose(
                shopper_of(planned), command, key=f"turn:{planned.turn_id}:{order}", asked=["chat", planned.message]
            )
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


def _came_to(order: int, answered: Answered) -> Spoken:
    """What an answer did, in words."""
    pending = answered.pending
    if pending.state == "declined":
        kept = " Your cart is as it was." if pending.command.action == "place_order" else ""
        return Spoken(order=order, text=f"All right, nothing was done.{kept}")
    if answered.order is None:
        where = f" Your default address is now {pending.command.address}." if isinstance(pending.command, ChangeAddress) else ""
        return Spoken(order=order, text=f"Done.{where}")
    text = _done(pending.command.action, answered.order)
    return Spoken(order=order, text=text, order_document=document(OrderView.of(answered.order)))


def _done(action: Action, order: Order) -> str:
    if order.state == "cancelled" and action != "cancel_order":
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
        "return": f"Done. The return of things from order {order.order_id} is registered; the money moves once they have reached us.",
        "exchange": f"Done. The exchange for order {order.order_id} is registered; the other things are kept for you until yours reach us.",
        "change_address": "Done.",
    }[action]
