"""What does a conversation teach of a signed-in customer? Statements, clicks, thumbs and purchases, into the profile.

Nothing is learned from anonymous or opted-out customers, nor while somebody shops for another person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from domain.errors import Conflict
from domain.feedback import Feedback
from domain.order import Order
from domain.ports import Clock, ProductSource, Profiles
from domain.profile import Action, Profile, ProfileFact, Signal
from domain.reply import Reply
from domain.session import Session
from planner.lasting import Lasting, lasting_statements
from planner.lexicon import Lexicon
from tools.profiling import noticed, traits_of

_TRIES = 8
"""Writers of one profile at once, of which the last still gets its turn."""


@dataclass(frozen=True)
class ProfileLearner:
    """Every change is made to the profile as it stands, again when another writer was first: no update is lost."""

    profiles: Profiles
    source: ProductSource
    lexicon: Callable[[], Lexicon]
    clock: Clock

    async def turn(self, session: Session, message: str, reply: Reply) -> None:
        """From a finished turn; ``session`` as it stands after it. Raises Unavailable and Conflict."""
        customer = _learnable(session)
        if customer is None:
            return
        said = lasting_statements(message, self.lexicon(), subject=_kind_shown(reply))
        order = reply.order if reply.order and reply.order["state"] != "cancelled" else None
        if not said and order is None:
            return
        bought = [] if order is None else _lines(order)
        await self._change(
            customer, said, await self._signals("purchase", bought, at=self._now()),
            before=None if order is None else datetime.fromisoformat(order["created_at"]),
        )  # fmt: skip

    async def feedback(self, session: Session, said: Feedback) -> None:
        """From a signal about a product of a turn; one about the turn as a whole teaches no taste."""
        customer, action = _learnable(session), _action_of(said)
        if customer is None or action is None or said.product_id is None:
            return
        key = f"{said.turn_id}:{action}:{said.product_id}"
        await self._change(customer, (), await self._signals(action, [(key, said.product_id, None)], at=said.at))

    async def order(self, session: Session, order: Order) -> None:
        """From an order that was placed."""
        customer = _learnable(session)
        if customer is None or order.state == "cancelled":
            return
        lines = [(f"{order.order_id}:{line.line_id}", line.product_id, line.options.get("size")) for line in order.lines]
        await self._change(customer, (), await self._signals("purchase", lines, at=order.created_at), before=order.created_at)

    async def _signals(self, action: Action, deeds: Sequence[tuple[str, str, str | None]], *, at: datetime) -> list[Signal]:
        """Of those products that the catalogue knows; ``deeds`` are key, product and size."""
        if not deeds:
            return []
        known = {p.product_id: p for p in await self.source.products([product_id for _, product_id, _ in deeds])}
        return [
            Signal(
                key=key, action=action, on=at.date(), traits=traits_of(known[product_id], size=size),
                price=float(price.amount) if (price := known[product_id].price) else None,
            )
            for key, product_id, size in deeds
            if product_id in known
        ]  # fmt: skip

    async def _change(self, customer: str, said: Sequence[Lasting], deeds: Sequence[Signal], *, before: datetime | None = None) -> None:
        for attempt in range(_TRIES):
            profile = await self.profiles.load(customer) or Profile(customer_id=customer)
            # An order that was placed before the customer had the profile forgotten is not learned from again.
            forgotten = before is not None and profile.forgotten_at is not None and before <= profile.forgotten_at
            changed = _with(profile, said, () if forgotten else deeds, today=self._now().date())
            if not profile.learning or changed == profile:
                return
            try:
                await self.profiles.save(changed)
            except Conflict:
                if attempt == _TRIES - 1:
                    raise
            else:
                return

    def _now(self) -> datetime:
        return self.clock.now()


def _with(profile: Profile, said: Sequence[Lasting], deeds: Sequence[Signal], *, today: date) -> Profile:
    evidence = f"you said so on {today.isoformat()}"
    facts = [ProfileFact(kind=s.kind, value=s.value, weight=1.0, evidence=evidence) for s in said if s.kind != "size"]
    sizes = {thing: size for s in said if s.kind == "size" for thing, _, size in [s.value.rpartition(" ")]}
    changed = profile.told(*facts).did(*deeds)
    if changed.signals != profile.signals:
        changed = changed.model_copy(update={"noticed": noticed(changed.signals, today=today)})
    return changed.model_copy(update={"sizes": {**changed.sizes, **sizes}}) if sizes else changed


def _learnable(session: Session) -> str | None:
    """Whose taste the session speaks of; None where there is nobody to learn about."""
    return None if session.recipient else session.customer_id


def _kind_shown(reply: Reply) -> str | None:
    """What a bare "I'm a size 10" speaks of: the one kind of thing that the turn shows."""
    kinds = {section.category.casefold() for section in reply.sections}
    return kinds.pop() if len(kinds) == 1 else None


def _lines(order: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(f"{order['order_id']}:{line['line_id']}", line["product_id"], line["options"].get("size")) for line in order["lines"]]


def _action_of(said: Feedback) -> Action | None:
    if said.kind == "thumb":
        return "thumb_up" if said.value == 1 else "thumb_down"
    return said.kind
