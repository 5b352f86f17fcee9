"""In what order are candidates shown? By relevance as trees have learned it, and by rule for what a shopper says and prefers."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

import numpy as np

from agents.kind_match import GENDER_WORDS, RIGHT_KIND, TITLED, compound_of, head_match, kin_types, title_stems, titled, type_match
from agents.personal import affinity, shunned
from agents.quantities import quantities, quantity_fit
from agents.rank_features import FEATURES, features, telling_words
from agents.why import why_of
from domain.errors import StartupError
from domain.filters import Filters
from domain.plan import Task
from domain.product import Product
from domain.search import Candidate, RankedProduct
from domain.terms import fold
from planner.lexicon import BASE_COLORS, Lexicon, words_of
from tools.rank_trees import RankTrees

_AFFORDABLE = re.compile(r"\b(?:cheap(?:er|est)?|affordable|inexpensive|budget|low[- ]cost|bargain|good value)\b")
_BEST = re.compile(r"\b(?:best|top[- ]rated|highest[- ]rated|well[- ]reviewed|premium|high[- ]end|top quality|finest|luxury)\b")
_CHEAPEST = re.compile(r"\bcheapest\b|\blowest price\b")
_TELLING = 8
"""First candidates of which half must be of a word's types for that word to turn others away."""
_PRIOR_RATING, _PRIOR_COUNT = 4.0, 20
"""A rating from few people counts little: Bayesian mean over 20 imagined ratings of 4.0."""
_TWIN_COST, _BRAND_COST = 0.12, 0.04
"""What showing one more colour of a model, or a third product of a brand, must gain to be worth it."""
_LOOKED_AT = 24
"""The most that are handed on: enough for a section, for what a check withholds, and for what to narrow by."""
_DEALT = 12
"""Places that are filled with an eye on variety; more than a section shows."""

_SHUNNED = 2.0
"""More than relevance: what a customer said to avoid stands last of what can be bought."""
_SOLD_OUT = 4.0
"""More than all parts of a score together: what can be bought stands first."""


NOTHING_KNOWN: Mapping[str, float] = {}


@dataclass(frozen=True)
class Weights:
    """Weights of the score's parts; each part lies in 0..1.

    Relevance leads: on labelled queries of catalogues with noisy types (``python -m benchmarks.retrieval``, training split) more
    weight for types, or any for a middling price that nobody asked for, only cost nDCG. What a shopper says weighs in full.
    """

    relevance: float = 0.8
    type_match: float = 0.08
    """The product is of the very type that was asked for."""
    head_match: float = 0.02
    """Its type merely ends in the word that was asked for; where types are noisy that says little."""
    rating: float = 0.1
    best: float = 1.2
    """Ratings again, when the best is asked for."""
    price: float = 0.08
    """Nearness to a ceiling that was said."""
    affordable: float = 0.2
    taste: float = 0.75
    """Share of what the profile of a signed-in customer adds to a request of one word; a request of four gets a quarter of it.

    The whole learned weight costs a request that the profile says nothing of up to 0.02 nDCG on the training split; this costs 0.008.
    """
    quantity: float = 0.45
    """A figure with its unit that was asked for: it is met or it is not."""


@dataclass(frozen=True)
class Scored:
    """A candidate in its place."""

    candidate: Candidate
    score: float
    right_kind: bool
    """Whether it is the kind of thing that was asked for, as far as types can tell."""


@dataclass(frozen=True)
class Ranking:
    """What was asked of the ranker, and its answer."""

    task: Task
    message: str
    wanted_type: str | None
    candidates: tuple[Candidate, ...]
    """As retrieval had them."""
    ordered: tuple[Scored, ...]


@dataclass(frozen=True)
class FactRanker:
    """Ranks from facts; with ``trees`` their order stands for that of relevance and type (docs/ranking.md)."""

    lexicon: Callable[[], Lexicon]
    weights: Weights = Weights()
    trees: RankTrees | None = None

    def __post_init__(self) -> None:
        if self.trees and self.trees.features != FEATURES:
            raise StartupError("the ranker's file was made for other features; run `python -m training.ranker`")

    def rank_now(
        self,
        candidates: Sequence[Candidate],
        task: Task,
        message: str,
        tastes: Mapping[str, float],
        *,
        wanted_type: str | None = None,
    ) -> tuple[RankedProduct, ...]:
        """Ordered and chosen in one."""
        return self.chosen(self.ordered(candidates, task, message, tastes, wanted_type=wanted_type), task, message, tastes)

    def ordered(
        self,
        candidates: Sequence[Candidate],
        task: Task,
        message: str,
        tastes: Mapping[str, float],
        *,
        wanted_type: str | None = None,
    ) -> tuple[Scored, ...]:
        """All candidates, best first; nothing is left out yet."""
        kind = wanted_type or task.subject
        added, right = self.kinds(candidates, kind, task)
        lowered = message.casefold()
        asked = _Asked.of(task, lowered, [c.product for c, is_right in zip(candidates, right, strict=True) if is_right])
        relevance = self._relevance(candidates, added, right, task)
        scored = [
            Scored(c, about + self._rules(c.product, asked, tastes), is_right)
            for c, about, is_right in zip(candidates, relevance, right, strict=True)
        ]
        if _CHEAPEST.search(lowered):
            return tuple(sorted(scored, key=lambda s: (s.candidate.product.in_stock is False, _price(s.candidate.product), -s.score)))
        # As retrieval had them where scores are alike.
        return tuple(sorted(scored, key=lambda s: -s.score))

    def chosen(
        self, ordered: Sequence[Scored], task: Task, message: str, tastes: Mapping[str, float] = NOTHING_KNOWN
    ) -> tuple[RankedProduct, ...]:
        """What is the right kind of thing, with colour twins of one model after its best one."""
        # Accessories of a thing are not the thing, and mice are no answer to "cheaper headsets".
        right = [s for s in ordered if s.right_kind]
        if tastes:
            right = [s for s in right if not shunned(s.candidate.product, tastes, task.request)] or right
        if not _CHEAPEST.search(message.casefold()):
            right = _diverse(right, by_brand=not task.filters.brand)
        return tuple(_ranked(s.score, s.candidate, task.filters, tastes) for s in right[:_LOOKED_AT])

    def kinds(self, candidates: Sequence[Candidate], kind: str | None, task: Task) -> tuple[list[float], list[bool]]:
        """What each one's type adds to its score, and whether it is the kind of thing that was asked for."""
        lexicon = self.lexicon()
        if kind:
            compound = compound_of(kind, task.request)
            matches = [
                1.0 if compound and titled(compound, title_stems(c.product.title)) else type_match(c.product, kind) for c in candidates
            ]
            # A title alone is enough to be shown, but lifts nothing: it has counted among the words that were searched.
            added = [self.weights.type_match * match if match > TITLED else 0.0 for match in matches]
            return added, [match >= RIGHT_KIND for match in matches]
        main = lexicon.main_thing(words_of(task.request))
        if main is None:
            return [0.0] * len(candidates), [True] * len(candidates)
        kin = kin_types(lexicon, main.name)
        matches = [head_match(c.product, main.name, kin) for c in candidates]
        # A word that heads few types of what was found ("body care", "phone stand" among "Bags & Cases") cannot tell the kind.
        first = matches[:_TELLING]
        tells = 2 * sum(match >= RIGHT_KIND for match in first) >= len(first)
        added = [self.weights.head_match if match == 1.0 else 0.0 for match in matches]
        return added, [match >= RIGHT_KIND or not tells for match in matches]

    def _relevance(self, candidates: Sequence[Candidate], added: Sequence[float], right: Sequence[bool], task: Task) -> list[float]:
        """How much each is about the request. The trees deal out anew the figures that the weights gave: their order, our scale."""
        weighed = [self.weights.relevance * c.score + more for c, more in zip(candidates, added, strict=True)]
        if self.trees is None or len(candidates) < 2:
            return weighed
        learned = self.trees.scores(features(candidates, added, right, task))
        dealt = [0.0] * len(weighed)
        # A stable sort: what the trees cannot tell apart stays as retrieval had it.
        for place, figure in zip(np.argsort(-learned, kind="stable").tolist(), sorted(weighed, reverse=True), strict=True):
            dealt[place] = figure
        return dealt

    def _rules(self, product: Product, asked: "_Asked", tastes: Mapping[str, float]) -> float:
        weights = self.weights
        score = (weights.best if asked.best else weights.rating) * _rating(product) + self._price_part(product, asked)
        if asked.measured:
            score += weights.quantity * quantity_fit(product, asked.request)
        if tastes:
            score += weights.taste / asked.words * affinity(product, tastes).score
            score -= _SHUNNED if shunned(product, tastes, asked.request) else 0.0
        return score - (_SOLD_OUT if product.in_stock is False else 0.0)

    def _price_part(self, product: Product, asked: "_Asked") -> float:
        """ "Affordable" wants the lower prices; under a ceiling the upper half fits best (people name what they are ready to pay)."""
        if product.price is None:
            return 0.0
        if asked.affordable:
            return self.weights.affordable * max(0.0, 1.0 - product.price.minor / (2 * asked.middle)) if asked.middle else 0.0
        return self.weights.price * min(1.0, product.price.minor / asked.ceiling) if asked.ceiling else 0.0


@dataclass(frozen=True)
class _Asked:
    """What the message says of how to order, read once for all candidates."""

    request: str
    words: int
    """Telling words of the request: the more a shopper says, the less a taste adds to it."""
    measured: bool
    best: bool
    affordable: bool
    middle: float
    """The middle price of what is of the right kind, in minor units; 0 when none has a price."""
    ceiling: int | None

    @classmethod
    def of(cls, task: Task, lowered: str, right: Sequence[Product]) -> "_Asked":
        affordable = _AFFORDABLE.search(lowered) is not None
        return cls(
            request=task.request, words=max(1, len(telling_words(task.request))), measured=bool(quantities(task.request)),
            best=_BEST.search(lowered) is not None, affordable=affordable,
            middle=median([p.price.minor for p in right if p.price] or [0]) if affordable else 0,
            ceiling=task.filters.bounds_minor()[1] if task.filters.price_max is not None else None,
        )  # fmt: skip


def _ranked(score: float, candidate: Candidate, filters: Filters, tastes: Mapping[str, float]) -> RankedProduct:
    product = candidate.product
    chosen = filters.fitting_variant(product) if product.variants and (filters.size or filters.color) else None
    size = chosen.size if chosen else None
    return RankedProduct(
        product=product,
        variant=chosen,
        score=score,
        why=why_of(product, filters, variant_size=size, taste=affinity(product, tastes).reason),
    )


def _diverse(scored: Sequence[Scored], *, by_brand: bool) -> list[Scored]:
    """The first places dealt one by one, each next product paying for what is like those before it; the rest as scored."""
    left = [(item, _model(item.candidate.product), _maker(item.candidate.product)) for item in scored]
    dealt: list[Scored] = []
    models: Counter[str] = Counter()
    brands: Counter[str] = Counter()
    while left and len(dealt) < _DEALT:
        costs = [item.score - _likeness(model, maker, models, brands) for item, model, maker in left]
        best, model, maker = left.pop(costs.index(max(costs)))
        dealt.append(best)
        models[model] += 1
        brands[maker] += by_brand
    return [*dealt, *(item for item, _, _ in left)]


def _likeness(model: str, maker: str, models: Mapping[str, int], brands: Mapping[str, int]) -> float:
    return _TWIN_COST * models.get(model, 0) + _BRAND_COST * max(0, brands.get(maker, 0) - 1)


def _maker(product: Product) -> str:
    return _folded(product.brand or product.product_id)


@lru_cache(maxsize=20_000)
def _folded(name: str) -> str:
    return fold(name)


def _model(product: Product) -> str:
    """The title without colour words: one key for all colours of a model."""
    return _model_of(product.title, product.colors)


@lru_cache(maxsize=20_000)
def _model_of(title: str, colors: tuple[str, ...]) -> str:
    own = {w for color in colors for w in words_of(color)}
    return " ".join(sorted(w for w in words_of(title) if w not in BASE_COLORS and w not in own and w not in GENDER_WORDS))


def _rating(product: Product) -> float:
    if product.rating is None:
        return 0.4
    count = product.rating_count or 0
    mean = (product.rating * count + _PRIOR_RATING * _PRIOR_COUNT) / (count + _PRIOR_COUNT)
    return max(0.0, min(1.0, (mean - 3.0) / 2.0))


def _price(product: Product) -> int:
    return product.price.minor if product.price else 1 << 60
