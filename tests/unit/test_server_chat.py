"""Does /chat keep its contract? One reply a turn id, one turn at a time, events in order, nothing lost."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from domain.errors import Unavailable
from domain.events import StreamEvent, TurnFinished
from domain.turn import Received
from server.services import Limits
from tests.fakes import EchoAssistant, MemorySessions
from tests.server_kit import PRODUCTS, Setup, bearer, events, serving


async def test_a_message_is_answered_with_the_reply_of_its_session() -> None:
    async with serving() as server:
        opened = await server.open()
        answer = await server.say("  boots  ", token=opened["token"])

    reply = answer.json()
    assert answer.status_code == 200
    assert reply["session_id"] == opened["session_id"]
    assert reply["text"] == "You said: boots"
    assert [p["product_id"] for s in reply["sections"] for p in s["products"]] == ["boot-1", "lamp-1"]
    assert reply["sections"][0]["products"][0]["price"] == {"amount": "109.00", "currency": "USD"}
    assert "session" not in reply


async def test_a_chat_without_a_session_opens_one_and_says_how_to_come_back() -> None:
    async with serving() as server:
        first = await server.http.post("/chat", json={"message": "boots"})
        cookie = first.headers["set-cookie"]
        by_cookie = await server.http.get("/sessions/current")
        server.http.cookies.clear()
        by_token = await server.http.get("/sessions/current", headers=bearer(first.json()["session"]["token"]))

    assert "HttpOnly" in cookie and "samesite=lax" in cookie.lower()
    assert by_cookie.json()["session_id"] == by_token.json()["session_id"] == first.json()["session_id"]


async def test_events_come_in_the_order_of_the_contract() -> None:
    async with serving() as server:
        answer = await server.http.post("/chat", json={"message": "boots"}, headers={"Accept": "text/event-stream"})

    seen = events(answer.text)
    names = list(dict.fromkeys(name for name, _ in seen))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert names == ["session", "plan", "section", "token", "reply", "done"]
    reply = json.loads(dict(seen)["reply"])
    assert "".join(json.loads(data)["text"] for name, data in seen if name == "token") == reply["text"]
    assert reply["session"]["token"] == json.loads(dict(seen)["session"])["token"]
    assert seen[-1] == ("done", "{}")


async def test_a_stream_of_a_known_session_opens_with_the_plan() -> None:
    async with serving() as server:
        opened = await server.open()
        headers = {"Accept": "text/event-stream", **bearer(opened["token"])}
        answer = await server.http.post("/chat", json={"message": "boots"}, headers=headers)

    assert events(answer.text)[0][0] == "plan"


async def test_the_same_turn_id_and_message_return_the_saved_reply_and_run_nothing() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        first = await server.say("boots", token=token, turn_id="t1")
        again = await server.say(" boots ", token=token, turn_id="t1")

    assert first.json() == again.json()
    assert server.assistant.heard == ["boots"]


async def test_a_retried_turn_streams_its_saved_reply_in_full() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        await server.say("boots", token=token, turn_id="t1")
        headers = {"Accept": "text/event-stream", **bearer(token)}
        again = await server.http.post("/chat", json={"message": "boots", "turn_id": "t1"}, headers=headers)

    seen = events(again.text)
    assert [name for name, _ in seen] == ["plan", "section", "token", "reply", "done"]
    assert json.loads(dict(seen)["token"])["text"] == json.loads(dict(seen)["reply"])["text"]


async def test_the_same_turn_id_with_another_message_is_a_conflict() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        await server.say("boots", token=token, turn_id="t1")
        other = await server.say("lamps", token=token, turn_id="t1")

    assert other.status_code == 409
    assert "t1" in other.json()["detail"]


async def test_two_sessions_may_use_the_same_turn_id() -> None:
    async with serving() as server:
        one, two = (await server.open())["token"], (await server.open())["token"]
        await server.say("boots", token=one, turn_id="t1")
        other = await server.say("lamps", token=two, turn_id="t1")

    assert other.json()["text"] == "You said: lamps"


@pytest.mark.parametrize("turn_id", ["t1", "t2"])
async def test_while_a_turn_runs_another_and_the_same_are_told_when_to_come_back(turn_id: str) -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        server.assistant.may_finish.clear()
        running = asyncio.create_task(server.say("boots", token=token, turn_id="t1"))
        await server.assistant.started.wait()
        second = await server.say("boots", token=token, turn_id=turn_id)
        server.assistant.may_finish.set()
        first = await running

    assert (first.status_code, second.status_code) == (200, 409)
    assert int(second.headers["Retry-After"]) >= 1


async def test_a_client_that_goes_away_leaves_the_turn_to_finish_and_be_saved() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        server.assistant.may_finish.clear()
        client = asyncio.create_task(server.say("boots", token=token, turn_id="t1"))
        await server.assistant.started.wait()
        client.cancel()
        server.assistant.may_finish.set()
        await asyncio.sleep(0.05)
        again = await server.say("boots", token=token, turn_id="t1")

    assert again.json()["text"] == "You said: boots"
    assert server.assistant.heard == ["boots"]


async def test_a_shutdown_waits_for_turns_that_still_run() -> None:
    sessions = MemorySessions()
    async with serving(Setup(sessions=sessions)) as server:
        opened = await server.open()
        server.assistant.may_finish.clear()
        asyncio.get_running_loop().call_later(0.2, server.assistant.may_finish.set)
        client = asyncio.create_task(server.say("boots", token=opened["token"], turn_id="t1"))
        await server.assistant.started.wait()
        client.cancel()

    assert "t1" in sessions.records[opened["session_id"]]


async def test_a_turn_over_its_time_is_unavailable_and_saves_nothing() -> None:
    async with serving(Setup(limits=Limits(turn_timeout_s=0.1))) as server:
        opened = await server.open()
        server.assistant.may_finish.clear()
        late = await server.say("boots", token=opened["token"], turn_id="t1")
        server.assistant.may_finish.set()
        retried = await server.say("boots", token=opened["token"], turn_id="t1")

    assert late.status_code == 503 and late.headers["Retry-After"]
    assert retried.status_code == 200


async def test_a_failure_midway_closes_the_stream_with_a_problem_document() -> None:
    setup = Setup(assistant=EchoAssistant(fail_with=Unavailable("the index is gone", retry_after_s=2)))
    async with serving(setup) as server:
        headers = {"Accept": "text/event-stream"}
        answer = await server.http.post("/chat", json={"message": "boots"}, headers=headers)

    seen = events(answer.text)
    assert [name for name, _ in seen] == ["session", "plan", "error"]
    assert json.loads(seen[-1][1])["status"] == 503


async def test_a_defect_in_the_assistant_is_a_500_that_tells_nothing_of_the_inside() -> None:
    async with serving(Setup(assistant=EchoAssistant(fail_with=RuntimeError("secret path /srv")))) as server:
        token = (await server.open())["token"]
        answer = await server.say("boots", token=token)
        server.assistant.fail_with = None
        after = await server.say("boots", token=token)

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert after.status_code == 200


async def test_a_store_that_is_down_is_503_with_a_time_to_come_back() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        server.sessions.fail_with = Unavailable("the session store is down", retry_after_s=2)
        answers = [await server.say("boots", token=token), await server.http.post("/sessions")]

    assert [a.status_code for a in answers] == [503, 503]
    assert all(a.headers["Retry-After"] == "2" for a in answers)
    assert all(a.headers["content-type"] == "application/problem+json" for a in answers)


@pytest.mark.parametrize("message", ["", "   \n\t ", "x" * 4001, "a\x00b", None, 7, True, ["boots"], {"text": "boots"}])
async def test_a_message_that_is_no_message_names_its_field(message: object) -> None:
    async with serving() as server:
        answer = await server.say(message, token=(await server.open())["token"])

    assert answer.status_code == 422
    assert [e["field"] for e in answer.json()["errors"]] == ["message"]
    assert server.assistant.heard == []


@pytest.mark.parametrize("message", ["👟🏔️", "x" * 4000, "  " + "x" * 4000 + "  ", "naïve Größe 靴"])
async def test_any_text_within_the_limit_is_heard(message: str) -> None:
    async with serving() as server:
        answer = await server.say(message, token=(await server.open())["token"])

    assert answer.status_code == 200
    assert server.assistant.heard == [message.strip()]


async def test_half_a_surrogate_pair_is_refused_before_it_reaches_a_store() -> None:
    async with serving() as server:
        headers = {"Content-Type": "application/json"}
        answer = await server.http.post("/chat", content=rb'{"message": "boots \ud83d"}', headers=headers)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "message"


async def test_a_refused_message_opens_no_session() -> None:
    async with serving() as server:
        answer = await server.http.post("/chat", json={"message": ""})

    assert answer.status_code == 422
    assert server.sessions.sessions == {}
    assert "set-cookie" not in answer.headers


async def test_products_of_a_reply_are_those_of_the_catalogue() -> None:
    async with serving() as server:
        reply = (await server.say("boots", token=(await server.open())["token"])).json()

    shown = reply["sections"][0]["products"]
    assert [p["ordinal"] for p in shown] == [1, 2]
    assert [p["title"] for p in shown] == [p.title for p in PRODUCTS[:2]]


async def test_who_has_a_reply_may_send_the_next_message_at_once() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        answers = [await server.say(f"message {i}", token=token) for i in range(20)]

    assert {a.status_code for a in answers} == {200}


class SlowToWindUp(EchoAssistant):
    """Stores its trace after the reply, and takes its time."""

    stored = 0

    async def answer(self, received: Received) -> AsyncIterator[StreamEvent | TurnFinished]:
        async for event in super().answer(received):
            yield event
        await asyncio.sleep(self.takes_s)
        self.stored += 1

    takes_s = 0.01


async def test_a_trace_is_stored_before_the_reply_is_sent() -> None:
    assistant = SlowToWindUp()
    async with serving(Setup(assistant=assistant)) as server:
        await server.say("boots", token=(await server.open())["token"])
        assert assistant.stored == 1


async def test_a_trace_store_that_hangs_delays_no_reply_for_long_and_is_waited_for_at_shutdown() -> None:
    assistant = SlowToWindUp()
    assistant.takes_s = 1.0
    async with serving(Setup(assistant=assistant)) as server:
        async with asyncio.timeout(0.9):
            answer = await server.say("boots", token=(await server.open())["token"])
        assert (answer.status_code, assistant.stored) == (200, 0)

    assert assistant.stored == 1


async def test_a_silent_stream_says_that_it_lives() -> None:
    async with serving(Setup(limits=Limits(stream_ping_s=1))) as server:
        server.assistant.may_finish.clear()
        asyncio.get_running_loop().call_later(1.3, server.assistant.may_finish.set)
        answer = await server.http.post("/chat", json={"message": "boots"}, headers={"Accept": "text/event-stream"})

    before_the_reply = answer.text.partition("event: reply")[0]
    assert any(line.startswith(":") for line in before_the_reply.splitlines())
