"""What is offered when nothing fits? One constraint is opened, once, by name; a price is only told, never overstepped."""

from collections.abc import Callable
from dataclasses import dataclass

from agents.ranking import FactRanker
from agents.state import Relaxed
from domain.filters import FilterField
from domain.money import Money
from domain.plan import Task
from domain.ports import Embedder, Retriever
from domain.search import HybridQuery, RankedProduct
from domain.turn import Planned
from evaluator.relevance import relevant
from planner.lexicon import Lexicon

_SOFT: tuple[FilterField, ...] = ("features", "color", "material", "brand")
"""Opened and shown, with a word. Gender and what was ruled out are never opened."""
_TOLD: tuple[FilterField, ...] = ("price_max", "price_min", "size")
"""Opened only to say what there would be."""


@dataclass(frozen=True)
class Relaxer:
    """Finds the nearest relaxation of a task that found nothing."""

    embedder: Embedder
    retriever: Retriever
    ranker: FactRanker
    lexicon: Callable[[], Lexicon]

    async def relax(self, task: Task, planned: Planned) -> tuple[Relaxed | None, tuple[RankedProduct, ...]]:
        """The opened constraint and the products without it; (None, ()) when no single constraint is to blame."""
        active = set(task.filters.active())
        for field in (*_TOLD, *_SOFT):
            if field not in active:
                continue
            ranked = await self._without(task, planned, field)
            if ranked:
                return self._relaxed(task, field, ranked), ranked if field in _SOFT else ()
        return None, ()

    async def _without(self, task: Task, planned: Planned, field: FilterField) -> tuple[RankedProduct, ...]:
        opened = task.model_copy(update={"filters": task.filters.without(field)})
        vector = (await self.embedder.embed([task.request]))[0]
        found = await self.retriever.retrieve(HybridQuery(text=task.request, vector=vector), opened.filters, limit=60)
        fitting = [c for c in found.candidates if relevant(c, task.request, wanted_type=task.subject)]
        return self.ranker.rank_now(fitting, opened, planned.message, planned.liked)

    def _relaxed(self, task: Task, field: FilterField, ranked: tuple[RankedProduct, ...]) -> Relaxed:
        said = _said(task, field)
        prices = sorted(r.product.price for r in ranked if r.product.price and r.product.price.currency == task.filters.currency)
        if field == "price_max" and prices:
            return Relaxed(
                field=field,
                said=said,
                shown=False,
                offer=f"the cheapest is {prices[0]}",
                suggestion=f"Up to {_rounded_up(prices[0])}",
            )
        if field == "price_min" and prices:
            return Relaxed(field=field, said=said, shown=False, offer=f"the most expensive is {prices[-1]}", suggestion="Any price")
        if field == "price_max":
            currency = ranked[0].product.price.currency if ranked[0].product.price else "another currency"
            return Relaxed(field=field, said=said, shown=False, offer=f"our prices are in {currency}", suggestion="Any price")
        if field == "size":
            sizes = list(dict.fromkeys(s for r in ranked for s in r.product.offered_sizes))[:6]
            offer = f"there is {', '.join(sizes)}" if sizes else "there are other sizes"
            return Relaxed(field=field, said=said, shown=False, offer=offer, suggestion="Any size")
        return Relaxed(
            field=field,
            said=said,
            shown=True,
            offer="here is what comes closest",
            suggestion=f"Any {field.replace('features', 'feature')}",
        )


def _said(task: Task, field: FilterField) -> str:
    held = task.filters
    sign = "$" if held.currency == "USD" else f"{held.currency} "
    if field == "price_max":
        return f"under {sign}{held.price_max}"
    if field == "price_min":
        return f"over {sign}{held.price_min}"
    if field == "size":
        return f"in size {held.size}"
    values = getattr(held, field) or ()
    return {"color": "in ", "brand": "by ", "material": "in ", "features": "that is "}[field] + " or ".join(values)


def _rounded_up(price: Money) -> str:
    whole = -(-price.minor // 500) * 5
    return f"${whole}" if price.currency == "USD" else f"{whole} {price.currency}"
