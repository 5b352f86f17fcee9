"""What does a message state? Prices, colours, sizes, gender, brands, materials, features, exclusions, whom and what it is for."""

import re
from dataclasses import dataclass, field

from domain.filters import FilterChange, Filters
from planner.lexicon import Lexicon, Mention, words_of
from planner.person import person_of, without_age
from planner.prices import PriceReading, read_prices
from planner.relaxing import allowed_values, lifted_fields
from planner.sizes import read_size, shoe_size
from planner.values import colors_in, excluded_in, features_in, materials_in

_NOT_FOR = re.compile(
    r"\b(?:not|isn't|aren't|no|except) (?:for |a |meant for )?(?:wom[ae]n|m[ae]n|kids?|children|boys?|girls?)(?:'s)?\b(?! only)"
)
_GROWN_UPS = re.compile(r"\b(?:for )?(?:an? |the )?(?:adults?|grown[- ]?ups?)(?:'s?)?\b(?! (?:colou?ring|diapers?|nappies|toys?|book))")
_TOO = re.compile(r"\b(?:not |isn't |aren't |nothing |without being )?too (?!many\b|much\b)(?:[a-z]+ly )?[a-z]+\b")
"""How a thing must not be; "too short" names no shorts."""
_IN_STOCK = re.compile(r"\bin stock\b|\bavailable now\b")
_AFFORDABLE = re.compile(
    r"\b(?:cheap(?:er|est)?|affordable|inexpensive|budget[- ]friendly|low[- ]cost|bargain|won'?t break the bank|economical|good value|value for money)\b"
)
_BEST = re.compile(r"\b(?:best|top[- ]rated|highest[- ]rated|premium|high[- ]end|top[- ]quality|finest|luxury)\b")


@dataclass(frozen=True)
class Reading:
    """What one message (or the part of it that speaks of the need) states."""

    change: FilterChange = field(default_factory=FilterChange)
    allowed: tuple[str, ...] = ()
    """Values that are all right but not asked for: "leather is fine too"."""
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
        return bool(self.change.stated.active() or self.change.lifted or self.allowed)


def read(text: str, lexicon: Lexicon, *, currency: str) -> Reading:
    """Reads a message whose typos are corrected already."""
    original = re.sub(r"[\u2019\u02bc`]", "'", text)
    lowered = original.casefold()
    lifted, lowered = lifted_fields(lowered, lexicon)
    lowered, denied = _NOT_FOR.subn(" ", lowered)
    lifted = (*lifted, "gender") if denied and "gender" not in lifted else lifted
    prices = read_prices(lowered)
    size, system, rest = read_size(prices.rest, original)
    excluded, rest = excluded_in(rest, lexicon)
    allowed, rest = allowed_values(rest, lexicon)
    person = person_of(lowered, rest)
    if person.gender is None and _GROWN_UPS.search(lowered):
        excluded = tuple(dict.fromkeys((*excluded, "kids")))
        rest = _GROWN_UPS.sub(" ", rest)
    rest = _TOO.sub(" ", without_age(rest))
    words = words_of(rest)
    types = lexicon.type_mentions(words)
    # "Oak" in the name of a maker is no wood; a single word may be meant as either.
    makers = [mention for mention in lexicon.named_brands(words) if mention.end - mention.start > 1]
    taken = {i for mention in (*types, *makers) for i in range(mention.start, mention.end)}
    stated = Filters(
        price_min=None if prices.contradicts else prices.low,
        price_max=None if prices.contradicts else prices.high,
        currency=prices.currency or currency,
        gender=person.gender,
        size=shoe_size(size, system, person.gender, lexicon.vocabulary.sizes) if size else None,
        color=colors_in(words, lexicon, taken) or None,
        brand=tuple(lexicon.vocabulary.brand_labels.get(m.name, m.name) for m in lexicon.brand_mentions(words)) or None,
        material=materials_in(words, lexicon, taken) or None,
        features=features_in(rest, words, lexicon) or None,
        exclude=excluded or None,
        in_stock=True if _IN_STOCK.search(rest) else None,
    )
    return Reading(
        change=FilterChange(stated=stated, lifted=lifted),
        allowed=allowed,
        contradiction=_contradiction(prices),
        recipient=person.recipient,
        for_self=person.for_self,
        gender_guessed=person.guessed,
        types=tuple(types),
        words=tuple(words),
        rest=rest,
        wants=frozenset(n for n, p in (("affordable", _AFFORDABLE), ("best", _BEST)) if p.search(lowered)),
    )


def _contradiction(prices: PriceReading) -> str | None:
    if not prices.contradicts:
        return None
    return f"over {prices.low} and under {prices.high}"
