"""How is an order placed in the chat? Proposed with a summary, placed after a yes."""

from dataclasses import dataclass

from agents.consent import SAID_TO_SHOPPER, ConsentTalk, asking, asks_to_buy, is_answer, said, shopper_of
from agents.state import Spoken
from domain.plan import Task
from domain.shopper import STORE_CREDIT
from domain.turn import Planned
from planner.order_reading import pays_with_credit, read_address


@dataclass(frozen=True)
class CheckoutAgent:
    """Answers ``checkout`` tasks."""

    talk: ConsentTalk

    async def __call__(self, planned: Planned, task: Task, order: int) -> Spoken:
        # "Buy it now" is a yes to what waits; where nothing does, it asks for an order to be proposed.
        if is_answer(planned.message) and not (asks_to_buy(planned.message) and await self.talk.waits(planned) is None):
            return await self.talk.answered(planned, order)
        try:
            pending = await self.talk.shop.consent.propose_checkout(
                shopper_of(planned), address=read_address(planned.message), key=f"turn:{planned.turn_id}:{order}",
                method_id=STORE_CREDIT if pays_with_credit(planned.message) else None,
            )  # fmt: skip
        except SAID_TO_SHOPPER as exc:
            return Spoken(order=order, text=said(exc))
        return asking(order, pending)
