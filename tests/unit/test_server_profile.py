"""Can a customer see, correct and forget what was learned, and nobody else?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from catalog.policy import load_policy
from domain.errors import Conflict, Unavailable
from domain.profile import Profile, ProfileFact
from memory.database import create_engine, create_tables, database_url
from memory.shop_store import SqlShopStore, SqlShopTransaction
from tests.fakes import FakeClock, KeptProfiles, ListCatalog
from tests.server_kit import KEYS, PRODUCTS, Server, Setup, bearer, serving
from tools.shop import open_shop

_FACTS = (
    ProfileFact(kind="brand", value="Acme", weight=0.6, evidence="3 of 5 purchases, the last on 2026-03-01"),
    ProfileFact(kind="category", value="Boots", weight=0.4, evidence="2 of 5 purchases, the last on 2026-02-01"),
    ProfileFact(kind="size", value="boots 8", weight=0.4, evidence="2 of 5 purchases, the last on 2026-02-01"),
)


@asynccontextmanager
async def signed_in(kept: KeptProfiles) -> AsyncIterator[tuple[Server, dict[str, str]]]:
    async with serving(Setup(own={"profiles": kept})) as server:
        opened = await server.http.post("/sessions", json={"customer_id": "c-1"}, headers={"X-Api-Key": KEYS.shop})
        server.http.cookies.clear()
        yield server, bearer(opened.json()["token"])


def acme() -> KeptProfiles:
    return KeptProfiles(Profile(customer_id="c-1", version=1, learned=_FACTS), Profile(customer_id="c-2", version=1, learned=_FACTS))


async def test_each_fact_is_shown_with_its_evidence_strongest_first() -> None:
    async with signed_in(acme()) as (server, headers):
        shown = (await server.http.get("/profile", headers=headers)).json()

    assert [fact["id"] for fact in shown["facts"]] == ["brand:acme", "category:boots", "size:boots 8"]
    assert shown["facts"][0]["evidence"].startswith("3 of 5") and shown["learning"] == "on" and "Acme" in shown["summary"]


async def test_a_fact_that_was_struck_out_is_gone_and_an_unknown_one_is_named() -> None:
    kept = acme()
    async with signed_in(kept) as (server, headers):
        changed = await server.http.patch("/profile", json={"remove": ["brand:acme"]}, headers=headers)
        unknown = await server.http.patch("/profile", json={"remove": ["brand:nobody"]}, headers=headers)

    assert [fact["id"] for fact in changed.json()["facts"]] == ["category:boots", "size:boots 8"]
    assert unknown.status_code == 422 and "brand:nobody" in unknown.json()["detail"]
    assert kept.found["c-2"].removed == ()


async def test_a_stated_size_replaces_the_learned_one_and_null_takes_it_back() -> None:
    async with signed_in(acme()) as (server, headers):
        stated = (await server.http.patch("/profile", json={"sizes": {"boots": "9"}}, headers=headers)).json()
        back = (await server.http.patch("/profile", json={"sizes": {"boots": None}}, headers=headers)).json()

    assert [fact["value"] for fact in stated["facts"] if fact["kind"] == "size"] == ["boots 9"]
    assert [fact["value"] for fact in back["facts"] if fact["kind"] == "size"] == ["boots 8"]


async def test_a_turn_is_told_the_profile_until_learning_is_off() -> None:
    async with signed_in(acme()) as (server, headers):
        await server.http.post("/chat", json={"message": "boots"}, headers=headers)
        await server.http.patch("/profile", json={"learning": "off"}, headers=headers)
        await server.http.post("/chat", json={"message": "boots"}, headers=headers)

    told = [(received.profile, dict(received.tastes)) for received in server.assistant.received]
    assert "Acme" in told[0][0] and told[0][1]["brand:acme"] == 0.6
    assert told[1] == ("", {})


async def test_what_is_forgotten_is_gone_and_not_learned_from_again() -> None:
    kept = acme()
    async with signed_in(kept) as (server, headers):
        gone = await server.http.delete("/profile", headers=headers)
        shown = (await server.http.get("/profile", headers=headers)).json()

    assert gone.status_code == 204 and shown["facts"] == []
    assert kept.found["c-1"].forgotten_at is not None and kept.found["c-2"].facts


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_anonymous_session_has_no_profile(method: str) -> None:
    async with serving(Setup(own={"profiles": acme()})) as server:
        token = (await server.http.post("/sessions")).json()["token"]
        body = {"learning": "off"} if method == "PATCH" else None
        answer = await server.http.request(method, "/profile", headers=bearer(token), json=body)

    assert answer.status_code == 404 and "anonymous" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [{}, {"learning": "maybe"}, {"customer_id": "c-2", "learning": "off"}, {"sizes": {"boots": 9}}, {"remove": "x"}]
)
async def test_a_correction_that_says_nothing_or_too_much_is_refused(body: dict[str, object]) -> None:
    kept = acme()
    async with signed_in(kept) as (server, headers):
        answer = await server.http.patch("/profile", json=body, headers=headers)

    assert answer.status_code == 422 and kept.found["c-1"].version == 1


async def test_an_address_where_nothing_can_be_ordered_is_refused_and_not_dropped() -> None:
    kept = acme()
    address = {"line1": "1 Main St", "city": "Denver", "region": "CO", "postal_code": "80202"}
    async with signed_in(kept) as (server, headers):
        answer = await server.http.patch("/profile", json={"address": address, "learning": "off"}, headers=headers)

    assert answer.status_code == 501 and kept.found["c-1"].learning


_DENVER = {"line1": "1 Main St", "city": "Denver", "region": "CO", "postal_code": "80202"}


@asynccontextmanager
async def with_a_shop(kept: KeptProfiles, store: SqlShopStore) -> AsyncIterator[tuple[Server, dict[str, str]]]:
    shop = open_shop(store, ListCatalog(PRODUCTS), FakeClock(), policy=load_policy(), providers={}, methods=())
    async with serving(Setup(own={"profiles": kept, "shop": shop})) as server:
        opened = await server.http.post("/sessions", json={"customer_id": "c-1"}, headers={"X-Api-Key": KEYS.shop})
        server.http.cookies.clear()
        yield server, bearer(opened.json()["token"])


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlShopStore]:
    engine = create_engine(database_url(None, tmp_path))
    await create_tables(engine)
    yield SqlShopStore(engine)
    await engine.dispose()


class Contested(KeptProfiles):
    """Another tab is first, as many times as told."""

    def __init__(self, times: int) -> None:
        super().__init__(Profile(customer_id="c-1", version=1, learned=_FACTS))
        self.times = times

    async def save(self, profile: Profile) -> Profile:
        if self.times:
            self.times -= 1
            other = self.found["c-1"]
            await super().save(other.model_copy(update={"sizes": {**other.sizes, f"tab {self.times}": "1"}}))
            raise Conflict("changed meanwhile; try again")
        return await super().save(profile)


async def test_a_correction_waits_its_turn_and_loses_nothing_of_the_other_tab(store: SqlShopStore) -> None:
    kept = Contested(2)
    async with with_a_shop(kept, store) as (server, headers):
        answer = await server.http.patch("/profile", json={"address": _DENVER, "sizes": {"boots": "9"}}, headers=headers)

    assert answer.status_code == 200 and answer.json()["address"]["city"] == "Denver"
    assert kept.found["c-1"].sizes == {"boots": "9", "tab 1": "1", "tab 0": "1"}


async def test_a_correction_that_fails_leaves_the_address_as_it_was(store: SqlShopStore) -> None:
    kept = Contested(99)
    async with with_a_shop(kept, store) as (server, headers):
        refused = await server.http.patch("/profile", json={"address": _DENVER, "sizes": {"boots": "9"}}, headers=headers)
        shown = (await server.http.get("/profile", headers=headers)).json()

    assert refused.status_code == 409 and shown["address"] is None and "boots" not in shown["sizes"]


class Unwritable(SqlShopStore):
    """Its database fails when something is written."""

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqlShopTransaction]:
        raise Unavailable("the database does not answer; try again in a moment")
        yield


async def test_an_address_that_cannot_be_saved_takes_the_correction_back(store: SqlShopStore) -> None:
    kept = acme()
    async with with_a_shop(kept, Unwritable(store.engine)) as (server, headers):
        refused = await server.http.patch("/profile", json={"address": _DENVER, "remove": ["brand:acme"]}, headers=headers)
        shown = (await server.http.get("/profile", headers=headers)).json()

    assert refused.status_code == 503
    assert shown["address"] is None and "brand:acme" in [fact["id"] for fact in shown["facts"]] and kept.found["c-1"].removed == ()


async def test_a_refused_address_changes_nothing_else(store: SqlShopStore) -> None:
    kept = acme()
    body = {"address": {**_DENVER, "country": "FR"}, "learning": "off"}
    async with with_a_shop(kept, store) as (server, headers):
        answer = await server.http.patch("/profile", json=body, headers=headers)

    assert answer.status_code == 409 and kept.found["c-1"].learning
