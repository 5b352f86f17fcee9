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
from domain.terms import fold
from domain.turn import Planned
from evaluator.relevance import relevant
from planner.lexicon import Lexicon, words_of
from planner.need import says_need
from planner.person import OF_A_PET

_SOFT: tuple[FilterField, ...] = ("features", "color", "material", "brand")
"""Opened and shown, with a word. Gender and what was ruled out are never opened."""
_TOLD: tuple[FilterField, ...] = ("price_max", "price_min", "size")
"""Opened only to say what there would be."""
_FOR_A_CHILD = "toys"


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
            ranked = await self._fitting(task.model_copy(update={"filters": task.filters.without(field)}), planned)
            innocent = tuple(r for r in ranked if task.filters.admits(r.product))
            if innocent:
                # What fits every constraint was found: it is no constraint that nothing met.
                return _in_fewer_words(task), innocent
            if ranked:
                return self._relaxed(task, field, ranked), ranked if field in _SOFT else ()
        for words in self._fewer_words(task, planned):
            ranked = await self._fitting(task.model_copy(update={"request": words}), planned)
            if words == _FOR_A_CHILD:
                ranked = tuple(r for r in ranked if not OF_A_PET.search(fold(" ".join(r.product.category))))
            if ranked:
                return _in_fewer_words(task), ranked
        return None, ()

    def _fewer_words(self, task: Task, planned: Planned) -> tuple[str, ...]:
        """The thing alone, without what else is said of it; for a gift also what is known of their likes, or any gift."""
        if task.subject is not None:
            return ()
        lexicon = self.lexicon()
        main = lexicon.main_thing(words_of(task.request))
        if main is not None:
            # "I need comfy pants" will do with pants; who types "shot glasses" wants no other glasses.
            return (main.name,) if main.name != task.request and says_need(planned.message) else ()
        if planned.plan.recipient is None:
            return ()
        known = [w for w in words_of(task.request) if len(w) > 3 and w in lexicon.vocabulary.words and w not in lexicon.colors]
        return (*known, _FOR_A_CHILD if task.filters.gender == "kids" else "gift")

    async def _fitting(self, task: Task, planned: Planned) -> tuple[RankedProduct, ...]:
        """What there is for the task's request under its filters."""
        vector = (await self.embedder.embed([task.request]))[0]
        found = await self.retriever.retrieve(HybridQuery(text=task.request, vector=vector), task.filters, limit=60)
        fitting = [c for c in found.candidates if relevant(c, task.request, wanted_type=task.subject)]
        return self.ranker.rank_now(fitting, task, planned.message, planned.liked)

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


def _in_fewer_words(task: Task) -> Relaxed:
    """Every constraint holds; that the things are what was meant in all its words is not claimed."""
    return Relaxed(
        field=None, said=f"for “{task.request}” in all its words", shown=True, offer="here is what comes closest", suggestion="Show me more"
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
