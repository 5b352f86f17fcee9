"""What does the shopper want of an order? Status, cancelling, returning, exchanging, changing: asked for what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.consent import SAID_TO_SHOPPER, ConsentTalk, is_answer, said, shopper_of
from agents.state import Spoken
from domain.order import Order, OrderLine, OrderState
from domain.pending import (
    CancelOrder,
    ChangeAddress,
    Command,
    ExchangeLines,
    LineQuantity,
    LineSwap,
    ModifyOrder,
    ReturnLines,
)
from domain.plan import Task
from domain.product import Variant
from domain.session import Session, Unfinished
from domain.shop_views import OrderView, document
from domain.shopper import STORE_CREDIT
from domain.terms import fold_size
from domain.turn import Planned
from planner.buying_planner import buying_kind
from planner.cart_reading import bare_size
from planner.lexicon import stem, words_of
from planner.order_reading import OrderAction, OrderRequest, names_reason, read_order
from tools.proposals import ORIGINAL

_LISTED = 5
_CHOICES = 4
_TITLE = 60
_FITTING: dict[OrderAction, frozenset[OrderState]] = {
    "cancel": frozenset({"pending_payment", "paid"}), "return": frozenset({"delivered"}), "exchange": frozenset({"delivered"}),
    "modify_items": frozenset({"paid"}), "modify_address": frozenset({"paid"}), "modify_payment": frozenset({"paid"}),
}  # fmt: skip
_VERBS: dict[OrderAction, str] = {
    "cancel": "Cancel order {id}", "return": "Return things of order {id}", "exchange": "Exchange things of order {id}",
    "modify_items": "Change items of order {id}", "modify_address": "Change the address of order {id}",
    "modify_payment": "Change the payment of order {id}", "status": "Where is order {id}?",
}  # fmt: skip
_STATES: dict[OrderState, str] = {
    "pending_payment": "waiting for its payment", "paid": "paid and being packed", "shipped": "on its way", "delivered": "delivered",
    "cancelled": "cancelled",
}  # fmt: skip


@dataclass(frozen=True)
class OrdersAgent:
    """Answers ``order`` tasks."""

    talk: ConsentTalk

    async def __call__(self, planned: Planned, task: Task, order: int) -> Spoken:
        asked = planned.session.unfinished
        reason = asked is not None and asked.kind == "order" and names_reason(planned.message)
        if is_answer(planned.message) and not reason:
            return await self.talk.answered(planned, order)
        request = read_order(completed(planned.message, planned.session))
        if request.action == "person":
            return self._hand_over(planned, order)
        if request.action == "default_address":
            return await self._default_address(planned, order, request)
        try:
            return await self._about(planned, order, request)
        except SAID_TO_SHOPPER as exc:
            return Spoken(order=order, text=said(exc))

    async def _about(self, planned: Planned, order: int, request: OrderRequest) -> Spoken:
        shopper = shopper_of(planned)
        if request.order_id:
            chosen: Order | None = await self.talk.shop.orders.get(shopper, request.order_id)
            found: tuple[Order, ...] = ()
        else:
            found, _ = await self.talk.shop.orders.of(shopper, limit=_LISTED)
            if not found:
                return Spoken(order=order, text="You have no orders here yet.")
            if request.action == "list":
                return _list(order, found)
            chosen = _chosen(request, found)
        if chosen is None:
            return _which_order(order, request, found)
        if request.action in ("status", "list"):
            return Spoken(order=order, text=_status(chosen), order_document=document(OrderView.of(chosen)))
        return await self._change(planned, order, request, chosen)

    async def _change(self, planned: Planned, order: int, request: OrderRequest, chosen: Order) -> Spoken:
        self._check_state(request, chosen)
        asked = _missing(order, request, chosen, self.talk.shop.policy.cancel.reasons)
        if asked is not None:
            return asked
        command = await self._command(order, request, chosen)
        return command if isinstance(command, Spoken) else await self.talk.proposed(planned, order, command)

    def _check_state(self, request: OrderRequest, chosen: Order) -> None:
        """Conflict with the policy's words, before a question whose answer could not help."""
        policy, now = self.talk.shop.policy, self.talk.shop.orders.clock.now()
        match request.action:
            case "return":
                policy.returns.check(chosen, now)
            case "exchange":
                policy.exchanges.check(chosen, now)
            case "modify_items":
                policy.modify.check_items(chosen)
            case "modify_address" | "modify_payment":
                policy.modify.check(chosen)

    async def _command(self, order: int, request: OrderRequest, chosen: Order) -> Command | Spoken:
        match request.action:
            case "cancel":
                return CancelOrder(order_id=chosen.order_id, reason=request.reason or "other")
            case "modify_address":
                return ModifyOrder(order_id=chosen.order_id, address=request.address)
            case "modify_payment":
                return ModifyOrder(order_id=chosen.order_id, method_id=STORE_CREDIT)
            case "return":
                meant = _meant(request, chosen)
                some = request.quantity if len(meant) == 1 else None
                lines = tuple(LineQuantity(line_id=line.line_id, quantity=some or max(line.returnable, 1)) for line in meant)
                return ReturnLines(order_id=chosen.order_id, lines=lines, refund_to=STORE_CREDIT if request.to_credit else ORIGINAL)
        (line,) = _meant(request, chosen)
        variant = await self._variant(order, request, chosen, line)
        if isinstance(variant, Spoken):
            return variant
        quantity = request.quantity or max(line.returnable, 1)
        swap = LineSwap(line_id=line.line_id, quantity=quantity, product_id=line.product_id, variant_id=variant.variant_id)
        if request.action == "modify_items":
            return ModifyOrder(order_id=chosen.order_id, lines=(swap,))
        return ExchangeLines(order_id=chosen.order_id, lines=(swap,), method_id=ORIGINAL)

    async def _variant(self, order: int, request: OrderRequest, chosen: Order, line: OrderLine) -> Variant | Spoken:
        product = await self.talk.shop.carts.offers.product(line.product_id)
        size = request.size
        fitting = [v for v in product.variants if size and v.size and fold_size(v.size) == fold_size(size)]
        if len(fitting) == 1:
            return fitting[0]
        there = [v.size for v in product.variants if v.size and v.in_stock is not False]
        verb = "Exchange" if request.action == "exchange" else "Change"
        if not there:
            text = f"{line.title[:_TITLE]} has no other size in stock. You can send it back instead."
            return Spoken(order=order, text=text, suggestions=(f"Return order {chosen.order_id}",))
        lead = f"{line.title[:_TITLE]} is not there in size {size.upper()}. " if size else ""
        return Spoken(
            order=order, text=f"{lead}In which size would you like it: {', '.join(there)}?",
            suggestions=tuple(f"Size {s}" for s in there[:_CHOICES]),
            unfinished=Unfinished(kind="order", said=f"{verb} the {line.title[:_TITLE]} of order {chosen.order_id}"),
        )  # fmt: skip

    async def _default_address(self, planned: Planned, order: int, request: OrderRequest) -> Spoken:
        if request.address is None:
            return Spoken(order=order, text=_ASK_ADDRESS, unfinished=Unfinished(kind="order", said="Change my default address to"))
        return await self.talk.proposed(planned, order, ChangeAddress(address=request.address))

    def _hand_over(self, planned: Planned, order: int) -> Spoken:
        """Where a person is reached, and what to tell them: nothing is passed on by itself, so nothing else is promised."""
        recent = [e.message for e in planned.session.exchanges[-3:]] + [planned.message]
        summary = "; ".join(f"“{message[:160]}”" for message in recent)
        return Spoken(order=order, text=f"{self.talk.shop.policy.hand_over} To copy for them, what you told me: {summary}.")


_ASK_ADDRESS = "Where should it go? Write it in one line, like “12 Mill Street, Portland, OR 97201”."


def completed(message: str, session: Session) -> str:
    """The message, or what the last question was about completed by it."""
    unfinished = session.unfinished
    if unfinished is None or unfinished.kind != "order" or buying_kind(message, session):
        return message
    size = bare_size(message)
    return f"{unfinished.said} for size {size}" if size else f"{unfinished.said} {message}"


def _chosen(request: OrderRequest, found: Sequence[Order]) -> Order | None:
    """The order that is meant: the only one that holds what was named, else the only one that fits, else the newest for a status."""
    wanted = {stem(w) for w in words_of(request.said.casefold())}
    scored = [(max((_overlap(wanted, line) for line in order.lines), default=0), order) for order in found]
    best = max(score for score, _ in scored)
    named = [order for score, order in scored if score == best and best >= 1]
    fitting = [order for order in (named or found) if order.state in _FITTING.get(request.action, frozenset())]
    if request.action == "status":
        return (named or found)[0]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        # None that it could be done with: the policy says why, of the newest that is meant.
        return (named or found)[0]
    return None


def _meant(request: OrderRequest, order: Order) -> tuple[OrderLine, ...]:
    """The lines that are meant; empty when that is not clear."""
    open_lines = tuple(line for line in order.lines if line.returnable > 0) or order.lines
    if len(open_lines) == 1:
        return open_lines
    wanted = {stem(w) for w in words_of(request.said.casefold())}
    scored = [(_overlap(wanted, line), line) for line in open_lines]
    best = max(score for score, _ in scored)
    named = tuple(line for score, line in scored if score == best) if best else ()
    if request.everything and request.action == "return":
        return open_lines
    return named if len(named) == 1 else ()


def _overlap(wanted: set[str], line: OrderLine) -> int:
    return len(wanted & {stem(w) for w in words_of(f"{line.title} {line.product_type}".casefold()) if len(w) > 2})


def _missing(order: int, request: OrderRequest, chosen: Order, reasons: tuple[str, ...]) -> Spoken | None:
    """The one question that is needed, or None."""
    if request.action == "cancel" and request.reason is None and chosen.state in _FITTING["cancel"]:
        said_so = f"Cancel order {chosen.order_id}"
        listed = ", ".join(reasons[:-1]) + f" or {reasons[-1]}"
        return Spoken(
            order=order, text=f"Why do you want to cancel order {chosen.order_id}: {listed}?",
            suggestions=tuple(f"{said_so}: {reason}" for reason in reasons), unfinished=Unfinished(kind="order", said=f"{said_so}:"),
        )  # fmt: skip
    if request.action == "modify_address" and request.address is None:
        unfinished = Unfinished(kind="order", said=f"Change the address of order {chosen.order_id} to")
        return Spoken(order=order, text=_ASK_ADDRESS, unfinished=unfinished)
    if request.action == "modify_payment" and not request.to_credit:
        text = "You can pay it with store credit instead, if you have enough. Shall I propose that?"
        return Spoken(order=order, text=text, suggestions=(f"Pay order {chosen.order_id} with store credit",))
    if request.action in ("return", "exchange", "modify_items") and not _meant(request, chosen):
        verb = {"return": "Return", "exchange": "Exchange", "modify_items": "Change"}[request.action]
        names = [line.title[:_TITLE] for line in chosen.lines if line.returnable > 0]
        choices = tuple(f"{verb} the {name} of order {chosen.order_id}" for name in names[:_CHOICES])
        unfinished = Unfinished(kind="order", said=f"{verb} of order {chosen.order_id}:")
        return Spoken(order=order, text=f"Which one: {'; '.join(names)}?", suggestions=choices, unfinished=unfinished)
    return None


def _which_order(order: int, request: OrderRequest, found: Sequence[Order]) -> Spoken:
    fitting = [o for o in found if o.state in _FITTING.get(request.action, frozenset())][:_CHOICES]
    frame = _VERBS.get(request.action, "Order {id}")
    listed = "; ".join(f"{o.order_id} of {o.created_at:%B %-d}, {_goods(o)}" for o in fitting)
    choices = tuple(frame.format(id=o.order_id) for o in fitting)
    return Spoken(order=order, text=f"Which order do you mean: {listed}?", suggestions=choices)


def _list(order: int, found: Sequence[Order]) -> Spoken:
    text = " ".join(f"{o.order_id}: {_goods(o)}, {o.total}, {_STATES[o.state]}." for o in found)
    choices = tuple(f"Where is order {o.order_id}?" for o in found[:_CHOICES])
    return Spoken(order=order, text=f"Your latest orders. {text}", suggestions=choices, order_document=document(OrderView.of(found[0])))


def _status(order: Order) -> str:
    tracking = f", tracking number {order.tracking}" if order.tracking and order.state == "shipped" else ""
    back = [f"{r.kind} of {r.quantity} × {line.title[:_TITLE]}: {r.state}" for line in order.lines for r in line.returns]
    further = f" {'; '.join(back)}." if back else ""
    return f"Order {order.order_id} ({_goods(order)}, {order.total}) is {_STATES[order.state]}{tracking}.{further}"


def _goods(order: Order) -> str:
    names = [f"{line.quantity} × {line.title[:_TITLE]}" for line in order.lines[:3]]
    more = f" and {len(order.lines) - 3} more" if len(order.lines) > 3 else ""
    return ", ".join(names) + more
