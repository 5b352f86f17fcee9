"""Do conversations last as promised? RedisSessions and RedisRateLimiter over a real server."""

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import redis.asyncio as redis_asyncio

from domain.errors import Conflict, TooMany, Unavailable
from domain.reply import Reply
from domain.session import Session, TurnRecord
from memory.private_redis import PrivateRedis
from memory.redis_limits import RedisRateLimiter
from memory.redis_sessions import RedisSessions, connect
from tests.fakes import FakeClock, SystemClock

pytestmark = pytest.mark.integration
_TTL_S = 3600


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator["redis_asyncio.Redis"]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def store(client: "redis_asyncio.Redis") -> RedisSessions:
    return RedisSessions(client, SystemClock(), ttl_s=_TTL_S)


async def opened(store: RedisSessions) -> Session:
    now = SystemClock().now()
    session = Session(session_id=secrets.token_urlsafe(16), created_at=now, expires_at=now + timedelta(seconds=_TTL_S))
    await store.open(session)
    return session


def record(session: Session, turn_id: str, message: str = "hiking boots") -> TurnRecord:
    reply = Reply(turn_id=turn_id, session_id=session.session_id, text=f"about {message}", plan=())
    return TurnRecord(turn_id=turn_id, message=message, at=SystemClock().now(), reply=reply)


async def test_a_committed_turn_is_read_back_with_its_session(store: RedisSessions) -> None:
    session = await opened(store)
    saved = await store.commit(session.model_copy(update={"subject": "boots"}), record(session, "t1"))

    assert await store.load(session.session_id) == saved
    assert (saved.version, saved.subject) == (1, "boots")
    assert (await store.saved(session.session_id, "t1")) is not None
    assert (await store.saved(session.session_id, "t2")) is None


async def test_of_two_writers_with_the_same_version_only_one_wins(store: RedisSessions) -> None:
    session = await opened(store)
    writers = [store.save(session.model_copy(update={"summary": f"writer {i}"})) for i in range(8)]
    outcomes = await asyncio.gather(*writers, return_exceptions=True)

    assert sum(isinstance(o, Session) for o in outcomes) == 1
    assert sum(isinstance(o, Conflict) for o in outcomes) == 7


async def test_a_losing_turn_leaves_no_reply_behind(store: RedisSessions) -> None:
    session = await opened(store)
    await store.save(session)
    with pytest.raises(Conflict):
        await store.commit(session, record(session, "late"))

    assert await store.saved(session.session_id, "late") is None
    assert await store.history(session.session_id, before=None, limit=10) == ((), None)


async def test_a_commit_sent_twice_because_its_answer_was_lost_counts_once(client: "redis_asyncio.Redis") -> None:
    store = RedisSessions(client, FakeClock(SystemClock().now()), ttl_s=_TTL_S)
    session = await opened(store)
    first = await store.commit(session, record(session, "t1"))
    again = await store.commit(session, record(session, "t1"))

    assert first == again
    assert len((await store.history(session.session_id, before=None, limit=10))[0]) == 1


async def test_all_keys_of_a_session_expire_together_and_a_commit_refreshes_them_all(
    store: RedisSessions, client: "redis_asyncio.Redis"
) -> None:
    session = await opened(store)
    session = await store.commit(session, record(session, "t1"))
    keys = await client.keys(f"s:{{{session.session_id}}}*")
    assert len(keys) == 3
    for key in keys:
        await client.pexpire(key, 5_000)
    await store.save(session)

    assert min([await client.pttl(key) for key in keys]) > (_TTL_S - 60) * 1000


async def test_an_expired_session_is_gone_as_a_whole_and_cannot_be_revived(client: "redis_asyncio.Redis") -> None:
    store = RedisSessions(client, SystemClock(), ttl_s=1)
    session = await opened(store)
    session = await store.commit(session, record(session, "t1"))
    await asyncio.sleep(1.2)

    assert await store.load(session.session_id) is None
    assert await store.saved(session.session_id, "t1") is None
    with pytest.raises(Conflict, match="expired"):
        await store.commit(session, record(session, "t2"))


async def test_a_forgotten_session_leaves_no_key(store: RedisSessions, client: "redis_asyncio.Redis") -> None:
    session = await opened(store)
    await store.commit(session, record(session, "t1"))
    await store.forget(session.session_id)

    assert await client.keys(f"s:{{{session.session_id}}}*") == []


async def test_history_is_paged_from_the_end_and_pages_join_without_gap(store: RedisSessions) -> None:
    session = await opened(store)
    for i in range(7):
        session = await store.commit(session, record(session, f"t{i}"))
    newest, cursor = await store.history(session.session_id, before=None, limit=3)
    middle, cursor_2 = await store.history(session.session_id, before=cursor, limit=3)
    oldest, end = await store.history(session.session_id, before=cursor_2, limit=3)

    assert [r.turn_id for r in (*oldest, *middle, *newest)] == [f"t{i}" for i in range(7)]
    assert end is None


async def test_a_conversation_keeps_a_bounded_number_of_replies(client: "redis_asyncio.Redis") -> None:
    store = RedisSessions(client, SystemClock(), ttl_s=_TTL_S, turns_kept=3)
    session = await opened(store)
    for i in range(5):
        session = await store.commit(session, record(session, f"t{i}"))
    kept, _ = await store.history(session.session_id, before=None, limit=10)

    assert [r.turn_id for r in kept] == ["t2", "t3", "t4"]
    assert await client.hlen(f"s:{{{session.session_id}}}:replies") == 3


async def test_one_turn_at_a_time_and_the_next_one_may_run_after_it(store: RedisSessions) -> None:
    session = await opened(store)
    async with store.running(session.session_id, "t1"):
        with pytest.raises(Conflict) as refused:
            async with store.running(session.session_id, "t2"):
                pass
    assert refused.value.retry_after_s
    async with store.running(session.session_id, "t2"):
        pass


async def test_a_turn_longer_than_its_lease_keeps_it(client: "redis_asyncio.Redis") -> None:
    store = RedisSessions(client, SystemClock(), ttl_s=_TTL_S, lease_s=0.3)
    session = await opened(store)
    async with store.running(session.session_id, "t1"):
        await asyncio.sleep(0.8)
        with pytest.raises(Conflict):
            async with store.running(session.session_id, "t2"):
                pass


async def test_a_lease_of_a_process_that_died_ends_by_itself(
    client: "redis_asyncio.Redis",
) -> None:
    store = RedisSessions(client, SystemClock(), ttl_s=_TTL_S)
    session = await opened(store)
    await client.set(f"s:{{{session.session_id}}}:running", "of a process that died", px=200)
    with pytest.raises(Conflict):
        async with store.running(session.session_id, "t2"):
            pass
    await asyncio.sleep(0.3)
    async with store.running(session.session_id, "t2"):
        pass


async def test_a_lease_that_another_took_over_is_not_released_by_the_first(store: RedisSessions, client: "redis_asyncio.Redis") -> None:
    session = await opened(store)
    key = f"s:{{{session.session_id}}}:running"
    async with store.running(session.session_id, "t1"):
        await client.set(key, "other t2")

    assert await client.get(key) == b"other t2"


async def test_what_was_acknowledged_survives_a_killed_server_and_the_client_recovers_by_itself(own_redis: PrivateRedis) -> None:
    client = connect(own_redis.start())
    store = RedisSessions(client, SystemClock(), ttl_s=_TTL_S)
    session = await opened(store)
    saved = await store.commit(session, record(session, "t1"))

    restarted = await asyncio.to_thread(_kill_and_restart, own_redis)
    store_after = RedisSessions(connect(restarted), SystemClock(), ttl_s=_TTL_S)

    assert await store_after.load(session.session_id) == saved
    assert await store_after.saved(session.session_id, "t1") is not None


async def test_a_dead_server_is_reported_as_unavailable_with_a_time_to_come_back(own_redis: PrivateRedis) -> None:
    store = RedisSessions(connect(own_redis.start(), patient=False), SystemClock(), ttl_s=_TTL_S)
    session = await opened(store)
    await asyncio.to_thread(own_redis.stop)

    for call in (store.load(session.session_id), store.save(session), store.ping(), store.saved(session.session_id, "t")):
        with pytest.raises(Unavailable) as down:
            await call
        assert down.value.retry_after_s > 0


async def test_the_call_after_the_last_allowed_one_is_refused_until_the_minute_is_over(client: "redis_asyncio.Redis") -> None:
    clock = FakeClock()
    limiter = RedisRateLimiter(client, clock)
    subject = secrets.token_hex(4)
    for _ in range(3):
        await limiter.check("sessions", subject, per_minute=3)
    with pytest.raises(TooMany) as refused:
        await limiter.check("sessions", subject, per_minute=3)
    assert 0 < refused.value.retry_after_s <= 60

    clock.advance(refused.value.retry_after_s)
    await limiter.check("sessions", subject, per_minute=3)


async def test_limits_hold_per_subject_and_per_bucket(client: "redis_asyncio.Redis") -> None:
    limiter = RedisRateLimiter(client, FakeClock())
    one, other = secrets.token_hex(4), secrets.token_hex(4)
    await limiter.check("sessions", one, per_minute=1)
    await limiter.check("sessions", other, per_minute=1)
    await limiter.check("requests", one, per_minute=1)
    with pytest.raises(TooMany):
        await limiter.check("sessions", one, per_minute=1)


async def test_a_session_of_another_version_counts_as_expired(store: RedisSessions, client: "redis_asyncio.Redis") -> None:
    session = await opened(store)
    await client.set(f"s:{{{session.session_id}}}", session.model_dump_json().replace('"version"', '"revision"'))
    assert await store.load(session.session_id) is None


async def test_a_turn_of_another_version_is_left_out_of_the_history(store: RedisSessions, client: "redis_asyncio.Redis") -> None:
    session = await store.commit(await opened(store), record(await opened(store), "old"))
    await client.hset(f"s:{{{session.session_id}}}:replies", "old", '{"turn_id": "old"}')
    await store.commit(session, record(session, "new"))
    turns, _ = await store.history(session.session_id, before=None, limit=10)
    assert [turn.turn_id for turn in turns] == ["new"]


async def test_without_redis_the_process_counts_alone_and_still_refuses(own_redis: PrivateRedis) -> None:
    limiter = RedisRateLimiter(connect(own_redis.start(), patient=False), FakeClock())
    await asyncio.to_thread(own_redis.stop)
    for _ in range(3):
        await limiter.check("requests", "address", per_minute=3)
    with pytest.raises(TooMany):
        await limiter.check("requests", "address", per_minute=3)


def _kill_and_restart(server: PrivateRedis) -> str:
    pid = int((server.folder / "server.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    server.stop()
    return server.start()
