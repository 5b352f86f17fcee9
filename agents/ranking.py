"""In what order are candidates shown, and why? Stock, type, relevance, rating, price fit and what the shopper prefers."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

from agents.quantities import quantity_fit
from domain.filters import Filters
from domain.plan import Task
from domain.product import Product
from domain.search import Candidate, RankedProduct
from domain.terms import fold
from domain.turn import Planned
from planner.lexicon import BASE_COLORS, Lexicon, stem, words_of

_AFFORDABLE = re.compile(r"\b(?:cheap(?:er|est)?|affordable|inexpensive|budget|low[- ]cost|bargain|good value)\b")
_BEST = re.compile(r"\b(?:best|top[- ]rated|highest[- ]rated|well[- ]reviewed|premium|high[- ]end|top quality|finest|luxury)\b")
_CHEAPEST = re.compile(r"\bcheapest\b|\blowest price\b")
_GENDERS = frozenset({"women", "woman", "men", "man", "kids", "kid", "boy", "girl", "ladies"})
_PRIOR_RATING, _PRIOR_COUNT = 4.0, 20
"""A rating from few people counts little: Bayesian mean over 20 imagined ratings of 4.0."""
_BEST_LIFT = 8.0
"""How much more ratings count when the best is asked for."""
_TWIN_COST, _BRAND_COST = 0.12, 0.04
"""What showing one more colour of a model, or a third product of a brand, must gain to be worth it."""
_DEALT = 12
"""Places that are filled with an eye on variety; more than a section shows."""

RIGHT_KIND = 0.4
"""Type match from which a product is the kind of thing that was asked for."""


@dataclass(frozen=True)
class Weights:
    """Weights of the score's parts; each part lies in 0..1."""

    relevance: float = 0.52
    type_match: float = 0.24
    rating: float = 0.12
    price: float = 0.06
    preference: float = 0.06
    quantity: float = 0.3
    """A figure with its unit that was asked for: it is met or it is not."""


@dataclass(frozen=True)
class FactRanker:
    """The Ranker port from facts alone, without a model."""

    lexicon: Callable[[], Lexicon]
    weights: Weights = Weights()

    async def rank(self, candidates: Sequence[Candidate], planned: Planned, *, task_index: int) -> tuple[RankedProduct, ...]:
        task = planned.plan.searches[task_index]
        return self.rank_now(candidates, task, planned.message, planned.session.preferences)

    def rank_now(
        self,
        candidates: Sequence[Candidate],
        task: Task,
        message: str,
        preferences: dict[str, str],
        *,
        wanted_type: str | None = None,
    ) -> tuple[RankedProduct, ...]:
        """All candidates that are the right kind of thing, best first; colour twins of one model follow its best one."""
        if not candidates:
            return ()
        kind = wanted_type or task.subject
        main = None if kind else self.lexicon().main_thing(words_of(task.request))
        kin = kin_types(self.lexicon(), main.name) if main else frozenset()
        fit = {
            c.product.product_id: type_match(c.product, kind) if main is None else head_match(c.product, main.name, kin) for c in candidates
        }
        # Accessories of a thing are not the thing, and mice are no answer to "cheaper headsets".
        right = [c for c in candidates if fit[c.product.product_id] >= RIGHT_KIND]
        if not right:
            return ()
        lowered = message.casefold()
        middle = median([c.product.price.minor for c in right if c.product.price] or [0])
        scored = [(self._score(c, fit[c.product.product_id], task, lowered, preferences, middle), c) for c in right]
        scored.sort(key=lambda item: (-item[0], item[1].product.product_id))
        if _CHEAPEST.search(lowered):
            scored.sort(key=lambda item: (item[1].product.in_stock is False, _price(item[1].product)))
            return tuple(_ranked(score, c, task.filters) for score, c in scored)
        return tuple(_ranked(score, c, task.filters) for score, c in _diverse(scored, by_brand=not task.filters.brand))

    def _score(self, candidate: Candidate, fit: float, task: Task, message: str, preferences: dict[str, str], middle: float) -> float:
        weights, product = self.weights, candidate.product
        score = weights.relevance * candidate.score + weights.type_match * fit + weights.rating * _rating(product, message)
        score += weights.price * _price_fit(product, task.filters, message, middle)
        score += weights.preference * _preferred(product, preferences)
        score += weights.quantity * quantity_fit(product, task.request)
        return score - (1.0 if product.in_stock is False else 0.0)


def type_match(product: Product, wanted_type: str | None) -> float:
    """1 for the very type; 0.8 for its kin (same head noun, all its words named); 0 for another thing; 0.5 without a type."""
    if wanted_type is None:
        return 0.5
    leaf, wanted = _bare(product.leaf_category or ""), _bare(wanted_type)
    if wanted == leaf:
        return 1.0
    named = set(wanted) <= {stem(w) for w in words_of(product.title)} | set(leaf)
    return 0.8 if named and leaf and wanted and leaf[-1] == wanted[-1] else 0.0


def head_match(product: Product, head: str, kin: frozenset[str] = frozenset()) -> float:
    """For a word that several types share ("jacket"): 1 when it heads the product's type or a synonym of it, 0.5 when its title says it."""
    leaf, wanted = _bare(product.leaf_category or ""), stem(words_of(head)[-1])
    if (leaf and leaf[-1] == wanted) or fold(product.leaf_category or "") in kin:
        return 1.0
    return 0.5 if wanted in {stem(w) for w in words_of(product.title)} else 0.0


def kin_types(lexicon: Lexicon, head: str) -> frozenset[str]:
    """Types that people call by this word though their names do not: a beanie is a "winter hat"."""
    wanted = stem(words_of(head)[-1])
    return frozenset(name for phrase, name in lexicon.types.items() if phrase[-1] == wanted)


@lru_cache(maxsize=10_000)
def _bare(name: str) -> list[str]:
    return [stem(w) for w in words_of(name) if w not in _GENDERS]


def why_of(product: Product, filters: Filters, *, variant_size: str | None = None) -> str:
    """At most three facts that are true of the product and matter for what was asked."""
    facts: list[str] = []
    text = fold(" ".join((product.title, product.description, *product.features)))
    facts += [feature for feature in filters.features or () if fold(feature) in text][:2]
    if filters.color and product.colors:
        facts.append(f"in {product.colors[0]}")
    if variant_size and filters.size:
        facts.append(f"size {variant_size} in stock")
    if filters.price_max is not None and product.price and product.price.currency == filters.currency:
        left = filters.bounds_minor()[1]
        spare = (left or 0) - product.price.minor
        if spare >= 100:
            facts.append(f"${spare // 100} under your limit" if filters.currency == "USD" else "under your limit")
    if product.rating is not None and (product.rating_count or 0) > 0 and product.rating >= 4.0:
        facts.append(f"{product.rating:.1f} stars from {product.rating_count}")
    if len(facts) < 2 and product.features and not filters.features:
        facts.append(product.features[0])
    if product.in_stock is False:
        facts.insert(0, "out of stock at the moment")
    text = ", ".join(facts[:3]) or "matches what you asked for"
    return text[:1].upper() + text[1:]


def _ranked(score: float, candidate: Candidate, filters: Filters) -> RankedProduct:
    product = candidate.product
    chosen = filters.fitting_variant(product) if product.variants and (filters.size or filters.color) else None
    size = chosen.size if chosen else None
    return RankedProduct(product=product, variant=chosen, score=score, why=why_of(product, filters, variant_size=size))


def _diverse(scored: Sequence[tuple[float, Candidate]], *, by_brand: bool) -> list[tuple[float, Candidate]]:
    """The first places dealt one by one, each next product paying for what is like those before it; the rest as scored."""
    left = list(scored)
    dealt: list[tuple[float, Candidate]] = []
    models: Counter[str] = Counter()
    brands: Counter[str] = Counter()
    while left and len(dealt) < _DEALT:
        best = max(left, key=lambda item: item[0] - _likeness(item[1].product, models, brands, by_brand=by_brand))
        left.remove(best)
        dealt.append(best)
        models[_model(best[1].product)] += 1
        brands[_maker(best[1].product)] += 1
    return [*dealt, *left]


def _likeness(product: Product, models: Mapping[str, int], brands: Mapping[str, int], *, by_brand: bool) -> float:
    crowd = max(0, brands.get(_maker(product), 0) - 1) if by_brand else 0
    return _TWIN_COST * models.get(_model(product), 0) + _BRAND_COST * crowd


def _maker(product: Product) -> str:
    return fold(product.brand or product.product_id)


def _model(product: Product) -> str:
    """The title without colour words: one key for all colours of a model."""
    return _model_of(product.title, product.colors)


@lru_cache(maxsize=20_000)
def _model_of(title: str, colors: tuple[str, ...]) -> str:
    own = {w for color in colors for w in words_of(color)}
    return " ".join(sorted(w for w in words_of(title) if w not in BASE_COLORS and w not in own and w not in _GENDERS))


def _rating(product: Product, message: str) -> float:
    if product.rating is None:
        return 0.4
    count = product.rating_count or 0
    mean = (product.rating * count + _PRIOR_RATING * _PRIOR_COUNT) / (count + _PRIOR_COUNT)
    scaled = max(0.0, min(1.0, (mean - 3.0) / 2.0))
    return scaled * (_BEST_LIFT if _BEST.search(message) else 1.0)


def _price_fit(product: Product, filters: Filters, message: str, middle: float) -> float:
    """Under a ceiling the upper half fits best (people name what they are ready to pay); "affordable" wants the lower."""
    if product.price is None:
        return 0.0
    if _AFFORDABLE.search(message):
        return 2.0 * max(0.0, 1.0 - product.price.minor / (2 * middle)) if middle else 0.0
    if filters.price_max is not None:
        high = filters.bounds_minor()[1] or 1
        return min(1.0, product.price.minor / high)
    return max(0.0, 1.0 - abs(product.price.minor - middle) / (2 * middle)) if middle else 0.0


def _preferred(product: Product, preferences: dict[str, str]) -> float:
    text = fold(" ".join((product.title, product.brand or "", *product.colors, *product.material)))
    liked = [value for key, value in preferences.items() if key in ("brand", "color", "material")]
    return sum(fold(value) in text for value in liked) / len(liked) if liked else 0.0


def _price(product: Product) -> int:
    return product.price.minor if product.price else 1 << 60
