"""May this be shown? Search tasks that found nothing are relaxed once; then every section is checked before a word is said."""

from collections import Counter
from dataclasses import dataclass, replace

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.gate import Gate
from agents.relaxing import Relaxer
from agents.state import FinishedState, SearchOutcome, TurnState

_LED_BY = 6
"""First products after whose shelf a section is called that shows something else than was asked for."""


@dataclass(frozen=True)
class RelaxAgent:
    """Joins the search branches; relaxes one constraint of one task that found nothing, once a turn."""

    relaxer: Relaxer
    gate: Gate

    async def __call__(self, state: FinishedState, runtime: Runtime[TurnContext]) -> TurnState:
        context, planned = runtime.context, state["planned"]
        await context.formulated()
        context.assembler.finish()
        empty = [outcome for outcome in state.get("searched", []) if not outcome.found]
        if not empty or context.assembler.count:
            return {}
        outcome = empty[0]
        task = planned.plan.searches[outcome.task_index]
        with context.step("relax", "chain", {"request": task.request}, stage="rank") as outputs:
            relaxed, ranked = await self.relaxer.relax(task, planned)
            if relaxed and ranked:
                admitted = await self.gate.admit(ranked, task.filters.without(*([relaxed.field] if relaxed.field else [])))
                context.withheld += admitted.failed
                ranked = admitted.ranked
            outputs["relaxed"] = relaxed.field if relaxed else None
        if relaxed is None:
            return {}
        if ranked:
            label = context.feed.categories[0].category if context.feed.categories else task.request
            if relaxed.field is None:
                shelves = Counter(r.product.category[-1] for r in ranked[:_LED_BY] if r.product.category)
                label = next((name for name, _ in shelves.most_common(1)), label)
            context.assembler.offer(len(context.feed.categories), label, None, ranked)
            context.assembler.finish()
        changed: SearchOutcome = replace(outcome, relaxed=relaxed, pool=ranked)
        return {"searched": [changed]}
