"""How does anything that moves money come to be done? Proposed with a summary, held for a while, done after one explicit yes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from domain.address import Address
from domain.commerce_ports import ShopStore, ShopTransaction
from domain.errors import BadInput, Conflict, NotFound
from domain.offer import Offer, Sku
from domain.order import Order
from domain.order_changes import Changes
from domain.pending import Command, Pending, PlaceOrder, fingerprint
from domain.ports import Clock
from domain.shop_views import PendingView
from domain.shopper import Shopper
from tools.cart import again_on_conflict
from tools.offers import OfferBook
from tools.proposals import Proposals, WorkedOut
from tools.settlement import Settlement, nothing, settle_credit

FAILPOINTS = ("accept.before_commit", "accept.after_commit")


@dataclass(frozen=True)
class Answered:
    """What an answer to a proposal came to."""

    pending: Pending
    order: Order | None


@dataclass(frozen=True)
class Consent:
    """Proposals and answers to them. Nothing that moves money or changes an order is done anywhere else for a shopper."""

    store: ShopStore
    offers: OfferBook
    proposals: Proposals
    settlement: Settlement
    clock: Clock
    new_id: Callable[[], str]
    failpoint: Callable[[str], None] = field(default=nothing)

    async def propose_checkout(
        self, shopper: Shopper, *, address: Address | None = None, method_id: str | None = None, key: str | None = None
    ) -> PendingView:
        """An order of what is in the cart. Left out, address and payment are the account's, else the demo's where it pays."""
        asked = ["checkout", address.model_dump(mode="json") if address else None, method_id]
        if known := await self.proposed(shopper, key, asked):
            return known
        async with self.store.reading() as tx:
            account = await tx.accounts.load(shopper.owner)
            method = await self.proposals.method(tx, shopper.owner, method_id)
        where = address or (account.address if account else None)
        if where is None and self._demo_pays():
            where = self.proposals.policy.demo.address
        if where is None:
            raise BadInput("no address is known yet; send address", field="address")
        return await self.propose(shopper, PlaceOrder(address=where, method_id=method.method_id), key=key, asked=asked)

    async def proposed(self, shopper: Shopper, key: str | None, asked: Any) -> PendingView | None:
        """The first answer to this key, before anything is looked up. Conflict when it was used to ask for something else."""
        if key is None:
            return None
        async with self.store.reading() as tx:
            known = await tx.keys.answer(shopper.session_id, key, fingerprint(["propose", asked]))
        return PendingView.model_validate(known) if known else None

    async def propose(self, shopper: Shopper, command: Command, *, key: str | None = None, asked: Any = None) -> PendingView:
        """Holds the command for a yes, and does nothing. Conflict or NotFound when it is not allowed.

        ``asked`` is the request as it came, where the command was worked out from it: what a repeated key is compared by.
        """

        async def write() -> PendingView:
            offers = await self._offers(shopper, command)
            async with self.store.writing() as tx:
                return await self._propose(tx, shopper, command, offers, key, asked or command.model_dump(mode="json"))

        return await again_on_conflict(write)

    async def waiting(self, shopper: Shopper) -> PendingView | None:
        """What waits for this session's yes and has not expired."""
        async with self.store.reading() as tx:
            found = await tx.pending.waiting(shopper.session_id)
        return PendingView.of(found) if found and self.clock.now() < found.expires_at else None

    async def asked(self, shopper: Shopper, key: str | None = None) -> PendingView | None:
        """What this session was asked last and has not answered, expired or not; what was answered under ``key`` first of all."""
        async with self.store.reading() as tx:
            known = await tx.keys.answer(shopper.session_id, key, None) if key else None
            found = await (tx.pending.load(known["pending_id"]) if known else tx.pending.waiting(shopper.session_id))
        return PendingView.of(found) if found else None

    async def answered(self, shopper: Shopper, key: str) -> Answered | None:
        """What an answer under this key came to, settled on where it was cut off; None for a new key."""
        async with self.store.reading() as tx:
            known = await tx.keys.answer(shopper.session_id, key, None)
            found = await self._known(tx, known) if known else None
        return await self._settled(found) if found else None

    async def answer(self, shopper: Shopper, pending_id: str, *, accept: bool, key: str | None = None) -> Answered:
        """Yes: done once, and settled as far as the provider lets it. No: ended, the cart is kept.

        NotFound for another session's; Conflict when it has expired, was answered, or no longer describes what is.
        """

        print_ = fingerprint(["answer", pending_id, accept])

        async def write() -> tuple[Answered, bool]:
            async with self.store.reading() as tx:
                known = await tx.keys.answer(shopper.session_id, key, print_) if key else None
                if known is not None:
                    return await self._known(tx, known), False
            offers = await self._offers_of(shopper, pending_id)
            async with self.store.writing() as tx:
                answered = await self._answer(tx, shopper, pending_id, accept, key, offers)
                if accept:
                    self.failpoint("accept.before_commit")
            return answered

        answered, fresh = await again_on_conflict(write)
        if fresh and accept:
            self.failpoint("accept.after_commit")
        # Also for a repeated request: the first may have been cut off before it settled.
        return await self._settled(answered)

    # ---- parts

    async def _propose(
        self, tx: ShopTransaction, shopper: Shopper, command: Command, offers: dict[Sku, Offer], key: str | None, asked: Any
    ) -> PendingView:
        print_ = fingerprint(["propose", asked])
        known = await tx.keys.answer(shopper.session_id, key, print_) if key else None
        if known is not None:
            return PendingView.model_validate(known)
        now = self.clock.now()
        worked = await self._work_out(tx, shopper, command, offers)
        pending = Pending(
            pending_id=self.new_id(), session_id=shopper.session_id, owner=shopper.owner, command=command, summary=worked.summary,
            totals=worked.totals, fingerprint=worked.fingerprint, order_id=worked.before.order_id if worked.before else None,
            expires_at=now + timedelta(minutes=self.proposals.policy.consent_minutes),
        )  # fmt: skip
        await tx.pending.add(pending)
        view = PendingView.of(pending)
        if key:
            await tx.keys.store(shopper.session_id, key, print_, view.model_dump(mode="json"), at=now)
        return view

    async def _answer(
        self, tx: ShopTransaction, shopper: Shopper, pending_id: str, accept: bool, key: str | None, offers: dict[Sku, Offer]
    ) -> tuple[Answered, bool]:
        pending = await self._mine(tx, shopper, pending_id)
        print_ = fingerprint(["answer", pending_id, accept])
        known = await tx.keys.answer(shopper.session_id, key, print_) if key else None
        if known is not None:
            return await self._known(tx, known), False
        now = self.clock.now()
        pending.check_open(now)
        order = await self._do(tx, shopper, pending, offers) if accept else None
        answered = pending.model_copy(
            update={"state": "accepted" if accept else "declined", "order_id": order.order_id if order else pending.order_id}
        )
        await tx.pending.answer(answered)
        if key:
            done = {"pending_id": pending_id, "order_id": order.order_id if order else None}
            await tx.keys.store(shopper.session_id, key, print_, done, at=now)
        return Answered(answered, order), True

    async def _known(self, tx: ShopTransaction, stored: dict[str, Any]) -> Answered:
        pending = await tx.pending.load(stored["pending_id"])
        if pending is None:
            raise NotFound(f"there is no proposal {stored['pending_id']!r}")
        return Answered(pending, await tx.orders.load(stored["order_id"]) if stored["order_id"] else None)

    async def _settled(self, answered: Answered) -> Answered:
        if answered.order is None:
            return answered
        return Answered(answered.pending, await self.settlement.settle(answered.order.order_id))

    async def _do(self, tx: ShopTransaction, shopper: Shopper, pending: Pending, offers: dict[Sku, Offer]) -> Order | None:
        worked = await self._work_out(tx, shopper, pending.command, offers, still=True)
        pending.check_same(worked.fingerprint)
        await tx.stock.sync(offers.values())
        order = None
        if worked.events:
            order = await tx.orders.append(worked.before, worked.events)
            order = await settle_credit(tx, order, self.clock.now(), self.new_id)
            if order.state == "cancelled" and worked.before is None:
                raise Conflict("The store credit no longer covers it, so nothing was done.")
        if worked.cart is not None:
            await tx.carts.save(worked.cart)
        if worked.account is not None:
            await tx.accounts.save(worked.account)
        return order

    async def _work_out(
        self, tx: ShopTransaction, shopper: Shopper, command: Command, offers: dict[Sku, Offer], *, still: bool = False
    ) -> WorkedOut:
        try:
            return await self.proposals.work_out(tx, shopper, command, offers, Changes(self.clock.now(), self.new_id))
        except (Conflict, NotFound) as exc:
            if not still:
                raise
            # What was allowed when it was proposed and is not any more: said as what it is, a change in between.
            raise Conflict(f"Something has changed since I asked, so nothing was done: {exc}") from exc

    async def _mine(self, tx: ShopTransaction, shopper: Shopper, pending_id: str) -> Pending:
        pending = await tx.pending.load(pending_id)
        if pending is None or pending.session_id != shopper.session_id:
            raise NotFound(f"there is no proposal {pending_id!r}")
        return pending

    async def _offers(self, shopper: Shopper, command: Command) -> dict[Sku, Offer]:
        async with self.store.reading() as tx:
            skus = await self.proposals.skus(tx, shopper, command)
        return await self.offers.of(skus)

    async def _offers_of(self, shopper: Shopper, pending_id: str) -> dict[Sku, Offer]:
        async with self.store.reading() as tx:
            pending = await self._mine(tx, shopper, pending_id)
        return await self._offers(shopper, pending.command)

    def _demo_pays(self) -> bool:
        return self.proposals.policy.demo.method in self.proposals.methods
