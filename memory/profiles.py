"""Where do profiles lie? One versioned document a customer, in the database: builds write them while the server runs."""

from collections.abc import Sequence

from sqlalchemy import JSON as JSON_TYPE
from sqlalchemy import Column, Integer, String, Table, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import Conflict
from domain.profile import Profile
from memory.database import metadata, reading, writing

profiles = Table(
    "profiles", metadata,
    Column("customer_id", String(200), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("document", JSON_TYPE, nullable=False),
)  # fmt: skip


class SqlProfiles:
    """The Profiles port over the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def load(self, customer_id: str) -> Profile | None:
        async with reading(self._engine) as connection:
            found = await connection.execute(select(profiles.c.document).where(profiles.c.customer_id == customer_id))
            document = found.scalar()
        return None if document is None else Profile.model_validate(document)

    async def known(self, customer_ids: Sequence[str]) -> dict[str, Profile]:
        """Those of these customers that have a profile, by id."""
        async with reading(self._engine) as connection:
            found = await connection.execute(select(profiles.c.document).where(profiles.c.customer_id.in_(customer_ids)))
            documents = found.scalars().all()
        return {profile.customer_id: profile for profile in map(Profile.model_validate, documents)}

    async def save(self, profile: Profile) -> Profile:
        """The profile at its next version; Conflict when it was changed since it was read."""
        return (await self.save_all((profile,)))[0]

    async def save_all(self, changed: Sequence[Profile]) -> tuple[Profile, ...]:
        """All or none, each at its next version; Conflict when one was changed since it was read."""
        saved = tuple(profile.model_copy(update={"version": profile.version + 1}) for profile in changed)
        try:
            async with writing(self._engine) as connection:
                for before, after in zip(changed, saved, strict=True):
                    await _write(connection, before, after)
        except IntegrityError as exc:
            raise _changed() from exc
        return saved


async def _write(connection: AsyncConnection, before: Profile, after: Profile) -> None:
    row = {"version": after.version, "document": after.model_dump(mode="json")}
    if before.version == 0:
        await connection.execute(insert(profiles).values(customer_id=after.customer_id, **row))
        return
    same = (profiles.c.customer_id == after.customer_id) & (profiles.c.version == before.version)
    if (await connection.execute(update(profiles).where(same).values(**row))).rowcount != 1:
        raise _changed()


def _changed() -> Conflict:
    return Conflict("the profile was changed by another request meanwhile; try again", retry_after_s=1)
