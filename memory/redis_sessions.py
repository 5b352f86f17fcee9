"""How are conversations kept? Session documents and saved turns in Redis, each commit one atomic script.

s:{<id>}            the Session document (JSON)
s:{<id>}:turn:<t>   a TurnRecord (JSON), under a key of its own so that the session stays small
s:{<id>}:turns      list of turn ids, oldest first
s:{<id>}:running    lease of the turn that runs: "<owner> <turn id>", short-lived and renewed
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import redis.asyncio as redis_asyncio
from redis.exceptions import RedisError

from domain.errors import Conflict, Unavailable
from domain.ports import Clock
from domain.session import Session, TurnRecord

_LEASE_MS = 10_000
_RENEW_EVERY_S = 3.0
_RETRY_AFTER_S = 1

# KEYS: session, turns, new turn; ARGV: expected version, session document, ttl ms, turn id or "", record, turn prefix
_COMMIT = """
local current = redis.call('GET', KEYS[1])
local version = current and cjson.decode(current)['version'] or -1
if tonumber(ARGV[1]) ~= version then return version end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if ARGV[4] ~= '' then
  redis.call('SET', KEYS[3], ARGV[5], 'PX', ARGV[3])
  redis.call('RPUSH', KEYS[2], ARGV[4])
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do redis.call('PEXPIRE', ARGV[6] .. id, ARGV[3]) end
return 'ok'
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
_RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"


class RedisSessions:
    """Sessions and Turns over one Redis. ``ttl_s`` is the lifetime of a conversation after its last commit."""

    def __init__(self, client: "redis_asyncio.Redis", clock: Clock, *, ttl_s: int) -> None:
        self._redis = client
        self._clock = clock
        self._ttl_s = ttl_s
        self._commit_script = client.register_script(_COMMIT)
        self._release = client.register_script(_RELEASE)
        self._renew = client.register_script(_RENEW)

    @classmethod
    def connect(cls, url: str, clock: Clock, *, ttl_s: int) -> "RedisSessions":
        """A client with timeouts; nothing is asked of the server yet."""
        return cls(connect(url), clock, ttl_s=ttl_s)

    async def open(self, session: Session) -> None:
        with _Translated():
            await self._redis.set(_key(session.session_id), session.model_dump_json(), ex=self._ttl_s)

    async def load(self, session_id: str) -> Session | None:
        with _Translated():
            document = await self._redis.get(_key(session_id))
        return Session.model_validate_json(document) if document else None

    async def save(self, session: Session) -> Session:
        return await self._commit(session, None)

    async def commit(self, session: Session, record: TurnRecord) -> Session:
        return await self._commit(session, record)

    async def forget(self, session_id: str) -> None:
        key = _key(session_id)
        with _Translated():
            turns = [_text(t) for t in await self._redis.lrange(f"{key}:turns", 0, -1)]
            await self._redis.delete(key, f"{key}:turns", *(f"{key}:turn:{turn}" for turn in turns))

    async def saved(self, session_id: str, turn_id: str) -> TurnRecord | None:
        with _Translated():
            document = await self._redis.get(f"{_key(session_id)}:turn:{turn_id}")
        return TurnRecord.model_validate_json(document) if document else None

    async def history(self, session_id: str, *, before: int | None, limit: int) -> tuple[tuple[TurnRecord, ...], int | None]:
        key = _key(session_id)
        with _Translated():
            total = await self._redis.llen(f"{key}:turns")
            end = total if before is None else max(0, min(before, total))
            start = max(0, end - limit)
            ids = [_text(t) for t in await self._redis.lrange(f"{key}:turns", start, end - 1)] if end else []
            documents = await self._redis.mget([f"{key}:turn:{turn}" for turn in ids]) if ids else []
        records = tuple(TurnRecord.model_validate_json(d) for d in documents if d)
        return records, start if start > 0 else None

    def running(self, session_id: str, turn_id: str) -> AbstractAsyncContextManager[None]:
        return self._running(session_id, turn_id)

    async def ping(self) -> None:
        """Raises Unavailable unless the server answers."""
        with _Translated():
            await self._redis.ping()

    async def close(self) -> None:
        with suppress(RedisError):
            await self._redis.aclose()

    @asynccontextmanager
    async def _running(self, session_id: str, turn_id: str) -> AsyncIterator[None]:
        key, owner = f"{_key(session_id)}:running", f"{secrets.token_hex(8)} {turn_id}"
        with _Translated():
            taken = await self._redis.set(key, owner, nx=True, px=_LEASE_MS)
        if not taken:
            raise Conflict("a turn of this session is still running; wait for it", retry_after_s=_RETRY_AFTER_S)
        renewing = asyncio.create_task(self._keep(key, owner))
        try:
            yield
        finally:
            renewing.cancel()
            # A lease that cannot be released ends by itself within ten seconds.
            with suppress(RedisError, asyncio.CancelledError):
                await self._release(keys=[key], args=[owner])

    async def _keep(self, key: str, owner: str) -> None:
        while True:
            await asyncio.sleep(_RENEW_EVERY_S)
            with suppress(RedisError):
                await self._renew(keys=[key], args=[owner, _LEASE_MS])

    async def _commit(self, session: Session, record: TurnRecord | None) -> Session:
        expires = self._clock.now() + timedelta(seconds=self._ttl_s)
        saved = session.model_copy(update={"version": session.version + 1, "expires_at": expires})
        key = _key(session.session_id)
        turn_id = record.turn_id if record else ""
        arguments: list[str | int] = [
            session.version, saved.model_dump_json(), self._ttl_s * 1000, turn_id,
            record.model_dump_json() if record else "", f"{key}:turn:",
        ]  # fmt: skip
        with _Translated():
            outcome = await self._commit_script(keys=[key, f"{key}:turns", f"{key}:turn:{turn_id}"], args=arguments)
        if _text(outcome) != "ok":
            raise Conflict("the session was changed meanwhile; send the message again", retry_after_s=_RETRY_AFTER_S)
        return saved


def connect(url: str) -> "redis_asyncio.Redis":
    """An asyncio client with timeouts, that retries once over a fresh connection."""
    return redis_asyncio.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=2, health_check_interval=15)


class _Translated:
    """Turns vendor errors into Unavailable at the edge."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (RedisError, OSError)):
            raise Unavailable("the session store is down; try again in a moment", retry_after_s=2) from error


def _key(session_id: str) -> str:
    # Braces keep all keys of a session in one cluster slot.
    return f"s:{{{session_id}}}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
