"""What do payment providers tell us by themselves? POST /webhooks/{provider}: signature checked, replays ignored."""

from fastapi import APIRouter, Request

from domain.document import Document
from server.openapi import problems
from server.shopping import CurrentShop

router = APIRouter(tags=["webhooks"])


class Heard(Document):
    """``new`` is false for a notice that was heard before."""

    new: bool


@router.post("/webhooks/{provider}", response_model=Heard, responses=problems(403))
async def heard(request: Request, shop: CurrentShop, provider: str) -> Heard:
    """Takes a notice; 403 when its signature does not hold. What counts is what the provider answers when asked."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Heard(new=await shop.settlement.heard(provider, headers, await request.body()))
