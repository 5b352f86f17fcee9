"""Does the server let profiles learn from turns and feedback, and does a turn stand when learning fails?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.learning import ProfileLearner
from domain.errors import Unavailable
from domain.profile import Profile
from tests.fakes import FakeClock, KeptProfiles, ListCatalog
from tests.server_kit import KEYS, PRODUCTS, Server, Setup, bearer, serving
from tests.turn_kit import lexicon_of


@asynccontextmanager
async def learning(kept: KeptProfiles) -> AsyncIterator[Server]:
    lexicon = lexicon_of(list(PRODUCTS))
    learner = ProfileLearner(kept, ListCatalog(PRODUCTS), lambda: lexicon, FakeClock())
    async with serving(Setup(own={"profiles": kept, "learner": learner})) as server:
        yield server


async def signed_in(server: Server) -> dict[str, str]:
    opened = await server.http.post("/sessions", json={"customer_id": "c"}, headers={"X-Api-Key": KEYS.shop})
    server.http.cookies.clear()
    return bearer(opened.json()["token"])


async def test_what_is_said_in_chat_is_shown_corrected_and_forgotten() -> None:
    kept = KeptProfiles()
    async with learning(kept) as server:
        headers = await signed_in(server)
        await server.http.post("/chat", json={"message": "I love Fellstride"}, headers=headers)
        shown = (await server.http.get("/profile", headers=headers)).json()
        struck = (await server.http.patch("/profile", json={"remove": ["brand:fellstride"]}, headers=headers)).json()
        await server.http.post("/chat", json={"message": "I hate brown"}, headers=headers)
        await server.http.delete("/profile", headers=headers)
        gone = (await server.http.get("/profile", headers=headers)).json()

    assert [(f["id"], f["evidence"]) for f in shown["facts"]] == [("brand:fellstride", "you said so on 2026-11-28")]
    assert "fellstride" in shown["summary"] and struck["facts"] == [] and gone["facts"] == []


async def test_the_next_turn_is_told_what_the_last_one_taught() -> None:
    async with learning(KeptProfiles()) as server:
        headers = await signed_in(server)
        for message in ("I love Fellstride", "boots"):
            await server.http.post("/chat", json={"message": message}, headers=headers)

    assert "fellstride" in server.assistant.received[1].profile and server.assistant.received[1].tastes["brand:fellstride"] == 1.0


async def test_clicks_of_a_signed_in_customer_are_noticed_and_those_of_nobody_are_not() -> None:
    kept = KeptProfiles()
    async with learning(kept) as server:
        for headers in (await signed_in(server), bearer((await server.open())["token"])):
            for turn in range(6):
                await server.http.post("/chat", json={"message": "boots", "turn_id": f"t{turn}"}, headers=headers)
                body = {"turn_id": f"t{turn}", "kind": "click", "product_id": "boot-1"}
                assert (await server.http.post("/feedback", json=body, headers=headers)).status_code == 202

    assert set(kept.found) == {"c"} and len(kept.found["c"].signals) == 6


class Down(KeptProfiles):
    async def save(self, profile: Profile) -> Profile:
        raise Unavailable("the database does not answer; try again in a moment")


async def test_a_turn_and_feedback_stand_when_learning_fails() -> None:
    async with learning(Down()) as server:
        headers = await signed_in(server)
        said = await server.http.post("/chat", json={"message": "I love Fellstride", "turn_id": "t"}, headers=headers)
        clicked = await server.http.post("/feedback", json={"turn_id": "t", "kind": "click", "product_id": "boot-1"}, headers=headers)

    assert said.status_code == 200 and clicked.status_code == 202


async def test_binding_a_customer_keeps_the_conversation_and_learns_from_then_on() -> None:
    kept = KeptProfiles()
    async with learning(kept) as server:
        token = (await server.open())["token"]
        await server.http.post("/chat", json={"message": "I hate brown"}, headers=bearer(token))
        body = {"customer_id": "c"}
        bound = await server.http.post("/sessions/current/customer", json=body, headers={**bearer(token), "X-Api-Key": KEYS.shop})
        headers = bearer(bound.json()["token"])
        await server.http.post("/chat", json={"message": "I love Fellstride"}, headers=headers)
        turns = (await server.http.get("/sessions/current", headers=headers)).json()["turns"]

    assert [turn["message"] for turn in turns] == ["I hate brown", "I love Fellstride"]
    assert [fact.id for fact in kept.found["c"].facts] == ["brand:fellstride"]
