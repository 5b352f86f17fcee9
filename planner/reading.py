"""What does a message state? Prices, colours, sizes, gender, brands, materials, features, exclusions, whom and what it is for."""

import re
from dataclasses import dataclass, field

from domain.filters import FilterChange, FilterField, Filters
from domain.terms import fold, fold_size
from planner.lexicon import Lexicon, Mention, words_of
from planner.person import person_of
from planner.prices import PriceReading, read_prices

_SIZE_WORD = r"xxs|xs|s|m|l|xl|xxl|2xl|3xl|4xl|small|medium|large|x-large|extra[- ](?:small|large)|\d{1,2}(?:\.5)?|[2-6]t|one size"
_SIZE = re.compile(
    rf"\b(?:sizes?|sz)\s*(?:is\s+|in\s+)?(?:us|uk|eu)?\s*(?P<a>{_SIZE_WORD})\b|\b(?:us|uk|eu)\s*(?P<b>\d{{1,2}}(?:\.5)?)\b|"
    r"\b(?:in|an?|i'?m an?|wears? an?|takes? an?)\s+(?:size\s+)?(?P<c>xxs|xs|xl|xxl|2xl|3xl|medium(?! (?:size|firm|heat|roast))|extra[- ](?:small|large))\b|"
    r"\b(?P<d>xxs|xs|xl|xxl|2xl|3xl)\b|\b(?:men|women|kid|boy|girl)'?s'?\s+(?:size\s+)?(?P<e>\d{1,2}(?:\.5)?)\b(?!\s*(?:inch|pack|\"|l\b))|"
    r"\b(?:women|men|kid|boy|girl)'?s'?\s+(?:size\s+)?(?P<h>xxs|xs|s|m|l|xl|xxl)\b|\b(?P<f>\d{1,2}(?:\.5)?)\s+(?:wide|narrow|shoe)\b|\bin (?P<g>[sml])\b"
)
_NEGATION = re.compile(
    r"\b(?:not?(?! only)|nor|without|except(?: for)?|excluding|excl\.?|anything but|other than|nothing (?:in|with|but)|avoid(?:ing)?|hates?|can'?t stand|don'?t (?:want|like|need)|"
    r"doesn'?t (?:want|like)|never|allergic to|isn'?t|aren'?t|no more|instead of|rather than|sick of|tired of|minus|ban(?:s|ned)?|skip(?: the)?)\s+"
    r"(?:(?:any(?:thing)?|a|an|the|in|made of|real|with|of|for|wear(?:ing)?|colou?r|more|those|that'?s)\s+)*(?P<what>[a-z][a-z'-]*(?:\s+[a-z][a-z'-]*){0,3})"
)
_FREE = re.compile(r"\b(?P<what>[a-z]+)[- ]free\b")
_LIFT_VALUE = r"colou?rs?|brands?|sizes?|materials?|fabrics?|prices?|budgets?|genders?|categor(?:y|ies)|features?"
_LIFT = re.compile(
    rf"\bany (?P<a>{_LIFT_VALUE})\b(?: (?:is|are|will|would) (?:be )?(?:fine|ok|okay|good|great|do))?|\b(?P<b>{_LIFT_VALUE}) (?:doesn'?t|does not|don'?t|do not) matter|\b(?:don'?t|do not) (?:care|mind) (?:about|what|which) (?:the )?(?P<c>{_LIFT_VALUE})|"
    rf"\b(?:forget|drop|ignore|remove|scrap|lose|never mind|nevermind|skip|without) (?:about )?(?:the |my |that |any )?(?P<d>{_LIFT_VALUE})(?: limit| cap| filter| range)?\b|"
    rf"\b(?P<e>{_LIFT_VALUE}) (?:is|are) (?:not important|irrelevant|open|flexible|no object)|\bopen to (?:any|all|other) (?P<f>{_LIFT_VALUE})|"
    r"\b(?:money|price) is no (?P<g>object)|\bno (?P<h>budget|price limit)\b(?! (?:for|shoes))|\b(?:whatever|whichever) (?P<i>colou?r|brand|price|size|material)|"
    r"\b(?P<j>doesn'?t have to be) (?P<jw>[a-z ]{3,20})"
)
_LIFTED_BY: dict[str, tuple[FilterField, ...]] = {
    "color": ("color",), "brand": ("brand",), "size": ("size",), "material": ("material",), "fabric": ("material",),
    "price": ("price_min", "price_max"), "budget": ("price_min", "price_max"), "object": ("price_min", "price_max"),
    "gender": ("gender",), "categor": ("category",), "feature": ("features",),
}  # fmt: skip
_IN_STOCK = re.compile(r"\bin stock\b|\bavailable now\b")
_AFFORDABLE = re.compile(
    r"\b(?:cheap(?:er|est)?|affordable|inexpensive|budget[- ]friendly|low[- ]cost|bargain|won'?t break the bank|economical|good value|value for money)\b"
)
_BEST = re.compile(r"\b(?:best|top[- ]rated|highest[- ]rated|premium|high[- ]end|top[- ]quality|finest|luxury)\b")
_COLOR_CONTEXT = frozenset(["light", "hot", "night", "fire", "tone", "noise", "gold", "rose"])
_GENERIC_FEATURES = (
    "waterproof", "water resistant", "water-resistant", "wireless", "bluetooth", "noise cancelling", "noise canceling", "insulated", "lightweight",
    "foldable", "rechargeable", "breathable", "arch support", "non-slip", "slip resistant", "adjustable", "dishwasher safe", "machine washable",
    "windproof", "quick dry", "quick-dry", "portable", "cordless", "heated", "padded", "wide fit", "steel toe", "fast charging", "polarized", "hypoallergenic",
)  # fmt: skip
# After a negation these rule nothing out: "not sure", "no rush", "not bothered", "no longer".
_NOT_EXCLUDABLE = frozenset(
    "sure matter idea ideas problem problems rush hurry worries worry thanks thank need needed looking look interested time money budget "
    "price limit more less longer bad much expensive pricey cheap clue fan way one ones other others only just yet too so very really "
    "quite that those these this them it him her us you me my your our his their its his hers mine what who when where how why "
    "big small large long short light heavy good great better best nice new old first last second third pair pairs size sizes colour "
    "color colours colors brand brands preference preferences opinion picky fussy fancy fun thing things stuff something anything "
    "everything someone anyone people person kids man men woman women boy boys girl girls husband wife mum mom dad friend for from "
    "with without under over above below up down out off on in at by as if or and but is are was were be been being am do does did have "
    "has had having get got getting go going goes gone went come coming make makes making made work works working find found buy "
    "buying bought want wanting like likes know knows mind care bothered keen afraid happy fit fits use using used wear seen even "
    "ever going all each every any some many few lot lots bit kind sort type point sense joke doubt reason rule rules fault chance luck "
    "matter exceptions excuses pressure comment shame the a an to of because since until unless worth cost costs allowed essential necessary "
    "important urgent possible available fixed final enough another both half same different right wrong true ok okay fine now then "
    "today tomorrow tonight yesterday week month year day days longer please pls thx lol negotiable quite exactly there here cheaper "
    "must should would could can will may might order return refund delivery shipping stock options option choice deal good".split()
)
# Parts of things that shoppers rule out and that stand in no catalogue's list of features.
_PARTS = frozenset(
    "lace laces hood heel heels wire wires wireless cord cords logo logos zip zipper zips underwire pattern patterns print prints sleeve sleeves sugar "
    "fragrance perfume scent stripes glitter feathers batteries battery buttons straps lid handle wheels drill drilling screws sequins bows "
    "ruffles animal velcro buckles pockets cable cables screen camera fur down".split()
)


@dataclass(frozen=True)
class Reading:
    """What one message (or the part of it that speaks of the need) states."""

    change: FilterChange = field(default_factory=FilterChange)
    contradiction: str | None = None
    """Why the statements cannot all hold, in words for a question; None when they can."""
    recipient: str | None = None
    for_self: bool = False
    gender_guessed: bool = False
    types: tuple[Mention, ...] = ()
    words: tuple[str, ...] = ()
    rest: str = ""
    """The lower-cased text without prices, sizes and exclusions."""
    wants: frozenset[str] = field(default_factory=frozenset)
    """"affordable" and "best" where said."""

    @property
    def states_filters(self) -> bool:
        return bool(self.change.stated.active() or self.change.lifted)


def read(text: str, lexicon: Lexicon, *, currency: str) -> Reading:
    """Reads a message whose typos are corrected already."""
    lowered = _plain(text)
    lifted, lowered = _lifted(lowered, lexicon)
    prices = read_prices(lowered)
    size, rest = _size(prices.rest)
    excluded, rest = _excluded(rest, lexicon)
    words = words_of(rest)
    types = lexicon.type_mentions(words)
    taken = {i for mention in types for i in range(mention.start, mention.end)}
    person = person_of(lowered, rest)
    stated = Filters(
        price_min=None if prices.contradicts else prices.low,
        price_max=None if prices.contradicts else prices.high,
        currency=prices.currency or currency,
        gender=person.gender,
        size=size,
        color=_colors(words, lexicon) or None,
        brand=tuple(lexicon.vocabulary.brand_labels.get(m.name, m.name) for m in lexicon.brand_mentions(words)) or None,
        material=_materials(words, lexicon, taken) or None,
        features=_features(rest, words, lexicon) or None,
        exclude=excluded or None,
        in_stock=True if _IN_STOCK.search(rest) else None,
    )
    return Reading(
        change=FilterChange(stated=stated, lifted=lifted),
        contradiction=_contradiction(prices),
        recipient=person.recipient,
        for_self=person.for_self,
        gender_guessed=person.guessed,
        types=tuple(types),
        words=tuple(words),
        rest=rest,
        wants=frozenset(n for n, p in (("affordable", _AFFORDABLE), ("best", _BEST)) if p.search(lowered)),
    )


def _plain(text: str) -> str:
    return re.sub(r"[\u2019\u02bc`]", "'", text.casefold())


def _lifted(text: str, lexicon: Lexicon) -> tuple[tuple[FilterField, ...], str]:
    fields: list[FilterField] = []
    rest = text
    for match in _LIFT.finditer(text):
        if match.group("j"):
            fields += _field_of_value(match.group("jw").strip(), lexicon)
        else:
            named = next(v for k, v in match.groupdict().items() if v and k not in ("j", "jw"))
            key = re.sub(r"(ies|y|s)$", "", named.replace("colour", "color").split()[0])
            fields += _LIFTED_BY.get(key, ())
        rest = rest.replace(match.group(), " ", 1)
    return tuple(dict.fromkeys(fields)), rest


def _field_of_value(value: str, lexicon: Lexicon) -> tuple[FilterField, ...]:
    """Which constraint "it doesn't have to be VALUE" opens."""
    words = set(words_of(value))
    if words & lexicon.colors:
        return ("color",)
    if words & lexicon.materials:
        return ("material",)
    if lexicon.brand_mentions(list(words)):
        return ("brand",)
    return ("features",)


def _size(text: str) -> tuple[str | None, str]:
    match = _SIZE.search(text)
    if not match:
        return None, text
    value = next(v for v in match.groupdict().values() if v)
    kept = re.match(r"(?:men|women|kid|boy|girl)'?s'?", match.group())
    return fold_size(value).upper() if not value[0].isdigit() else value, text.replace(
        match.group(), f" {kept.group() if kept else ''} ", 1
    )


def _excluded(text: str, lexicon: Lexicon) -> tuple[tuple[str, ...], str]:
    """What is ruled out, in order, and the text without the words that said so."""
    found: list[str] = []
    rest = text
    for match in _NEGATION.finditer(text):
        values = _excludables(match.group("what"), lexicon)
        if values:
            found += values
            rest = rest.replace(match.group(), _after(match.group(), values[-1]), 1)
    for match in _FREE.finditer(text):
        value = _excludable([match.group("what")], lexicon)
        # "Gluten-free" goods say "gluten" themselves: only what a label names positively is ruled out by name.
        if value and (value in lexicon.materials or value in lexicon.colors):
            found.append(value)
            rest = rest.replace(match.group(), " ", 1)
    return tuple(dict.fromkeys(found)), rest


def _excludables(phrase: str, lexicon: Lexicon) -> list[str]:
    """ "Leather or suede", "black": each value up to the first word that is none."""
    parts = re.split(r"\s+(?:or|and|nor|and no|or any)\s+", phrase)
    first = _excludable(words_of(parts[0]), lexicon)
    if first is None:
        return []
    further = [_known_value(words_of(part), lexicon) for part in parts[1:]]
    return [first, *(value for value in further if value)]


def _excludable(words: list[str], lexicon: Lexicon) -> str | None:
    """The colour, material, brand, feature or other thing that a negation rules out; None when it rules out nothing."""
    if not words or words[0] in _NOT_EXCLUDABLE:
        return None
    known = _known_value(words, lexicon)
    if known:
        return known
    if words[0] in _PARTS:
        return words[0]
    types = lexicon.type_mentions(words)
    if types and types[0].start == 0:
        return " ".join(words[: types[0].end])
    noun = words[0]
    named = noun in lexicon.vocabulary.words and not noun.endswith(("ing", "ly", "ed"))
    return noun if named and (len(words) == 1 or words[1] in _NOT_EXCLUDABLE) else None


def _known_value(words: list[str], lexicon: Lexicon) -> str | None:
    """The longest colour, material, feature or brand that the words begin with."""
    vocabulary = lexicon.vocabulary
    for length in (3, 2, 1):
        candidate = " ".join(words[:length])
        if len(words) >= length and any(candidate in values for values in (lexicon.colors, lexicon.materials, vocabulary.features, vocabulary.brands)):
            return candidate
    singular = [re.sub(r"(?<=[a-z]{3})s$", "", word) for word in words[:2]]
    return next((word for word in singular if word in lexicon.colors or word in lexicon.materials), None)


def _after(matched: str, value: str) -> str:
    """What follows the ruled-out value stays in the text: "not leather boots" still asks for boots."""
    position = fold(matched).find(value)
    return " " + fold(matched)[position + len(value) :] if position >= 0 else " "


def _colors(words: list[str], lexicon: Lexicon) -> tuple[str, ...]:
    found: list[str] = []
    for i, word in enumerate(words):
        pair = " ".join(words[i : i + 2])
        if pair in lexicon.colors and len(pair.split()) == 2:
            found.append(pair)
        elif word in lexicon.colors and word not in {w for p in found for w in p.split()} and word not in _COLOR_CONTEXT:
            found.append(word)
    return tuple(dict.fromkeys(found))


def _materials(words: list[str], lexicon: Lexicon, taken: set[int]) -> tuple[str, ...]:
    """Materials outside the names of types ("down jacket", "steel toe boots" name a type)."""
    found: list[str] = []
    for i, word in enumerate(words):
        pair = " ".join(words[i : i + 2])
        if pair in lexicon.materials and " " in pair:
            found.append(pair)
        elif (
            word in lexicon.materials
            and i not in taken
            and word not in {"down", "mesh", "clear", "glass"}
            and word not in {w for f in found for w in f.split()}
        ):
            found.append(word)
    return tuple(dict.fromkeys(found))


def _features(text: str, words: list[str], lexicon: Lexicon) -> tuple[str, ...]:
    found = [m.name for m in lexicon.feature_mentions(words)]
    plain = fold(text)
    carried = {fold(feature) for feature in lexicon.vocabulary.features}
    for phrase in _GENERIC_FEATURES:
        folded = fold(phrase)
        if re.search(rf"\b{folded}\b", plain) and not any(folded in f for f in found) and (folded in carried or not carried):
            found.append(folded)
    return tuple(dict.fromkeys(found))


def _contradiction(prices: PriceReading) -> str | None:
    if not prices.contradicts:
        return None
    return f"over {prices.low} and under {prices.high} cannot both hold"
