"""Are questions about the shop answered with its own words, or not at all?"""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from agents.shop_info import ShopInfoAgent
from agents.state import Spoken
from catalog.shop import DEMO_SHOP, ShopInfo, ShopSection
from domain.plan import Plan, Task
from domain.search import Vectors
from domain.turn import Planned
from evaluator.conversation import fresh_session

SHOP = ShopInfo(sections=(
    ShopSection(name="returns", keywords=("return", "send back"), text="You can return items within 30 days."),
    ShopSection(name="hours", keywords=("opening hours",), text="We answer from 8 to 8. You can order at any hour."),
))  # fmt: skip


class TopicEmbedder:
    """Texts that share one of these words point the same way."""

    dimensions = 3
    words = ("30 days", "parcel goes home", "8 to 8")

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return np.array(
            [[word in text or (i == 0 and "parcel goes home" in text) for i, word in enumerate(self.words)] for text in texts],
            dtype=np.float32,
        )


async def spoken(question: str, shop: ShopInfo = SHOP) -> Spoken:
    task = Task(kind="shop_question", request=question)
    planned = Planned(turn_id="t", message=question, at=datetime.now(UTC), session=fresh_session(), plan=Plan(tasks=(task,)))
    return await ShopInfoAgent(shop, TopicEmbedder())(planned, task, 0)


@pytest.mark.parametrize("question", ["Can I send back what I bought?", "RETURNS?", "how do returns work"])
async def test_a_keyword_finds_its_passage(question: str) -> None:
    said = await spoken(question)
    assert said.text == "You can return items within 30 days."
    assert [(c.source, c.passage) for c in said.citations] == [("returns", said.text)]


async def test_other_words_of_the_same_meaning_find_it_too() -> None:
    assert (await spoken("what if the parcel goes home again?")).citations[0].source == "returns"


async def test_what_the_shop_does_not_say_is_not_known() -> None:
    said = await spoken("who is your chief executive?")
    assert "don't know" in said.text and said.citations == ()


async def test_a_shop_that_says_nothing_knows_nothing() -> None:
    assert "don't know" in (await spoken("do you take returns?", ShopInfo(sections=()))).text


async def test_every_section_of_the_demo_shop_is_found_by_each_of_its_keywords() -> None:
    shop = ShopInfo.load(DEMO_SHOP)
    lost = [(s.name, word) for s in shop.sections for word in s.keywords if not (await spoken(f"{word}?", shop)).citations]
    assert lost == []
