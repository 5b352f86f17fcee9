"""In what order are candidates shown, and why? Stock, type, relevance, rating, price fit and what the shopper prefers."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

from agents.personal import affinity
from agents.quantities import quantity_fit
from domain.filters import Filters
from domain.plan import Task
from domain.product import Product
from domain.search import Candidate, RankedProduct
from domain.terms import fold
from planner.lexicon import BASE_COLORS, Lexicon, stem, words_of

_AFFORDABLE = re.compile(r"\b(?:cheap(?:er|est)?|affordable|inexpensive|budget|low[- ]cost|bargain|good value)\b")
_BEST = re.compile(r"\b(?:best|top[- ]rated|highest[- ]rated|well[- ]reviewed|premium|high[- ]end|top quality|finest|luxury)\b")
_CHEAPEST = re.compile(r"\bcheapest\b|\blowest price\b")
_GENDERS = frozenset({"women", "woman", "men", "man", "kids", "kid", "boy", "girl", "ladies"})
_NOT_ITSELF = frozenset(stem(w) for w in ("for", "with", "compatible", "fits", "fit"))
_BETWEEN = re.compile(r"\s*(?:[&/,]|\band\b)\s*")
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

RIGHT_KIND = 0.4
"""Type match from which a product is the kind of thing that was asked for."""
_TITLED = 0.6
"""Type match of what only its title says the kind of."""


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
    taste: float = 0.3
    """What the profile of a signed-in customer says; 0 without one."""
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
class FactRanker:
    """Ranks from facts alone, without a model."""

    lexicon: Callable[[], Lexicon]
    weights: Weights = Weights()

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
        fits, right = self._fits(candidates, kind, task)
        lowered = message.casefold()
        middle = median(
            [c.product.price.minor for c, is_right in zip(candidates, right, strict=True) if is_right and c.product.price] or [0]
        )
        scored = [
            Scored(c, weighed_fit + self._score(c, task, lowered, tastes, middle), is_right)
            for c, weighed_fit, is_right in zip(candidates, fits, right, strict=True)
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
        if not _CHEAPEST.search(message.casefold()):
            right = _diverse(right, by_brand=not task.filters.brand)
        return tuple(_ranked(s.score, s.candidate, task.filters, tastes) for s in right[:_LOOKED_AT])

    def _fits(self, candidates: Sequence[Candidate], kind: str | None, task: Task) -> tuple[list[float], list[bool]]:
        """What each one's type adds to its score, and whether it is the kind of thing that was asked for."""
        lexicon = self.lexicon()
        if kind:
            compound = _compound(kind, task.request)
            matches = [
                1.0 if compound and _titled(compound, _title_stems(c.product.title)) else type_match(c.product, kind) for c in candidates
            ]
            # A title alone is enough to be shown, but lifts nothing: it has counted among the words that were searched.
            added = [self.weights.type_match * match if match > _TITLED else 0.0 for match in matches]
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

    def _score(self, candidate: Candidate, task: Task, message: str, tastes: Mapping[str, float], middle: float) -> float:
        weights, product = self.weights, candidate.product
        score = weights.relevance * candidate.score
        score += (weights.best if _BEST.search(message) else weights.rating) * _rating(product)
        score += self._price_part(product, task.filters, message, middle)
        score += weights.taste * affinity(product, tastes).score
        score += weights.quantity * quantity_fit(product, task.request)
        return score - (_SOLD_OUT if product.in_stock is False else 0.0)

    def _price_part(self, product: Product, filters: Filters, message: str, middle: float) -> float:
        """ "Affordable" wants the lower prices; under a ceiling the upper half fits best (people name what they are ready to pay)."""
        if product.price is None:
            return 0.0
        if _AFFORDABLE.search(message):
            return self.weights.affordable * max(0.0, 1.0 - product.price.minor / (2 * middle)) if middle else 0.0
        ceiling = filters.bounds_minor()[1] if filters.price_max is not None else None
        return self.weights.price * min(1.0, product.price.minor / ceiling) if ceiling else 0.0


def type_match(product: Product, wanted_type: str | None) -> float:
    """1 for the very type; 0.8 for its kin (same head noun, all its words named) and for what lies under it in the catalogue's
    tree ("Sweaters > Pullovers"); 0.6 where only the title says what it is; 0 for another thing; 0.5 without a type.
    """
    if wanted_type is None:
        return 0.5
    wanted, leaf = _parts(wanted_type), product.leaf_category or ""
    own, title = _parts(leaf), _title_stems(product.title)
    if wanted & own:
        return 1.0
    named = set(title) | {word for part in own for word in part}
    heads = {part[-1] for part in own}
    if any(part[-1] in heads and set(part) <= named for part in wanted):
        return 0.8
    if any(wanted & _parts(level) for level in product.category[:-1]):
        return 0.8
    # A title that says the type by its name ("Tent Pegs" among "Tent Pegs") is of that type and of no other.
    return _TITLED if not heads & set(title) and any(_titled(part, title) for part in wanted) else 0.0


def _compound(kind: str, request: str) -> tuple[str, ...] | None:
    """The wanted type with the word that follows it: a "laptop bag" is a bag, also where the shop has a type for laptops alone."""
    words, wanted = [stem(w) for w in words_of(request)], [stem(w) for w in words_of(kind)]
    for i in range(len(words) - len(wanted)):
        if words[i : i + len(wanted)] == wanted:
            return tuple(words[i : i + len(wanted) + 1])
    return None


def _titled(phrase: Sequence[str], title: Sequence[str]) -> bool:
    """Whether the title names the phrase, and not what the thing is for ("case for iPad")."""
    size = len(phrase)
    return any(
        tuple(title[i : i + size]) == tuple(phrase) and not _NOT_ITSELF & set(title[max(0, i - 3) : i])
        for i in range(len(title) - size + 1)
    )


def head_match(product: Product, head: str, kin: frozenset[str] = frozenset()) -> float:
    """For a word that several types share ("jacket"): 1 when it heads the product's type or a synonym of it, 0.5 when its title says it."""
    leaf, wanted = product.leaf_category or "", stem(words_of(head)[-1])
    if any(part[-1] == wanted for part in _parts(leaf)) or fold(leaf) in kin:
        return 1.0
    return 0.5 if wanted in _title_stems(product.title) else 0.0


def kin_types(lexicon: Lexicon, head: str) -> frozenset[str]:
    """Types that people call by this word though their names do not: a beanie is a "winter hat"."""
    wanted = stem(words_of(head)[-1])
    return frozenset(name for phrase, name in lexicon.types.items() if phrase[-1] == wanted)


@lru_cache(maxsize=10_000)
def _parts(name: str) -> frozenset[tuple[str, ...]]:
    """What a type's name names: "Men's Bags & Cases" is bags, cases, and both together."""
    named = (name, *_BETWEEN.split(fold(name)))
    return frozenset(part for text in named if (part := tuple(stem(w) for w in words_of(text) if w not in _GENDERS)))


@lru_cache(maxsize=20_000)
def _title_stems(title: str) -> tuple[str, ...]:
    return tuple(stem(w) for w in words_of(title))


def why_of(product: Product, filters: Filters, *, variant_size: str | None = None, taste: str | None = None) -> str:
    """At most three facts that are true of the product and matter for what was asked."""
    facts: list[str] = []
    text = fold(" ".join((product.title, product.description, *product.features)))
    facts += [feature for feature in filters.features or () if fold(feature) in text][:2]
    if filters.color and product.colors:
        facts.append(f"in {product.colors[0]}")
    if variant_size and filters.size:
        facts.append(f"size {variant_size} in stock")
    if taste:
        facts.append(taste)
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
    left = list(scored)
    dealt: list[Scored] = []
    models: Counter[str] = Counter()
    brands: Counter[str] = Counter()
    while left and len(dealt) < _DEALT:
        costs = [item.score - _likeness(item.candidate.product, models, brands, by_brand=by_brand) for item in left]
        best = left.pop(costs.index(max(costs)))
        dealt.append(best)
        models[_model(best.candidate.product)] += 1
        brands[_maker(best.candidate.product)] += 1
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


def _rating(product: Product) -> float:
    if product.rating is None:
        return 0.4
    count = product.rating_count or 0
    mean = (product.rating * count + _PRIOR_RATING * _PRIOR_COUNT) / (count + _PRIOR_COUNT)
    return max(0.0, min(1.0, (mean - 3.0) / 2.0))


def _price(product: Product) -> int:
    return product.price.minor if product.price else 1 << 60
