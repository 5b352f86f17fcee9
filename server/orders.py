"""What became of an order, and what can still be done? Reading, cancelling, changing, returning, exchanging; the warehouse."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from domain.document import Document
from domain.order import Order, OrderLine
from domain.pending import CancelOrder, Command, ExchangeLines, LineQuantity, LineSwap, ModifyOrder, ReturnLines
from domain.shop_views import OrderView, PendingView
from domain.shopper import Shopper
from server.auth import require_key
from server.openapi import problems
from server.shopping import AddressBody, CurrentShop, CurrentShopper, Id, Key, PaymentBody, Quantity
from tools.proposals import ORIGINAL
from tools.shop import Shop

router = APIRouter(tags=["orders"])
_CONFLICT = problems(409)
_MOST_LINES = 50


class OrderList(Document):
    orders: tuple[OrderView, ...]
    next_cursor: str | None


class Cancellation(Document):
    reason: Literal["no longer needed", "ordered by mistake", "other"]


class ReturnedLine(Document):
    """Without ``quantity``, all that can still come back."""

    line_id: Id
    quantity: Quantity | None = None


class SwappedLine(Document):
    """``variant_id`` of the same product; ``product_id`` too where another colour is a product of its own."""

    line_id: Id
    variant_id: Id | None = None
    product_id: Id | None = None
    quantity: Quantity | None = None

    @model_validator(mode="after")
    def _says_what(self) -> "SwappedLine":
        if self.variant_id is None and self.product_id is None:
            raise ValueError("name variant_id, product_id or both")
        return self


class Return(Document):
    """``refund_to``: "original", "store_credit", or a way to pay of the account that paid."""

    lines: Annotated[tuple[ReturnedLine, ...], Field(min_length=1, max_length=_MOST_LINES)]
    refund_to: Id = ORIGINAL


class Exchange(Document):
    """``payment`` is charged, or gets back, a difference; left out, it is the order's."""

    lines: Annotated[tuple[SwappedLine, ...], Field(min_length=1, max_length=_MOST_LINES)]
    payment: PaymentBody | None = None


class Modification(Document):
    """``payment`` with lines or an address says where a difference is charged; alone, it pays the order instead."""

    address: AddressBody | None = None
    lines: Annotated[tuple[SwappedLine, ...], Field(max_length=_MOST_LINES)] = ()
    payment: PaymentBody | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Modification":
        if not (self.address or self.lines or self.payment):
            raise ValueError("name address, lines or payment")
        return self


class ReceivedLine(Document):
    """``return_id``, as the order's ``returns`` name it, may be left out where a line has only one return."""

    line_id: Id
    return_id: Id | None = None
    state: Literal["received"]


class Report(Document):
    """What the warehouse reports: the order's new state, or a return that has arrived."""

    state: Literal["shipped", "delivered"] | None = None
    tracking: Annotated[str | None, Field(strict=True, max_length=200)] = None
    returned: Annotated[ReceivedLine | None, Field(alias="return")] = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Report":
        if (self.state is None) == (self.returned is None):
            raise ValueError("name either state or return")
        return self


@router.get("/orders", response_model=OrderList)
async def orders(
    shop: CurrentShop, shopper: CurrentShopper, limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> OrderList:  # fmt: skip
    """The shopper's orders, newest first."""
    page, following = await shop.orders.of(shopper, limit=limit, cursor=cursor)
    return OrderList(orders=tuple(OrderView.of(order) for order in page), next_cursor=following)


@router.get("/orders/{order_id}", response_model=OrderView)
async def order(shop: CurrentShop, shopper: CurrentShopper, order_id: str) -> OrderView:
    """One of the shopper's orders; another's is 404."""
    return OrderView.of(await shop.orders.get(shopper, order_id))


@router.patch("/orders/{order_id}", status_code=202, response_model=PendingView, responses=_CONFLICT)
async def modify(shop: CurrentShop, shopper: CurrentShopper, order_id: str, body: Modification, key: Key) -> PendingView:
    """Proposes a change of address, items or payment, before the order ships."""
    return await _proposed(
        shop, shopper, order_id, body, key,
        lambda found: ModifyOrder(
            order_id=order_id, address=body.address.plain() if body.address else None, lines=_swaps(found, body.lines),
            method_id=body.payment.method_id if body.payment else None,
        ),
    )  # fmt: skip


@router.post("/orders/{order_id}/cancel", status_code=202, response_model=PendingView, responses=_CONFLICT)
async def cancel(shop: CurrentShop, shopper: CurrentShopper, order_id: str, body: Cancellation, key: Key) -> PendingView:
    """Proposes to cancel, before the order ships."""
    return await _proposed(shop, shopper, order_id, body, key, lambda _: CancelOrder(order_id=order_id, reason=body.reason))


@router.post("/orders/{order_id}/returns", status_code=202, response_model=PendingView, responses=_CONFLICT)
async def return_(shop: CurrentShop, shopper: CurrentShopper, order_id: str, body: Return, key: Key) -> PendingView:
    """Proposes to send things back, once they are delivered."""
    return await _proposed(
        shop, shopper, order_id, body, key,
        lambda found: ReturnLines(order_id=order_id, lines=_returned(found, body.lines), refund_to=body.refund_to),
    )  # fmt: skip


@router.post("/orders/{order_id}/exchanges", status_code=202, response_model=PendingView, responses=_CONFLICT)
async def exchange(shop: CurrentShop, shopper: CurrentShopper, order_id: str, body: Exchange, key: Key) -> PendingView:
    """Proposes to exchange things for others of the same kind, once they are delivered."""
    method_id = body.payment.method_id if body.payment else ORIGINAL
    return await _proposed(
        shop, shopper, order_id, body, key,
        lambda found: ExchangeLines(order_id=order_id, lines=_swaps(found, body.lines), method_id=method_id),
    )  # fmt: skip


@router.post("/orders/{order_id}/events", response_model=OrderView, dependencies=[require_key("merchant")], responses=problems(403, 409))
async def report(shop: CurrentShop, order_id: str, body: Report, key: Key) -> OrderView:
    """The warehouse reports; a repeated report changes nothing. 409 when a line has several returns and none was named."""
    if body.returned is not None:
        back = body.returned
        return OrderView.of(await shop.orders.received(order_id, back.line_id, return_id=back.return_id, key=key))
    if body.state == "shipped":
        return OrderView.of(await shop.orders.shipped(order_id, tracking=body.tracking))
    return OrderView.of(await shop.orders.delivered(order_id))


async def _proposed(
    shop: Shop, shopper: Shopper, order_id: str, body: Document, key: str | None, command: Callable[[Order], Command]
) -> PendingView:
    """A repeated key is answered before the order is read: what the body leaves open may be worked out differently by now."""
    asked = [type(body).__name__, order_id, body.model_dump(mode="json")]
    known = await shop.consent.proposed(shopper, key, asked)
    if known is not None:
        return known
    found = await shop.orders.get(shopper, order_id)
    return await shop.consent.propose(shopper, command(found), key=key, asked=asked)


def _returned(order: Order, lines: Sequence[ReturnedLine]) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(line_id=part.line_id, quantity=_quantity(order.line(part.line_id), part.quantity)) for part in lines)


def _swaps(order: Order, lines: Sequence[SwappedLine]) -> tuple[LineSwap, ...]:
    return tuple(_swap(order.line(part.line_id), part) for part in lines)


def _swap(line: OrderLine, part: SwappedLine) -> LineSwap:
    product_id = part.product_id or line.product_id
    return LineSwap(line_id=part.line_id, quantity=_quantity(line, part.quantity), product_id=product_id, variant_id=part.variant_id)


def _quantity(line: OrderLine, asked: int | None) -> int:
    """All that can still come back when no number was named; at least one, so that the policy says why it can't."""
    return asked if asked is not None else max(line.returnable, 1)
