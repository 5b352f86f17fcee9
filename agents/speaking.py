"""Which agent answers a task that searches nothing? One table from kind to agent."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.state import BranchState, Spoken, TurnState
from domain.plan import Task, TaskKind
from domain.turn import Planned

Speaker = Callable[[Planned, Task, int], Awaitable[Spoken]]


@dataclass(frozen=True)
class SpeakingAgent:
    """Runs the agent of the task's kind; a kind without one is a defect of the composition and raises KeyError."""

    speakers: Mapping[TaskKind, Speaker]

    async def __call__(self, state: BranchState, runtime: Runtime[TurnContext]) -> TurnState:
        planned, index = state["planned"], state["task_index"]
        task = planned.plan.tasks[index]
        with runtime.context.step(task.kind, "chain", {"request": task.request}) as outputs:
            spoken = await self.speakers[task.kind](planned, task, index)
            outputs["text"] = spoken.text
        return {"spoken": [spoken]}


def plain(speak: Callable[[Planned, Task, int], Spoken]) -> Speaker:
    """A speaker from a function that waits for nothing."""

    async def spoken(planned: Planned, task: Task, order: int) -> Spoken:
        return speak(planned, task, order)

    return spoken
