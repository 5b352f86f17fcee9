"""Which shown product does "the second one" mean? References resolved against what is on the shopper's screen."""

import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from domain.session import ShownProduct
from domain.terms import fold
from planner.lexicon import stem, words_of

_ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5, "sixth": 6, "6th": 6,
    "seventh": 7, "7th": 7, "eighth": 8, "8th": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
_ORDINAL = re.compile(
    rf"\b(?:the |number |no\.? ?|option |item |product )?(?P<word>{'|'.join(_ORDINALS)})(?: (?:one|two|ones|pair|option|product|item|choice))?\b(?! (?:time|thing|of all|aid|class|floor|hand))"
)
_NUMBER = re.compile(r"(?:\bnumber |\bno\.? ?|#|\boption |\bitem )(?P<n>\d{1,2}|one|two|three|four|five|six)\b")
_BARE_PAIR = re.compile(
    r"\b(?P<a>[1-9])\s*(?:or|and|vs\.?|versus|&|with|to)\s*(?P<b>[1-9])\b(?!\s*(?:inch|cm|people|person|pack|litre|kg))"
)
_BARE_LIST = re.compile(r"\b[1-9](?:\s*,\s*[1-9])+(?:\s*,?\s*(?:or|and|&)\s*[1-9])?\b(?!\s*(?:inch|cm|people|person|pack|litre|kg))")
_LAST_N = re.compile(r"\bthe last (?P<n>two|three|2|3)\b")
_FIRST_N = re.compile(r"\b(?:the )?(?:first|top) (?P<n>two|three|four|2|3|4)\b")
_COUNTS = {"two": 2, "three": 3, "four": 4, "2": 2, "3": 3, "4": 4}
_LAST = re.compile(r"\bthe last\b(?: (?:one|product|item|option))?(?! (?:two|three|time|week|month|year|order))")
_CHEAPEST = re.compile(
    r"\b(?:the )?(?:cheap(?:er|est)|least expensive|lowest[- ]priced|lowest price)(?: (?:one|ones|pair|option|of (?:those|these|the|them))|(?= (?:to|in|into) (?:my|the)\b|\W*$))"
)
_PRICIEST = re.compile(
    r"\b(?:the )?(?:most expensive|priciest|dearest|pricier|highest price)(?: (?:one|option|of (?:those|these|the|them))|(?<=est)\W*$|(?<=price)\W*$)"
)
_ALL = re.compile(r"\b(?:both|all (?:of )?(?:them|these|those)|these|those|them|they|the (?:two|three|four))\b")
_BEST_RATED = re.compile(r"\b(?:best|highest|top)[- ]?rated\b|\b(?:best|highest|most) (?:ratings?|reviews?|stars?)\b")
_IT = re.compile(r"\b(?:it|its|it's|this one|that one|this|that)\b")
_FROM = re.compile(r"\b(?:from|of|in|among) (?:the )?(?P<group>[a-z'-]{3,20}(?: [a-z'-]{3,20})?)")
_SINGLED_OUT = re.compile(
    r"\bthe (?!(?:cart|basket|bag)\b)(?:[a-z]+est|best|only|most [a-z]+)\b|\b(?:it|this|that|them|the one|this one)\b"
)
_AT_THE_SCREEN = re.compile(
    rf"\b(?:the|that|between(?: the)?|and(?: the)?) (?:{'|'.join(_ORDINALS)})(?: (?:one|ones|two|three|pair|option)\b|(?=\W*$)|(?= (?:and|or|but|in|is|are)\b))|\b(?:number|option|#) ?\d\b|"
    r"\bthe (?:last|blue|red|black|white|green|gr[ae]y|brown|pink|other|cheapest|cheaper|best[- ]rated|bigger|smaller) ones?\b|\b(?:compare|difference between) (?:them|these|those|the two|both)\b"
)
_TITLE_CUTOFF = 80


@dataclass(frozen=True)
class Resolved:
    """Products referred to; ``ambiguous`` lists the candidates when one was meant and several fit."""

    products: tuple[ShownProduct, ...] = ()
    ambiguous: tuple[ShownProduct, ...] = ()
    missing: str | None = None
    """What was named but isn't there: "number 9"."""
    by_number: bool = False
    """Whether each was named by its place, so that exactly these are meant."""


# What stands around a reference without asking anything: "ok, show me the second one please".
_POINTING = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|and|so|hmm+|well|actually|yes|yeah|oh|cool|nice|great)\W+)*"
    r"(?:(?:what|how) about|(?:can you |could you |please )?(?:show|tell|give) (?:me )?(?:more (?:details? |info(?:rmation)? )?(?:about|on|of)|about|(?:details?|info(?:rmation)?) (?:about|on|of))?|"
    r"(?:let me|i want to|i'd like to|can i|could i) (?:see|look at|know more about|hear more about|open)|(?:more|any) (?:details?|info(?:rmation)?)? ?(?:on|about)|details? (?:on|of|about)|"
    r"i (?:really )?(?:like|love|prefer)|describe|open|see|more about|what(?:'s| is)|which (?:one )?(?:is|has))?\s*"
)
_POINTED = re.compile(
    rf"^(?:the |number |no\.? ?|option |item |product |#)*(?:(?:{'|'.join(_ORDINALS)}|last|cheapest|(?<=the )cheaper|least expensive|most expensive|(?<=the )pricier|priciest|dearest|\d{{1,2}}|best[- ]rated|highest[- ]rated|top[- ]rated|(?:lowest|highest) (?:price|rating))"
    r"(?: (?:one|pair|option|product|item|choice))?|one with the (?:best|highest|most) (?:ratings?|reviews?|stars?)|(?:it|that|this)(?: one)?)"
    r"(?: of (?:the |those |these )?(?:(?:first |last )?(?:two|three|four)|them|those|these)| from the [a-z' -]{3,30})?(?: (?:please|then|too|again|instead|again please))?\W*$"
)
_COLORED_ONE = re.compile(r"^(?:the|that) (?P<word>[a-z]+)(?: one| pair)(?: (?:please|then|too))?\W*$")


def only_a_pronoun(text: str) -> bool:
    """Whether nothing but "it" says which product a lower-cased question means: "does it leak"."""
    return re.search(r"\b(?:it|its|it's|that|this)\b", text) is not None and not _ORDINAL.search(text) and not _ALL.search(text)


def points_at_screen(text: str) -> bool:
    """Whether a lower-cased message speaks of products by their place, as one does of what one sees."""
    return _AT_THE_SCREEN.search(text) is not None


def only_points(text: str) -> bool:
    """Whether a lower-cased message names a product by its place or rank and asks nothing else of it: "and the third one"."""
    rest = text[match.end() :] if (match := _POINTING.match(text)) else text
    bare = re.match(r"^\W*(?:\d|(?:it|that|this)\b)", text) is not None
    return _POINTED.match(rest) is not None and not bare


def described_by(text: str) -> str | None:
    """The one word by which a lower-cased message picks a product and says nothing else: "the blue one"."""
    match = _COLORED_ONE.match(text[lead.end() :] if (lead := _POINTING.match(text)) else text)
    return match["word"] if match else None


def the_colored_one(text: str, shown: tuple[ShownProduct, ...]) -> ShownProduct | None:
    """ "The blue one" where exactly one product on the screen is blue; None where it could be several or none."""
    word = described_by(text)
    having = [p for p in shown if word and word in {w for color in p.colors for w in words_of(color)}]
    return having[0] if len(having) == 1 else None


def resolve(text: str, shown: tuple[ShownProduct, ...], focus: tuple[str, ...] = ()) -> Resolved:
    """What a lower-cased message refers to among the products of the latest reply that showed any.

    ``focus`` holds the products that were spoken of last: "it" means them before anything else.
    """
    if not shown:
        return Resolved()
    pool = _pool(text, shown)
    numbers = _numbers(text, pool)
    if numbers:
        found = [p for n in numbers for p in _nth(pool, shown, n)]
        if len(found) > 1 and (_CHEAPEST.search(text) or _PRICIEST.search(text)):
            pool = found
        elif found:
            return Resolved(tuple(dict.fromkeys(found)), by_number=True)
        else:
            return Resolved(missing=f"number {numbers[0]}")
    if len(shown) == 1 and _SINGLED_OUT.search(text):
        # With one product on the screen "the warmest" can mean no other.
        return Resolved(shown)
    for pattern, pick in ((_CHEAPEST, min), (_PRICIEST, max)):
        priced = [p for p in pool if p.price]
        if pattern.search(text) and priced:
            return Resolved((pick(priced, key=lambda p: p.price.minor if p.price else 0),))
    last_n = _LAST_N.search(text)
    if last_n:
        return Resolved(tuple(pool[-_COUNTS[last_n.group("n")] :]))
    if _LAST.search(text):
        return Resolved((pool[-1],))
    if _BEST_RATED.search(text) and any(p.rating is not None for p in pool):
        return Resolved((max(pool, key=lambda p: p.rating or 0.0),))
    spoken_of = tuple(p for p in pool if p.product_id in focus)
    if spoken_of and _IT.search(text) and not _COLORED_ONE.search(text):
        return Resolved(spoken_of) if len(spoken_of) == 1 else Resolved(ambiguous=spoken_of)
    described = _described(text, pool)
    if len(described) == 1:
        return Resolved(tuple(described))
    if len(described) > 1:
        return Resolved(ambiguous=tuple(described[:4]))
    if len(spoken_of) > 1 and _ALL.search(text):
        return Resolved(spoken_of)
    if _ALL.search(text):
        return Resolved(tuple(pool[:6]))
    if _IT.search(text):
        return Resolved((pool[0],)) if len(pool) == 1 else Resolved(ambiguous=tuple(pool[:4]))
    return Resolved()


def _pool(text: str, shown: tuple[ShownProduct, ...]) -> list[ShownProduct]:
    """The section that "from the boots" names, else everything shown."""
    for match in _FROM.finditer(text):
        wanted = {stem(w) for w in words_of(match.group("group"))}
        inside = [p for p in shown if wanted & {stem(w) for w in words_of(p.category)}]
        if inside and len(inside) < len(shown):
            return inside
    return list(shown)


def _numbers(text: str, pool: list[ShownProduct]) -> list[int]:
    first_n = _FIRST_N.search(text)
    if first_n:
        return list(range(1, _COUNTS[first_n.group("n")] + 1))
    found = [(m.start(), _ORDINALS[m.group("word")]) for m in _ORDINAL.finditer(text)]
    found += [(m.start(), _as_number(m.group("n"))) for m in _NUMBER.finditer(text)]
    found += [(m.start() + n.start(), int(n.group())) for m in _BARE_LIST.finditer(text) for n in re.finditer(r"\d", m.group())]
    found += [(m.start(), int(m.group(name))) for m in _BARE_PAIR.finditer(text) for name in ("a", "b")]
    if found and (last := _LAST.search(text)) and pool:
        found.append((last.start(), pool[-1].ordinal))
    return [n for _, n in sorted(found)]


def _as_number(word: str) -> int:
    return int(word) if word.isdigit() else ["one", "two", "three", "four", "five", "six"].index(word) + 1


def _nth(pool: list[ShownProduct], shown: tuple[ShownProduct, ...], n: int) -> list[ShownProduct]:
    """Within a named section "the first" counts there; over the whole reply it is the ordinal on the card."""
    if len(pool) < len(shown):
        return pool[n - 1 : n] if n >= 1 else []
    return [p for p in pool if p.ordinal == n]


def _described(text: str, pool: list[ShownProduct]) -> list[ShownProduct]:
    """Products whose colour, brand or title the message names: "the blue one", "the norrholt", "that jacket"."""
    scored = [(_title_likeness(text, p), p) for p in pool]
    best = max((score for score, _ in scored), default=0.0)
    if best >= _TITLE_CUTOFF:
        return [p for score, p in scored if score >= best - 1]
    telling = _named_by_one_word(text, pool)
    if telling:
        return telling
    words = set(words_of(text))
    colored = [p for p in pool if any(set(words_of(c)) & words for c in p.colors)]
    if re.search(r"\b(?:the|that|this) \w+(?: \w+)? (?:one|ones|pair)\b", text) and colored:
        return colored
    branded = [p for p in pool if p.brand and re.search(rf"\b{re.escape(fold(p.brand))}\b", fold(text))]
    if branded:
        return branded
    named = re.search(r"\b(?:that|the|this|those|these) (?P<noun>[a-z][a-z-]+(?: [a-z][a-z-]+)?)\b", text)
    if named:
        nouns = {stem(w) for w in words_of(named.group("noun"))} - {"one", "pair", "product", "item"}
        matching = [p for p in pool if nouns & {stem(w) for w in words_of(p.category)}]
        if matching and len(matching) < len(pool):
            return matching
    return []


def _named_by_one_word(text: str, pool: list[ShownProduct]) -> list[ShownProduct]:
    """The products in whose titles alone a word of the message stands: "the norrholt" when there is one."""
    said = [w for w in words_of(text) if len(w) >= 5]
    found: list[ShownProduct] = []
    for word in said:
        having = [
            p
            for p in pool
            if any(fuzz.ratio(word, t) >= 88 for t in words_of(p.title)) and stem(word) not in {stem(w) for w in words_of(p.category)}
        ]
        if having and len(having) < len(pool) and len(having) <= 2 and word not in _DESCRIBES:
            found = [p for p in having if not found or p in found] or found
    return found


# Words of a question that may stand in a title by chance: what is asked, not which one.
_DESCRIBES = frozenset(
    "waterproof insulated warm lightweight leather cotton wireless bluetooth rechargeable washable large small medium black white brown green yellow purple orange "
    "wider heavy light women girls child adult comfortable breathable cushioned padded folding foldable portable electric battery cordless winter summer running hiking "
    "support charge charging color colour which there these those their about would could should first second third fourth fifth cheaper cheapest compare price".split()
)


def _title_likeness(text: str, product: ShownProduct) -> float:
    """How much of a message's longest run looks like this title, 0 to 100; short overlaps count for nothing."""
    title = fold(product.title)
    if len(fold(text)) < 8:
        return 0.0
    distinctive = [w for w in title.split()[:4] if len(w) > 3]
    hits = sum(any(fuzz.ratio(w, t) >= 84 for t in fold(text).split()) for w in distinctive)
    return 100.0 * hits / len(distinctive) if len(distinctive) >= 2 and hits >= 2 else 0.0
