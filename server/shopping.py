"""Who shops with this request, and in which shop? What the routes of cart, checkout and orders share."""

from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import Field

from domain.address import Address
from domain.document import Document
from domain.errors import BadInput, NotBuilt
from domain.session import Session
from domain.shopper import Shopper
from server.auth import CurrentSession
from server.services import ServerServices, services
from tools.shop import Shop

_KEY_LENGTH = 200


def shop_of(request: Request) -> Shop:
    """The shop behind this server; NotBuilt where it has none."""
    return opened_shop(services(request))


def opened_shop(own: ServerServices) -> Shop:
    if own.shop is None:
        raise NotBuilt("this server has no shop: products can be found here, not ordered")
    return own.shop


def shopper_of(session: Session) -> Shopper:
    """Identity comes from the session and from nothing else."""
    return Shopper(session_id=session.session_id, customer_id=session.customer_id)


def current_shopper(session: CurrentSession) -> Shopper:
    return shopper_of(session)


def idempotency_key(
    key: Annotated[str | None, Header(alias="Idempotency-Key", description="The same key and body give the first answer again")] = None,
) -> str | None:
    """The key, marked as a client's, so that it can never be one that a chat turn made."""
    if key is None:
        return None
    if not key.strip() or len(key) > _KEY_LENGTH:
        raise BadInput(f"Idempotency-Key must have 1 to {_KEY_LENGTH} characters", field="Idempotency-Key", value=key[:50])
    return f"http:{key}"


CurrentShopper = Annotated[Shopper, Depends(current_shopper)]
CurrentShop = Annotated[Shop, Depends(shop_of)]
Key = Annotated[str | None, Depends(idempotency_key)]
Quantity = Annotated[int, Field(strict=True, ge=1, le=99)]
Id = Annotated[str, Field(strict=True, min_length=1, max_length=512)]


class PaymentBody(Document):
    """``method_id`` is one of the account's ways to pay, "store_credit", or the shop's own default."""

    method_id: Id


class AddressBody(Address):
    """The same fields, none of another type."""

    model_config = Document.model_config | {"strict": True}

    def plain(self) -> Address:
        return Address.model_validate(self.model_dump())
