"""How does a whole turn rank a catalogue? The query goes in as a chat message; what ranking saw comes out, before any cut.

Through planner, formulator, filters, retrieval and reranking; tasks interleaved where the plan has several. Below the
candidates that a turn ranks (about 60 a category) stands plain search under the same filters, so that runs are deep enough.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from agents.assembling import SectionAssembler
from agents.context import TurnContext
from agents.feed import CategoryFeed
from agents.state import TurnState
from agents.tracing import TurnTrace
from app import Application, SystemClock, build
from benchmarks.labelled import LabelledQuery
from config import Settings
from domain.filters import Filters
from domain.plan import Plan
from domain.search import HybridQuery, RankedProduct
from domain.session import Session
from domain.turn import Received

Ranking = tuple[tuple[str, float], ...]


@dataclass
class RecordingAssembler(SectionAssembler):
    """Keeps each category's whole ranking, where the real one keeps a section's worth."""

    rankings: dict[int, tuple[RankedProduct, ...]] = field(default_factory=dict)

    def offer(self, index: int, category: str, explanation: str | None, ranked: tuple[RankedProduct, ...]) -> None:
        self.rankings[index] = ranked
        super().offer(index, category, explanation, ranked)


async def run_turns(settings: Settings, names: Mapping[str, str], queries: Sequence[LabelledQuery], *, depth: int) -> dict[str, Ranking]:
    """A ranking a query, each in a new conversation over the index of its corpus."""
    rankings: dict[str, Ranking] = {}
    searched = 0
    for corpus, name in names.items():
        # Nothing of a turn needs Redis here: the conversation is new each time and is not saved.
        application = build(settings.model_copy(update={"catalog": name}), redis_url="redis://127.0.0.1:1/0")
        async with application.running():
            for query in (q for q in queries if q.corpus == corpus):
                rankings[query.query_id], planned = await _turn(application, query.text, depth)
                searched += bool(planned.searches)
    print(f"turn: {searched} of {len(queries)} messages were understood as a search", file=sys.stderr)
    return rankings


async def _turn(application: Application, message: str, depth: int) -> tuple[Ranking, Plan]:
    now = datetime.now(UTC)
    session = Session(session_id="benchmark", created_at=now, expires_at=now + timedelta(hours=1))
    received = Received(turn_id="turn", message=message, at=now, session=session)
    assembler = RecordingAssembler(lambda view: None)
    trace = TurnTrace(session_id="benchmark", clock=SystemClock())
    context = TurnContext(trace=trace, feed=CategoryFeed(), assembler=assembler)
    state: TurnState = {"received": received, "searched": [], "spoken": []}
    final = await application.assistant.graph.ainvoke(state, context=context)
    plan: Plan = final["planned"].plan
    lists = [[r.product.product_id for r in assembler.rankings[i]] for i in sorted(assembler.rankings)]
    ordered = _interleaved(lists) if len(plan.searches) > 1 else (product_id for ids in lists for product_id in ids)
    below = await _plain(application, plan, message, depth)
    unique = list(dict.fromkeys([*ordered, *below]))[:depth]
    return tuple((product_id, 1 - rank / (len(unique) + 1)) for rank, product_id in enumerate(unique)), plan


async def _plain(application: Application, plan: Plan, message: str, depth: int) -> list[str]:
    text, filters = (plan.searches[0].request, plan.searches[0].filters) if plan.searches else (message, Filters())
    vector = (await application.services.embedder.embed([text]))[0]
    found = await application.catalog.retrieve(HybridQuery(text=text, vector=vector), filters, limit=depth)
    return [candidate.product.product_id for candidate in found.candidates]


def _interleaved(lists: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in zip_longest(*lists):
        yield from (product_id for product_id in row if product_id is not None)
