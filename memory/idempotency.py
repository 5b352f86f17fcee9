"""Which requests were answered already? Keys with the answer that each was given, and notices of providers once heard."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict
from memory.shop_tables import idempotency_keys, webhooks

_ANSWER = select(idempotency_keys.c.fingerprint, idempotency_keys.c.answer).where(
    (idempotency_keys.c.session_id == bindparam("session")) & (idempotency_keys.c.key == bindparam("asked"))
)
_STORE = insert(idempotency_keys)


class SqlKeys:
    """The Keys port inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def answer(self, session_id: str, key: str, fingerprint: str | None) -> Any | None:
        row = (await self._connection.execute(_ANSWER, {"session": session_id, "asked": key})).first()
        if row is None:
            return None
        if fingerprint is not None and row[0] != fingerprint:
            raise Conflict(f"the key {key.removeprefix('http:')!r} was used for another request; use a new one")
        return row[1]

    async def earliest(self, session_id: str, prefix: str) -> Any | None:
        mine = (idempotency_keys.c.session_id == session_id) & idempotency_keys.c.key.startswith(prefix, autoescape=True)
        query = select(idempotency_keys.c.answer).where(mine).order_by(idempotency_keys.c.at, idempotency_keys.c.key).limit(1)
        return (await self._connection.execute(query)).scalar()

    async def store(self, session_id: str, key: str, fingerprint: str, answer: Any, *, at: datetime) -> None:
        row = {"session_id": session_id, "key": key, "fingerprint": fingerprint, "answer": answer, "at": at}
        try:
            await self._connection.execute(_STORE, row)
        except IntegrityError as exc:
            raise Conflict(f"a request with the key {key!r} is running; ask again shortly", retry_after_s=1) from exc


class SqlWebhooks:
    """The Webhooks port inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def first_time(self, provider: str, event_id: str, at: datetime) -> bool:
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(insert(webhooks).values(provider=provider, event_id=event_id, at=at))
        except IntegrityError:
            return False
        return True
