"""What does the shopper want of the cart? Adds, removes and changes what was meant; asks for what is missing, never invents it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.consent import SAID_TO_SHOPPER, said, shopper_of
from agents.state import Spoken
from domain.cart import MOST_PIECES, LineChange
from domain.errors import BadInput
from domain.plan import Task
from domain.product import Product, Variant
from domain.session import Session, ShownProduct, Unfinished
from domain.shop_views import CartLineView, CartView, document
from domain.shopper import Shopper
from domain.terms import fold, fold_size
from domain.turn import Planned
from planner.buying_planner import buying_kind
from planner.cart_reading import CartCommand, bare_size, count_alone, read_cart
from planner.references import resolve
from planner.wording import shortened
from tools.shop import Shop

_CHOICES = 4
_WHICH = " of"
"""How a wish ends whose thing is not known yet: a number that answers it is one on the screen, and no size."""
_TITLE = 60


@dataclass(frozen=True)
class _Outcome:
    """What one command came to."""

    text: str = ""
    view: CartView | None = None
    question: bool = False
    choices: tuple[str, ...] = ()
    unfinished: Unfinished | None = None


@dataclass(frozen=True)
class CartAgent:
    """Answers ``cart`` tasks."""

    shop: Shop

    async def __call__(self, planned: Planned, task: Task, order: int) -> Spoken:
        shopper, session = shopper_of(planned), planned.session
        turn = f"turn:{planned.turn_id}:{order}:"
        # A turn that is repeated after its reply was lost means the cart as it was then: a removed line is not in the present one.
        view = await self.shop.carts.before(shopper, turn) or await self.shop.carts.view(shopper)
        outcomes: list[_Outcome] = []
        for i, command in enumerate(read_cart(completed(task.request, session), session.shown, view.lines, focus=session.focus)):
            try:
                done = await self._done(command, shopper, session, view, key=f"{turn}{i}")
            except SAID_TO_SHOPPER as exc:
                done = _Outcome(said(exc))
            view = done.view or view
            outcomes.append(done)
        return _spoken(order, outcomes, view)

    async def _done(self, command: CartCommand, shopper: Shopper, session: Session, view: CartView, *, key: str) -> _Outcome:
        match command.operation:
            case "view":
                return _Outcome(view=view)
            case "clear":
                return _Outcome("Your cart is empty now.", await self.shop.carts.clear(shopper, key=key))
            case "add":
                return await self._add(command, shopper, session, key)
        line = next((line for line in view.lines if line.line_id == command.line_id), None)
        if line is None:
            return _which_line(command, view)
        if command.operation == "remove":
            after = await self.shop.carts.remove(shopper, line.line_id, key=key)
            return _Outcome(f"Took {_name(line)} out.", after)
        if command.operation in ("quantity", "more"):
            wanted = (command.quantity or 0) + (line.quantity if command.operation == "more" else 0)
            _check_count(wanted, out="; say “remove it” to take it out" if wanted == 0 else "")
            after = await self.shop.carts.change(shopper, line.line_id, quantity=wanted, key=key)
            return _Outcome(f"Now {wanted} × {_name(line)}.", after)
        return await self._swap(command, line, shopper, key)

    async def _add(self, command: CartCommand, shopper: Shopper, session: Session, key: str) -> _Outcome:
        if command.product_id is None:
            return _which_product(command, session)
        quantity = 1 if command.quantity is None else command.quantity
        _check_count(quantity)
        product = await self.shop.carts.offers.product(command.product_id)
        variant = _variant(product, command, session)
        if isinstance(variant, _Outcome):
            return variant
        after = await self.shop.carts.add(
            shopper, product.product_id, quantity=quantity, variant_id=variant.variant_id if variant else None, key=key
        )
        return _Outcome(f"Added {quantity} × {_named(after, product, variant)}.", after)

    async def _swap(self, command: CartCommand, line: CartLineView, shopper: Shopper, key: str) -> _Outcome:
        product = await self.shop.carts.offers.product(line.product_id)
        fitting = _fitting(product.variants, command)
        if len(fitting) != 1:
            return _Outcome(f"{shortened(line.title, _TITLE)} comes in {_offered(product)}. Which one?", question=True)
        after = await self.shop.carts.change(shopper, line.line_id, variant_id=fitting[0].variant_id, quantity=command.quantity, key=key)
        return _Outcome(f"Changed it to {_named(after, product, fitting[0])}.", after)


def _check_count(quantity: int, *, out: str = "") -> None:
    if not 1 <= quantity <= MOST_PIECES:
        text = f"I can put between 1 and {MOST_PIECES} of one thing into the cart, not {quantity}{out}"
        raise BadInput(text, field="quantity", value=quantity)


def completed(message: str, session: Session) -> str:
    """The message, or what the last question was about completed by it."""
    unfinished = session.unfinished
    if unfinished is None or unfinished.kind != "cart" or (buying_kind(message, session) and count_alone(message) is None):
        return message
    size = bare_size(message)
    if size is None and (count := count_alone(message)) and unfinished.said.startswith("add "):
        return re.sub(r"^add \d+", f"add {count}", unfinished.said)
    if size and unfinished.said.endswith(_WHICH):
        return f"{unfinished.said} number {size}"
    return f"{unfinished.said} in size {size}" if size else f"{unfinished.said} {message}"


def _variant(product: Product, command: CartCommand, session: Session) -> Variant | _Outcome | None:
    """The one variant that was named; a question when there are several and none, or one that isn't there, was named."""
    if len(product.variants) <= 1:
        return product.variants[0] if product.variants else None
    if command.size is None and session.standing.size is not None:
        # The size that the shopper asked for in the search still holds; it was said, not guessed.
        command = replace(command, size=session.standing.size)
    fitting = _fitting(product.variants, command)
    if len(fitting) == 1:
        return fitting[0]
    title, offered = shortened(product.title, _TITLE), _offered(product)
    missing = command.size is not None and not fitting
    lead = f"{title} does not come in size {command.size.upper()}" if missing and command.size else f"{title} comes in several sizes"
    quantity = command.quantity or 1
    unfinished = Unfinished(kind="cart", said=f"add {quantity} of [{product.product_id}]")
    in_stock = [v for v in product.variants if v.in_stock is not False]
    choices = tuple(dict.fromkeys(f"Size {v.size}" for v in in_stock if v.size))
    return _Outcome(f"{lead}: {offered}. Which one?", question=True, choices=choices, unfinished=unfinished)


def _fitting(variants: Sequence[Variant], command: CartCommand) -> list[Variant]:
    found = list(variants)
    if command.size is not None:
        found = [v for v in found if v.size and fold_size(v.size) == fold_size(command.size)]
    colored = [v for v in found if v.color and f" {fold(v.color)} " in f" {fold(command.said)} "]
    if command.size is None and not colored:
        return []
    return colored or found


def _offered(product: Product) -> str:
    """The variants in words: what is sold out is left out."""
    there = [v for v in product.variants if v.in_stock is not False]
    # A colour that all of them have tells nothing.
    colored = len({v.color for v in there}) > 1
    words = list(dict.fromkeys(" ".join(part for part in (v.size, v.color if colored or not v.size else None) if part) for v in there))
    return ", ".join(word for word in words if word) or "no size that is in stock"


def _which_product(command: CartCommand, session: Session) -> _Outcome:
    among = command.among or session.shown[:_CHOICES]
    if not among:
        return _Outcome("I don't know what to put into the cart yet. What are you looking for?", question=True)
    unfinished = Unfinished(kind="cart", said=f"add {command.quantity or 1}{_WHICH}")
    if resolve(command.said, session.shown).missing:
        text = f"There is no such number on the screen; what I showed goes up to {len(session.shown)}."
        return _Outcome(text, question=True, unfinished=unfinished)
    quantity = f"{command.quantity} of " if command.quantity else ""
    choices = tuple(f"Add {quantity}number {p.ordinal} to the cart" for p in among[:_CHOICES])
    lead = "Which one do you mean?" if command.among else "I am not sure which one to put into the cart."
    return _Outcome(f"{lead} {_listed(among)}", question=True, choices=choices, unfinished=unfinished)


def _which_line(command: CartCommand, view: CartView) -> _Outcome:
    if not view.lines:
        return _Outcome("Your cart is empty.")
    verb = "take out" if command.operation == "remove" else "change"
    # Numbers, because two lines may differ in nothing but their colour.
    listed = list(enumerate(view.lines[:_CHOICES], 1))
    names = "; ".join(f"number {i}, {_name(line)}" for i, line in listed)
    choices = tuple(f"Remove number {i} from my cart" for i, _ in listed) if command.operation == "remove" else ()
    unfinished = Unfinished(kind="cart", said=_again(command))
    return _Outcome(f"Which one shall I {verb}? In the cart: {names}.", question=True, choices=choices, unfinished=unfinished)


def _again(command: CartCommand) -> str:
    """The command without the thing that it could not find, to be completed by the answer."""
    if command.operation == "remove":
        return "remove from my cart"
    if command.operation == "quantity":
        return f"change the quantity to {command.quantity} of"
    return f"change to size {command.size}" if command.size else command.said


def _listed(among: Sequence[ShownProduct]) -> str:
    return "; ".join(f"number {p.ordinal}, {shortened(p.title, _TITLE)}" for p in among[:_CHOICES]) + "."


def _spoken(order: int, outcomes: list[_Outcome], view: CartView) -> Spoken:
    asked = next((o for o in outcomes if o.question), None)
    parts = [o.text for o in outcomes if o.text and o is not asked]
    parts += [_changed(change_line, view) for change_line in view.changes]
    total = _total(view)
    if (asked is None or parts) and not any(total.rstrip(". now") in part for part in parts):
        parts.append(total)
    if asked is not None:
        parts.append(asked.text)
    further = ("Check out",) if view.lines and asked is None else ()
    text = " ".join(dict.fromkeys(parts)).replace("….", "…")  # a shortened name may end a sentence
    return Spoken(
        order=order, text=text, cart=document(view), suggestions=asked.choices if asked else further,
        unfinished=asked.unfinished if asked else None,
    )  # fmt: skip


def _changed(change: LineChange, view: CartView) -> str:
    line = next((line for line in view.lines if line.line_id == change.line_id), None)
    title = shortened(line.title, _TITLE) if line else "One thing"
    if change.what == "price":
        return f"The price of {title} went from {change.was} to {change.now}."
    return f"Of {title} only {change.now} are left; your cart asks for {change.was}."


def _total(view: CartView) -> str:
    pieces = sum(line.quantity for line in view.lines)
    if not pieces:
        return "Your cart is empty now."
    listed = "; ".join(f"{line.quantity} × {_name(line)} at {line.unit_price}" for line in view.lines[:6])
    more = f" and {len(view.lines) - 6} more" if len(view.lines) > 6 else ""
    return f"In your cart: {listed}{more}. Together {view.subtotal}."


def _named(view: CartView, product: Product, variant: Variant | None) -> str:
    """The cart's line of this very thing, by name; a repeated turn may find that it has left the cart."""
    sku = (product.product_id, variant.variant_id if variant else None)
    line = next((line for line in view.lines if (line.product_id, line.variant_id) == sku), None)
    return _name(line) if line else shortened(product.title, _TITLE)


def _name(line: CartLineView) -> str:
    options = ", ".join(f"{name} {value}" for name, value in line.options.items())
    title = shortened(line.title, _TITLE)
    return f"{title} ({options})" if options else title
