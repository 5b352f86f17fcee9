"""Which colours, materials, features and exclusions do words name?"""

import re

from domain.filters import FilterField
from domain.terms import fold
from planner.lexicon import BASE_COLORS, Lexicon, words_of

# Colour words that mostly say something else: "hot drinks", "natural hair", "gold tone"; they count after "in" or before "colour".
_DOUBTFUL_COLORS = frozenset(
    "light dark hot night fire tone noise gold rose natural clear neutral assorted multi print floral wood nude cream mint coral copper bronze transparent silver orange".split()
)
_COLOR_AFTER = frozenset("color colour colored coloured one ones".split())
_CONNECTS = frozenset("and or in for under over with but please that which if to".split())
_NO_MATERIAL_ALONE = frozenset("down mesh clear glass paper iron ice clay rope gel felt ash foam".split())
# "Rubber sole", "wood frame", "glass shade": the material of a part constrains no product's own.
_PARTS_OF = frozenset(
    "sole soles lining handle handles frame frames shade shades strap straps insole insoles trim legs leg buttons button upper toe lid lids tip tips look effect feel stain stains scraps".split()
)
_GENERIC_FEATURES = (
    "waterproof", "water resistant", "water-resistant", "wireless", "bluetooth", "noise cancelling", "noise canceling", "insulated", "lightweight",
    "foldable", "rechargeable", "breathable", "arch support", "non-slip", "slip resistant", "adjustable", "dishwasher safe", "machine washable",
    "windproof", "quick dry", "quick-dry", "portable", "cordless", "heated", "padded", "wide fit", "steel toe", "fast charging", "polarized", "hypoallergenic",
)  # fmt: skip
_NEGATION = re.compile(
    r"\b(?:not?(?! only)|nor|without|except(?: for)?|excluding|excl\.?|anything but|other than|apart from|nothing (?:in|with|but)|avoid(?:ing)?|hates?|can'?t stand|don'?t (?:want|like|need)|"
    r"doesn'?t (?:want|like)|never|allergic to|isn'?t|aren'?t|no more|instead of|rather than|sick of|tired of|minus|ban(?:s|ned)?|skip(?: the)?)\s+"
    r"(?:(?:any(?:thing)?|a|an|the|in|made of|real|with|of|for|wear(?:ing)?|colou?r|more|those|that'?s)\s+)*(?P<what>[a-z][a-z'-]*(?:\s+[a-z][a-z'-]*){0,3})"
)
_ALONE = re.compile(
    r"^\W*(?:(?:and|but|ok(?:ay)?|please)\W+)*(?:not|no|except|excluding|nothing (?:from|by)|anything but|avoid|without|no more)\s+(?:an? |any |the )?(?P<what>[a-z]{3,})(?:\W+please)?\W*$"
)
_FREE = re.compile(r"\b(?P<what>[a-z]+)[- ]free\b")
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


def colors_in(words: list[str], lexicon: Lexicon, taken: set[int]) -> tuple[str, ...]:
    """Colours in the order said; those inside the name of a type ("orange juicer") are none."""
    found: list[str] = []
    covered: set[int] = set(taken)
    for i, word in enumerate(words):
        pair = " ".join(words[i : i + 2])
        if i + 1 < len(words) and pair in lexicon.colors and (pair not in lexicon.materials or _is_called_color(words, i + 1)):
            if not _of_a_part(words, i, i + 2, lexicon):
                found.append(pair)
            covered |= {i, i + 1}
        elif word in lexicon.colors and i not in covered and not _of_a_part(words, i, i + 1, lexicon) and _means_color(words, i, lexicon):
            found.append(word)
    return tuple(dict.fromkeys(found))


def materials_in(words: list[str], lexicon: Lexicon, taken: set[int]) -> tuple[str, ...]:
    """Materials outside the names of types ("down jacket", "steel toe boots" name a type) and of parts ("rubber sole")."""
    found: list[str] = []
    covered: set[int] = set(taken)
    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else ""
        after = words[i + 2] if i + 2 < len(words) else ""
        if following and f"{word} {following}" in lexicon.materials:
            if after not in _PARTS_OF:
                found.append(f"{word} {following}")
            covered |= {i, i + 1}
        elif word in lexicon.materials and i not in covered and word not in _NO_MATERIAL_ALONE and following not in _PARTS_OF:
            found.append(word)
    return tuple(dict.fromkeys(found))


def features_in(text: str, words: list[str], lexicon: Lexicon) -> tuple[str, ...]:
    """Features in the catalogue's own words; a few that anybody knows where the catalogue lists none."""
    # "For wireless charging" says what the thing is used with.
    used_with = {m.name for m in lexicon.feature_mentions(words) if m.start and words[m.start - 1] == "for"}
    found = [m.name for m in lexicon.feature_mentions(words) if m.name not in used_with]
    plain = fold(text)
    carried = {fold(feature) for feature in lexicon.vocabulary.features}
    for phrase in _GENERIC_FEATURES:
        folded = fold(phrase)
        if re.search(rf"(?<!\bfor )\b{folded}\b", plain) and not any(folded in f for f in found) and (folded in carried or not carried):
            found.append(folded)
    return tuple(dict.fromkeys(found))


def excluded_in(text: str, lexicon: Lexicon) -> tuple[tuple[str, ...], str]:
    """What is ruled out, in order, and the lower-cased text without the words that said so."""
    found: list[str] = []
    rest = text
    for match in _NEGATION.finditer(text):
        values = _excludables(match.group("what"), lexicon)
        if values:
            found += values
            rest = rest.replace(match.group(), _after(match.group(), values[-1]), 1)
    alone = _ALONE.match(text)
    if not found and alone and alone["what"] not in _NOT_EXCLUDABLE and not alone["what"].endswith(("ing", "ly", "ed")):
        # "Not sony": a brand, or whatever else this shop may not have, is no wish for it.
        found.append(alone["what"])
        rest = " "
    for match in _FREE.finditer(text):
        value = known_value([match.group("what")], lexicon)
        # "Gluten-free" goods say "gluten" themselves: only a material or colour is ruled out by name.
        if value and (value in lexicon.materials or value in lexicon.colors):
            found.append(value)
            rest = rest.replace(match.group(), " ", 1)
    return tuple(dict.fromkeys(found)), rest


def known_value(words: list[str], lexicon: Lexicon) -> str | None:
    """The longest colour, material, feature or brand that the words begin with."""
    vocabulary = lexicon.vocabulary
    for length in (3, 2, 1):
        candidate = " ".join(words[:length])
        if len(words) >= length and any(
            candidate in values for values in (lexicon.colors, lexicon.materials, vocabulary.features, vocabulary.brands)
        ):
            return candidate
    singular = [re.sub(r"(?<=[a-z]{3})s$", "", word) for word in words[:2]]
    return next((word for word in singular if word in lexicon.colors or word in lexicon.materials), None)


def field_of(value: str, lexicon: Lexicon) -> FilterField:
    """The field that a known value belongs to; features add up, so a feature that is merely allowed constrains nothing."""
    if value in lexicon.colors:
        return "color"
    if value in lexicon.materials:
        return "material"
    return "brand" if value in lexicon.vocabulary.brands else "exclude"


def _means_color(words: list[str], i: int, lexicon: Lexicon) -> bool:
    """ "Oak" and "steel" are materials unless they are called a colour; "light" and "rose" need a sign that a colour is meant."""
    if _is_rather_material(words[i], lexicon):
        return _is_called_color(words, i)
    return words[i] not in _DOUBTFUL_COLORS or _surely_color(words, i)


def _is_rather_material(word: str, lexicon: Lexicon) -> bool:
    """Whether a word that a colour list has is better known as a material."""
    return word in lexicon.materials and word not in BASE_COLORS


def _is_called_color(words: list[str], last: int) -> bool:
    return words[last + 1 : last + 2] != [] and words[last + 1] in _COLOR_AFTER


def _of_a_part(words: list[str], start: int, end: int, lexicon: Lexicon) -> bool:
    """ "With green tea", "with white soles": the colour of what the thing has or holds, not of the thing."""
    following = words[end] if end < len(words) else ""
    return (
        "with" in words[max(0, start - 2) : start]
        and following != ""
        and following not in lexicon.colors
        and following not in _COLOR_AFTER
        and following not in _CONNECTS
    )


def _surely_color(words: list[str], i: int) -> bool:
    before, after = words[i - 1] if i else "", words[i + 1] if i + 1 < len(words) else ""
    return (
        before in ("in", "color", "colour", "or", "and")
        or after in _COLOR_AFTER
        or after in ("or", "")
        or (before == "only" and after == "")
    )


def _excludables(phrase: str, lexicon: Lexicon) -> list[str]:
    """ "Leather or suede", "black": each value up to the first word that is none."""
    parts = re.split(r"\s+(?:and (?:no|not)|or any|or|and|nor|not|no)\s+", phrase)
    first = _excludable(words_of(parts[0]), lexicon)
    if first is None:
        return []
    further = [known_value(words_of(part), lexicon) for part in parts[1:]]
    return [first, *(value for value in further if value)]


def _excludable(words: list[str], lexicon: Lexicon) -> str | None:
    """The colour, material, brand, feature or other thing that a negation rules out; None when it rules out nothing."""
    if not words or words[0] in _NOT_EXCLUDABLE:
        return None
    known = known_value(words, lexicon)
    if known:
        return known
    part = next((form for form in (words[0], words[0].removesuffix("s")) if form in _PARTS), None)
    if part:
        return words[0]
    types = lexicon.type_mentions(words)
    if types and types[0].start == 0:
        return " ".join(words[: types[0].end])
    noun = words[0]
    named = noun in lexicon.vocabulary.words and not noun.endswith(("ing", "ly", "ed"))
    describes = len(words) > 1 and any(m.start == 1 for m in lexicon.thing_mentions(words))
    return noun if named and (len(words) == 1 or words[1] in _NOT_EXCLUDABLE or describes) else None


def _after(matched: str, value: str) -> str:
    """What follows the ruled-out value stays in the text: "not leather boots" still asks for boots."""
    position = fold(matched).find(value)
    return " " + fold(matched)[position + len(value) :] if position >= 0 else " "
