"""How is an order placed over HTTP? POST /checkout proposes, POST /pending/{id} answers."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import StrictBool

from domain.document import Document
from domain.pending import Action
from domain.shop_views import OrderView, PendingView, document
from server.auth import CurrentSession
from server.learning import learned
from server.openapi import problems
from server.services import services
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


class Accepted(Document):
    """What a yes came to that no order comes of: a changed default address."""

    pending_id: str
    action: Action


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The order; for a changed default address, which no order comes of, `pending_id` and `action`"},
    204: {"description": "Declined"},
}


@router.post("/pending/{pending_id}", response_model=OrderView, responses={**_ANSWERS, **problems(409)})
async def answer(
    request: Request, session: CurrentSession, shop: CurrentShop, shopper: CurrentShopper, pending_id: str, body: Answer, key: Key
) -> Response:
    """Does what was proposed, once; or ends it. 409 when it expired, was answered, or something has changed since."""
    answered = await shop.consent.answer(shopper, pending_id, accept=body.accept, key=key)
    if answered.pending.state == "declined":
        return Response(status_code=204)
    if answered.order is None:
        accepted = Accepted(pending_id=pending_id, action=answered.pending.command.action)
        return JSONResponse(accepted.model_dump(mode="json"))
    learner = services(request).learner
    if learner is not None:
        await learned(learner.order(session, answered.order))
    return JSONResponse(document(OrderView.of(answered.order)))
