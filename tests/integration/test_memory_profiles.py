"""Are profiles kept by both databases, and is no correction lost between two writers?"""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Conflict
from domain.profile import Profile, ProfileFact
from memory.profiles import SqlProfiles

pytestmark = pytest.mark.integration
_FACT = ProfileFact(kind="brand", value="Acme", weight=0.6, evidence="3 of 5 purchases")


async def test_a_profile_comes_back_as_it_was_saved(engine: AsyncEngine) -> None:
    kept = SqlProfiles(engine)
    saved = await kept.save(Profile(customer_id="c", learned=(_FACT,), sizes={"shoes": "9"}))
    assert saved.version == 1 and await kept.load("c") == saved and await kept.load("d") is None


async def test_the_second_of_two_writers_is_told_and_loses_nothing(engine: AsyncEngine) -> None:
    kept = SqlProfiles(engine)
    read = await kept.save(Profile(customer_id="c"))
    await kept.save(read.model_copy(update={"learning": False}))
    for late in (read, Profile(customer_id="c")):
        with pytest.raises(Conflict, match="try again"):
            await kept.save(late)
    found = await kept.load("c")
    assert found is not None and found.learning is False


async def test_a_batch_is_saved_whole_or_not_at_all(engine: AsyncEngine) -> None:
    kept = SqlProfiles(engine)
    await kept.save(Profile(customer_id="b"))
    with pytest.raises(Conflict):
        await kept.save_all((Profile(customer_id="a"), Profile(customer_id="b")))
    assert await kept.known(["a", "b", "c"]) == {"b": await kept.load("b")}
