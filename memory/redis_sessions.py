"""How are conversations kept? Session documents and saved turns in Redis, each commit one atomic script.

s:{<id>}            the Session document (JSON)
s:{<id>}:replies    hash of turn id to TurnRecord (JSON), apart from the session so that that stays small
s:{<id>}:turns      sorted set of turn ids, by the session version that they made
s:{<id>}:running    lease of the turn that runs, short-lived and renewed

The first three get the same expiry in the same script, so a conversation ends as a whole and never in parts.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Any

import redis.asyncio as redis_asyncio
import structlog
from pydantic import ValidationError
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from domain.errors import Conflict, Unavailable
from domain.ports import Clock
from domain.session import Session, TurnRecord

_log = structlog.get_logger()
_RETRY_AFTER_S = 1

# KEYS: session, replies, turns; ARGV: expected version, session document, ttl ms, turns kept, turn id or "", record.
# A client that lost the answer sends the script again: a document that stands already is a success, not a conflict.
_COMMIT = """
local current = redis.call('GET', KEYS[1])
if current ~= ARGV[2] then
  if not current then return 'gone' end
  if cjson.decode(current)['version'] ~= tonumber(ARGV[1]) then return 'changed' end
  redis.call('SET', KEYS[1], ARGV[2])
  if ARGV[5] ~= '' then
    redis.call('HSET', KEYS[2], ARGV[5], ARGV[6])
    redis.call('ZADD', KEYS[3], ARGV[1], ARGV[5])
    local spare = redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[4])
    if spare > 0 then
      for i, id in ipairs(redis.call('ZPOPMIN', KEYS[3], spare)) do
        if i % 2 == 1 then redis.call('HDEL', KEYS[2], id) end
      end
    end
  end
end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[3]) end
return 'ok'
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
_RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"


class RedisSessions:
    """Sessions and Turns over one Redis.

    ``ttl_s`` is the lifetime of a conversation after its last commit; ``turns_kept`` bounds its replies, the oldest go first;
    ``lease_s`` is how long the turn of a process that died holds up the next one.
    """

    def __init__(self, client: "redis_asyncio.Redis", clock: Clock, *, ttl_s: int, turns_kept: int = 1_000, lease_s: float = 10.0) -> None:
        self._redis = client
        self._clock = clock
        self._ttl_s = ttl_s
        self._turns_kept = turns_kept
        self._lease_s = lease_s
        self._commit_script = client.register_script(_COMMIT)
        self._release = client.register_script(_RELEASE)
        self._renew = client.register_script(_RENEW)

    @classmethod
    def connect(cls, url: str, clock: Clock, *, ttl_s: int) -> "RedisSessions":
        """A client with timeouts; nothing is asked of the server yet."""
        return cls(connect(url), clock, ttl_s=ttl_s)

    async def open(self, session: Session) -> None:
        with translated():
            await self._redis.set(_key(session.session_id), session.model_dump_json(), ex=self._ttl_s)

    async def load(self, session_id: str) -> Session | None:
        with translated():
            document = await self._redis.get(_key(session_id))
        return _session(document) if document else None

    async def save(self, session: Session) -> Session:
        return await self._commit(session, None)

    async def commit(self, session: Session, record: TurnRecord) -> Session:
        return await self._commit(session, record)

    async def forget(self, session_id: str) -> None:
        key = _key(session_id)
        with translated():
            await self._redis.delete(*_keys(session_id), f"{key}:running")

    async def saved(self, session_id: str, turn_id: str) -> TurnRecord | None:
        _, replies, _ = _keys(session_id)
        with translated():
            document = await self._redis.hget(replies, turn_id)
        return _record(document) if document else None

    async def history(self, session_id: str, *, before: int | None, limit: int) -> tuple[tuple[TurnRecord, ...], int | None]:
        _, replies, turns = _keys(session_id)
        top = "+inf" if before is None else f"({before}"
        with translated():
            # One more than asked tells whether there is more; newest first, as the page is cut from the end.
            found: list[Any] = await self._redis.zrevrangebyscore(turns, top, "-inf", start=0, num=limit + 1, withscores=True)
            page = [(_text(turn), int(made_at)) for turn, made_at in found[:limit]]
            documents = await self._redis.hmget(replies, [turn for turn, _ in page]) if page else []
        records = tuple(record for document in reversed(documents) if document and (record := _readable(document)))
        return records, page[-1][1] if len(found) > limit else None

    def running(self, session_id: str, turn_id: str) -> AbstractAsyncContextManager[None]:
        return self._running(session_id, turn_id)

    async def ping(self) -> None:
        """Raises Unavailable unless the server answers."""
        with translated():
            await self._redis.ping()

    async def close(self) -> None:
        with suppress(RedisError):
            await self._redis.aclose()

    @asynccontextmanager
    async def _running(self, session_id: str, turn_id: str) -> AsyncIterator[None]:
        key, owner = f"{_key(session_id)}:running", f"{secrets.token_hex(8)} {turn_id}"
        with translated():
            taken = await self._redis.set(key, owner, nx=True, px=self._lease_ms)
            # A lease whose confirmation was lost on the way is ours all the same.
            taken = taken or _text(await self._redis.get(key)) == owner
        if not taken:
            raise Conflict("a turn of this session is still running; wait for it", retry_after_s=_RETRY_AFTER_S)
        renewing = asyncio.create_task(self._keep(key, owner))
        try:
            yield
        finally:
            renewing.cancel()
            # A lease that cannot be released ends by itself when its time is over.
            with suppress(RedisError, OSError):
                await self._release(keys=[key], args=[owner])

    async def _keep(self, key: str, owner: str) -> None:
        while True:
            await asyncio.sleep(self._lease_s / 3)
            with suppress(RedisError, OSError):
                await self._renew(keys=[key], args=[owner, self._lease_ms])

    @property
    def _lease_ms(self) -> int:
        return int(self._lease_s * 1000)

    async def _commit(self, session: Session, record: TurnRecord | None) -> Session:
        expires = self._clock.now() + timedelta(seconds=self._ttl_s)
        saved = session.model_copy(update={"version": session.version + 1, "expires_at": expires})
        turn = (record.turn_id, record.model_dump_json()) if record else ("", "")
        arguments: list[str | int] = [session.version, saved.model_dump_json(), self._ttl_s * 1000, self._turns_kept, *turn]
        with translated():
            outcome = _text(await self._commit_script(keys=_keys(session.session_id), args=arguments))
        if outcome == "gone":
            raise Conflict("the session has expired or was forgotten meanwhile; open a new one with POST /sessions")
        if outcome != "ok":
            raise Conflict("the session was changed meanwhile; send the message again", retry_after_s=_RETRY_AFTER_S)
        return saved


def connect(url: str, *, patient: bool = True) -> "redis_asyncio.Redis":
    """An asyncio client with timeouts; a patient one bridges a restart of the server of about a second."""
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=5 if patient else 0)
    timeout_s = 3.0 if patient else 0.5
    return redis_asyncio.Redis.from_url(
        url, retry=retry, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, health_check_interval=15
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turns the vendor's errors into Unavailable at the edge."""
    try:
        yield
    except (RedisError, OSError) as exc:
        raise Unavailable("the session store is down; try again in a moment", retry_after_s=2) from exc


def _key(session_id: str) -> str:
    # Braces keep all keys of a session in one cluster slot.
    return f"s:{{{session_id}}}"


def _keys(session_id: str) -> tuple[str, str, str]:
    """Session, replies, turns: what lives and expires together."""
    key = _key(session_id)
    return key, f"{key}:replies", f"{key}:turns"


def _session(document: bytes | str) -> Session | None:
    """None for a session of another version of Aisle: it is over, and a browser gives its cookie back as for an expired one."""
    try:
        return Session.model_validate_json(document)
    except ValidationError as exc:
        _log.warning("session_of_another_version", problems=exc.error_count())
        return None


def _readable(document: bytes | str) -> TurnRecord | None:
    try:
        return _record(document)
    except Conflict:
        return None


def _record(document: bytes | str) -> TurnRecord:
    try:
        return TurnRecord.model_validate_json(document)
    except ValidationError as exc:
        raise Conflict("the turn was written by another version of Aisle; send the message under a new turn_id") from exc


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
