"""Does this message buy, or follow up on a purchase? Consent, cart, checkout and orders, before everything else is planned."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.pending import answer_key
from domain.plan import Plan, Task, TaskKind
from domain.ports import Planner
from domain.session import Session
from domain.shop_views import PendingView
from domain.shopper import Shopper
from domain.turn import Received
from planner import kinds
from planner.cart_reading import bare_size
from planner.consent import claims_consent, is_vague, read_consent
from planner.order_reading import about_orders, read_address

Asked = Callable[[Shopper, str], Awaitable[PendingView | None]]
_MOST_WORDS_OF_AN_ANSWER = 8


@dataclass(frozen=True)
class BuyingPlanner:
    """The Planner port around another planner, which plans all that is no purchase."""

    inner: Planner
    asked: Asked
    """What was proposed to a shopper and has no answer yet, expired or not; under the key of a repeated turn, what it answered."""

    async def plan(self, received: Received) -> Plan:
        planned = await self.inner.plan(received)
        if planned.tasks and planned.tasks[0].kind == "unsafe":
            return planned
        kind = await self._consent(received) or self._finishes(received) or buying_kind(received.message, received.session)
        return _only(kind, received) if kind else planned

    async def _consent(self, received: Received) -> TaskKind | None:
        """A yes, a no, or what only pretends to be one, while something waits for it."""
        message, session = received.message, received.session
        answer = read_consent(message)
        elsewhere = read_address(message) is not None
        if answer is None and not elsewhere and not claims_consent(message) and not is_vague(message):
            return None
        if answer is not None and (session.question or session.unfinished):
            # A yes to the question that was asked last is no yes to a purchase.
            return None
        waiting = await self.asked(Shopper(session_id=session.session_id, customer_id=session.customer_id), answer_key(received.turn_id))
        if waiting is None or (elsewhere and waiting.action != "place_order"):
            # Another address for what is already ordered is an order's affair.
            return None
        return "checkout" if waiting.action == "place_order" else "order"

    def _finishes(self, received: Received) -> TaskKind | None:
        """The answer to a question that a cart or an order asked last: a size, a reason, which one."""
        unfinished, message = received.session.unfinished, received.message
        if unfinished is None or read_consent(message) is False:
            return None
        if unfinished.kind == "order" and read_address(message):
            return "order"
        if len(message.split()) > _MOST_WORDS_OF_AN_ANSWER:
            return None
        if buying_kind(message, received.session) or (unfinished.kind == "cart" and not _short_answer(message)):
            return None
        return unfinished.kind


def buying_kind(message: str, session: Session) -> TaskKind | None:
    """cart, checkout or order where the message says so by itself."""
    lowered = re.sub(r"[\u2019\u02bc`]", "'", message.casefold()).strip()
    if kinds.INJECTION.search(lowered):
        return None
    if about_orders(message):
        return "order"
    if kinds.CHECKOUT.search(lowered):
        return "checkout"
    if kinds.CART.search(lowered) or _CART_TOO.search(lowered):
        return "cart"
    just_in_cart = bool(session.exchanges) and "cart" in session.exchanges[-1].kinds
    return "cart" if just_in_cart and _AFTER_CART.search(lowered) else None


_CART_TOO = re.compile(
    r"\b(?:my|the|to|in|into|from) (?:shopping )?(?:cart|basket|trolley)\b|^\W*(?:cart|basket)\W*$|\b(?:add|put)\b.{1,80}\b(?:to|in|into) (?:it|there)\b|\b(?:remove|delete)\b.{1,40}\bfrom (?:it|there)\b|"
    r"^\W*(?:please )?add (?:\d+|two|three|four|five|six|number|the|one|another|a|an|both)\b|^\W*remove (?:the|that|this|it|number|one)\b|^\W*(?:please )?take (?:the|that|this|it)\b[^.?!]{0,40}\bout\W*$|\badd \[[^\]]+\]"
)


_AFTER_CART = re.compile(
    r"^\W*(?:actually,? |please |no,? |can you |could you )*(?:change|switch|swap|make|update|exchange|replace) (?:it|that|them|those|the \w+)\b|"
    r"^\W*(?:and|also|plus) (?:also )?(?:the (?:first|second|third|fourth|fifth|sixth|last)\b|number \d).{0,20}(?:\b(?:in|size) \S+|\btoo|\bas well)\W*$"
)


def _short_answer(message: str) -> bool:
    """A size, or a colour or number of few words; anything longer is a new wish."""
    return bare_size(message) is not None or len(message.split()) <= 3


def _only(kind: TaskKind, received: Received) -> Plan:
    session = received.session
    task = Task(kind=kind, request=received.message, filters=session.standing)
    return Plan(tasks=(task,), standing=session.standing, recipient=session.recipient)
