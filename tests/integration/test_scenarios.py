"""Do whole conversations go as they should, on the embedded default over the demo catalogue?"""

import pytest

from domain.filters import Filters
from domain.reply import Reply, TaskView
from evaluator.playing import play
from evaluator.scenario import Scenario, load_scenarios, misses
from tests.integration.composed import Composed

pytestmark = pytest.mark.integration
SCENARIOS = load_scenarios()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
async def test_scenario(composed: Composed, scenario: Scenario) -> None:
    outcome = await play(composed.assistant, scenario)
    assert outcome.passed, outcome.failure or "\n".join(outcome.misses)


class Silent:
    """Answers nothing to everything."""

    def reply(self, message: str) -> Reply:
        return Reply(turn_id="t", session_id="s", text="", plan=())


class Parrot:
    """Answers the same to everything."""

    def reply(self, message: str) -> Reply:
        searched = TaskView(kind="search", request="products", filters=Filters())
        return Reply(turn_id="t", session_id="s", text="Here are some products.", plan=(searched,))


@pytest.mark.parametrize("null", [Silent(), Parrot()], ids=["silent", "parrot"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_an_assistant_that_does_nothing_fails(scenario: Scenario, null: Silent | Parrot) -> None:
    assert any(misses(turn.expect, null.reply(turn.say)) for turn in scenario.turns)


def test_there_are_enough_scenarios() -> None:
    assert len(SCENARIOS) >= 80
