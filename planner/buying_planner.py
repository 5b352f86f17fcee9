"""Does this message buy, or follow up on a purchase? Consent, cart, checkout and orders, before everything else is planned."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from domain.pending import answer_key
from domain.plan import Plan, Task, TaskKind
from domain.ports import Planner
from domain.session import Session
from domain.shop_views import PendingView
from domain.shopper import Shopper
from domain.turn import Received
from planner import kinds
from planner.cart_reading import bare_size, short_of_cart
from planner.consent import claims_consent, is_vague, read_consent
from planner.order_reading import about_orders, names_reason, read_address

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
        kind = await self._consent(received) or self._finishes(received)
        if kind is None and (both := _with_a_wish(received)):
            return await self._both(received, *both)
        kind = kind or buying_kind(received.message, received.session)
        return _only(kind, received) if kind else planned

    async def _both(self, received: Received, cart: str, wish: str) -> Plan:
        """What goes into the cart, and beside it what else is looked for."""
        looked_for = await self.inner.plan(replace(received, message=wish))
        task = Task(kind="cart", request=cart, filters=received.session.standing)
        return looked_for.model_copy(update={"tasks": (task, *looked_for.tasks)})

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
        if kinds.CHOOSES.search(message.casefold()) or kinds.DULL.match(message.casefold()):
            return None  # what is asked of all that is shown answers no question about one thing
        if unfinished is None or (read_consent(message) is False and not (unfinished.kind == "order" and names_reason(message))):
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
    if kinds.INJECTION.search(lowered) or kinds.GIFT_CARD.search(lowered):
        return None
    last = session.exchanges[-1] if session.exchanges else None
    in_cart = last is not None and "cart" in last.kinds
    # A cart turn that ended in a question is answered, not followed up; after one that showed things, "two" may be the second of them.
    done_in_cart = last is not None and set(last.kinds) == {"cart"} and session.unfinished is None and not last.answer.endswith("?")
    if done_in_cart and _PAYS.search(lowered):
        return "checkout"
    if done_in_cart and (short_of_cart(message) or _EMPTIES.search(lowered)):
        return "cart"
    if about_orders(message):
        return "order"
    if _PUT_ELSEWHERE.search(lowered) and not _OF_A_CART.search(lowered):
        return None
    if kinds.CHECKOUT.search(lowered):
        return "checkout"
    if kinds.CART.search(lowered) or _CART_TOO.search(lowered):
        return "cart"
    ordered = last is not None and session.pending is None and {"order", "checkout"}.intersection(last.kinds)
    if ordered and (_AFTER_ORDER.search(lowered) or read_address(message)):
        return "order"
    return "cart" if in_cart and _AFTER_CART.search(lowered) else None


_CART_TOO = re.compile(
    r"(?<!for )\b(?:my|the|to|in|into|from) (?:shopping )?(?:cart|basket|trolley)\b|^\W*(?:cart|basket)\W*$|\b(?:add|put)\b.{1,80}\b(?:to|in|into) (?:it|there)\b|\b(?:remove|delete)\b.{1,40}\bfrom (?:it|there)\b|"
    r"^\W*(?:please )?add (?:\d+|two|three|four|five|six|number|the|one|another|a|an|both)\b|^\W*remove (?:the|that|this|it|number|one)\b|^\W*(?:please )?take (?:the|that|this|those|these|it|them)\b[^.?!]{0,40}\bout(?: again)?(?: please)?\W*$|^\W*(?:please )?add -\d+\b|^\W*put (?:it|them|that|those) back(?: in)?(?: please)?\W*$|\badd \[[^\]]+\]"
)


_PUT_ELSEWHERE = re.compile(
    r"^\W*(?:please )?(?:add|put|remove|take)\b[^.?!]{1,60}\b(?:to|onto|on|from|off) (?:the|my|our|his|her|their|an?) (?!(?:shopping )?(?:cart|basket|bag|trolley|order|screen|list)\b)(?=[a-z])|"
    r"^\W*(?:(?:i|we) (?:need|want)|find(?: me)?|show(?: me)?|looking for)?\W*(?:something|anything|an?|some) [^.?!]{0,40}\bto (?:add|put|throw|stick|drop|hang|place)\b"
)
"""What is put somewhere at home ("add one more shelf to the bookcase"), or is there to be put somewhere: no wish about the cart."""
_OF_A_CART = re.compile(r"^\W*(?:please )?(?:add|put|remove|take)\b.*\b(?:cart|basket|trolley)\b")
_AFTER_CART = re.compile(
    r"^\W*(?:actually,? |please |no,? |can you |could you )*(?:change|switch|swap|make|update|exchange|replace) (?:it|that|them|those|the \w+)\b|"
    r"^\W*(?:and|also|plus) (?:also )?(?:the (?:first|second|third|fourth|fifth|sixth|last)\b|number \d).{0,20}(?:\b(?:in|size) \S+|\btoo|\bas well)\W*$"
)


_PAYS = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|great|perfect|good|so|and|now|then|well)\W+)*(?:(?:i(?:'?ll|'?d like to| will| want to| would like to)|let me|let'?s|can i|how (?:do|can) i)\W+)?"
    r"(?:buy|order|purchase|pay(?: for)?|take|get)(?: (?:it|them|this|that|these|those|all of it|everything))?(?: (?:now|please|then))*\W*$"
)
"""Right after something went into the cart, "I'll take it" asks to pay, and not for a second one."""
_EMPTIES = re.compile(r"^\W*(?:please )?(?:empty|clear) (?:it|that|everything|all(?: of it)?)(?: out)?(?: please)?\W*$")
_AFTER_ORDER = re.compile(
    r"^\W*(?:(?:and|so|ok(?:ay)?|great|thanks|cool|but)\W+)*(?:when (?:will|does|is|should|can) (?:it|they|that)\b.{0,30}\b(?:arrive|come|coming|get here|be here|ship|delivered|there)|"
    r"(?:has|have|did|is|are|was) (?:it|they|that)(?: been)?(?: already)? (?:ship|sent|left|arriv|deliver|on (?:its|the|their) way|out for)|where(?:'s| is| are) (?:it|they)(?: now)?\b|how long (?:will|does|until)\b.{0,20}\b(?:it|they)\b)"
)


_WISH = re.compile(
    r"(?:[,.;!]\s*(?:and\s+|then\s+|also\s+)*|\s+(?:and|then|plus)\s+(?:then\s+|also\s+)?)"
    r"(?=(?:please |can you |could you |now )*(?:find|show|search|look for|recommend|suggest|get me some|do you (?:have|sell)|i(?:'?m| am)? (?:also )?look(?:ing)? for|i also need|have you got|what about)\b)",
    re.IGNORECASE,
)
_OF_THE_CART = re.compile(r"\b(?:cart|basket|trolley)\b", re.IGNORECASE)


def _with_a_wish(received: Received) -> tuple[str, str] | None:
    """ "Add the first one to my cart and find me gloves": what is for the cart, and what is looked for."""
    found = _WISH.search(received.message)
    if found is None:
        return None
    cart, wish = received.message[: found.start()], received.message[found.end() :]
    if _OF_THE_CART.search(wish) or buying_kind(wish, received.session) or buying_kind(cart, received.session) != "cart":
        return None
    return cart, wish


def _short_answer(message: str) -> bool:
    """A size, or a colour or number of few words; anything longer is a new wish."""
    words = re.sub(r"\b(?:please|thanks|thank you)\b", " ", message, flags=re.IGNORECASE).split()
    return bare_size(message) is not None or len(words) <= 3


def _only(kind: TaskKind, received: Received) -> Plan:
    session = received.session
    task = Task(kind=kind, request=received.message, filters=session.standing)
    return Plan(tasks=(task,), standing=session.standing, recipient=session.recipient)
