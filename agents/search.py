"""Search: from a planned turn to sections, by way of formulate, embed, retrieve, rank; a category as soon as it closes."""

import asyncio
from dataclasses import dataclass

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.feed import Dealt
from agents.gate import Gate
from agents.ranking import FactRanker, Ranking
from agents.state import BranchState, PlannedState, SearchOutcome, TurnState
from domain.errors import AisleError
from domain.events import CategoryExplained, CategoryFormulated, FormulationFinished, QueryFormulated
from domain.plan import Task
from domain.ports import Embedder, Formulator, Retriever
from domain.proposal import ProposedCategory
from domain.search import HybridQuery, RankedProduct, Retrieved
from domain.terms import fold
from domain.turn import FormulationRequest, Planned
from evaluator.relevance import relevant
from planner.lexicon import stem, words_of

_DEPTH = 60
"""Candidates that ranking sees a category."""
_CONTEXT_MESSAGES = 6


@dataclass(frozen=True)
class SearchAgent:
    """Finds what could answer the turn; ordering it is the ranker's job."""

    formulator: Formulator
    embedder: Embedder
    retriever: Retriever
    ranker: FactRanker
    gate: Gate

    async def formulate(self, state: PlannedState, runtime: Runtime[TurnContext]) -> TurnState:
        """Starts the turn's one formulation; returns when the query stands, categories keep coming through the feed."""
        context, planned = runtime.context, state["planned"]
        context.feed.open(planned.plan.searches)
        ready: asyncio.Event = asyncio.Event()
        task = asyncio.create_task(self._formulate(planned, context, ready))
        context.formulating = task
        await ready.wait()
        return {}

    async def search(self, state: BranchState, runtime: Runtime[TurnContext]) -> TurnState:
        """One branch: this task's categories, each embedded, retrieved, ranked and offered to the assembler."""
        context, planned, index = runtime.context, state["planned"], state["task_index"]
        task = planned.plan.searches[index]
        outcome = SearchOutcome(task_index=index, found=False)
        # For "something like that one": the product itself is not shown again.
        anchor = task.product_ids[0] if task.kind == "similar" and task.product_ids else None
        async for dealt in context.feed.categories_of(index):
            single = len(planned.plan.searches) == 1 and dealt.index == 0
            ranked, found = await self._category(dealt, task, planned, context, lead=single, anchor=anchor, task_index=index)
            context.assembler.offer(dealt.index, dealt.category.category, dealt.category.explanation or None, ranked)
            outcome = SearchOutcome(
                task_index=index, found=outcome.found or bool(ranked), unfiltered=found.unfiltered or outcome.unfiltered,
                pool=outcome.pool or ranked,
            )  # fmt: skip
        return {"searched": [outcome]}

    async def _formulate(self, planned: Planned, context: TurnContext, ready: asyncio.Event) -> None:
        request = formulation_request(planned)
        try:
            with context.step("formulate", "chain", {"message": planned.message}, stage="formulate") as outputs:
                async for event in self.formulator.formulate(request):
                    if isinstance(event, QueryFormulated):
                        outputs["query"] = event.query
                        context.query = event.query if event.led else ""
                        ready.set()
                    elif isinstance(event, CategoryFormulated):
                        context.feed.deal(event.index, event.category)
                    elif isinstance(event, CategoryExplained):
                        context.feed.explain(event.index, event.explanation)
                    elif isinstance(event, FormulationFinished):
                        context.feed.report = event.report
                        outputs |= {"model": event.report.model, "categories": [c.category for c in context.feed.categories]}
        except AisleError as error:
            context.feed.error = error
        finally:
            ready.set()
            context.feed.end()

    async def _category(
        self, dealt: Dealt, task: Task, planned: Planned, context: TurnContext, *, lead: bool, anchor: str | None, task_index: int
    ) -> tuple[tuple[RankedProduct, ...], Retrieved]:
        query = await self._query(dealt, task, planned, context, lead=lead)
        with context.step("retrieve", "retriever", {"query": query.text, "category": dealt.category.category}, stage="retrieve") as out:
            found = await self.retriever.retrieve(query, task.filters, limit=_DEPTH)
            out["products"] = [c.product.product_id for c in found.candidates[:10]]
        kept = [c for c in found.candidates if c.product.product_id not in (anchor, *task.seen)]
        with context.step("rank", "chain", {"candidates": len(kept)}, stage="rank") as out:
            wanted = self._wanted_type(dealt.category, task, planned)
            ordered = self.ranker.ordered(kept, task, planned.message, planned.liked, wanted_type=wanted)
            context.rankings[dealt.index] = Ranking(task, planned.message, wanted, tuple(kept), ordered)
            about = [s for s in ordered if relevant(s.candidate, query.text, wanted_type=wanted)]
            ranked = self.ranker.chosen(about, task, planned.message, planned.liked)
            out["products"] = [r.product.product_id for r in ranked[:10]]
        with context.step("check", "chain", {"products": len(ranked)}, stage="check") as out:
            admitted = await self.gate.admit(ranked, task.filters, unfiltered=found.unfiltered)
            context.withheld += admitted.failed
            out["failed"] = [check.reason for check in admitted.failed]
        return admitted.ranked, found

    async def _query(self, dealt: Dealt, task: Task, planned: Planned, context: TurnContext, *, lead: bool) -> HybridQuery:
        """The query leads; the raw message is a weak second signal, hypothetical titles stand beside it (FACTS.md)."""
        alone = (lead and len(planned.plan.searches) == 1 and task.subject is not None) or _is_said(dealt.category, task)
        text = task.request if alone else f"{dealt.category.category} {_constraints(task)}".strip()
        # The model's query is that of the whole turn: of several needs it is nobody's.
        if alone and context.query and len(planned.plan.searches) == 1:
            text = context.query
        raw = planned.message if lead and task.kind == "search" and len(planned.message) < 300 else None
        texts = [text, *dealt.category.products, *([raw] if raw else [])]
        with context.step("embed", "embedding", {"texts": len(texts)}, stage="embed"):
            vectors = await self.embedder.embed(texts)
        return HybridQuery(
            text=text, vector=vectors[0], hyde=vectors[1 : 1 + len(dealt.category.products)],
            raw_text=raw, raw_vector=vectors[-1] if raw else None, category=dealt.category.category,
        )  # fmt: skip

    def _wanted_type(self, category: ProposedCategory, task: Task, planned: Planned) -> str | None:
        """The catalogue's type that the category names, else the task's own."""
        lexicon = self.ranker.lexicon()
        main = lexicon.main_thing(words_of(category.category))
        named = main.name if main and main.name in lexicon.type_names else None
        return task.subject if _says(category, task) and task.subject else named or task.subject


def formulation_request(planned: Planned) -> FormulationRequest:
    """What the formulator may know of the turn."""
    earlier = [pair for e in planned.session.exchanges for pair in (("user", e.message), ("assistant", e.answer))]
    return FormulationRequest(
        message=planned.message,
        plan=planned.plan,
        conversation=tuple(earlier[-_CONTEXT_MESSAGES:]),
        profile=planned.profile,
        held=planned.session.standing,
    )


def _says(category: ProposedCategory, task: Task) -> bool:
    """Whether the category is the very thing that the task asked for."""
    subject = set(words_of(task.subject or task.request))
    return bool(subject) and subject <= {form for w in words_of(category.category) for form in (w, w.removesuffix("s"), f"{w}s")}


def _is_said(category: ProposedCategory, task: Task) -> bool:
    """Whether the request says all that the category's name says, and so is the better query: "file cabinets" for "Cabinets"."""
    return {stem(w) for w in words_of(category.category)} <= {stem(w) for w in words_of(f"{task.request} {task.subject or ''}")}


def _constraints(task: Task) -> str:
    held = task.filters
    words = [*(held.color or ()), *(held.material or ()), *(held.features or ()), *(held.brand or ())]
    return " ".join(map(fold, words))
