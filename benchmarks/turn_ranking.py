"""How does a whole turn rank a catalogue? The query goes in as a chat message; its ranked candidates come out, before any cut.

Through planner, formulator, filters, retrieval and reranking, before the gate, quotas and variety; tasks interleaved where the
plan has several. Below the candidates that a turn ranks (60 a category) stands plain search, first under the same filters, then
without them, so that runs are deep enough; ``TurnRun.own_in_first_ten`` says how much of what is scored the turn ranked itself.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from agents.assembling import SectionAssembler
from agents.context import TurnContext
from agents.feed import CategoryFeed
from agents.ranking import FactRanker, Ranking
from agents.state import TurnState
from agents.tracing import TurnTrace
from app import Application, SystemClock, build
from benchmarks.labelled import LabelledQuery
from config import Settings
from domain.filters import Filters
from domain.plan import Plan
from domain.search import HybridQuery
from domain.session import Session
from domain.turn import Received
from planner.lexicon import Lexicon


@dataclass(frozen=True)
class RankedTurn:
    """What one message came to, and what ranked it: another ranker can order the same candidates."""

    query: LabelledQuery
    plan: Plan
    rankings: tuple[Ranking, ...]
    """One a category."""
    lexicon: Lexicon
    below: tuple[str, ...]
    """Plain search, for what stands below the turn's own candidates."""

    @property
    def own(self) -> list[str]:
        """The turn's own products in its order, none twice."""
        return _merged([s.candidate.product.product_id for s in ranking.ordered] for ranking in self.rankings)

    def ordered_by(self, ranker: FactRanker, tastes: Mapping[str, float]) -> list[str]:
        """The same candidates as another ranker orders them, plain search below."""
        orders = (ranker.ordered(r.candidates, r.task, r.message, tastes, wanted_type=r.wanted_type) for r in self.rankings)
        return list(dict.fromkeys([*_merged([s.candidate.product.product_id for s in order] for order in orders), *self.below]))


@dataclass(frozen=True)
class TurnRun:
    """A ranking a query, and what share of the first ten places the turns filled themselves."""

    rankings: dict[str, tuple[tuple[str, float], ...]]
    own_in_first_ten: float
    understood: int
    """Messages that were planned as a search."""


async def run_turns(settings: Settings, names: Mapping[str, str], queries: Sequence[LabelledQuery], *, depth: int) -> TurnRun:
    """Each query in a new conversation over the index of its corpus."""
    rankings: dict[str, tuple[tuple[str, float], ...]] = {}
    shares: list[float] = []
    understood = 0
    async for turn in turns_of(settings, names, queries, depth=depth):
        unique = list(dict.fromkeys([*turn.own, *turn.below]))[:depth]
        rankings[turn.query.query_id] = tuple((pid, 1 - rank / (len(unique) + 1)) for rank, pid in enumerate(unique))
        shares.append(min(10, len(turn.own)) / 10)
        understood += bool(turn.plan.searches)
    return TurnRun(rankings, sum(shares) / len(shares) if shares else 0.0, understood)


async def turns_of(
    settings: Settings, names: Mapping[str, str], queries: Sequence[LabelledQuery], *, depth: int
) -> AsyncIterator[RankedTurn]:
    """Each query in a new conversation, corpus by corpus."""
    for corpus, name in names.items():
        # Nothing of a turn needs Redis here: the conversation is new each time and is not saved.
        application = build(settings.model_copy(update={"catalog": name}), redis_url="redis://127.0.0.1:1/0")
        async with application.running():
            for query in (q for q in queries if q.corpus == corpus):
                context, plan = await _turn(application, query.text)
                yield RankedTurn(
                    query=query, plan=plan, rankings=tuple(context.rankings[i] for i in sorted(context.rankings)),
                    lexicon=application.planner.lexicon(), below=tuple(await _plain(application, plan, query.text, depth)),
                )  # fmt: skip


async def _turn(application: Application, message: str) -> tuple[TurnContext, Plan]:
    now = datetime.now(UTC)
    session = Session(session_id="benchmark", created_at=now, expires_at=now + timedelta(hours=1))
    received = Received(turn_id="turn", message=message, at=now, session=session)
    trace = TurnTrace(session_id="benchmark", clock=SystemClock())
    context = TurnContext(trace=trace, feed=CategoryFeed(), assembler=SectionAssembler(lambda view: None))
    state: TurnState = {"received": received, "searched": [], "spoken": []}
    final = await application.assistant.graph.ainvoke(state, context=context)
    return context, final["planned"].plan


async def _plain(application: Application, plan: Plan, message: str, depth: int) -> list[str]:
    found: list[str] = []
    needs = [(task.request, task.filters) for task in plan.searches[:1]]
    for text, filters in (*needs, (message, Filters())):
        vector = (await application.services.embedder.embed([text]))[0]
        retrieved = await application.catalog.retrieve(HybridQuery(text=text, vector=vector), filters, limit=depth)
        found += [candidate.product.product_id for candidate in retrieved.candidates]
    return found


def _merged(lists: Iterable[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(_interleaved(lists)))


def _interleaved(lists: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in zip_longest(*lists):
        yield from (product_id for product_id in row if product_id is not None)
