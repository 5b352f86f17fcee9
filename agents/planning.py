"""Received -> Planned: asks the planner, and tells the client what was understood."""

from dataclasses import dataclass

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.state import ReceivedState, TurnState
from domain.events import StreamEvent
from domain.ports import Planner
from domain.reply import TaskView
from domain.turn import Planned


@dataclass(frozen=True)
class PlanAgent:
    planner: Planner

    async def __call__(self, state: ReceivedState, runtime: Runtime[TurnContext]) -> TurnState:
        received = state["received"]
        with runtime.context.step("plan", "chain", {"message": received.message}, stage="plan") as outputs:
            plan = await self.planner.plan(received)
            views = [TaskView.of(task).model_dump(mode="json") for task in plan.tasks]
            outputs["plan"] = views
        runtime.stream_writer(StreamEvent("plan", views))
        planned = Planned(
            turn_id=received.turn_id, message=received.message, at=received.at, session=received.session,
            profile=received.profile, tastes=received.tastes, plan=plan,
        )  # fmt: skip
        return {"planned": planned}
