"""Where do proposals lie that wait for a yes? One row each; of a session, one waits at a time."""

from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict
from domain.pending import Pending
from memory.shop_tables import pending

_INSERT = insert(pending)
_LOAD = select(pending.c.document).where(pending.c.pending_id == bindparam("wanted"))
_WAITING = (
    select(pending.c.document)
    .where((pending.c.session_id == bindparam("session")) & (pending.c.state == "waiting"))
    .order_by(pending.c.expires_at.desc())
    .limit(1)
)
_ANSWER = update(pending).where((pending.c.pending_id == bindparam("wanted")) & (pending.c.state == "waiting"))


class SqlPendings:
    """The Pendings port inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, proposed: Pending) -> None:
        older = await self.waiting(proposed.session_id)
        if older is not None:
            await self.answer(older.model_copy(update={"state": "superseded"}))
        await self._connection.execute(_INSERT, {"pending_id": proposed.pending_id, **_row(proposed)})

    async def load(self, pending_id: str) -> Pending | None:
        found = (await self._connection.execute(_LOAD, {"wanted": pending_id})).scalar()
        return None if found is None else Pending.model_validate(found)

    async def waiting(self, session_id: str) -> Pending | None:
        found = (await self._connection.execute(_WAITING, {"session": session_id})).scalar()
        return None if found is None else Pending.model_validate(found)

    async def answer(self, answered: Pending) -> None:
        row = {"wanted": answered.pending_id, **_row(answered)}
        if (await self._connection.execute(_ANSWER, row)).rowcount != 1:
            raise Conflict("That has been answered already; nothing was done a second time.")


def _row(proposed: Pending) -> dict[str, Any]:
    return {
        "session_id": proposed.session_id, "state": proposed.state, "expires_at": proposed.expires_at,
        "document": proposed.model_dump(mode="json"),
    }  # fmt: skip
