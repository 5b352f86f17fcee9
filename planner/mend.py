"""How does a model's category come to keep the paper's rules? Deterministic repairs, whoever wrote it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from domain.events import CategoryFormulated
from domain.product import Gender
from domain.proposal import PRODUCTS_PER_CATEGORY, ProposedCategory, is_gift_card_text
from domain.terms import fold
from domain.turn import FormulationRequest
from planner.lexicon import Lexicon, words_of
from planner.safety import SafetyRules
from planner.wording import title_case, with_gender

_OTHER_GENDER: dict[Gender, re.Pattern[str]] = {
    "women": re.compile(r"\bmen'?s\b", re.IGNORECASE),
    "men": re.compile(r"\b(?:women'?s|ladies'?)\b", re.IGNORECASE),
    "kids": re.compile(r"\b(?:women'?s|men'?s|ladies'?)\b", re.IGNORECASE),
}
_ADDRESSES_YOU = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Mender:
    """Repairs one category: six different titles, no gift cards, nothing unsafe, gender aligned, an explanation to "you"."""

    lexicon: Callable[[], Lexicon]
    safety: SafetyRules

    def __call__(self, event: CategoryFormulated, request: FormulationRequest) -> CategoryFormulated:
        return CategoryFormulated(event.index, self.mended(event.category, request))

    def mended(self, category: ProposedCategory, request: FormulationRequest) -> ProposedCategory:
        """The category with as much of the model's words as the rules allow."""
        task = request.plan.searches[0] if request.plan.searches else None
        gender = task.filters.gender if task else None
        lexicon = self.lexicon()
        name = self._name(category.category, task.request if task else "", gender, lexicon)
        titles = [t for t in dict.fromkeys(map(str.strip, category.products)) if self._fit(t, gender)]
        base = fold(name)
        frames = (base, f"popular {base}", f"top rated {base}", f"quality {base}", f"durable {base}", f"everyday {base}")
        filled = [*titles, *(f for f in frames if f not in {fold(t) for t in titles})][:PRODUCTS_PER_CATEGORY]
        explanation = category.explanation if _ADDRESSES_YOU.search(category.explanation) else f"{name} picked for you."
        return ProposedCategory(category=name, products=tuple(filled), explanation=explanation)

    def _name(self, written: str, request: str, gender: Gender | None, lexicon: Lexicon) -> str:
        name = written.strip()[:60]
        if not name or is_gift_card_text(name) or self.safety.danger(name):
            name = request or "Products"
        main = lexicon.main_thing(words_of(name))
        facts = lexicon.facts(main.name) if main else None
        aligned = gender if facts is not None and gender in facts.genders else None
        return with_gender(title_case(name), aligned)

    def _fit(self, title: str, gender: Gender | None) -> bool:
        if len(title) < 3 or is_gift_card_text(title) or self.safety.danger(title):
            return False
        return gender not in _OTHER_GENDER or not _OTHER_GENDER[gender].search(title)
