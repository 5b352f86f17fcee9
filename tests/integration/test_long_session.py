"""Does a conversation of two hundred turns stay small, and does it still answer at its end?"""

import pytest

from evaluator.conversation import answered, fresh_session
from tests.integration.composed import Composed

pytestmark = pytest.mark.integration
TALK = (
    "red mug under 40", "only blue ones", "the second one", "is it dishwasher safe?", "show me desk lamps, and tents for four",
    "compare the first two", "thanks a lot", "I'm a size 10, never leather", "what's your return policy?", "forget the budget",
)  # fmt: skip


async def test_two_hundred_turns_stay_within_64_kb_and_end_in_an_answer(composed: Composed) -> None:
    session = fresh_session()
    largest = 0
    for number in range(200):
        _, session = await answered(composed.assistant, TALK[number % len(TALK)], session)
        largest = max(largest, len(session.model_dump_json().encode()))
    assert session.turn_count == 200
    assert largest < 64 * 1024
    reply, session = await answered(composed.assistant, "a yoga mat under 30", session)
    assert reply.products and all(check.passed for check in reply.checks)
    reply, _ = await answered(composed.assistant, "how much is the first one?", session)
    assert "costs $" in reply.text
