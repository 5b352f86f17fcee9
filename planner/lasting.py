"""What does a message say of the shopper that holds beyond this search? "I'm a size 10, never leather", a favourite, a budget habit.

Only what is said of oneself and for good; what is said of somebody else, of one product or of the present need is no part of it.
"""

import re
from dataclasses import dataclass

from domain.profile import FactKind, price_band
from planner.lexicon import Lexicon, words_of
from planner.reading import read
from planner.sizes import read_size
from planner.values import known_value

_PIECES = re.compile(r"[.;!?\n]+|,\s*(?:and |but |so )?|\s+(?:and|but) (?=i\b|i'm|my |never |no )")
_OF_ONE_PRODUCT = re.compile(r"\b(?:ones?|this|that|these|those|it|them|first|second|third|last)\b")
_SIZE = re.compile(
    r"\bi(?:'?m| am) (?:usually |normally |always |generally )?an? |\bi (?:usually |normally |always |generally )?(?:wear|take)\b"
    r"|\bmy (?:(?P<thing>\w+) )?size is\b"
)
_AVOIDS = re.compile(
    r"^\W*(?:and |but )?(?:please )?never (?:show me |suggest |recommend )?(?P<bare>.+)"
    r"|\bi (?:really |just )?(?:never|don'?t|do not|can'?t|cannot|won'?t) (?:ever )?(?:wear|buy|use|like|eat|stand) (?P<verb>.+)"
    r"|\bi (?:really |absolutely )?(?:hate|avoid|dislike|detest) (?P<hate>.+)|\b(?:i'?m|i am) allergic to (?P<allergic>.+)"
)
_LIKES = re.compile(
    r"\bmy (?:all[- ]time )?favou?rites?(?: \w+)? (?:is|are) (?P<best>.+)|\bi'?m (?:a )?(?:big |huge )?fan of (?P<fan>.+)"
    r"|\bi (?:really |absolutely |mostly |usually |always |only )*(?:love|adore|like|prefer|buy|wear) (?P<love>.+)"
)
_SPENDS = re.compile(
    r"\bi (?:usually |normally |generally |typically |mostly )(?:spend|pay)\b|\bi (?:never|don'?t|do not) (?:usually |ever )?(?:spend|pay)\b"
    r"|\bmy usual budget\b|\bi always (?:spend|pay|stay|keep)\b"
)
_NOT_MORE = re.compile(r"\b(?:never|don'?t|do not) (?:usually |ever )?(?:spend|pay) (?:more than|over|above)\b")
_ABOUT = re.compile(r"\$\s?(\d+)")
_NEAR = 0.25
"""How far about "around $40" reaches."""


@dataclass(frozen=True)
class Lasting:
    """One statement: a fact of the shopper, or a size of a kind of thing."""

    kind: FactKind
    value: str


def lasting_statements(message: str, lexicon: Lexicon, *, subject: str | None = None) -> tuple[Lasting, ...]:
    """In order, each once; ``subject`` is the kind of thing that a bare size speaks of. Empty for somebody else's tastes."""
    text = re.sub(r"[\u2019\u02bc`]", "'", message)
    currency = lexicon.vocabulary.currency
    if read(text.casefold(), lexicon, currency=currency).recipient:
        return ()
    found: list[Lasting] = []
    for piece in filter(None, (part.strip() for part in _PIECES.split(text) if part)):
        if not _OF_ONE_PRODUCT.search(piece.casefold()):
            found += _size(piece, subject) or _habit(piece) or _avoided(piece.casefold(), lexicon) or _liked(piece.casefold(), lexicon)
    return tuple(dict.fromkeys(found))


def _size(piece: str, subject: str | None) -> list[Lasting]:
    said = _SIZE.search(piece.casefold())
    if not said:
        return []
    size, _, _ = read_size(piece.casefold(), piece)
    thing = said["thing"] or _thing_of(piece) or subject or "any"
    return [Lasting("size", f"{thing.casefold()} {size}")] if size else []


def _thing_of(piece: str) -> str | None:
    """ "I'm a size 10 in shoes"."""
    named = re.search(r"\b(?:in|for) (?!a\b|an\b|size\b)([a-z]{3,}s)\b", piece.casefold())
    return named[1] if named else None


def _habit(piece: str) -> list[Lasting]:
    lowered = piece.casefold()
    amounts = [int(amount) for amount in _ABOUT.findall(lowered)]
    if not amounts or not _SPENDS.search(lowered):
        return []
    if len(amounts) > 1:
        return [Lasting("price", price_band(min(amounts), max(amounts)))]
    if _NOT_MORE.search(lowered) or re.search(r"\b(?:under|below|up to|at most|less than|within)\b", lowered):
        return [Lasting("price", price_band(0, amounts[0]))]
    return [Lasting("price", price_band(amounts[0] * (1 - _NEAR), amounts[0] * (1 + _NEAR)))]


def _avoided(lowered: str, lexicon: Lexicon) -> list[Lasting]:
    said = _AVOIDS.search(lowered)
    what = next((value for value in said.groupdict().values() if value), "") if said else ""
    return [Lasting("avoid", value) for value in _values(what, lexicon)]


def _liked(lowered: str, lexicon: Lexicon) -> list[Lasting]:
    said = _LIKES.search(lowered)
    what = next((value for value in said.groupdict().values() if value), "") if said else ""
    return [Lasting(kind, value) for value in _values(what, lexicon) if (kind := _kind_of(value, lexicon))]


def _values(what: str, lexicon: Lexicon) -> list[str]:
    """Every colour, material, feature and brand that the words name."""
    words, found = words_of(what), []
    while words:
        value = known_value(words, lexicon)
        if value:
            found.append(value)
        words = words[len(value.split()) if value else 1 :]
    return found


def _kind_of(value: str, lexicon: Lexicon) -> FactKind | None:
    if value in lexicon.vocabulary.brands:
        return "brand"
    if value in lexicon.colors:
        return "color"
    return "material" if value in lexicon.materials else None
