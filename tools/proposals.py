"""What would an action come to? Works a command out to its summary, its totals and its events, without doing any of it.

The same work is done when the action is proposed and again at the yes: what differs in between ends the proposal.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.cart import Cart
from domain.commerce_ports import ShopTransaction
from domain.document import Document
from domain.errors import BadInput, Conflict, NotFound
from domain.money import Money
from domain.offer import Offer, Sku
from domain.order import Order, OrderEvent, OrderLine, Replacement, Totals
from domain.order_changes import Changes, Destination, Returned, Swap, exchange_difference
from domain.payment import CREDIT
from domain.pending import (
    CancelOrder,
    ChangeAddress,
    Command,
    ExchangeLines,
    LineSwap,
    ModifyOrder,
    PlaceOrder,
    ReturnLines,
    fingerprint,
)
from domain.policy import ShopPolicy, SpendingLimits
from domain.shopper import STORE_CREDIT, Account, MethodKind, PaymentMethod, Shopper
from tools.order_lines import check_stock, line_of, offered, ordered_lines, per_line
from tools.proposal_words import difference_words, joined, listed, parts_of

ORIGINAL = "original"
_DAY = timedelta(days=1)
_STORE_CREDIT = PaymentMethod(method_id=STORE_CREDIT, kind="store_credit", label="store credit", provider=CREDIT)


@dataclass(frozen=True, kw_only=True)
class WorkedOut:
    """A command worked out: what the shopper is told, and what a yes writes."""

    summary: str
    described: Any
    """Everything that must still be so at the yes."""
    totals: Totals | None = None
    before: Order | None = None
    events: tuple[OrderEvent, ...] = ()
    cart: Cart | None = None
    """The cart as it is afterwards."""
    account: Account | None = None

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.described)


@dataclass(frozen=True)
class Proposals:
    """Works commands out against a transaction's view of carts, orders and stock."""

    policy: ShopPolicy
    limits: SpendingLimits
    methods: tuple[PaymentMethod, ...]
    """What everybody can pay with, the default first."""
    unattended: Callable[[str], bool]
    """Whether a provider can charge without the shopper at its page."""
    new_id: Callable[[], str]
    new_order_id: Callable[[], str]

    async def skus(self, tx: ShopTransaction, shopper: Shopper, command: Command) -> set[Sku]:
        """What must be looked up in the catalogue to work the command out."""
        if isinstance(command, PlaceOrder):
            return {line.sku for line in (await tx.carts.load(shopper.owner)).lines}
        if isinstance(command, ModifyOrder | ExchangeLines):
            return {Sku(swap.product_id, swap.variant_id or "") for swap in command.lines}
        return set()

    async def work_out(
        self, tx: ShopTransaction, shopper: Shopper, command: Command, offers: dict[Sku, Offer], changes: Changes
    ) -> WorkedOut:
        """Conflict, with the policy's words, when it is not allowed; NotFound for another's order."""
        match command:
            case PlaceOrder():
                return await self._place(tx, shopper, command, offers, changes)
            case CancelOrder():
                return await self._cancel(tx, shopper, command, changes)
            case ModifyOrder():
                return await self._modify(tx, shopper, command, offers, changes)
            case ReturnLines():
                return await self._return(tx, shopper, command, changes)
            case ExchangeLines():
                return await self._exchange(tx, shopper, command, offers, changes)
            case ChangeAddress():
                return await self._change_address(tx, shopper, command)

    async def method(self, tx: ShopTransaction, owner: str, method_id: str | None) -> PaymentMethod:
        """The owner's method of that id, else one that everybody has; the default without an id. BadInput when unknown."""
        account = await tx.accounts.load(owner)
        own = account.methods if account else ()
        if method_id is None:
            return (own or self.methods)[0]
        found = next((m for m in (*own, *self.methods, _STORE_CREDIT) if m.method_id == method_id), None)
        if found is None:
            known = ", ".join(m.method_id for m in (*own, *self.methods, _STORE_CREDIT))
            raise BadInput(f"there is no way to pay {method_id!r}; there are {known}", field="payment", value=method_id)
        return found

    async def method_of(self, tx: ShopTransaction, order: Order, method_id: str) -> PaymentMethod:
        """As ``method``; what paid for the order is still known where it is no longer offered."""
        paid = next((t for t in order.transactions if t.kind == "payment" and t.method_id == method_id), None)
        try:
            return await self.method(tx, order.owner, method_id)
        except BadInput:
            if paid is None:
                raise
        kind: MethodKind = "paypal" if paid.provider == "paypal" else "card"
        return PaymentMethod(method_id=method_id, kind=kind, label=paid.label or "the way you paid", provider=paid.provider)

    def destination(self, order: Order, method: PaymentMethod) -> Destination:
        """Back on the payments that were made with it, or to it by itself."""
        paid = any(t.kind == "payment" and t.state == "settled" and t.method_id == method.method_id for t in order.transactions)
        return Destination() if paid and method.provider != CREDIT else Destination(method)

    async def _place(
        self, tx: ShopTransaction, shopper: Shopper, command: PlaceOrder, offers: dict[Sku, Offer], changes: Changes
    ) -> WorkedOut:
        cart = await tx.carts.load(shopper.owner)
        if not cart.lines:
            raise Conflict("The cart is empty; put something into it first.")
        await check_stock(tx, [(line.sku, line.name, line.quantity) for line in cart.lines], offers)
        present = cart.seen(offers)
        self.policy.pricing.check_address(command.address)
        shipping = self.policy.pricing.shipping_for(present.subtotal())
        lines = self.policy.pricing.taxed((ordered_lines(present, offers, shipping)), command.address)
        totals = Totals.of(lines, shipping)
        await self._check_spending(tx, shopper.owner, totals.total, totals.total, changes)
        method = await self.method(tx, shopper.owner, command.method_id)
        await self._check_credit(tx, shopper.owner, method, totals.total)
        events = changes.placed(
            self.new_order_id(), shopper.owner, lines, shipping=shipping, address=command.address, method=method,
            pay_by=changes.at + timedelta(minutes=self.policy.pay_within_minutes),
        )  # fmt: skip
        summary = f"Order {listed(lines)} for {totals.total} ({parts_of(totals)}), paid with {method.label}, sent to {command.address}."
        described = [_json(command), cart.owner, [_json(_plain(line)) for line in lines], _json(totals), _json(method)]
        return WorkedOut(summary=summary, described=described, totals=totals, events=tuple(events), cart=cart.emptied())

    async def _cancel(self, tx: ShopTransaction, shopper: Shopper, command: CancelOrder, changes: Changes) -> WorkedOut:
        order = await owned(tx, shopper, command.order_id)
        self.policy.cancel.check(order, command.reason)
        events = changes.cancelled(order, command.reason)
        back = order.paid - order.refunded
        money = f"{back} goes back to {await self._label(tx, order)}" if back.minor else "nothing has been charged"
        summary = f"Cancel order {order.order_id} ({listed(order.lines)}), because: {command.reason}. {money[:1].upper()}{money[1:]}."
        return WorkedOut(summary=summary, described=[_json(command), order.version], before=order, events=tuple(events))

    async def _modify(
        self, tx: ShopTransaction, shopper: Shopper, command: ModifyOrder, offers: dict[Sku, Offer], changes: Changes
    ) -> WorkedOut:
        order = await owned(tx, shopper, command.order_id)
        method = await self.method_of(tx, order, command.method_id or order.method_id)
        if not command.lines and not command.address:
            return await self._replace_payment(tx, order, command, method, changes)
        self.policy.modify.check(order)
        address, lines, said = order.address, order.lines, list[str]()
        if command.lines:
            self.policy.modify.check_items(order)
            lines, told = self._swapped(order, command.lines, offers)
            said.append(told)
        if command.address:
            self.policy.pricing.check_address(command.address)
            address = command.address
            said.append(f"send it to {address}")
        lines = self.policy.pricing.taxed(lines, address)
        totals = Totals.of(lines, order.shipping)
        difference = totals.total - order.total
        await self._check_difference(tx, order, method, difference, changes)
        events = changes.modified(
            order, lines, shipping=order.shipping, address=address, items=bool(command.lines), method=method,
            destination=self.destination(order, method),
        )  # fmt: skip
        await self._check_reservable(tx, order, events, offers)
        once = " The items of an order can be changed only once." if command.lines else ""
        summary = f"Change order {order.order_id}: {'; '.join(said)}. {difference_words(difference, method)}{once}"
        described = [_json(command), order.version, [_json(_plain(line)) for line in lines], _json(totals), _json(method)]
        return WorkedOut(summary=summary, described=described, totals=totals, before=order, events=tuple(events))

    async def _replace_payment(
        self, tx: ShopTransaction, order: Order, command: ModifyOrder, method: PaymentMethod, changes: Changes
    ) -> WorkedOut:
        if command.method_id is None:
            raise BadInput("nothing to change was named; send address, lines or payment", field="body")
        self.policy.modify.check_payment(order, method)
        await self._check_charge(tx, order.owner, method, order.total)
        old = await self._label(tx, order)
        summary = f"Pay order {order.order_id} with {method.label} instead: {order.total} is charged, and {order.total} goes back to {old}."
        return WorkedOut(
            summary=summary, described=[_json(command), order.version, _json(method)], totals=order.totals, before=order,
            events=tuple(changes.payment_replaced(order, method)),
        )  # fmt: skip

    async def _return(self, tx: ShopTransaction, shopper: Shopper, command: ReturnLines, changes: Changes) -> WorkedOut:
        order = await owned(tx, shopper, command.order_id)
        self.policy.returns.check(order, changes.at)
        for line_id, quantity in per_line((part.line_id, part.quantity) for part in command.lines).items():
            self.policy.returns.check_line(order.line(line_id), quantity)
        method = await self.method_of(tx, order, order.method_id if command.refund_to == ORIGINAL else command.refund_to)
        self.policy.returns.check_refund(order, method)
        items = [Returned(part.line_id, part.quantity) for part in command.lines]
        events = changes.return_asked(order, items, method_id=method.method_id)
        records = _records(order, events)
        back = _sum((record.refund for record in records if record.refund), order.zero)
        what = joined(f"{part.quantity} × {order.line(part.line_id).name}" for part in command.lines)
        summary = f"Send back {what} of order {order.order_id}. Once it has reached us, {back} goes to {method.label}."
        described = [_json(command), order.version, _json(back), _json(method)]
        return WorkedOut(summary=summary, described=described, before=order, events=tuple(events))

    async def _exchange(
        self, tx: ShopTransaction, shopper: Shopper, command: ExchangeLines, offers: dict[Sku, Offer], changes: Changes
    ) -> WorkedOut:
        order = await owned(tx, shopper, command.order_id)
        self.policy.exchanges.check(order, changes.at)
        for line_id, quantity in per_line((part.line_id, part.quantity) for part in command.lines).items():
            self.policy.exchanges.check_line(order.line(line_id), quantity)
        swaps = [self._swap(order, part, offers) for part in command.lines]
        method = await self.method_of(tx, order, order.method_id if command.method_id == ORIGINAL else command.method_id)
        difference = _sum((exchange_difference(order.line(s.line_id), s) for s in swaps), order.zero)
        await self._check_difference(tx, order, method, difference, changes)
        events = changes.exchange_asked(order, swaps, method_id=method.method_id)
        await self._check_reservable(tx, order, events, offers)
        said = joined(f"{s.quantity} × {order.line(s.line_id).name} for {s.replacement.name}" for s in swaps)
        money = difference_words(difference, method).replace("is charged", "is charged once your parcel has reached us")
        once = " Things of an order can be exchanged only once." if self.policy.exchanges.per_order == 1 else ""
        summary = f"Exchange {said} of order {order.order_id}. {money}{once}"
        described = [_json(command), order.version, [_json(s.replacement) for s in swaps], _json(difference), _json(method)]
        return WorkedOut(summary=summary, described=described, before=order, events=tuple(events))

    async def _change_address(self, tx: ShopTransaction, shopper: Shopper, command: ChangeAddress) -> WorkedOut:
        self.policy.pricing.check_address(command.address)
        account = await tx.accounts.load(shopper.owner) or Account(owner=shopper.owner)
        summary = f"Make {command.address} your default address. Orders that you have placed are not changed."
        return WorkedOut(
            summary=summary, described=[_json(command), shopper.owner],
            account=account.model_copy(update={"address": command.address}),
        )  # fmt: skip

    def _swapped(self, order: Order, swaps: tuple[LineSwap, ...], offers: dict[Sku, Offer]) -> tuple[tuple[OrderLine, ...], str]:
        """The order's lines with other variants; a part of a line becomes a line of its own."""
        lines, told = list(order.lines), list[str]()
        for swap in swaps:
            index = next((i for i, line in enumerate(lines) if line.line_id == swap.line_id), None)
            if index is None:
                raise NotFound(f"order {order.order_id} has no line {swap.line_id!r}")
            line, offer = lines[index], offered(offers, swap)
            self.policy.modify.check_swap(line, offer)
            if swap.quantity > line.quantity:
                raise Conflict(f"there are {line.quantity} of {line.name} in the order, not {swap.quantity}")
            new = line_of(offer, line, swap.quantity)
            kept = line.model_copy(update={"quantity": line.quantity - swap.quantity}) if swap.quantity < line.quantity else None
            if kept:
                new = new.model_copy(update={"line_id": self.new_id()})
            lines[index : index + 1] = [kept, new] if kept else [new]
            told.append(f"{swap.quantity} × {line.name} becomes {new.name} at {new.unit_price} instead of {line.unit_price}")
        return tuple(lines), "; ".join(told)

    def _swap(self, order: Order, part: LineSwap, offers: dict[Sku, Offer]) -> Swap:
        line, offer = order.line(part.line_id), offered(offers, part)
        self.policy.exchanges.check_swap(line, offer)
        assert offer.price is not None
        replacement = Replacement(
            product_id=offer.product_id, variant_id=offer.variant_id, title=offer.title, options=offer.options, unit_price=offer.price
        )
        tax = self.policy.pricing.tax_on(offer.price * part.quantity, order.address)
        return Swap(part.line_id, part.quantity, replacement, tax)

    async def _check_difference(
        self, tx: ShopTransaction, order: Order, method: PaymentMethod, difference: Money, changes: Changes
    ) -> None:
        """Whether a difference can be charged to, or go back to, this method."""
        if difference.minor < 0:
            self.policy.modify.check_refund(order, method)
        elif difference.minor > 0:
            await self._check_spending(tx, order.owner, difference, order.total + difference, changes)
            await self._check_charge(tx, order.owner, method, difference)

    async def _check_charge(self, tx: ShopTransaction, owner: str, method: PaymentMethod, amount: Money) -> None:
        if method.provider != CREDIT and not self.unattended(method.provider):
            raise Conflict(f"{method.label} cannot be charged without you at its page; choose what costs no more, or store credit")
        await self._check_credit(tx, owner, method, amount)

    async def _check_credit(self, tx: ShopTransaction, owner: str, method: PaymentMethod, amount: Money) -> None:
        if method.provider != CREDIT:
            return
        balance = await tx.accounts.credit(owner, method.method_id, amount.currency)
        if balance < amount:
            raise Conflict(f"{method.label} holds {balance}, which does not cover {amount}; choose another way to pay")

    async def _check_spending(self, tx: ShopTransaction, owner: str, more: Money, whole: Money, changes: Changes) -> None:
        """Whether so much more may be spent on an order that comes to ``whole`` with it."""
        self.limits.check_order(whole)
        self.limits.check_turn(more)
        self.limits.check_day(more, await tx.orders.spent_since(owner, changes.at - _DAY, more.currency))

    async def _check_reservable(self, tx: ShopTransaction, order: Order, events: Iterable[OrderEvent], offers: dict[Sku, Offer]) -> None:
        """Conflict when a thing that the order would newly need is not there."""
        after = order
        for event in events:
            after = after.apply(event)
        more = after.reserved() - order.reserved()
        await check_stock(tx, [(sku, offers[sku].name, pieces) for sku, pieces in more.items() if sku in offers], offers)

    async def _label(self, tx: ShopTransaction, order: Order) -> str:
        return (await self.method_of(tx, order, order.method_id)).label


async def owned(tx: ShopTransaction, shopper: Shopper, order_id: str) -> Order:
    """The shopper's order; NotFound when there is none, or it is another's: the two are not told apart."""
    order = await tx.orders.load(order_id)
    if order is None or order.owner != shopper.owner:
        raise NotFound(f"there is no order {order_id!r}")
    return order


def _records(order: Order, events: Iterable[OrderEvent]) -> list[Any]:
    return [event.record for event in events if event.type == "return_asked"]


def _sum(amounts: Iterable[Money], zero: Money) -> Money:
    return sum(amounts, start=zero)


def _plain(line: OrderLine) -> OrderLine:
    """Without ids that are made anew each time it is worked out."""
    return line.model_copy(update={"line_id": ""})


def _json(value: Document) -> Any:
    return value.model_dump(mode="json")
