"""What was learned about the customer, and how do they correct or forget it? GET, PATCH and DELETE /profile."""

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field, model_validator

from domain.address import Address
from domain.document import Document
from domain.errors import AisleError, BadInput, Conflict, NotFound
from domain.ports import Profiles
from domain.profile import FactKind, Profile, ProfileFact
from domain.session import Session
from server.auth import CurrentSession
from server.openapi import problems
from server.services import ServerServices, services
from server.shopping import AddressBody, opened_shop, shopper_of

router = APIRouter(tags=["profile"])
_TRIES = 5
_Word = Annotated[str, Field(strict=True, min_length=1, max_length=60)]


class FactView(Document):
    """``id`` is what PATCH's ``remove`` takes."""

    id: str
    kind: FactKind
    value: str
    weight: float
    evidence: str

    @classmethod
    def of(cls, fact: ProfileFact) -> "FactView":
        return cls(id=fact.id, kind=fact.kind, value=fact.value, weight=fact.weight, evidence=fact.evidence)


class ProfileView(Document):
    learning: Literal["on", "off"]
    summary: str
    """What the assistant is told; empty while learning is off."""
    facts: tuple[FactView, ...]
    sizes: dict[str, str]
    address: Address | None


class Correction(Document):
    """Any of: sizes by kind of thing (null strikes one out), the default address, facts to remove by id, learning on or off."""

    sizes: dict[_Word, _Word | None] | None = Field(default=None, max_length=50)
    address: AddressBody | None = None
    remove: Annotated[tuple[Annotated[str, Field(strict=True, max_length=300)], ...], Field(max_length=100)] = ()
    learning: Literal["on", "off"] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Correction":
        if self.sizes is None and self.address is None and not self.remove and self.learning is None:
            raise ValueError("name sizes, address, remove or learning")
        return self


@router.get("/profile", response_model=ProfileView, responses=problems(404))
async def show(request: Request, session: CurrentSession) -> ProfileView:
    """What is known, strongest first, each fact with its evidence."""
    own = services(request)
    return await _view(own, session, await _profile(own, session))


@router.patch("/profile", response_model=ProfileView, responses=problems(404, 409))
async def correct(request: Request, body: Correction, session: CurrentSession) -> ProfileView:
    """Corrects it. What was struck out stays out when profiles are built anew."""
    own = services(request)
    addresses = opened_shop(own).addresses if body.address else None
    if addresses and body.address:
        # Before anything is written: an address that is refused leaves the rest as it was.
        addresses.check(body.address.plain())
    before, profile = await _changed(own, session, lambda profile: _corrected(profile, body))
    if addresses and body.address:
        try:
            await addresses.change(shopper_of(session), body.address.plain())
        except AisleError:
            await _taken_back(own, before, profile)
            raise
    return await _view(own, session, profile)


@router.delete("/profile", status_code=204, responses=problems(404))
async def forget(request: Request, session: CurrentSession) -> None:
    """Forgets all of it, and never learns again from what was bought until now. Whether learning is on stays as it is."""
    own = services(request)
    at = own.clock.now()
    await _changed(own, session, lambda p: Profile(customer_id=p.customer_id, version=p.version, learning=p.learning, forgotten_at=at))


def _store(own: ServerServices) -> Profiles:
    if own.profiles is None:
        raise NotFound("this server keeps no profiles")
    return own.profiles


async def _profile(own: ServerServices, session: Session) -> Profile:
    if session.customer_id is None:
        raise NotFound("this session is anonymous: nothing is learned beyond it")
    return await _store(own).load(session.customer_id) or Profile(customer_id=session.customer_id)


async def _changed(own: ServerServices, session: Session, change: Callable[[Profile], Profile]) -> tuple[Profile, Profile]:
    """The profile before and after. Made to it as it stands, again when a turn or another tab was first: neither is lost."""
    for _ in range(_TRIES - 1):
        with suppress(Conflict):
            return await _saved(own, session, change)
    return await _saved(own, session, change)


async def _saved(own: ServerServices, session: Session, change: Callable[[Profile], Profile]) -> tuple[Profile, Profile]:
    profile = await _profile(own, session)
    changed = change(profile)
    return profile, profile if changed == profile else await _store(own).save(changed)


async def _taken_back(own: ServerServices, before: Profile, after: Profile) -> None:
    """The address could not be saved: neither is the correction. Left standing only where somebody has built on it since."""
    if after.version != before.version:
        with suppress(AisleError):
            await _store(own).save(before.model_copy(update={"version": after.version}))


def _corrected(profile: Profile, body: Correction) -> Profile:
    unknown = [fact_id for fact_id in body.remove if fact_id not in {fact.id for fact in profile.facts} | set(profile.removed)]
    if unknown:
        raise BadInput(f"the profile has no fact {unknown[0]!r}; GET /profile lists them", field="remove", value=unknown[0])
    stated = {fact.id: fact.value.rpartition(" ")[0] for fact in profile.facts if fact.kind == "size"}
    sizes = {**profile.sizes, **(body.sizes or {})}
    gone = {stated[fact_id] for fact_id in body.remove if fact_id in stated}
    return profile.model_copy(
        update={
            "sizes": {kind: size for kind, size in sizes.items() if size is not None and kind not in gone},
            "removed": tuple(dict.fromkeys((*profile.removed, *body.remove))),
            "learning": profile.learning if body.learning is None else body.learning == "on",
        }
    )


async def _view(own: ServerServices, session: Session, profile: Profile) -> ProfileView:
    return ProfileView(
        learning="on" if profile.learning else "off", summary=profile.summary, facts=tuple(FactView.of(f) for f in profile.facts),
        sizes=dict(profile.sizes), address=await own.shop.addresses.default(shopper_of(session)) if own.shop else None,
    )  # fmt: skip
