"""Which size is asked for? Letters, numbers, months and bed sizes; shoe sizes of other countries in the catalogue's own."""

import re
from collections.abc import Container

from domain.product import Gender
from domain.terms import fold_size

_LETTERS = r"xxs|xs|xl|xxl|2xl|3xl|4xl|extra[- ]?small|extra[- ]?large|x-?large|x-?small"
_WORDS = r"small|medium|large"
_NUMBER = r"\d{1,2}(?:\.5|½| 1/2)?"
_SIZE = re.compile(
    rf"\b(?:shoe |dress |foot |in (?:an? )?)?(?:sizes?|sz)\s*(?:is\s+|in\s+|:\s*|an?\s+)?(?:(?P<system>us|uk|eu|eur)\s*)?(?:(?:men|women)'?s\s+)?(?P<a>{_LETTERS}|{_WORDS}|[sml]\b|{_NUMBER}|[2-6]t|one size)\b(?!\s*(?:inch|cm|mm|\"))"
    rf"|\b(?P<system2>us|uk|eu|eur)\s*(?:size\s*)?(?P<b>{_NUMBER})\b"
    rf"|\b(?:in (?:an? )?|an? |i'?m an? |wears? (?:an? )?|takes? (?:an? )?|fits? (?:an? )?)(?P<c>{_LETTERS}|(?:small|medium|large)(?=\s*(?:$|[.,;!?)]|please|pls|for|and|or|if))|[sml](?=\s*(?:$|[.,;!?)]|please|pls|and|or)))"
    rf"|\b(?P<d>{_LETTERS})\b"
    rf"|\b(?:men|women|kid|boy|girl|toddler|ladie|lady)'?s'?\s+(?:size\s+)?(?:(?P<system3>us|uk|eu)\s*)?(?P<e>{_NUMBER}|small|medium|large|[sml])\b(?!\s*(?:inch|pack|\"|'|cm|mm|month|piece|oz|yrs?|year|person|way|speed|%|/))"
    rf"|\bin an? (?P<m>{_NUMBER})(?=\s*(?:$|[.,;!?]|please|pls))"
    rf"|\b(?P<f>{_NUMBER})\s+(?:wide|narrow|shoe|uk|us|eu)\b"
    r"|\b(?P<g>\d{1,2}\s?(?:-|to|–)\s?\d{1,2}\s?(?:months?|mths?|mos?)\b)|\b(?P<h>[2-6]t)\b"
    r"|\b(?P<i>twin xl|queen|king|twin)(?=[- ](?:size|sized|bed|sheet|duvet|mattress|set|comforter|quilt|bedding|blanket|pillow))"
    rf"|\b(?:shoes|boots|sneakers|trainers|sandals|loafers|slippers|heels|wellies|cleats|flip flops)\s+(?P<l>{_NUMBER})(?=\s*(?:$|[.,;!?]))"
    r"|\bwaist (?:of |size )?(?P<j>\d{2})\b|\b(?P<k>\d{2})(?:\"|''| inch(?:es)?)? waist\b"
)
# "He wears M", "white linen shirt L": a capital letter that stands alone.
_CAPITAL = re.compile(r"(?<![\w'’&/.-])(?P<letter>S|M|L)(?=\s*(?:$|[,.;!?)]|\b(?:please|pls|and|for|if|under)\b))")
_US_OF_EU: dict[Gender, dict[str, str]] = {
    "women": {"35": "5", "36": "5.5", "36.5": "6", "37": "6.5", "37.5": "7", "38": "7.5", "38.5": "8", "39": "8.5", "39.5": "9", "40": "9.5", "40.5": "10", "41": "10.5", "42": "11", "43": "12"},
    "men": {"39": "6.5", "40": "7", "40.5": "7.5", "41": "8", "41.5": "8.5", "42": "9", "42.5": "9.5", "43": "10", "43.5": "10.5", "44": "11", "44.5": "11.5", "45": "12", "46": "13", "47": "14"},
}  # fmt: skip
"""Shoe sizes as the large US shoe shops print them beside each other; makers differ by half a size."""
_OF_AN_EU_CATALOGUE = ("37", "39", "41")
"""A waist of 42 makes no shop one of EU shoe sizes."""
_UK_TO_US: dict[Gender, float] = {"women": 2, "men": 1}
_GENDER_STAYS = re.compile(r"^(?:men|women|kid|boy|girl|toddler|ladie|lady)'?s'?\s")


def read_size(text: str, original: str) -> tuple[str | None, str | None, str]:
    """(size, country system or None, the lower-cased text without it); ``original`` still has its capitals."""
    match = _SIZE.search(text)
    if match is None:
        capital = _CAPITAL.search(original)
        return (capital.group("letter"), None, text) if capital else (None, None, text)
    groups = match.groupdict()
    system = groups["system"] or groups["system2"] or groups["system3"] or _trailing_system(match.group())
    value = next(v for k, v in groups.items() if v and not k.startswith("system"))
    kept = _GENDER_STAYS.match(match.group())
    bed = match.group() if groups["i"] else ""
    if match.group().startswith("dress ") and not re.search(r"\b(?:my|an?|in|usual) *$", text[: match.start()]):
        bed = "dress"  # "a women's dress size 8" asks for a dress
    rest = text[: match.start()] + f" {kept.group() if kept else bed} " + text[match.end() :]
    return _named(value), {"eur": "eu"}.get(system, system) if system else None, rest


def shoe_size(size: str, system: str | None, gender: Gender | None, offered: Container[str]) -> str:
    """The size in the catalogue's own numbers: as said where it sells that, else in US sizes where the table knows it."""
    eu = system == "eu" or (system is None and size.replace(".", "").isdigit() and float(size) >= 35)
    if not eu and system != "uk":
        return size
    if eu:
        if size in offered and all(s in offered for s in _OF_AN_EU_CATALOGUE):
            return size
        for_whom = gender if gender in _US_OF_EU else ("men" if float(size) >= 42 else "women" if float(size) <= 39 else None)
        return _US_OF_EU[for_whom].get(size, size) if for_whom else size
    return f"{float(size) + _UK_TO_US[gender]:g}" if gender in _UK_TO_US else size


def _named(value: str) -> str:
    plain = value.replace("½", ".5").replace(" 1/2", ".5")
    if plain[0].isdigit():
        months = re.match(r"(\d+)\s?(?:-|to|–)\s?(\d+)\s?m", plain)
        return f"{months[1]}-{months[2]} months" if months else plain.upper() if plain.endswith("t") else plain
    return fold_size(plain).upper() if len(fold_size(plain)) <= 4 and plain not in ("king", "twin") else plain


def _trailing_system(matched: str) -> str | None:
    last = matched.split()[-1]
    return last if last in ("us", "uk", "eu") else None
