"""Who acts in a turn, and in what order? The graph: its nodes and its edges."""

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from agents.checking import RelaxAgent
from agents.context import TurnContext
from agents.planning import PlanAgent
from agents.search import SearchAgent
from agents.speaking import SpeakingAgent
from agents.state import PlannedState, TurnState
from domain.plan import SEARCHING

Graph = CompiledStateGraph[TurnState, TurnContext, TurnState, TurnState]


def build_graph(*, plan: PlanAgent, search: SearchAgent, relax: RelaxAgent, speak: SpeakingAgent) -> Graph:
    """plan -> formulate once -> a branch a search task -> joined and relaxed; every other task speaks for itself."""
    graph = StateGraph(TurnState, context_schema=TurnContext)
    graph.add_node("plan", plan)
    graph.add_node("formulate", search.formulate)
    graph.add_node("search", search.search)
    graph.add_node("speak", speak)
    graph.add_node("relax", relax, defer=True)
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", _after_planning, ["formulate", "speak"])
    graph.add_conditional_edges("formulate", _branches, ["search"])
    graph.add_edge("search", "relax")
    graph.add_edge("speak", "relax")
    graph.add_edge("relax", END)
    return graph.compile()


def _after_planning(state: PlannedState) -> list[Send]:
    planned = state["planned"]
    speaking = [i for i, task in enumerate(planned.plan.tasks) if task.kind not in SEARCHING]
    sends = [Send("speak", {"planned": planned, "task_index": i}) for i in speaking]
    return [Send("formulate", {"planned": planned}), *sends] if planned.plan.searches else sends


def _branches(state: PlannedState) -> list[Send]:
    planned = state["planned"]
    return [Send("search", {"planned": planned, "task_index": i}) for i in range(len(planned.plan.searches))]
