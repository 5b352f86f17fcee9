"""How does what a model wrote come to keep the paper's rules? Deterministic repairs, whoever wrote it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from domain.events import CategoryExplained, CategoryFormulated, QueryFormulated
from domain.product import Gender
from domain.proposal import PRODUCTS_PER_CATEGORY, Attributes, ProposedCategory, is_gift_card_text
from domain.terms import fold
from domain.turn import FormulationRequest
from planner.lexicon import Lexicon, stem, words_of
from planner.rules_formulator import attributes_of
from planner.safety import SafetyRules
from planner.wording import title_case, with_gender, without_gender

_OTHER_GENDER: dict[Gender, re.Pattern[str]] = {
    "women": re.compile(r"\bmen'?s\b", re.IGNORECASE),
    "men": re.compile(r"\b(?:women'?s|ladies'?)\b", re.IGNORECASE),
    "kids": re.compile(r"\b(?:women'?s|men'?s|ladies'?)\b", re.IGNORECASE),
}
_ADDRESSES_YOU = re.compile(r"\b(?:you|your|yours|you'll|you're|you've)\b", re.IGNORECASE)
_SPEAKS_OF_A_SHOPPER = re.compile(r"\b(?:shopper|customer|user)s?\b", re.IGNORECASE)
_MOST_WORDS = 24
"""The rule is twenty; a model's sentence may be a little longer before ours replaces it."""
_NAME_LIMIT = 60
_TITLE_LIMIT = 120
_ALIKE = 85.0
_WHOSE = frozenset(stem(word) for word in ("women", "woman", "womens", "men", "man", "mens", "kids", "ladies", "for", "the", "and", "with"))
_READ_EXACTLY = ("price_min", "price_max", "gender", "size", "recipient")
"""What rules read better than small models (FACTS.md); theirs is taken, be it empty."""


@dataclass(frozen=True)
class Mender:
    """Query and attributes grounded in what was said; six different titles, nothing unsafe, gender aligned, "you" addressed."""

    lexicon: Callable[[], Lexicon]
    safety: SafetyRules

    def query(self, event: QueryFormulated, request: FormulationRequest) -> QueryFormulated:
        """The model's query leads only when it speaks of what was said; its attributes lose what was not."""
        attributes = self._grounded(event.attributes, request)
        query = self.lexicon().corrected(re.sub(r"\s+", " ", event.query).strip())
        if self._trusted(query, request):
            return replace(event, query=query[:100], attributes=attributes)
        planned = request.plan.searches[0].request if request.plan.searches else ""
        return replace(event, query=planned, attributes=attributes, led=False)

    def category(self, event: CategoryFormulated, request: FormulationRequest) -> CategoryFormulated:
        return CategoryFormulated(event.index, self.mended(event.category, request))

    def explanation(self, event: CategoryExplained, request: FormulationRequest) -> CategoryExplained:
        return CategoryExplained(event.index, self._explained(event.explanation, "These"))

    def mended(self, category: ProposedCategory, request: FormulationRequest) -> ProposedCategory:
        """The category with as much of the model's words as the rules allow."""
        task = request.plan.searches[0] if request.plan.searches else None
        gender = task.filters.gender if task else None
        name, aligned = self._name(category.category, task.request if task else "", gender)
        named = [title_case(task.request)] if task and task.filters.brand and task.request else []
        titles = [*named, *(title for title in map(str.strip, category.products) if self._fit(title, gender))]
        base = fold(name)
        frames = (base, f"popular {base}", f"top rated {base}", f"quality {base}", f"durable {base}", f"everyday {base}")
        products = _different([*(_with_own_gender(title, aligned) for title in titles), *frames])[:PRODUCTS_PER_CATEGORY]
        explanation = self._explained(category.explanation, name) if category.explanation else f"{name} picked for you."
        return ProposedCategory(category=name, products=tuple(products), explanation=explanation)

    def _trusted(self, query: str, request: FormulationRequest) -> bool:
        if not 2 <= len(query) <= 160 or is_gift_card_text(query) or self.safety.danger(query):
            return False
        words = words_of(query)
        return any(_said(word, _words_said(request)) for word in words) and _about_the_need(words, request)

    def _grounded(self, attributes: Attributes, request: FormulationRequest) -> Attributes:
        """Values whose every word was said (or nearly), beside what the rules read exactly."""
        said, rules = _words_said(request), attributes_of(request.plan)
        values: dict[str, object] = {name: getattr(rules, name) for name in _READ_EXACTLY}
        for name in ("brand", "color", "material", "features", "exclude"):
            kept = tuple(value for value in getattr(attributes, name) if _all_said(value, said))
            values[name] = tuple(dict.fromkeys((*getattr(rules, name), *kept)))
        category = attributes.category
        values["category"] = category if category and any(_said(word, said) for word in words_of(category)) else rules.category
        values["occasion"] = attributes.occasion if attributes.occasion and _all_said(attributes.occasion, said) else None
        return Attributes.model_validate(values)

    def _name(self, written: str, request: str, gender: Gender | None) -> tuple[str, Gender | None]:
        """The category's name, and the gender that its goods carry."""
        name = re.sub(r"\s+", " ", written).strip()[:_NAME_LIMIT].strip()
        if not name or is_gift_card_text(name) or self.safety.danger(name):
            name = request or "Products"
        lexicon = self.lexicon()
        main = lexicon.main_thing(words_of(name))
        facts = lexicon.facts(main.name) if main else None
        aligned = gender if facts is not None and gender in facts.genders else None
        # Written gender goes where the goods carry none: "Women's Cooking Pots".
        return with_gender(title_case(without_gender(lexicon.corrected(name))), aligned), aligned

    def _fit(self, title: str, gender: Gender | None) -> bool:
        if not 3 <= len(title) <= _TITLE_LIMIT or is_gift_card_text(title) or self.safety.danger(title):
            return False
        return gender not in _OTHER_GENDER or not _OTHER_GENDER[gender].search(title)

    def _explained(self, written: str, name: str) -> str:
        fits = _ADDRESSES_YOU.search(written) and not _SPEAKS_OF_A_SHOPPER.search(written) and len(written.split()) <= _MOST_WORDS
        return written if fits and not self.safety.danger(written) else f"{name} picked for you."


def _words_said(request: FormulationRequest) -> frozenset[str]:
    """Folded words of all that the shopper wrote and of the plan's requests."""
    texts = [
        request.message,
        *(text for role, text in request.conversation if role == "user"),
        *(task.request for task in request.plan.searches),
    ]
    return frozenset(word for text in texts for word in words_of(text))


def _said(word: str, said: Iterable[str]) -> bool:
    return any(stem(word) == stem(other) or (len(word) > 3 and fuzz.ratio(word, other) >= _ALIKE) for other in said)


def _all_said(value: str, said: Iterable[str]) -> bool:
    words = words_of(value)
    return bool(words) and all(_said(word, said) for word in words)


def _with_own_gender(title: str, gender: Gender | None) -> str:
    """Generic phrases of gendered goods carry the gender; a shop's title keeps its own words."""
    return with_gender(title, gender) if gender is not None and title == title.casefold() else title


def _different(titles: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for title in titles:
        found.setdefault(fold(title), title)
    return list(found.values())


def _about_the_need(query: Sequence[str], request: FormulationRequest) -> bool:
    """Whether a query speaks of what is wanted now: "hiking boots" of an earlier message is no query for "gloves"."""
    said = [request.message, *(f"{task.request} {task.subject or ''}" for task in request.plan.searches)]
    wanted = {stem(word) for text in said for word in words_of(text)} - _WHOSE
    return not wanted or any(stem(word) in wanted for word in query)
