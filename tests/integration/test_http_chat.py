"""Do HTTP, turns and Redis hold together? A real server on a socket over a real Redis, and an assistant that echoes."""

import asyncio
import http.client
import json
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
import uvicorn

from memory.private_redis import PrivateRedis
from memory.redis_limits import RedisRateLimiter
from memory.redis_sessions import RedisSessions, connect
from server.application import create_app
from server.services import Limits, ServerServices
from server.tokens import TokenSigner
from tests.fakes import EchoAssistant, ListCatalog, MemoryFeedback, MemoryTraces, SystemClock, UnitEmbedder
from tests.server_kit import KEYS, PRODUCTS, bearer, events

pytestmark = pytest.mark.integration


@dataclass
class Running:
    """One server process's worth of Aisle on a port."""

    http: httpx.AsyncClient
    assistant: EchoAssistant
    server: uvicorn.Server

    async def open(self) -> str:
        token: str = (await self.http.post("/sessions")).json()["token"]
        self.http.cookies.clear()
        return token

    async def say(self, message: str, token: str, turn_id: str | None = None) -> httpx.Response:
        body = {"message": message} | ({"turn_id": turn_id} if turn_id else {})
        return await self.http.post("/chat", json=body, headers=bearer(token))


@asynccontextmanager
async def serving(redis_url: str) -> AsyncIterator[Running]:
    clock, assistant = SystemClock(), EchoAssistant(PRODUCTS)
    sessions = RedisSessions(connect(redis_url), clock, ttl_s=3600)
    hasty = connect(redis_url, patient=False)
    own = ServerServices(
        assistant=assistant, sessions=sessions, turns=sessions, limiter=RedisRateLimiter(hasty, clock),
        catalog=ListCatalog(PRODUCTS), embedder=UnitEmbedder(), traces=MemoryTraces(), feedback=MemoryFeedback(), clock=clock,
        signer=TokenSigner(b"one key for all"), keys=KEYS, limits=Limits(requests_per_minute=100_000, turn_timeout_s=10),
        checks={"redis": sessions.ping},
    )  # fmt: skip
    # Named as TCP, else asyncio leaves Nagle's algorithm on and each answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(own), log_level="warning", timeout_graceful_shutdown=10)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=address, timeout=20) as http:
        yield Running(http, assistant, server)
    server.should_exit = True
    await running
    await sessions.close()
    await hasty.aclose()


async def test_a_section_arrives_while_the_turn_still_runs(redis_url: str) -> None:
    async with serving(redis_url) as aisle:
        aisle.assistant.may_finish.clear()
        headers = {"Accept": "text/event-stream"}
        seen = []
        async with aisle.http.stream("POST", "/chat", json={"message": "boots"}, headers=headers) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("event:"):
                    seen.append(line.partition(": ")[2])
                if line == "event: plan":
                    assert "reply" not in seen
                    aisle.assistant.may_finish.set()

    assert list(dict.fromkeys(seen)) == ["session", "plan", "section", "token", "reply", "done"]


async def test_a_stream_cut_off_by_the_client_is_finished_and_saved(redis_url: str) -> None:
    async with serving(redis_url) as aisle:
        token = await aisle.open()
        aisle.assistant.may_finish.clear()
        headers = {"Accept": "text/event-stream", **bearer(token)}
        async with aisle.http.stream("POST", "/chat", json={"message": "boots", "turn_id": "t1"}, headers=headers) as answer:
            async for line in answer.aiter_lines():
                if line == "event: plan":
                    break
        aisle.assistant.may_finish.set()
        again = await until_answered(aisle, "boots", token, "t1")

    assert again.json()["text"] == "You said: boots"
    assert aisle.assistant.heard == ["boots"]


async def test_of_many_messages_at_once_in_one_session_each_is_answered_or_told_to_wait_and_none_is_lost(redis_url: str) -> None:
    async with serving(redis_url) as aisle:
        token = await aisle.open()
        answers = await asyncio.gather(*(aisle.say(f"m{i}", token) for i in range(12)))
        current = (await aisle.http.get("/sessions/current", headers=bearer(token))).json()

    answered = [a.json()["text"] for a in answers if a.status_code == 200]
    assert {a.status_code for a in answers} <= {200, 409} and answered
    assert all(a.headers["Retry-After"] for a in answers if a.status_code == 409)
    assert sorted(t["reply"]["text"] for t in current["turns"]) == sorted(answered)


async def test_many_sessions_at_once_do_not_hear_each_other(redis_url: str) -> None:
    async def converse(aisle: Running) -> None:
        token, word = await aisle.open(), secrets.token_hex(4)
        for i in range(4):
            assert (await aisle.say(f"{word} {i}", token)).json()["text"] == f"You said: {word} {i}"
        current = (await aisle.http.get("/sessions/current", headers=bearer(token))).json()
        assert [t["message"] for t in current["turns"]] == [f"{word} {i}" for i in range(4)]

    async with serving(redis_url) as aisle:
        await asyncio.gather(*(converse(aisle) for _ in range(10)))


async def test_a_restart_of_the_app_loses_nothing_acknowledged(redis_url: str) -> None:
    async with serving(redis_url) as aisle:
        token = await aisle.open()
        first = await aisle.say("boots", token, "t1")
    async with serving(redis_url) as aisle:
        again = await aisle.say("boots", token, "t1")
        current = (await aisle.http.get("/sessions/current", headers=bearer(token))).json()

    assert again.json() == first.json()
    assert [t["message"] for t in current["turns"]] == ["boots"]


async def test_a_shutdown_lets_the_running_turn_finish_and_be_saved(redis_url: str) -> None:
    async with serving(redis_url) as aisle:
        token = await aisle.open()
        aisle.assistant.may_finish.clear()
        turn = asyncio.create_task(aisle.say("boots", token, "t1"))
        await aisle.assistant.started.wait()
        aisle.server.should_exit = True
        await asyncio.sleep(0.3)
        aisle.assistant.may_finish.set()
        answered = await turn
    async with serving(redis_url) as aisle:
        again = await aisle.say("boots", token, "t1")

    assert answered.status_code == 200
    assert again.json() == answered.json()


async def test_a_shutdown_lets_a_running_stream_end_as_streams_do(redis_url: str) -> None:
    async with serving(redis_url) as aisle:
        aisle.assistant.may_finish.clear()
        headers = {"Accept": "text/event-stream"}
        stream = asyncio.create_task(aisle.http.post("/chat", json={"message": "boots"}, headers=headers))
        await aisle.assistant.started.wait()
        aisle.server.should_exit = True
        await asyncio.sleep(1.0)
        aisle.assistant.may_finish.set()
        answer = await stream

    assert events(answer.text)[-1] == ("done", "{}")


async def test_redis_killed_mid_turn_costs_a_clear_answer_at_most_and_nothing_acknowledged(own_redis: PrivateRedis) -> None:
    url = await asyncio.to_thread(own_redis.start)
    async with serving(url) as aisle:
        token = await aisle.open()
        acknowledged = await aisle.say("boots", token, "t1")
        aisle.assistant.may_finish.clear()
        aisle.assistant.started.clear()
        turn = asyncio.create_task(aisle.say("lamps", token, "t2"))
        await aisle.assistant.started.wait()
        kill(own_redis)
        aisle.assistant.may_finish.set()
        answered = await turn
        again = await until_answered(aisle, "boots", token, "t1")
        retried = await until_answered(aisle, "lamps", token, "t2")
        current = (await aisle.http.get("/sessions/current", headers=bearer(token))).json()

    assert answered.status_code == 200 or (answered.status_code == 503 and answered.headers["Retry-After"])
    assert again.json() == acknowledged.json()
    assert retried.json()["text"] == "You said: lamps"
    assert [t["message"] for t in current["turns"]] == ["boots", "lamps"]


async def test_without_redis_chat_says_so_and_search_and_the_page_go_on(own_redis: PrivateRedis) -> None:
    url = await asyncio.to_thread(own_redis.start)
    async with serving(url) as aisle:
        token = await aisle.open()
        await asyncio.to_thread(own_redis.stop)
        chat, ready = await aisle.say("boots", token), await aisle.http.get("/readyz")
        search, page = await aisle.http.get("/search?q=boots"), await aisle.http.get("/")

    assert chat.status_code == 503 and chat.headers["Retry-After"] and "session store" in chat.json()["detail"]
    assert ready.status_code == 503 and ready.json()["dependencies"]["redis"]["state"] == "down"
    assert (search.status_code, page.status_code) == (200, 200)


async def test_a_redis_that_dies_is_started_again_at_the_same_address(own_redis: PrivateRedis) -> None:
    url = await asyncio.to_thread(own_redis.start)
    client = connect(url)
    await client.set("acknowledged", "yes")
    for _ in range(2):
        kill(own_redis)
        assert await client.get("acknowledged") == b"yes"
    await client.aclose()


@pytest.mark.parametrize("chunked", [False, True])
async def test_ten_megabytes_are_refused_with_an_answer_that_a_plain_client_can_read(redis_url: str, chunked: bool) -> None:
    def send(port: int) -> tuple[int, str]:
        # It sends all before it reads anything, and a connection reset underneath it is an error: unlike httpx and curl.
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        body = (b"x" * 100_000 for _ in range(100)) if chunked else b"x" * 10_000_000
        client.request("POST", "/chat", body, {"Content-Type": "application/json"}, encode_chunked=chunked)
        answer = client.getresponse()
        return answer.status, str(json.loads(answer.read())["detail"])

    async with serving(redis_url) as aisle:
        status, detail = await asyncio.to_thread(send, aisle.http.base_url.port or 80)
        after = await aisle.http.get("/healthz")

    assert (status, after.status_code) == (413, 200)
    assert "1000000" in detail


async def test_a_retried_turn_streams_what_was_saved(redis_url: str) -> None:
    async with serving(redis_url) as aisle:
        token = await aisle.open()
        first = await aisle.say("boots", token, "t1")
        headers = {"Accept": "text/event-stream", **bearer(token)}
        again = await aisle.http.post("/chat", json={"message": "boots", "turn_id": "t1"}, headers=headers)

    assert json.loads(dict(events(again.text))["reply"]) == first.json()


def kill(server: PrivateRedis) -> None:
    os.kill(int((server.folder / "server.pid").read_text()), signal.SIGKILL)


async def until_answered(aisle: Running, message: str, token: str, turn_id: str) -> httpx.Response:
    """Retries as the answers ask, as a client would; fails when it takes over ten seconds."""
    async with asyncio.timeout(15):
        while True:
            answer = await aisle.say(message, token, turn_id)
            if answer.status_code not in (409, 503):
                return answer
            await asyncio.sleep(min(0.2, float(answer.headers["Retry-After"])))
