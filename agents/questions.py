"""What does the listing say? Questions about products answered from their own data, with the passage, or not at all."""

import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from agents.choosing import pick_of
from agents.extremes import extreme
from agents.quantities import quantities
from agents.state import Spoken
from domain.plan import Task
from domain.ports import ProductSource
from domain.product import Product
from domain.reply import Check, Citation
from domain.terms import fold
from domain.turn import Planned
from planner import kinds
from planner.lexicon import BASE_COLORS, stem, words_of
from planner.references import described_by, only_points
from planner.wording import shortened

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SHORT = 80
_MOST = 6
_ASKING = frozenset(
    "is are does do can could will would has have it its it's this that these those they them the a an one first "
    "second third fourth fifth sixth last and or of in on to for with what which how much many long any there be made "
    "come comes use used using fit fits work works get gets good number i my me if so really also too actually ok "
    "product item you say know would should".split()
)
_TELL = re.compile(r"\btell me (?:more )?about\b|\b(?:more|further) (?:info\w*|details?)\b|\bdescribe\b|\bmore about\b|\bdetails\b")
# What a question asks for, and the names of the facts that answer it, the best first.
_TOPICS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\bhow much weight\b|\bmax\w* (?:weight|load)\b|\b(?:hold|support|carry) (?:my weight|\d+ ?(?:lb|kg|pounds))",
     ("weight capacity", "maximum load", "load")),
    (r"\bhow heavy|\bweighs?\b|\bweight\b|\blight(?:weight)?\b|\bheavy\b", ("weight", "weight per shoe", "weight per pair")),
    (r"\bhow thick\b|\bthickness\b", ("thickness",)),
    (r"\bhow (?:big|large|long|tall|wide|deep)\b|\bdimensions?\b|\bmeasure|\bhow much space\b",
     ("dimensions", "outer dimensions", "size", "length", "height", "width", "thickness", "diameter", "screen")),
    (r"\bcharg(?:e|ing) time\b|\bhow long\b.{0,20}\bcharge\b|\bhow fast\b.{0,20}\bcharge", ("charging time", "recharge time")),
    (r"\bbattery\b|\bcharge last\b|\bhow long does (?:it|the charge) last\b", ("battery life", "runtime", "battery")),
    (r"\bcapacity\b|\bhow much (?:does (?:it|the \w+)|can it) hold\b|\blit(?:re|er)s?\b|\bmah\b|\bhow many cups\b", ("capacity", "volume")),
    (r"\bstay\w* (?:hot|warm)\b|\bkeeps? .{0,20}(?:hot|warm)\b", ("keeps hot", "keeps warm")),
    (r"\bstay\w* cold\b|\bkeeps? .{0,20}(?:cold|cool)\b", ("keeps cold",)),
    (r"\bhow (?:warm|cold)\b|\btemperature\b", ("comfort rating", "warmth", "comfort", "temperature")),
    (r"\bwaterproof\b|\bwater[- ]?(?:resist\w+|rating)\b|\bgets? wet\b|\bin the rain\b",
     ("water rating", "waterproof rating", "water protection")),
    (r"\bmade of\b|\bmade from\b|\bmaterials?\b|\bfabric\b", ("material",)),
    (r"\bcolou?rs?\b", ("colors",)),
    (r"\bhow much\b(?! (?:does (?:it|the \w+)|can it) (?:hold|weigh))|\bprice\b|\bcost\b", ("price",)),
    (r"\bsizes?\b", ("sizes", "size")),
    (r"\bin stock\b|\bavailable\b|\bsold out\b", ("in stock",)),
    (r"\brat(?:ing|ed)\b|\bstars?\b|\breviews?\b|\bpeople (?:like|think|say)\b", ("rating",)),
    (r"\bbrand\b|\bwho makes\b|\bmanufacturer\b", ("brand",)),
    (r"\bwarranty\b|\bguarantee\b", ("warranty",)),
    (r"\bwash\w*\b|\bclean\b|\bcare\b", ("care",)),
    (r"\bconnect\w*|\bbluetooth\b|\busb\b|\bports?\b|\bplug\b", ("connectivity", "connection", "ports", "interface")),
    (r"\bbright\w*\b|\blumens?\b", ("brightness",)),
    (r"\bpower\w*\b|\bwatts?\b|\bwattage\b", ("power", "output", "power source")),
    (r"\bassembl\w+\b", ("assembly",)),
    (r"\bhow many (?:pieces|parts)\b", ("pieces", "set", "pack")),
    (r"\bhow many people\b|\bsleeps?\b", ("sleeps", "seats")),
    (r"\bwhat age\b|\bhow old\b|\byear[- ]old\b", ("age",)),
    (r"\bresolution\b|\b4k\b", ("resolution",)),
)  # fmt: skip
_PHRASES = {
    "colors": "comes in {}", "price": "costs {}", "sizes": "comes in {}", "rating": "is rated {}", "brand": "is made by {}",
    "material": "is made of {}", "in stock": "is {}", "weight": "weighs {}", "capacity": "holds {}", "sleeps": "sleeps {}",
}  # fmt: skip
_PREDICATE = re.compile("|".join(sorted({phrase.removesuffix("{}").rstrip() + r"\b" for phrase in _PHRASES.values()})))
_LAPTOP = re.compile(r"\b(?P<inches>\d{2}(?:\.\d)?)[- ]?(?:inch|\"|in\b)")
_IN_SIZE = re.compile(
    r"\b(?:available|come|comes|have|has|get|stock|there|got)\b.{0,20}\b(?:in|size)(?: an?)?(?: size)? "
    r"(?P<size>\d{1,2}(?:\.5)?|xxs|xs|s|m|l|xl|xxl)\b(?! ?(?:inch|cm|mm|oz|l\b|ml|pack|colou?rs?))"
)
_DENIES = re.compile(r"\b(?:not|isn't|aren't|non|no|none|never|without)\b")


@dataclass(frozen=True)
class Answered:
    """A fact with the passage it stands in."""

    text: str
    field: str
    passage: str


@dataclass(frozen=True)
class QuestionAgent:
    """Answers ``question`` tasks."""

    source: ProductSource

    async def __call__(self, planned: Planned, task: Task, order: int) -> Spoken:
        products = await self.source.products(task.product_ids[:_MOST])
        if not products:
            return Spoken(order=order, text="Which product do you mean? Name it by its number.")
        if len(products) > 1 and kinds.CHOOSES.search(task.request.casefold()):
            pick = pick_of(products)
            return Spoken(
                order=order, text=pick.text, checks=(_grounded(1, 1),),
                citations=(Citation(product_id=pick.product.product_id, field=pick.field, passage=pick.passage),),
                suggestions=(f"Add number {_place(pick.product, planned)} to the cart", "Compare the first two"),
            )  # fmt: skip
        asked = extreme(products, task.request)
        if asked is not None:
            citations = tuple(Citation(product_id=p.product_id, field=asked.field, passage=asked.passage) for p in asked.products)
            return Spoken(order=order, text=asked.text, citations=citations, checks=(_grounded(len(products), len(products)),))
        found = [(product, answer(product, task.request)) for product in products]
        return Spoken(
            order=order, text=_said(found), checks=(_grounded(sum(fact is not None for _, fact in found), len(found)),),
            citations=tuple(Citation(product_id=p.product_id, field=f.field, passage=f.passage) for p, f in found if f),
        )  # fmt: skip


def answer(product: Product, question: str) -> Answered | None:
    """The fact that answers, or None when the listing doesn't say."""
    asked = fold(question)
    ways = (_pointed_at, _told, _laptop_fit, _size_asked, _other_color, _by_words, _by_topic, _by_name, _counted)
    return next((found for way in ways if (found := way(product, asked))), None)


def _said(found: list[tuple[Product, Answered | None]]) -> str:
    """One sentence a product; one for all where no listing says anything."""
    if len(found) > 1 and not any(fact for _, fact in found):
        return f"None of these {len(found)} listings says."
    return " ".join(_sentence(product, fact) for product, fact in found)


def _sentence(product: Product, fact: Answered | None) -> str:
    """ "The Hale Mug holds 12 oz."; what is no predicate stands after a colon."""
    title = shortened(product.title, _SHORT)
    if fact is None:
        return f"{title}: the listing doesn’t say."
    return f"The {title} {fact.text}" if _PREDICATE.match(fact.text) else f"{title}: {fact.text}"


def _place(product: Product, planned: Planned) -> int:
    return next((shown.ordinal for shown in planned.session.shown if shown.product_id == product.product_id), 1)


def _grounded(answered: int, total: int) -> Check:
    return Check(name="grounded", passed=True, reason=f"{answered} of {total} answered from the listing, the rest said to be unknown")


def _pointed_at(product: Product, asked: str) -> Answered | None:
    """ "The second one": what it costs, how it is rated, whether it is there, and how its description begins."""
    if not only_points(asked) and described_by(asked) is None:
        return None
    rated = f"rated {product.rating:.1f} by {product.rating_count or 0} people" if product.rating is not None else ""
    stock = {True: "in stock", False: "out of stock", None: ""}[product.in_stock]
    facts = ", ".join(part for part in (str(product.price) if product.price else "", rated, stock) if part)
    passage = " ".join(_SENTENCE.split(product.description)[:2])
    text = " ".join(part for part in (f"{facts}." if facts else "", passage) if part)
    return Answered(text, "description", passage or product.title) if text else None


def _told(product: Product, asked: str) -> Answered | None:
    """ "Tell me about it": the beginning of the description, as it stands."""
    if not _TELL.search(asked) or not product.description:
        return None
    passage = " ".join(_SENTENCE.split(product.description)[:3])
    return Answered(passage, "description", passage)


def _laptop_fit(product: Product, asked: str) -> Answered | None:
    match = _LAPTOP.search(asked)
    if not match or "laptop" not in asked:
        return None
    for name, value in product.attributes.items():
        numbers = [float(n) for n in re.findall(r"\d{2}(?:\.\d)?", value)]
        if "laptop" in fold(name) and numbers:
            fits = float(match.group("inches")) <= max(numbers)
            return Answered(f"{'yes' if fits else 'no'}, {_spaced(name)} is {value}.", name, f"{name}: {value}")
    return None


def _size_asked(product: Product, asked: str) -> Answered | None:
    """ "Is it available in 12?": yes only when the size is offered and, where stock is known by size, in stock."""
    match = _IN_SIZE.search(asked)
    if not match or not product.offered_sizes:
        return None
    wanted = match["size"].upper()
    gone = {v.size for v in product.variants if v.in_stock is False} - {v.size for v in product.variants if v.in_stock is not False}
    there = [size for size in product.offered_sizes if size not in gone]
    offered = ", ".join(there) or "none"
    if wanted in (size.upper() for size in there):
        return Answered(f"yes, it is there in size {wanted}.", "sizes", f"sizes: {offered}")
    lacking = "sold out" if wanted in (size.upper() for size in product.offered_sizes) else "not offered"
    return Answered(f"no, size {wanted} is {lacking}; there are {offered}.", "sizes", f"sizes: {offered}")


def _other_color(product: Product, asked: str) -> Answered | None:
    """ "Does it come in red?": each colour is a product of its own, so the colours listed are all that this one has."""
    if not product.colors or not re.search(
        r"\b(?:come|comes|have|has|available|get|there)\b.{0,12}\bin\b|\b(?:is|are) (?:it|this|that|they|these)\b", asked
    ):
        return None
    named = [w for w in words_of(asked) if w in BASE_COLORS]
    listed = {w for color in product.colors for w in words_of(color)}
    if not named or set(named) & listed:
        return None
    colors = ", ".join(product.colors)
    return Answered(f"no, this one comes in {colors}; other colours are listings of their own.", "colors", colors)


def _by_topic(product: Product, asked: str) -> Answered | None:
    facts = _facts(product)
    for pattern, names in _TOPICS:
        if not re.search(pattern, asked):
            continue
        for name in names:
            if name in facts and not _asks_yes_or_no(asked, name):
                return Answered(f"{_phrase(name, facts[name])}.", name, f"{name}: {facts[name]}")
    return None


def _by_name(product: Product, asked: str) -> Answered | None:
    """A fact that the question names as the listing does."""
    stems = {stem(w) for w in words_of(asked)}
    named = [name for name in product.attributes if {stem(w) for w in words_of(name)} <= stems]
    if not named:
        return None
    name = max(named, key=len)
    return Answered(f"{_phrase(name, product.attributes[name])}.", name, f"{name}: {product.attributes[name]}")


def _asks_yes_or_no(asked: str, name: str) -> bool:
    """ "Is it leather?" is no question for the whole list of materials."""
    return name in ("material", "colors") and re.match(r"\W*(?:is|are|does|do)\b", asked) is not None and "made of" not in asked


def _phrase(name: str, value: str) -> str:
    return _PHRASES[name].format(value) if name in _PHRASES else f"{_spaced(name)} is {value}"


def _by_words(product: Product, asked: str) -> Answered | None:
    """A yes-or-no question: yes when every telling word stands together in a feature, a fact, the title or one sentence."""
    if not re.search(r"\b(?:is|are|does|do|can|has|have|will|would)\b", asked) or re.match(r"\W*(?:what|how|which|who)\b", asked):
        return None
    kind = {stem(w) for name in product.category for w in words_of(name)}
    telling = [stem(w) for w in words_of(asked) if w not in _ASKING and len(w) > 2]
    wanted = [s for s in telling if s not in kind]
    if (
        telling
        and not wanted
        and (named := next((n for n in reversed(product.category) if set(telling) <= {stem(w) for w in words_of(n)}), None))
    ):
        return Answered(f"yes: it is listed under {named}.", "category", named)
    if not wanted:
        return None
    for field, passage in _passages(product):
        words = [stem(w) for w in words_of(passage)]
        if all(any(fuzz.ratio(w, word) >= 88 for word in words) for w in wanted):
            plain = passage.strip().rstrip(".")
            quoted = field == "description" or _DENIES.search(fold(passage)) is not None
            return Answered(f"the listing says: “{plain}.”" if quoted else f"yes: {plain}.", field, passage.strip())
    return None


def _passages(product: Product) -> list[tuple[str, str]]:
    """Where the listing may say it, the plainest statements first."""
    found = [("features", feature) for feature in product.features] + [("material", material) for material in product.material]
    found += [(name, f"{_spaced(name)}: {value}") for name, value in product.attributes.items()]
    return [*found, ("title", product.title), *(("description", sentence) for sentence in _SENTENCE.split(product.description))]


def _counted(product: Product, asked: str) -> Answered | None:
    """ "How many cups?": a figure with that unit in the title."""
    match = re.search(r"\bhow many (\w+)", asked)
    units = {q.unit for q in quantities(f"1 {match.group(1)}")} if match else set()
    for quantity in quantities(product.title):
        if quantity.unit in units:
            return Answered(f"{quantity.amount:g} {match.group(1) if match else ''}.", "title", product.title)
    return None


def _facts(product: Product) -> dict[str, str]:
    facts = dict(product.attributes)
    if product.material:
        facts.setdefault("material", ", ".join(product.material))
    if product.colors:
        facts["colors"] = ", ".join(product.colors)
    if product.price:
        facts["price"] = str(product.price)
    if product.offered_sizes:
        facts["sizes"] = f"sizes {', '.join(product.offered_sizes)}"
    if product.rating is not None:
        facts["rating"] = f"{product.rating:.1f} by {product.rating_count or 0} people"
    if product.brand:
        facts["brand"] = product.brand
    if product.in_stock is not None:
        facts["in stock"] = "in stock" if product.in_stock else "out of stock"
    return facts


def _spaced(name: str) -> str:
    return name.replace("_", " ")
