"""How is what was found put into words? How many of what, under which constraints, the first pick with its reason, or that nothing fits."""

from collections import Counter

from agents.context import TurnContext
from agents.state import Finished, Relaxed
from domain.filters import Filters
from domain.plan import Task
from domain.product import Product
from domain.search import Section
from domain.terms import fold
from planner.lexicon import stem, words_of
from planner.wording import shortened

_OPENERS = ("Here {are} {what}.", "I found {what}.", "Have a look at {what}.", "{What} could suit you.")
_MOST_WORDS_OF_A_NAME = 5
"""A longer request tells a story, and the shelf's own name says it better."""
_MOST_NAMED = 3
_WHOSE = frozenset(stem(word) for word in ("women", "womens", "men", "mens", "kids", "gift", "gifts", "present", "ideas"))
_PICK = "My first pick is "


def search_text(finished: Finished, context: TurnContext) -> str:
    """What the searches of a turn came to."""
    planned, relaxed = finished.planned, relaxed_of(finished)
    first = planned.plan.searches[0]
    if not context.assembler.sections:
        return _nothing(first, relaxed)
    if relaxed:
        return f"I found nothing {relaxed.said}, so {relaxed.offer}: {_names(context)}."
    missing = [t.request for i, t in enumerate(planned.plan.searches) if not _found(finished, i)]
    tail = f" I found no {', no '.join(missing)} that fits." if missing else ""
    return f"{_opening(finished, context)} {_pick(context)}{tail}".strip()


def relaxed_of(finished: Finished) -> Relaxed | None:
    """The constraint that was opened for this reply, if one was."""
    return next((o.relaxed for o in reversed(finished.searched) if o.relaxed), None)


def names_a_pick(answer: str) -> bool:
    """Whether an earlier reply put one product before the others, so that "it" means that one."""
    return _PICK in answer


def _found(finished: Finished, task_index: int) -> bool:
    return any(o.found for o in finished.searched if o.task_index == task_index)


def _opening(finished: Finished, context: TurnContext) -> str:
    planned, sections = finished.planned, context.assembler.sections
    first = planned.plan.searches[0]
    held = _words(_told(first.filters, [p.product for section in sections for p in section.products]))
    if len(sections) > 1:
        names = [section.category.casefold() for section in sections]
        what = f"ideas in {len(sections)} aisles: {', '.join(names[:-1])} and {names[-1]}"
        unsaid: tuple[str, ...] = ()
    else:
        unsaid = unsaid_words(first, [p.product for p in sections[0].products])
        said = first.model_copy(update={"request": " ".join(w for w in first.request.split() if fold(w) not in unsaid)})
        what = _counted(said, sections[0])
    what += (f", all {held}" if len(sections) > 1 else f" {held}") if held else ""
    if unsaid:
        return f"No listing here says {' or '.join(f'“{word}”' for word in unsaid)}; what comes closest: {what}."
    # A list of aisles is looked at; only goods "could suit".
    frames = _OPENERS if len(sections) == 1 else _OPENERS[:-1]
    frame = frames[planned.session.turn_count % len(frames)]
    single = len(sections) == 1 and len(sections[0].products) == 1
    return frame.replace("{are}", "is" if single else "are").replace("{what}", what).replace("{What}", what[:1].upper() + what[1:])


def unsaid_words(task: Task, products: list[Product]) -> tuple[str, ...]:
    """Words of a short request that none of the shown listings says in any field: "boxing" of gloves for gardens."""
    words = [w for w in words_of(_without_values(task.request, task.filters)) if len(w) > 3 and not w[0].isdigit()]
    if task.kind != "search" or len(task.request.split()) > _MOST_WORDS_OF_A_NAME:
        return ()
    facts = [
        (p.title, p.brand or "", p.description, *p.category, *p.features, *p.material, *p.colors, *p.attributes.values()) for p in products
    ]
    listed = " ".join(text for texts in facts for text in texts)
    known = {stem(w) for w in words_of(listed)} | {stem(w) for w in words_of(task.subject or "")} | _WHOSE
    unsaid = tuple(w for w in words if stem(w) not in known and not any(stem(w) in other for other in known if len(other) > 5))
    # Whoever is told a story by an assistant is not helped: one or two words are worth saying.
    return unsaid if len(unsaid) <= 2 and len(unsaid) < len(words) else ()


def _counted(task: Task, section: Section) -> str:
    """ "6 desk lamps", "one match among our desk lamps", "6 options in bedding"."""
    count, noun = len(section.products), noun_of(task, section.category, [p.product for p in section.products])
    if count == 1:
        return f"one match among our {noun}"
    return f"{count} {noun}" if _is_plural(noun) else f"{count} options in {noun}"


def noun_of(task: Task, category: str, products: list[Product]) -> str:
    """What these things are called: as the shopper named them, else as the catalogue's shelves do; never with what the filters say."""
    if task.subject:
        return _without_values(category.casefold(), task.filters) or category.casefold()
    brands = {fold(brand): brand for brand in task.filters.brand or ()}
    words = _without_values(task.request, task.filters).split()
    shelves = Counter(product.category[-1] for product in products if product.category)
    plural = _as_on_the_shelf(words[-1], shelves) if words else None
    if plural and len(words) <= _MOST_WORDS_OF_A_NAME:
        return " ".join(brands.get(word, word) for word in [*words[:-1], plural])
    leading = [name.casefold() for name, count in shelves.most_common(2) if 3 * count >= len(products)]
    return " and ".join(leading) or category.casefold()


def _as_on_the_shelf(word: str, shelves: Counter[str]) -> str | None:
    """ "Lamp" where the shelf says "Table Lamps": the thing's word in the catalogue's own number."""
    named = [w for shelf in shelves for w in words_of(shelf) if stem(w) == stem(word)]
    return next((w for w in named if w.endswith("s")), named[0] if named else None)


def _without_values(text: str, held: Filters) -> str:
    """The words but for colours and sizes, which are said of the things in a phrase of their own."""
    said = {w for color in held.color or () for w in words_of(color)} | ({"size", *words_of(held.size)} if held.size else set())
    return " ".join(word for word in text.split() if fold(word) not in said)


def _is_plural(noun: str) -> bool:
    last = noun.split()[-1] if noun.split() else ""
    return last.endswith("s") and not last.endswith("ss")


def _pick(context: TurnContext) -> str:
    """The first product by name, with its reason."""
    best = context.assembler.sections[0].products[0]
    price = (best.variant.price if best.variant else None) or best.product.price
    cost = f" at {price}" if price else ""
    return f"{_PICK}the {shortened(best.product.title)}{cost}: {best.why[:1].lower() + best.why[1:]}."


def _nothing(task: Task, relaxed: Relaxed | None) -> str:
    if relaxed:
        return f"I found no {task.request} {relaxed.said}; {relaxed.offer}."
    if task.seen:
        return "That was all that fits. Tell me what may be different, and I look again."
    return f"I could not find anything that fits “{task.request}” in this shop. I would rather say so than show you something else."


def _names(context: TurnContext) -> str:
    products = context.assembler.sections[0].products[:2]
    return " and ".join(f"the {shortened(p.product.title)}" for p in products)


def _told(held: Filters, products: list[Product]) -> Filters:
    """The filters that may be claimed of what is shown: no size of things that have none."""
    sized = all(product.offered_sizes for product in products)
    return held if sized or held.size is None else held.without("size")


def _words(held: Filters) -> str:
    """The constraints that hold, in words: "in brown, under $120, without leather"."""
    sign = "$" if held.currency == "USD" else f"{held.currency} "
    words: list[str] = []
    if held.color:
        words.append(f"in {' or '.join(held.color)}")
    if held.size:
        words.append(f"in size {held.size}")
    if held.price_min is not None and held.price_max is not None:
        words.append(f"between {sign}{held.price_min} and {sign}{held.price_max}")
    elif held.price_max is not None:
        words.append(f"up to {sign}{held.price_max}")
    elif held.price_min is not None:
        words.append(f"from {sign}{held.price_min}")
    if held.exclude:
        out, more = held.exclude[:_MOST_NAMED], len(held.exclude) - _MOST_NAMED
        words.append(f"without {', '.join(out)} and {more} more that you ruled out" if more > 0 else f"without {' or '.join(out)}")
    return ", ".join(words)
