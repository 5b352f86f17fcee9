"""What did a scenario come to? Played turn by turn in one session; what breaks underneath is kept apart from bad answers."""

from dataclasses import dataclass

from domain.errors import AisleError
from domain.ports import Assistant
from domain.reply import Reply
from evaluator.conversation import answered, fresh_session
from evaluator.scenario import Scenario, misses


@dataclass(frozen=True)
class Outcome:
    """A scenario as it was played."""

    scenario: Scenario
    misses: tuple[str, ...]
    """Every miss in words, with the message that it answers."""
    replies: tuple[Reply, ...]
    failure: str | None = None
    """Why the conversation could not be held to its end: an infrastructure failure, not the assistant's."""

    @property
    def passed(self) -> bool:
        return not self.misses and self.failure is None


async def play(assistant: Assistant, scenario: Scenario) -> Outcome:
    """The whole scenario, also after a miss."""
    session = fresh_session()
    missed: list[str] = []
    replies: list[Reply] = []
    for turn in scenario.turns:
        try:
            reply, session = await answered(assistant, turn.say, session)
        except AisleError as error:
            return Outcome(scenario, tuple(missed), tuple(replies), failure=f"{turn.say!r}: {type(error).__name__}: {error}")
        replies.append(reply)
        missed += [f"{turn.say!r}: {miss}" for miss in misses(turn.expect, reply)]
    return Outcome(scenario, tuple(missed), tuple(replies))
