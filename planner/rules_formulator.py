"""What to look for, without a language model: query, attributes and Proposal from the plan and the catalogue's own words."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from domain.events import CategoryFormulated, FormulationEvent, FormulationFinished, QueryFormulated
from domain.filters import Filters
from domain.plan import Plan, Task
from domain.product import Gender
from domain.proposal import PRODUCTS_PER_CATEGORY, Attributes, ProposedCategory, is_gift_card_text
from domain.terms import fold
from domain.turn import FormulationRequest, ModelReport
from planner.kinds import WHAT_ELSE
from planner.lexicon import Lexicon, stem, words_of
from planner.needs import NeededCategory, liked_types, occasion_of
from planner.wording import explanation_for, title_case, with_gender

_GENERIC_FRAMES = ("{0}", "comfortable {0}", "top rated {0}", "durable {0}", "popular {0}", "quality {0}")
_WHAT_ELSE_LIMIT = 4


@dataclass(frozen=True)
class RulesFormulator:
    """The Formulator port made of rules; always keeps the paper's rules, never raises."""

    lexicon: Callable[[], Lexicon]

    async def formulate(self, request: FormulationRequest) -> AsyncIterator[FormulationEvent]:
        lexicon = self.lexicon()
        searches = request.plan.searches
        query = searches[0].request if searches else ""
        yield QueryFormulated(query, attributes_of(request.plan))
        for index, category in enumerate(propose(request, lexicon)):
            yield CategoryFormulated(index, category)
        yield FormulationFinished(ModelReport())


def propose(request: FormulationRequest, lexicon: Lexicon) -> list[ProposedCategory]:
    """One to four categories: what an occasion calls for, else one for each search task."""
    found: list[ProposedCategory] = []
    for task in request.plan.searches:
        found += _for_task(task, request, lexicon)
    unique = {category.category.casefold(): category for category in reversed(found)}
    ordered = [c for c in found if unique.get(c.category.casefold()) is c]
    return ordered[:_WHAT_ELSE_LIMIT]


def attributes_of(plan: Plan) -> Attributes:
    """The attributes that the first search task holds under."""
    if not plan.searches:
        return Attributes()
    task = plan.searches[0]
    held = task.filters
    return Attributes(
        category=task.subject or task.request or None, brand=held.brand or (), color=held.color or (), size=held.size,
        gender=held.gender, material=held.material or (), price_min=held.price_min, price_max=held.price_max,
        features=held.features or (), recipient=plan.recipient, exclude=held.exclude or (),
    )  # fmt: skip


def _for_task(task: Task, request: FormulationRequest, lexicon: Lexicon) -> list[ProposedCategory]:
    if task.categories:
        return [_kept(name, task, lexicon) for name in task.categories]
    occasion = occasion_of(request.message) or (occasion_of(task.request) if task.subject is None else None)
    alone = len(request.plan.searches) == 1 and task.kind in ("search", "refine")
    nameless = task.subject is None and lexicon.main_thing(words_of(task.request)) is None
    wide = nameless or WHAT_ELSE.search(fold(request.message)) is not None
    if occasion is None or not alone or not wide:
        return [_one(task, lexicon)]
    needed = [_needed(c, task.filters, lexicon) for c in occasion.chosen(f"{request.message} {task.request}") if _fits(c, task.filters)]
    if occasion.gift:
        liked = _liked(f"{request.message} {task.request}", task, lexicon)
        return (liked if len(liked) > 2 else [*liked, *needed])[:_WHAT_ELSE_LIMIT] or [_one(task, lexicon)]
    if task.subject is None:
        return needed[:_WHAT_ELSE_LIMIT] or [_one(task, lexicon)]
    own = _one(task, lexicon)
    others = [c for c in needed if not _same_thing(c, own, task)]
    return [own, *others][:_WHAT_ELSE_LIMIT]


def _liked(message: str, task: Task, lexicon: Lexicon) -> list[ProposedCategory]:
    """Gifts for what the recipient likes: those of the table, else types whose names share a word with it."""
    words = {stem(w) for w in words_of(task.request)} - {stem(w) for w in ("gift", "present", "birthday", "idea", "set", "kit", "home")}
    listed = [name for name in liked_types(message) if lexicon.facts(name)]
    if listed:
        # "Into space" wants no space heater where the table knows better.
        return [_one(task.model_copy(update={"subject": name, "request": name}), lexicon) for name in listed[:_WHAT_ELSE_LIMIT]]
    sharing = sorted((f for f in lexicon.vocabulary.types.values() if words & {stem(w) for w in words_of(f.name)}), key=lambda f: -f.count)
    return [_one(task.model_copy(update={"subject": f.name, "request": f.name}), lexicon) for f in sharing[:2]]


def _kept(name: str, task: Task, lexicon: Lexicon) -> ProposedCategory:
    """A category of the turn before, under the filters that hold now."""
    mention = lexicon.main_thing(words_of(name))
    subject = mention.name if mention and mention.name in lexicon.vocabulary.types else None
    return _one(task.model_copy(update={"subject": subject, "request": fold(name)}), lexicon)


def _one(task: Task, lexicon: Lexicon) -> ProposedCategory:
    facts = lexicon.facts(task.subject)
    gender = _gendered(task.filters.gender, facts.genders if facts else ())
    label = with_gender(title_case(facts.label if facts else _short_label(task, lexicon)), gender)
    base = task.request or fold(label)
    real = _titles(facts.titles if facts else (), task.filters)
    if task.filters.brand and task.request:
        # A product that is named stands among the titles as it was named (the paper, Fig. 5).
        named = title_case(task.request)
        real = [named, *(title for title in real if title.casefold() != named.casefold())]
    return _category(label, real, [base], explanation_for(label, task.filters), gender)


def _short_label(task: Task, lexicon: Lexicon) -> str:
    """A name for what is no type of the catalogue: the thing's word, else the first words of the request."""
    words = words_of(task.request)
    main = lexicon.main_thing(words)
    return main.name if main else " ".join(words[:3]) or "products"


def _needed(need: NeededCategory, filters: Filters, lexicon: Lexicon) -> ProposedCategory:
    facts = lexicon.facts(need.type)
    gender = need.gender or _gendered(filters.gender, facts.genders if facts else ())
    real = _titles(facts.titles if facts else (), filters)
    return _category(with_gender(need.title, gender), real, list(need.generic), need.why, gender)


def _category(label: str, real: list[str], generic: list[str], explanation: str, gender: Gender | None) -> ProposedCategory:
    """Six different titles: up to three real ones, then generic phrases that carry the gender where goods do."""
    wanted = [with_gender(phrase, gender) for phrase in generic]
    base = wanted[0]
    frames = (with_gender(frame.format(fold(base)), None) for frame in _GENERIC_FRAMES)
    candidates = [*real[:3], *wanted, *frames, fold(label), f"{fold(base)} on sale", f"new {fold(base)}", f"best {fold(base)}"]
    different: dict[str, str] = {}
    for candidate in candidates:
        if not is_gift_card_text(candidate):
            different.setdefault(candidate.casefold(), candidate)
    return ProposedCategory(category=label, products=tuple(different.values())[:PRODUCTS_PER_CATEGORY], explanation=explanation)


def _titles(titles: tuple[str, ...], filters: Filters) -> list[str]:
    """Real titles of the type that agree with the gender and with the words of the constraints, best first."""
    unfit = {"women": ("men's",), "men": ("women's", "ladies"), "kids": ("men's", "women's")}.get(filters.gender or "", ())
    wanted = {w for values in (filters.color, filters.material, filters.brand) for v in values or () for w in words_of(v)}
    fitting = [t for t in titles if not any(f" {word}" in f" {t.casefold()}" for word in unfit) and len(t) < 120]
    return sorted(fitting, key=lambda t: -len(wanted & set(words_of(t))))[:3]


def _gendered(gender: Gender | None, genders: tuple[Gender, ...]) -> Gender | None:
    """Only goods that the catalogue sells by gender carry it (the paper, Fig. 5)."""
    return gender if gender in ("women", "men", "kids") and gender in genders else None


def _fits(need: NeededCategory, filters: Filters) -> bool:
    return need.gender is None or filters.gender in (None, need.gender)


def _same_thing(category: ProposedCategory, own: ProposedCategory, task: Task) -> bool:
    heads = {words_of(text)[-1] for text in (own.category, task.subject or "", task.request.split(" ")[0]) if words_of(text)}
    return words_of(category.category)[-1] in heads or bool(set(words_of(category.category)) & {"boots", "shoes"} & _footwear(own))


def _footwear(category: ProposedCategory) -> set[str]:
    return {"boots", "shoes"} if set(words_of(category.category)) & {"boots", "shoes", "sneakers", "sandals"} else set()
