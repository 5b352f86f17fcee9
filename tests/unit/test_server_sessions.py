"""Is a session its owner's alone? Opening, tokens, binding, reading back, forgetting."""

import asyncio

import pytest

from server.services import Limits
from server.tokens import TokenSigner
from tests.server_kit import KEYS, Setup, bearer, serving


@pytest.mark.parametrize("body", [None, {}])
async def test_opening_a_session_gives_a_token_and_the_same_as_a_cookie(body: dict[str, str] | None) -> None:
    async with serving() as server:
        answer = await server.http.post("/sessions", json=body) if body is not None else await server.http.post("/sessions")

    assert answer.status_code == 201
    assert set(answer.json()) == {"session_id", "token", "expires_at"}
    assert answer.json()["expires_at"].endswith("Z")
    assert answer.cookies["aisle_session"] == answer.json()["token"]


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
async def test_the_cookie_of_a_session_opened_over_tls_never_leaves_it(scheme: str, secure: bool) -> None:
    async with serving() as server:
        answer = await server.http.post(f"{scheme}://aisle.test/sessions")

    assert ("secure" in answer.headers["set-cookie"].lower()) is secure


async def test_tokens_of_two_sessions_have_nothing_to_guess_from() -> None:
    async with serving() as server:
        one, two = await server.open(), await server.open()

    assert one["session_id"] != two["session_id"]
    assert len(one["session_id"]) >= 22  # 128 bits


async def test_a_forged_an_altered_an_expired_and_a_foreign_token_are_all_refused_alike() -> None:
    async with serving() as server:
        opened = await server.open()
        token, now = opened["token"], int(server.clock.now().timestamp())
        other = (await server.open())["session_id"]
        bad = [
            "", "x", "a1.b.c.d", token[:-2] + "AA", token.replace(opened["session_id"], other),
            TokenSigner(b"another key").sign(opened["session_id"], expires_at=now + 60),
            server.own.signer.sign(opened["session_id"], expires_at=now - 1),
            server.own.signer.sign("no-such-session", expires_at=now + 60),
        ]  # fmt: skip
        answers = [await server.http.get("/sessions/current", headers=bearer(t)) for t in bad]

    assert {a.status_code for a in answers} == {401}
    assert all(a.headers["WWW-Authenticate"] == "Bearer" for a in answers)
    assert len({a.json()["detail"] for a in answers[2:-1]}) == 1


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer ", "abc"])
async def test_an_authorization_of_another_scheme_is_refused(header: str) -> None:
    async with serving() as server:
        answer = await server.http.get("/sessions/current", headers={"Authorization": header})

    assert answer.status_code == 401


async def test_a_bad_bearer_is_not_saved_by_a_good_cookie() -> None:
    async with serving() as server:
        await server.http.post("/sessions")
        answer = await server.http.get("/sessions/current", headers=bearer("forged"))

    assert answer.status_code == 401


async def test_a_cookie_of_a_session_that_is_over_is_taken_back_so_that_the_next_message_opens_a_new_one() -> None:
    async with serving() as server:
        await server.http.post("/sessions")
        server.sessions.sessions.clear()
        stale = await server.http.post("/chat", json={"message": "boots"})
        retried = await server.http.post("/chat", json={"message": "boots"})

    assert stale.status_code == 401
    assert retried.status_code == 200 and "session" in retried.json()


@pytest.mark.parametrize(("method", "path"), [("GET", "/sessions/current"), ("DELETE", "/sessions/current"), ("POST", "/feedback")])
async def test_what_acts_for_a_shopper_needs_a_session(method: str, path: str) -> None:
    async with serving() as server:
        body = {"turn_id": "t", "kind": "click"} if method == "POST" else None
        answer = await server.http.request(method, path, json=body)

    assert answer.status_code == 401


async def test_the_last_fifty_turns_are_read_back_oldest_first_and_a_cursor_gives_those_before() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        for i in range(53):
            await server.say(f"message {i}", token=token)
        newest = (await server.http.get("/sessions/current", headers=bearer(token))).json()
        params = {"cursor": newest["next_cursor"]}
        older = (await server.http.get("/sessions/current", headers=bearer(token), params=params)).json()

    assert [t["message"] for t in newest["turns"]] == [f"message {i}" for i in range(3, 53)]
    assert [t["message"] for t in older["turns"]] == ["message 0", "message 1", "message 2"]
    assert older["next_cursor"] is None
    assert newest["turns"][0]["reply"]["text"] == "You said: message 3"


async def test_a_conversation_is_read_back_only_with_its_own_token() -> None:
    async with serving() as server:
        mine, theirs = (await server.open())["token"], (await server.open())["token"]
        await server.say("boots", token=mine)
        seen = await server.http.get("/sessions/current", headers=bearer(theirs))

    assert seen.json()["turns"] == []


async def test_a_forgotten_conversation_is_gone_and_its_token_worthless() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        await server.say("boots", token=token)
        gone = await server.http.delete("/sessions/current", headers=bearer(token))
        after = await server.http.get("/sessions/current", headers=bearer(token))

    assert (gone.status_code, gone.content, after.status_code) == (204, b"", 401)
    assert server.sessions.records == {}


async def test_only_the_shop_binds_a_customer_when_opening() -> None:
    async with serving() as server:
        body = {"customer_id": "c-1"}
        answers = [
            await server.http.post("/sessions", json=body, headers=headers)
            for headers in ({}, {"X-Api-Key": "guess"}, {"X-Api-Key": KEYS.operator}, {"X-Api-Key": KEYS.shop})
        ]
        current = await server.http.get("/sessions/current", headers=bearer(answers[-1].json()["token"]))

    assert [a.status_code for a in answers] == [401, 401, 403, 201]
    assert current.json()["customer"] is True
    assert "c-1" not in current.text


async def test_binding_a_running_session_keeps_its_conversation() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        await server.say("boots", token=token)
        headers = {**bearer(token), "X-Api-Key": KEYS.shop}
        bound = await server.http.post("/sessions/current/customer", json={"customer_id": "c-1"}, headers=headers)
        again = await server.http.post("/sessions/current/customer", json={"customer_id": "c-1"}, headers=headers)
        other = await server.http.post("/sessions/current/customer", json={"customer_id": "c-2"}, headers=headers)
        current = (await server.http.get("/sessions/current", headers=bearer(bound.json()["token"]))).json()

    assert [a.status_code for a in (bound, again, other)] == [200, 200, 403]
    assert current["customer"] is True and len(current["turns"]) == 1


async def test_binding_while_a_turn_runs_waits_its_turn_and_the_turn_is_saved() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        server.assistant.may_finish.clear()
        turn = asyncio.create_task(server.say("boots", token=token))
        await server.assistant.started.wait()
        headers = {**bearer(token), "X-Api-Key": KEYS.shop}
        bound = await server.http.post("/sessions/current/customer", json={"customer_id": "c-1"}, headers=headers)
        server.assistant.may_finish.set()
        answered = await turn

    assert (bound.status_code, answered.status_code) == (409, 200)
    assert bound.headers["Retry-After"]


async def test_a_browser_cannot_bind_a_session_with_its_token_alone() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        answer = await server.http.post("/sessions/current/customer", json={"customer_id": "c-1"}, headers=bearer(token))

    assert answer.status_code == 401


@pytest.mark.parametrize("body", [{"customer_id": 7}, {"customer_id": ""}, {"customer": "c-1"}, {"user_id": "c"}, []])
async def test_a_body_that_opens_no_session_is_refused(body: object) -> None:
    async with serving() as server:
        answer = await server.http.post("/sessions", json=body, headers={"X-Api-Key": KEYS.shop})

    assert answer.status_code == 422


async def test_an_address_that_opens_too_many_sessions_is_told_when_to_come_back() -> None:
    async with serving(Setup(limits=Limits(new_sessions_per_minute=3))) as server:
        answers = [await server.http.post("/sessions") for _ in range(3)]
        server.http.cookies.clear()
        by_chat = await server.http.post("/chat", json={"message": "boots"})

    assert [a.status_code for a in answers] == [201, 201, 201]
    assert by_chat.status_code == 429 and int(by_chat.headers["Retry-After"]) > 0
