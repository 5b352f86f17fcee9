"""What does the listing say? Questions about a product answered from its own data, with the passage, or not at all."""

import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from agents.state import Spoken
from domain.plan import Task
from domain.ports import ProductSource
from domain.product import Product
from domain.reply import Check, Citation
from domain.terms import fold
from domain.turn import Planned
from planner.lexicon import stem, words_of

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_ASKING = frozenset(
    "is are does do can could will would has have it its it's this that these those they them the a an one first "
    "second third fourth fifth sixth last and or of in on to for with what which how much many long any there be made "
    "come comes use used using fit fits work works get gets good number i my me if so really also too actually ok "
    "product item".split()
)
# What a question asks for, and the names of attributes that answer it.
_TOPICS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\bhow heavy|\bweigh|\bweight\b|\blight(?:weight)?\b|\bheav(?:y|ier)\b", ("weight",)),
    (
        r"\bhow (?:big|large|long|tall|wide|thick|deep)\b|\bdimensions?\b|\bmeasure|\bhow much space\b",
        ("dimensions", "size", "length", "height", "width", "thickness", "diameter"),
    ),
    (r"\bbattery\b|\bcharge last\b|\bhow long does (?:it|the charge) last\b", ("battery life", "battery", "runtime")),
    (r"\bcapacity\b|\bhow much (?:does it|can it) hold\b|\blit(?:re|er)s?\b|\bmah\b", ("capacity", "volume")),
    (r"\bmade of\b|\bmaterial\b|\bfabric\b|\bleather\b|\bcotton\b|\bwool\b", ("material",)),
    (r"\bcolou?rs?\b", ("colors",)),
    (r"\bhow much\b(?! (?:does it|can it) (?:hold|weigh))|\bprice\b|\bcost\b", ("price",)),
    (r"\bsizes?\b", ("sizes",)),
    (r"\bin stock\b|\bavailable\b|\bsold out\b", ("in stock",)),
    (r"\brat(?:ing|ed)\b|\bstars?\b|\breviews?\b", ("rating",)),
    (r"\bbrand\b|\bwho makes\b|\bmanufacturer\b", ("brand",)),
    (r"\bwarranty\b|\bguarantee\b", ("warranty",)),
    (r"\bwash\b|\bclean\b|\bcare\b", ("care",)),
    (r"\bconnect|\bbluetooth\b|\busb\b|\bport\b|\bplug\b", ("connectivity", "connection", "ports", "interface")),
)
_LAPTOP = re.compile(r"\b(?P<inches>\d{2}(?:\.\d)?)[- ]?(?:inch|\"|in\b)")
_WHO_SAYS_NO = re.compile(r"\b(?:not|isn't|non|no)\b")


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
        products = await self.source.products(task.product_ids[:3])
        if not products:
            return Spoken(order=order, text="Which product do you mean? Name it by its number.")
        texts, citations = [], []
        for product in products:
            found = answer(product, task.request)
            if found is None:
                texts.append(f"{product.title[:80]}: the listing doesn't say.")
                continue
            texts.append(f"{product.title[:80]}: {found.text}")
            citations.append(Citation(product_id=product.product_id, field=found.field, passage=found.passage))
        check = Check(name="grounded", passed=True, reason=f"{len(citations)} of {len(products)} answered with a passage")
        return Spoken(order=order, text=" ".join(texts), citations=tuple(citations), checks=(check,))


def answer(product: Product, question: str) -> Answered | None:
    """The fact that answers, or None when the listing doesn't say."""
    asked = fold(question)
    return _laptop_fit(product, asked) or _by_topic(product, asked) or _by_words(product, asked)


def _laptop_fit(product: Product, asked: str) -> Answered | None:
    match = _LAPTOP.search(asked)
    if not match or "laptop" not in asked:
        return None
    for name, value in product.attributes.items():
        numbers = [float(n) for n in re.findall(r"\d{2}(?:\.\d)?", value)]
        if "laptop" in fold(name) and numbers:
            fits = float(match.group("inches")) <= max(numbers)
            return Answered(f"{'yes' if fits else 'no'}, {name} is {value}.", name, f"{name}: {value}")
    return None


def _by_topic(product: Product, asked: str) -> Answered | None:
    facts = _facts(product)
    for pattern, names in _TOPICS:
        if not re.search(pattern, asked):
            continue
        for wanted in names:
            for name, value in facts.items():
                if (wanted == fold(name) or wanted in fold(name).split()) and not _yes_no_mismatch(asked, wanted):
                    return Answered(f"{name} is {value}.", name, f"{name}: {value}")
    return None


def _yes_no_mismatch(asked: str, wanted: str) -> bool:
    """ "Is it leather?" is answered by the material only through its words, below."""
    return wanted == "material" and re.match(r"\W*(?:is|are)\b", asked) is not None and "made of" not in asked


def _by_words(product: Product, asked: str) -> Answered | None:
    """A yes-or-no question: yes when every telling word stands together in a feature, the title or one sentence."""
    wanted = [stem(w) for w in words_of(asked) if w not in _ASKING and len(w) > 2]
    kind = {stem(w) for name in product.category for w in words_of(name)}
    wanted = [w for w in wanted if w not in kind]
    if not wanted:
        return None
    passages = [("features", f) for f in product.features] + [("material", m) for m in product.material]
    passages += [(n, f"{n}: {v}") for n, v in product.attributes.items()]
    passages += [("title", product.title)] + [("description", s) for s in _SENTENCE.split(product.description)]
    for field, passage in passages:
        words = [stem(w) for w in words_of(passage)]
        if all(any(fuzz.ratio(w, word) >= 88 for word in words) for w in wanted):
            no = _WHO_SAYS_NO.search(fold(passage)) is not None and field in ("description", "features")
            text = f"the listing says: “{passage.strip()}”" if field == "description" or no else f"yes: {passage.strip()}."
            return Answered(text, field, passage.strip())
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
        facts["sizes"] = ", ".join(product.offered_sizes)
    if product.rating is not None:
        facts["rating"] = f"{product.rating:.1f} from {product.rating_count or 0} ratings"
    if product.brand:
        facts["brand"] = product.brand
    if product.in_stock is not None:
        facts["in stock"] = "yes" if product.in_stock else "no"
    return facts
