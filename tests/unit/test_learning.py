"""What do conversations teach of a signed-in customer, and what must they not?"""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.learning import ProfileLearner
from domain.errors import Conflict
from domain.feedback import Feedback, FeedbackKind
from domain.product import Product
from domain.profile import Profile, ProfileFact
from domain.reply import Reply
from domain.session import Session
from evaluator.conversation import fresh_session
from tests.fakes import FakeClock, KeptProfiles, ListCatalog
from tests.turn_kit import lexicon_of, product

_GOODS = [
    product("boot", "Ridge Boot", kind="Boots", brand="Fellstride", colors=("brown",), material=("leather",)),
    product("boot2", "Peak Boot", kind="Boots", brand="Fellstride", colors=("black",)),
    product("shirt", "Wool Shirt", kind="Shirts", brand="Northmark", colors=("blue",), material=("wool",)),
]
_REPLY = Reply(turn_id="t", session_id="s", text="", plan=())


class Bench:
    """A learner over profiles in memory."""

    def __init__(self, *profiles: Profile, goods: list[Product] = _GOODS) -> None:
        self.kept = KeptProfiles(*profiles)
        self.clock = FakeClock()
        lexicon = lexicon_of(goods)
        self.learner = ProfileLearner(self.kept, ListCatalog(goods), lambda: lexicon, self.clock)

    async def said(self, message: str, session: Session, reply: Reply = _REPLY) -> None:
        await self.learner.turn(session, message, reply)

    async def signal(self, kind: FeedbackKind, product_id: str | None, session: Session, *, turn: str = "t", value: float = 1) -> None:
        said = Feedback(session_id="s", turn_id=turn, kind=kind, product_id=product_id, value=value, at=self.clock.now())
        await self.learner.feedback(session, said)

    def ids(self, customer: str = "c") -> dict[str, float]:
        found = self.kept.found.get(customer)
        return {fact.id: fact.weight for fact in found.facts} if found else {}


def customer(**more: Any) -> Session:
    return fresh_session().model_copy(update={"customer_id": "c", **more})


def order(order_id: str = "A-1", product_id: str = "boot", *, created: str = "2026-11-28T11:00:00Z", state: str = "paid") -> Reply:
    line = {"line_id": "1", "product_id": product_id, "options": {"size": "9"}}
    document = {"order_id": order_id, "state": state, "created_at": created, "lines": [line]}
    return _REPLY.model_copy(update={"order": document})


async def test_what_was_stated_is_kept_with_evidence_and_told_to_the_next_turn() -> None:
    bench = Bench()
    await bench.said("I'm a size 10, never leather, and I love Fellstride", customer())
    profile = bench.kept.found["c"]
    assert profile.sizes == {"any": "10"} and set(bench.ids()) == {"size:any 10", "avoid:leather", "brand:fellstride"}
    assert all("you said so" in fact.evidence for fact in profile.facts)
    assert "avoids leather" in profile.summary and len(profile.summary.split()) <= 26
    assert profile.tastes["avoid:leather"] == 1.0 and profile.tastes["said:brand:fellstride"] == 1.0


@pytest.mark.parametrize("session", [fresh_session(), customer(recipient="my wife")])
async def test_nothing_is_learned_of_anonymous_shoppers_or_while_shopping_for_somebody_else(session: Session) -> None:
    bench = Bench()
    await bench.said("I love Fellstride", session, order())
    await bench.signal("purchase", "boot", session)
    assert bench.kept.found == {}


async def test_nothing_is_learned_while_learning_is_off() -> None:
    bench = Bench(Profile(customer_id="c", version=3, learning=False))
    await bench.said("never leather", customer(), order())
    await bench.signal("click", "boot", customer())
    assert bench.kept.found["c"] == Profile(customer_id="c", version=3, learning=False)


async def test_a_message_without_a_lasting_statement_touches_no_profile() -> None:
    bench = Bench()
    await bench.said("brown boots under $100", customer())
    assert bench.kept.found == {}


async def test_one_click_is_no_taste_and_a_purchase_is() -> None:
    bench = Bench()
    await bench.signal("click", "shirt", customer())
    assert bench.ids() == {}
    await bench.said("yes", customer(), order())
    assert bench.ids()["brand:fellstride"] == pytest.approx(0.318, abs=0.01)
    fact = next(f for f in bench.kept.found["c"].facts if f.id == "brand:fellstride")
    assert fact.evidence == "in chat: 1 bought, the last on 2026-11-28"
    assert "seen:brand:fellstride" not in bench.kept.found["c"].tastes


async def test_many_looks_are_a_taste_that_is_called_by_its_name() -> None:
    bench = Bench()
    for turn in range(6):
        await bench.signal("click", "boot2", customer(), turn=f"t{turn}")
    profile = bench.kept.found["c"]
    assert "6 looked at" in profile.facts[0].evidence and profile.tastes["seen:brand:fellstride"] == 1.0


async def test_a_deed_that_is_told_twice_counts_once() -> None:
    bench = Bench()
    for _ in range(3):
        await bench.said("where is my order", customer(), order())
        await bench.signal("add_to_cart", "boot", customer())
    assert len(bench.kept.found["c"].signals) == 2


async def test_thumbs_down_take_back_what_thumbs_up_gave() -> None:
    bench = Bench()
    for turn in range(3):
        await bench.signal("thumb", "boot", customer(), turn=f"up{turn}")
    liked = bench.ids()["brand:fellstride"]
    await bench.signal("thumb", "boot2", customer(), turn="down", value=-1)
    assert bench.ids()["brand:fellstride"] < liked
    await bench.signal("thumb", None, customer(), turn="whole")
    assert len(bench.kept.found["c"].signals) == 4


async def test_a_cancelled_order_and_one_from_before_forgetting_teach_nothing() -> None:
    forgotten = datetime(2026, 11, 28, 11, 30, tzinfo=UTC)
    bench = Bench(Profile(customer_id="c", version=1, forgotten_at=forgotten))
    await bench.said("yes", customer(), order(state="cancelled"))
    await bench.said("yes", customer(), order(created="2026-11-28T11:00:00Z"))
    assert bench.ids() == {}
    await bench.said("yes", customer(), order("A-2", created="2026-11-28T11:45:00Z"))
    assert "brand:fellstride" in bench.ids()


async def test_a_new_statement_replaces_what_it_contradicts() -> None:
    bench = Bench()
    await bench.said("I love leather. I usually spend around $40", customer())
    await bench.said("never leather. i never pay more than $100", customer())
    assert {fact_id for fact_id in bench.ids() if not fact_id.startswith("size")} == {"avoid:leather", "price:$0 to $100"}


async def test_what_was_struck_out_comes_back_only_when_it_is_said_again() -> None:
    fact = ProfileFact(kind="brand", value="Fellstride", weight=0.5, evidence="2 of 4 purchases")
    bench = Bench(Profile(customer_id="c", version=1, learned=(fact,), removed=("brand:fellstride",)))
    await bench.said("yes", customer(), order())
    assert "brand:fellstride" not in bench.ids()
    await bench.said("I love Fellstride", customer())
    assert bench.ids()["brand:fellstride"] == 1.0


class Crossed(KeptProfiles):
    """Another tab writes between this one's reading and writing, as often as told."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def save(self, profile: Profile) -> Profile:
        if self.times:
            self.times -= 1
            before = self.found.get("c") or Profile(customer_id="c")
            await super().save(before.model_copy(update={"sizes": {**before.sizes, f"tab {self.times}": "9"}}))
            raise Conflict("changed meanwhile")
        return await super().save(profile)


async def test_two_tabs_at_once_lose_no_update() -> None:
    bench = Bench()
    bench.kept = Crossed(3)
    learner = ProfileLearner(bench.kept, bench.learner.source, bench.learner.lexicon, bench.clock)
    await asyncio.gather(learner.turn(customer(), "never leather", _REPLY), learner.turn(customer(), "I love Northmark", _REPLY))
    profile = bench.kept.found["c"]
    assert {"avoid:leather", "brand:northmark"} <= set(bench.ids()) and len(profile.sizes) == 3


async def test_what_is_kept_of_a_customer_is_bounded() -> None:
    bench = Bench()
    for turn in range(120):
        await bench.signal("click", "boot", customer(), turn=f"t{turn}")
    assert len(bench.kept.found["c"].signals) == 80
