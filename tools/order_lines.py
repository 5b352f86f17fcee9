"""Which lines does an order get out of a cart or a swap, and can they be had? What placing, changing and exchanging share."""

from collections.abc import Iterable

from domain.cart import Cart
from domain.commerce_ports import ShopTransaction
from domain.errors import Conflict, NotFound
from domain.money import Money
from domain.offer import Offer, Sku
from domain.order import OrderLine
from domain.pending import LineSwap


async def check_stock(tx: ShopTransaction, wanted: list[tuple[Sku, str, int]], offers: dict[Sku, Offer]) -> None:
    """Conflict, naming the thing, when it is no longer sold or too few are left."""
    available = await tx.stock.available(offers.values())
    for sku, name, pieces in wanted:
        offer = offers.get(sku)
        if offer is None or offer.price is None:
            raise Conflict(f"{name} is no longer sold; take it out of the cart")
        left = available.get(sku)
        if left is not None and left < pieces:
            raise Conflict(f"{name} is sold out" if left <= 0 else f"only {left} of {name} are left, not {pieces}")


def ordered_lines(cart: Cart, offers: dict[Sku, Offer], shipping: Money) -> tuple[OrderLine, ...]:
    """The lines of an order of this cart, at present prices; the tax comes later."""
    return tuple(
        OrderLine(
            line_id=line.line_id, product_id=line.product_id, variant_id=line.variant_id, title=line.title, options=line.options,
            product_type=offers[line.sku].product_type, quantity=line.quantity, unit_price=line.unit_price,
            tax=Money(minor=0, currency=shipping.currency),
        )
        for line in cart.lines
    )  # fmt: skip


def line_of(offer: Offer, line: OrderLine, quantity: int) -> OrderLine:
    """The line with another thing in it; Conflict when that is sold in another currency."""
    assert offer.price is not None
    if offer.price.currency != line.unit_price.currency:
        raise Conflict(f"{offer.name} is sold in {offer.price.currency}, the order is in {line.unit_price.currency}")
    return line.model_copy(
        update={
            "product_id": offer.product_id, "variant_id": offer.variant_id, "title": offer.title, "options": offer.options,
            "product_type": offer.product_type, "quantity": quantity, "unit_price": offer.price,
        }
    )  # fmt: skip


def offered(offers: dict[Sku, Offer], swap: LineSwap) -> Offer:
    """What a swap asks for; NotFound when there is no such thing, Conflict when it has no price."""
    offer = offers.get(Sku(swap.product_id, swap.variant_id or ""))
    if offer is None:
        raise NotFound(f"there is no product {swap.product_id!r} in the variant {swap.variant_id!r}")
    if offer.price is None:
        raise Conflict(f"{offer.name} has no price at the moment and cannot be ordered")
    return offer


def per_line(parts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Pieces by line, where a line is named more than once."""
    found: dict[str, int] = {}
    for line_id, quantity in parts:
        found[line_id] = found.get(line_id, 0) + quantity
    return found
