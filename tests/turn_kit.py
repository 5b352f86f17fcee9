"""How do tests run one turn? The whole graph over a few products, with a scripted planner or formulator where a test needs one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.assistant import GraphAssistant
from agents.checking import RelaxAgent
from agents.compare import CompareAgent
from agents.gate import Gate
from agents.orchestrator import build_graph
from agents.planning import PlanAgent
from agents.questions import QuestionAgent
from agents.ranking import FactRanker
from agents.relaxing import Relaxer
from agents.reply import ReplyAgent
from agents.search import SearchAgent
from agents.speaking import SpeakingAgent, plain
from agents.talk import clarify, out_of_scope, preference, small_talk, unsafe
from catalog.vocabulary import Vocabulary
from domain.events import FormulationEvent, StreamEvent, TurnFinished
from domain.filters import Filters
from domain.money import Money
from domain.plan import Plan, Task
from domain.ports import Formulator, Planner
from domain.product import Product
from domain.proposal import ProposedCategory
from domain.reply import Reply
from domain.search import HybridQuery, Retrieved
from domain.session import Session
from domain.turn import FormulationRequest, Received
from evaluator.conversation import fresh_session
from planner.lexicon import Lexicon, stem, words_of
from planner.rule_planner import RulePlanner
from planner.rules_formulator import RulesFormulator
from planner.safety import safety_rules
from tests.fakes import FakeClock, ListCatalog, MemoryTraces, UnitEmbedder


def product(product_id: str, title: str, price: str | None = "50", *, kind: str, **more: Any) -> Product:
    """A product of a type, in stock unless told otherwise."""
    more = {"stock": 5, "rating": 4.2, "rating_count": 40} | more
    return Product(product_id=product_id, title=title, price=Money.usd(price) if price else None, category=("Shop", kind), **more)


def category(name: str, explanation: str = "") -> ProposedCategory:
    return ProposedCategory(category=name, products=tuple(f"{name} {i}" for i in range(6)), explanation=explanation)


def lexicon_of(products: Sequence[Product]) -> Lexicon:
    return Lexicon.of(Vocabulary.from_products(products))


class WordCatalog(ListCatalog):
    """A catalogue in which what shares a word with the query lies near it, and all else far."""

    async def retrieve(self, query: HybridQuery, filters: Filters, *, limit: int) -> Retrieved:
        found = await super().retrieve(query, filters, limit=limit)
        wanted = {stem(word) for word in words_of(query.text)}
        likeness = [0.6 if wanted & {stem(word) for word in words_of(c.product.title)} else 0.1 for c in found.candidates]
        near = [c.model_copy(update={"score": value, "dense": value}) for c, value in zip(found.candidates, likeness, strict=True)]
        return found.model_copy(update={"candidates": tuple(near)})


@dataclass(frozen=True)
class PlannedBeforehand:
    """A Planner that wants the same whatever is said."""

    tasks: tuple[Task, ...]

    async def plan(self, received: Received) -> Plan:
        return Plan(tasks=self.tasks, standing=self.tasks[0].filters if self.tasks else Filters())


@dataclass
class ScriptedFormulator:
    """A Formulator that says its lines in order; a line may be something to wait for."""

    lines: Sequence[FormulationEvent | Callable[[], Awaitable[object]]]
    asked: list[FormulationRequest] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def formulate(self, request: FormulationRequest) -> AsyncIterator[FormulationEvent]:
        self.asked.append(request)
        try:
            for line in self.lines:
                if callable(line):
                    await line()
                else:
                    yield line
        finally:
            self.ended.set()


@dataclass
class Desk:
    """An assistant over a few products, and one shopper who talks with it."""

    assistant: GraphAssistant
    traces: MemoryTraces
    session: Session = field(default_factory=fresh_session)
    events: list[StreamEvent] = field(default_factory=list)

    def stream(self, message: str) -> AsyncIterator[StreamEvent | TurnFinished]:
        turn_id = f"turn-{self.session.turn_count}"
        return self.assistant.answer(Received(turn_id=turn_id, message=message, at=FakeClock().now(), session=self.session))

    async def say(self, message: str) -> Reply:
        """The reply; the session goes on from it."""
        self.events.clear()
        reply: Reply | None = None
        async for event in self.stream(message):
            if isinstance(event, StreamEvent):
                self.events.append(event)
            else:
                reply, self.session = event.reply, event.session
        assert reply is not None
        return reply


def desk(products: Sequence[Product], *, planner: Planner | None = None, formulator: Formulator | None = None, catalog: Any = None) -> Desk:
    """Composed as in production, but for what a test puts in."""
    catalog = catalog or WordCatalog(products)
    vocabulary = Vocabulary.from_products(products)
    rules = RulePlanner(vocabulary=lambda: vocabulary, safety=safety_rules())
    ranker, embedder = FactRanker(rules.lexicon), UnitEmbedder()
    gate = Gate(catalog, is_safe)
    relaxer = Relaxer(embedder, catalog, ranker, rules.lexicon)
    speakers: Any = {
        "small_talk": plain(small_talk), "out_of_scope": plain(out_of_scope), "unsafe": plain(unsafe), "clarify": plain(clarify),
        "preference": plain(preference), "compare": CompareAgent(catalog), "question": QuestionAgent(catalog),
    }  # fmt: skip
    graph = build_graph(
        plan=PlanAgent(planner or rules),
        search=SearchAgent(formulator or RulesFormulator(rules.lexicon), embedder, catalog, ranker, gate),
        relax=RelaxAgent(relaxer, gate),
        speak=SpeakingAgent(speakers),
    )
    traces = MemoryTraces()
    return Desk(GraphAssistant(graph, ReplyAgent(catalog, is_safe), traces, FakeClock()), traces)


def is_safe(text: str) -> bool:
    return safety_rules().danger(text) is None
