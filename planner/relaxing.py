"""Which constraints does a message open? "Any colour is fine", "forget the budget", "leather's ok too"."""

import re

from domain.filters import FilterField
from planner.lexicon import Lexicon, words_of
from planner.values import known_value

_VALUE = r"colou?rs?|shades?|brands?|makes?|sizes?|materials?|fabrics?|prices?|budgets?|genders?|categor(?:y|ies)|features?"
_LIFT = re.compile(
    rf"\b(?:any|whatever|all) (?:other )?(?P<a>{_VALUE})\b(?! (?:but|except|other than|apart))(?: (?:is|are|will|would|works?) ?(?:be )?(?:fine|ok|okay|good|great|do|alright)?)?|\b(?P<b>{_VALUE})'?s? (?:doesn'?t|does not|don'?t|do not|isn'?t|not) (?:matter|important|an issue|fussy|bothered)|"
    rf"\b(?:don'?t|do not|not) (?:really )?(?:care|mind|bothered|fussed|fussy|picky) (?:about|what|which|on) (?:the )?(?P<c>{_VALUE})|"
    rf"\b(?:forget|drop|ignore|remove|scrap|lose|never ?mind|skip|without|ditch) (?:about )?(?:the |my |that |any )?(?:(?:favou?rite|usual|preferred|own|saved|chosen|whole) )?(?P<d>{_VALUE})(?: limit| cap| filter| range)?\b|"
    rf"\b(?P<e>{_VALUE}) (?:is|are|s|'s) (?:not important|irrelevant|open|flexible|no object|whatever|up to you|just vanity)|\bopen to (?:any|all|other) (?P<f>{_VALUE})|"
    r"\b(?:money|price|budget) is no (?P<g>object)|\bno (?P<h>budget|price limit)\b(?! (?:for|shoes))|\b(?:whatever|whichever) (?P<i>colou?r|brand|price|size|material)|"
    r"\b(?:(?:show )?(?:the |me )?(?:ones |those |also |even )?(?:that are |which are )?(?P<l>sold[- ]?out|out of stock|unavailable)(?: ones?| items?| too| as well| is| are)?)\b|"
    r"\bother (?P<k>brands?|colou?rs?|materials?|sizes?) (?:too|as well|are fine|are ok|work|pls|please)|"
    r"\b(?:doesn'?t|does not|needn'?t|don'?t) (?:have to|need to|need)? ?be (?P<j>[a-z][a-z -]{2,19})"
)
_FIELDS: dict[str, tuple[FilterField, ...]] = {
    "color": ("color",), "shade": ("color",), "brand": ("brand",), "make": ("brand",), "size": ("size",), "material": ("material",), "fabric": ("material",),
    "price": ("price_min", "price_max"), "budget": ("price_min", "price_max"), "object": ("price_min", "price_max"),
    "gender": ("gender",), "sold": ("in_stock",), "out": ("in_stock",), "unavailable": ("in_stock",), "categor": ("category",), "feature": ("features",),
}  # fmt: skip
_ALLOWED = re.compile(
    r"\b(?P<what>[a-z][a-z-]+(?: [a-z][a-z-]+)?)(?:'s| is| are|s)? (?:also |totally |perfectly |actually )?(?:fine|ok|okay|alright|all right|acceptable|allowed)\b"
)


def lifted_fields(text: str, lexicon: Lexicon) -> tuple[tuple[FilterField, ...], str]:
    """The fields that a lower-cased text opens, and the text without the words that said so."""
    fields: list[FilterField] = []
    rest = text
    for match in _LIFT.finditer(text):
        if match.group("j"):
            opened = _field_of(match.group("j"), lexicon)
            if not opened:
                continue
            fields += opened
        else:
            named = next(value for key, value in match.groupdict().items() if value and key != "j")
            fields += _FIELDS.get(re.sub(r"(ies|y|s)$", "", named.replace("colour", "color").split()[0]), ())
        rest = rest.replace(match.group(), " ", 1)
    return tuple(dict.fromkeys(fields)), rest


def allowed_values(text: str, lexicon: Lexicon) -> tuple[tuple[str, ...], str]:
    """Values that are all right but not asked for ("leather is fine too"), and the text without them."""
    found: list[str] = []
    rest = text
    for match in _ALLOWED.finditer(text):
        words = words_of(match.group("what"))
        value = known_value(words, lexicon) or known_value(words[-1:], lexicon)
        if value:
            found.append(value)
            rest = rest.replace(match.group(), " ", 1)
    return tuple(dict.fromkeys(found)), rest


def _field_of(value: str, lexicon: Lexicon) -> tuple[FilterField, ...]:
    """Which constraint "it doesn't have to be VALUE" opens."""
    words = words_of(value)
    if set(words) & lexicon.colors:
        return ("color",)
    if set(words) & lexicon.materials:
        return ("material",)
    if lexicon.brand_mentions(words):
        return ("brand",)
    return ("features",) if lexicon.feature_mentions(words) else ()
