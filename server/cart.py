"""What is in the shopper's cart, and how does it change? GET and DELETE /cart, and its lines."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, model_validator

from domain.document import Document
from domain.shop_views import CartView
from server.openapi import problems
from server.shopping import CurrentShop, CurrentShopper, Id, Key, Quantity

router = APIRouter(tags=["cart"])


class NewLine(Document):
    """``variant_id`` is needed where a product comes in several sizes or colours."""

    product_id: Id
    quantity: Annotated[Quantity, Field(default=1)] = 1
    variant_id: Id | None = None


class ChangedLine(Document):
    """A new quantity, another variant of the same product, or both."""

    quantity: Quantity | None = None
    variant_id: Id | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "ChangedLine":
        if self.quantity is None and self.variant_id is None:
            raise ValueError("name quantity, variant_id or both")
        return self


@router.get("/cart", response_model=CartView)
async def view(shop: CurrentShop, shopper: CurrentShopper) -> CartView:
    """The cart at present prices, with what changed since the shopper last changed it."""
    return await shop.carts.view(shopper)


@router.post("/cart/lines", response_model=CartView, responses=problems(404, 409))
async def add(shop: CurrentShop, shopper: CurrentShopper, body: NewLine, key: Key) -> CartView:
    """Adds pieces; 409 when fewer are left."""
    return await shop.carts.add(shopper, body.product_id, quantity=body.quantity, variant_id=body.variant_id, key=key)


@router.patch("/cart/lines/{line_id}", response_model=CartView, responses=problems(409))
async def change(shop: CurrentShop, shopper: CurrentShopper, line_id: str, body: ChangedLine, key: Key) -> CartView:
    """Changes a line; 409 when fewer pieces are left than asked for."""
    return await shop.carts.change(shopper, line_id, quantity=body.quantity, variant_id=body.variant_id, key=key)


@router.delete("/cart/lines/{line_id}", response_model=CartView)
async def remove(shop: CurrentShop, shopper: CurrentShopper, line_id: str, key: Key) -> CartView:
    """Takes a line out."""
    return await shop.carts.remove(shopper, line_id, key=key)


@router.delete("/cart", response_model=CartView)
async def clear(shop: CurrentShop, shopper: CurrentShopper, key: Key) -> CartView:
    """Takes everything out."""
    return await shop.carts.clear(shopper, key=key)
