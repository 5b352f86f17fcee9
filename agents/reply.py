"""What is said? The reply's words, made of the evidence list alone; short, and honest about what was not found."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agents.context import TurnContext
from agents.sentences import relaxed_of, search_text
from agents.state import Finished, Relaxed, Spoken
from domain.events import StreamEvent, StreamName, TurnFinished
from domain.filters import MOST_VALUES, Filters
from domain.plan import Task
from domain.ports import ProductSource
from domain.product import Product
from domain.reply import Check, ProductView, Reply, SectionView, TaskView
from domain.session import RECENT_TURNS, Exchange, Session, ShownProduct
from domain.shop_views import PendingView, document
from domain.shopper import Shopper
from evaluator.checks import Shown, check_products
from planner.kinds import starts_over
from planner.standing import filled_up

_SHOWN_KEPT = 24
_SUGGESTIONS = 4
_ANSWERS = 16
_SUMMARY_LIMIT = 600


@dataclass(frozen=True)
class ReplyAgent:
    """Writes the reply, checks it once more against the catalogue, and brings the session up to date."""

    source: ProductSource
    is_safe: Callable[[str], bool]
    waiting: Callable[[Shopper], Awaitable[PendingView | None]] | None = None
    """What waits for a shopper's yes; None where nothing can be bought."""

    async def finish(self, finished: Finished, context: TurnContext) -> AsyncIterator[StreamEvent | TurnFinished]:
        """Token events, then TurnFinished."""
        with context.step("reply", "chain", {}, stage="reply") as outputs:
            reply = await self._reply(finished, context)
            outputs |= {"text": reply.text, "checks": [c.name for c in reply.checks if not c.passed]}
        documents: tuple[tuple[StreamName, Any], ...] = (("cart", reply.cart), ("order", reply.order), ("pending", reply.pending))
        for name, data in documents:
            if data is not None:
                yield StreamEvent(name, data)
        for piece in _pieces(reply.text):
            yield StreamEvent("token", {"text": piece})
        reply = reply.model_copy(update={"timings_ms": context.timings()})
        yield TurnFinished(reply, updated_session(finished, reply))

    async def _reply(self, finished: Finished, context: TurnContext) -> Reply:
        planned = finished.planned
        context.assembler.explain({c.category: c.explanation for c in context.feed.categories if c.explanation})
        sections = context.assembler.views()
        tasks = tuple(_held(task, finished, i) for i, task in _with_search_index(planned.plan.tasks))
        checks = await self._checks(finished, sections, tasks, context.withheld)
        report = context.feed.report
        return Reply(
            turn_id=planned.turn_id, session_id=planned.session.session_id, text=text_of(finished, context),
            plan=tuple(TaskView.of(task) for task in tasks), proposal=tuple(context.feed.categories),
            sections=sections, comparison=next((s.comparison for s in finished.spoken if s.comparison), None),
            citations=tuple(c for s in finished.spoken for c in s.citations), suggestions=suggestions_of(finished, context),
            checks=checks, degraded=report.degraded, usage=report.usage,
            cart=next((s.cart for s in reversed(finished.spoken) if s.cart), None),
            order=next((s.order_document for s in reversed(finished.spoken) if s.order_document), None),
            pending=await self._pending(finished),
        )  # fmt: skip

    async def _pending(self, finished: Finished) -> dict[str, Any] | None:
        """In every reply while something waits for a yes."""
        if self.waiting is None:
            return None
        session = finished.planned.session
        found = await self.waiting(Shopper(session_id=session.session_id, customer_id=session.customer_id))
        return document(found) if found else None

    async def _checks(
        self, finished: Finished, sections: tuple[SectionView, ...], tasks: tuple[Task, ...], withheld: list[Check]
    ) -> tuple[Check, ...]:
        views = [view for section in sections for view in section.products]
        said = tuple(check for spoken in finished.spoken for check in spoken.checks)
        if not finished.planned.plan.searches:
            return (*said, Check(name="safe", passed=True, reason="nothing unsafe is shown"))
        evidence = {p.product_id: p for p in await self.source.products([v.product_id for v in views])}
        searching = [task for task in tasks if task.kind in ("search", "refine", "similar")]
        shown = [Shown(view, _filters_for(view, evidence, searching)) for view in views]
        unfiltered = tuple(dict.fromkeys(f for o in finished.searched for f in o.unfiltered))
        checks = check_products(shown, evidence, unfiltered=unfiltered, is_safe=self.is_safe)
        answered = Check(name="answers_what_was_asked", passed=bool(views), reason=_answered(views, relaxed_of(finished)))
        return (*said, *checks, *_held_back(withheld), answered)


def text_of(finished: Finished, context: TurnContext) -> str:
    """The whole text: what other tasks say first, then what the search came to, then a question if one is needed."""
    parts = [s.text for s in sorted(finished.spoken, key=lambda s: s.order)]
    if finished.planned.plan.searches:
        parts.append(search_text(finished, context))
    if filled_up(finished.planned.session.standing, finished.planned.plan.standing):
        parts.append(f"I keep the last {MOST_VALUES} of these wishes in mind; what came before them counts no more.")
    clarification = finished.planned.plan.clarification
    if clarification:
        parts.append(clarification.question)
    return " ".join(part for part in parts if part) or "How can I help you shop today?"


def suggestions_of(finished: Finished, context: TurnContext) -> tuple[str, ...]:
    """Up to four answers to tap, each with something behind it."""
    clarification = finished.planned.plan.clarification
    if clarification:
        return clarification.choices[:_SUGGESTIONS]
    said = [text for s in finished.spoken for text in s.suggestions]
    relaxed = relaxed_of(finished)
    if relaxed:
        said.append(relaxed.suggestion)
    pool = next((o.pool for o in finished.searched if o.pool), ())
    if finished.planned.plan.searches and context.assembler.count:
        said += _refinements([r.product for r in pool], finished.planned.plan.searches[0].filters)
        if context.assembler.count >= 2:
            said.append("Compare the first two")
    # What answers a question about sizes is a size, and every size is one.
    asks = any(s.unfinished for s in finished.spoken)
    return tuple(dict.fromkeys(said))[: _ANSWERS if asks else _SUGGESTIONS]


def updated_session(finished: Finished, reply: Reply) -> Session:
    """The session after the turn: conversation, standing filters, what is on the screen, what is being shopped for."""
    planned, session = finished.planned, finished.planned.session
    searches = planned.plan.searches
    query = searches[0].request if searches else ""
    exchange = Exchange(
        message=planned.message[:1000], answer=reply.text[:500], kinds=tuple(t.kind for t in planned.plan.tasks), query=query
    )
    exchanges = (*session.exchanges, exchange)
    dropped = exchanges[:-RECENT_TURNS]
    shown = tuple(_remembered(view, section.category) for section in reply.sections for view in section.products)
    clarification = planned.plan.clarification
    anew = starts_over(planned.message) is not None
    return session.model_copy(
        update={
            "exchanges": exchanges[-RECENT_TURNS:],
            "summary": _summary(session.summary, dropped),
            # What the shopper asked for stands, also when it was opened once for this reply.
            "standing": planned.plan.standing,
            "subject": None if anew and not searches else _subject(session, searches, found=bool(shown)),
            "recipient": planned.plan.recipient,
            "shown": shown[:_SHOWN_KEPT] or (() if anew else session.shown),
            "focus": _focus(session, planned.plan.tasks, finished.spoken, shows=bool(shown)),
            "question": clarification.question if clarification else None,
            "unfinished": next((s.unfinished for s in finished.spoken if s.unfinished), None),
            "pending": _told_pending(finished, reply),
            "turn_count": session.turn_count + 1,
        }
    )


def _pieces(text: str) -> list[str]:
    """Words with the space before them; joined, they are the text."""
    words = text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]


def _refinements(pool: list[Product], held: Filters) -> list[str]:
    """Narrowings that some, but not all, of the ranked products fulfil."""
    found: list[str] = []
    prices = sorted(p.price.minor for p in pool if p.price)
    if len(prices) >= 4 and pool[0].price and pool[0].price.currency == "USD":
        middle = round(prices[len(prices) // 2] / 1000) * 10
        if held.price_max is None and prices[0] < middle * 100 < prices[-1]:
            found.append(f"Only under ${middle}")
        elif held.price_max is not None:
            found.append("Show me cheaper ones")
    colors = [c for p in pool for c in p.colors[:1]]
    if not held.color and len(set(colors)) > 1:
        found.append(f"Only in {max(sorted(set(colors)), key=colors.count)}")
    features = [f for p in pool for f in p.features]
    common = [f for f in sorted(set(features), key=features.count, reverse=True) if 1 < features.count(f) < len(pool)]
    if common and not held.features:
        found.append(f"Only {common[0]}" if not common[0].startswith("with") else common[0])
    if held.color:
        found.append("Any colour is fine")
    return found


def _held(task: Task, finished: Finished, search_index: int | None) -> Task:
    """The task with the filters that really held: an opened one is taken out and named as lifted."""
    outcome = next((o for o in reversed(finished.searched) if o.task_index == search_index and o.relaxed), None)
    if outcome is None or outcome.relaxed is None or not outcome.relaxed.shown or outcome.relaxed.field is None:
        return task
    field = outcome.relaxed.field
    opened = task.filters.model_copy(update={field: None, "lifted": (*task.filters.lifted, field)})
    return task.model_copy(update={"filters": opened})


def _with_search_index(tasks: tuple[Task, ...]) -> list[tuple[int | None, Task]]:
    numbered: list[tuple[int | None, Task]] = []
    count = 0
    for task in tasks:
        searching = task.kind in ("search", "refine", "similar")
        numbered.append((count if searching else None, task))
        count += searching
    return numbered


def _filters_for(view: ProductView, evidence: dict[str, Product], tasks: list[Task]) -> Filters:
    """The filters of a task that admits the product; the first task's when none does, so that the check fails."""
    product = evidence.get(view.product_id)
    admitted = [task.filters for task in tasks if product and task.filters.admits(product)]
    return admitted[0] if admitted else tasks[0].filters


def _held_back(failed: list[Check]) -> tuple[Check, ...]:
    """What was found and not shown, by the check that it failed."""
    if not failed:
        return ()
    counted = Counter(check.name for check in failed)
    reason = "not shown: " + ", ".join(f"{count} for {name}" for name, count in counted.items())
    return (Check(name="held_back", passed=True, reason=reason),)


def _answered(views: list[ProductView], relaxed: Relaxed | None) -> str:
    if relaxed:
        return f"nothing {relaxed.said}; {relaxed.offer}"
    return f"{len(views)} products" if views else "nothing in the catalogue fits, and the reply says so"


def _remembered(view: ProductView, category: str) -> ShownProduct:
    return ShownProduct(
        product_id=view.product_id, ordinal=view.ordinal or 0, title=view.title[:200], category=category, brand=view.brand,
        colors=view.colors, price=view.price, rating=view.rating, variant_id=view.variant_id,
    )  # fmt: skip


def _told_pending(finished: Finished, reply: Reply) -> dict[str, Any] | None:
    """The proposal that this conversation was told last and that a yes may mean: none once it looked at something else."""
    told = next((spoken.pending for spoken in reversed(finished.spoken) if spoken.pending), None)
    if told is not None:
        return told
    before = finished.planned.session.pending
    still = before is not None and reply.pending is not None and before["pending_id"] == reply.pending["pending_id"]
    return before if still and not finished.planned.plan.searches else None


def _focus(session: Session, tasks: tuple[Task, ...], spoken: Sequence[Spoken], *, shows: bool) -> tuple[str, ...]:
    """What was spoken of last, the one that a comparison names above all; a new screen starts without."""
    if shows:
        return ()
    told = next((said.focus for said in reversed(spoken) if said.focus), ())
    if told:
        return told
    named = [task.product_ids for task in tasks if task.kind in ("question", "compare") and 0 < len(task.product_ids) <= 2]
    return named[-1] if named else session.focus


def _subject(session: Session, searches: tuple[Task, ...], *, found: bool) -> str | None:
    if not searches:
        return session.subject
    lost = not found and searches[-1].subject is None and session.subject is not None
    return session.subject if lost else searches[-1].request


def _summary(before: str, dropped: tuple[Exchange, ...]) -> str:
    """Queries of turns that left the document, the latest last, bounded."""
    said = [e.query for e in dropped if e.query]
    joined = "; ".join(dict.fromkeys([*([before] if before else []), *said]))
    return joined[-_SUMMARY_LIMIT:]
