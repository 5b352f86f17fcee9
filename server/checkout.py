"""How is an order placed over HTTP? POST /checkout proposes, POST /pending/{id} answers."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import StrictBool

from domain.document import Document
from domain.shop_views import OrderView, PendingView, document
from server.openapi import problems
from server.shopping import AddressBody, CurrentShop, CurrentShopper, Key, PaymentBody

router = APIRouter(tags=["checkout"])


class Checkout(Document):
    """Left out, address and payment are the account's; in the demo, the demo's."""

    address: AddressBody | None = None
    payment: PaymentBody | None = None


class Answer(Document):
    accept: StrictBool


@router.post("/checkout", status_code=202, response_model=PendingView, responses=problems(409))
async def checkout(shop: CurrentShop, shopper: CurrentShopper, key: Key, body: Checkout | None = None) -> PendingView:
    """Proposes an order of the cart, and does nothing: the answer's ``pending_id`` waits for a yes."""
    asked = body or Checkout()
    return await shop.consent.propose_checkout(
        shopper, address=asked.address.plain() if asked.address else None,
        method_id=asked.payment.method_id if asked.payment else None, key=key,
    )  # fmt: skip


@router.post("/pending/{pending_id}", response_model=OrderView, responses={204: {"description": "Declined"}, **problems(409)})
async def answer(shop: CurrentShop, shopper: CurrentShopper, pending_id: str, body: Answer, key: Key) -> Response:
    """Does what was proposed, once; or ends it. 409 when it expired, was answered, or something has changed since."""
    answered = await shop.consent.answer(shopper, pending_id, accept=body.accept, key=key)
    if answered.order is None:
        return Response(status_code=204)
    return JSONResponse(document(OrderView.of(answered.order)))
