"""What may it cost? Price bounds as people write them: "under $50", "between 40 and 60", "two hundred tops", "like 20 bucks"."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

_UNITS = {w: i for i, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"])}  # fmt: skip
_TENS = {w: 10 * (i + 2) for i, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])}
_CURRENCY = {
    "$": "USD", "us$": "USD", "usd": "USD", "dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "€": "EUR", "eur": "EUR", "euro": "EUR",
    "euros": "EUR", "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "quid": "GBP", "c$": "CAD", "ca$": "CAD", "cad": "CAD", "a$": "AUD",
    "au$": "AUD", "aud": "AUD", "nz$": "NZD", "nzd": "NZD", "₹": "INR", "rs": "INR", "inr": "INR", "rupee": "INR", "rupees": "INR", "¥": "JPY",
    "jpy": "JPY", "yen": "JPY", "chf": "CHF", "francs": "CHF", "kr": "SEK", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "kronor": "SEK", "rand": "ZAR", "r": "ZAR",
    "zar": "ZAR", "₦": "NGN", "naira": "NGN", "pesos": "MXN", "zloty": "PLN", "pln": "PLN",
}  # fmt: skip
_SIGN = r"(?:us|ca|nz|au|c|a)?\$|[€£₹¥₦]|r(?=\d{2})"
_NAME = "|".join(sorted((name for name in _CURRENCY if name.isalpha() and len(name) > 1), key=len, reverse=True))
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?"
_NUMBER_WORD = "|".join((*_TENS, *sorted(_UNITS, key=len, reverse=True), "hundred", "thousand", "grand"))
# "Two hundred and fifty" is one number, "between forty and sixty" are two.
_WORDS = rf"(?:a\s+)?(?:{_NUMBER_WORD})(?:(?:(?<=hundred)|(?<=thousand)|(?<=grand))\s+and\s+(?:{_NUMBER_WORD})|[\s-]+(?:{_NUMBER_WORD}))*"
_AMOUNT = re.compile(
    rf"(?<![\w.,/x])(?:(?P<sign>{_SIGN})\s?)?(?P<digits>{_DIGITS})(?P<k>k\b)?(?!\d)\s?(?:(?P<name>(?:{_NAME})\b|[$€£₹])|(?P<ish>-?ish\b))?(?![\w/]*\d)(?![a-z])"
    rf"|\b(?P<words>{_WORDS})\b(?:\s+(?P<wname>(?:{_NAME})\b))?"
)
# What a figure measures when it is no price.
_UNIT = re.compile(
    r"(?:-|\s)*(?:inch\w*|in\b(?! total)|\"|''|cm|mm|m\b|met(?:er|re)s?|yards?|ft|feet|foot|sq|l\b|lit\w*|oz|ounces?|fl|ml|mil+il\w*|lb|lbs|kg|kilos?|g\b|grams?|mah|wh|w\b|watts?|v\b|volts?|"
    r"gb|tb|mb|mp|hz|khz|fps|k\b|p\b|people|persons?|man\b|years?|yrs?|yo\b|y\.?o|months?|weeks?|days?|hours?|hrs?|minutes?|mins?|miles?|kms?|packs?|pieces?|pcs|counts?|degrees?|°|%|"
    r"x\s*\d|stars?\b|tog|gsm|threads?|cups?\b|gallons?|sets?\b|players?|pockets?|speeds?|ports?|nights?|times?|pairs?|mg|spf|dpi|rpm|psi|bars?\b|bit|channels?|keys?\b|strings?|"
    r"tablets?|bottles?|guests?|of (?:them|us|those|these)|st\b|nd\b|rd\b|th\b|am\b|pm\b|kids|children|adults|women|men|boys|girls|dogs|cats)"
)
_ENDS = re.compile(
    r"\s*(?:$|[.,;:!?)]|\b(?:please|pls|plz|for|and|or|but|if|max|in|with|would|will|is|tops|total|altogether|each|apiece|all|incl\w*|then|now|this|that|so|to|at|because|since|thanks|though|would|ok|okay|works|on|-|–)\b)"
)
_CEILING = re.compile(
    r"(?:\b(?:under|below|beneath|less than|lower than|cheaper than|up ?to|at most|max(?:imum)?(?: of| is)?|within|inside|not exceeding|(?:not|nothing|no|never)(?: a (?:penny|cent|euro|dollar))? (?:over|above|more than|higher than|beyond)|"
    r"(?:\w*n't|not|without)\s+(?:\w+\s+){0,4}(?:more than|over|above|beyond)|budget(?: is|'s| of|:| was)?(?: (?:only|max|just))?|spend(?:ing)?(?: up to| at most| only)?|keep it (?:to|under|below)|cap(?: of| is|ped at| it at)?|"
    r"limit(?: of| is|'s|:)?|ceiling(?: of| is|'s|:)?|tops?:?|stretch (?:it )?to|go (?:up |as high as |as far as )?to|(?:can|could|will|i'll|ill|i'd) go(?: to)?|allowed|afford(?: up to)?|upper limit(?: is| of)?|price:?)|<=?)\s*(?:about |around |like )?$"
)
_CEILING_AFTER = re.compile(
    r"\s*(?:-\s*)?(?:(?:(?:as|is|at|an?|my|our|the|absolute|very|total|all|in)\s+){0,3}(?:max(?:imum)?\b|tops?\b|at most|at the most|or less|or under|or below|or cheaper|and under|and below|budget|limit|cap\b|ceiling)|(?:is|'s) (?:my|our|the|all|as (?:much|far|high)|pushing|plenty|about all)|"
    r"(?:,\s*)?(?:not|no|never) (?:a (?:penny|cent) )?(?:more|over|above)\b|would be (?:plenty|fine|enough|ok)|to spend|to play with|and not a (?:penny|cent))"
)
_FLOOR = re.compile(
    r"\b(?<!nothing )(?<!not )(?<!no )(?<!n't )(?<!go )(?:over|above|more than|at least|upwards of|north of|starting (?:at|from)|min(?:imum)?(?: of| is)?|from)\s*$|>=?\s*$"
)
_NOT_BELOW = re.compile(
    r"\b(?:not|nothing|no|never|none|\w+n't (?:want |go |show me )?(?:anything )?)\s*(?:under|below|beneath|less than|lower than|cheaper than)\s*$"
)
_FLOOR_AFTER = re.compile(r"\s*(?:or more|and up\b|and above|or above|plus\b|\+|minimum|upwards)")
_ABOUT = re.compile(
    r"(?:\b(?:around|about|'?bout|roughly|approximately|approx\.?|circa|like|somewhere around|in the region of|near(?:ly)?|close to|or so)|~)\s*$"
)
_ABOUT_AFTER = re.compile(r",?\s*-?(?:ish\b|or so\b|or thereabouts|give or take)")
_RANGE_JOIN = re.compile(r"\s*(?:-|–|to|and|or)\s*$")
_RANGE_CUE = re.compile(r"\b(?:between|from|anywhere (?:from|between)|somewhere between|budget|price range(?: is)?:?|range)\s*$")
# Words that make an amount another thing's, or a story's.
_STORY = re.compile(
    r"\b(?:worth|was|were|paid|pays?|cost(?:s|ing)?|spent|charged|refund\w*|returned|a sheet|last (?:week|month|year|time)|retail(?:s|ed)?|raised|earn|salary|rent|instead of|owe|won|owes|fine|ticket|deposit|saved me|off)\b"
)
# A sentence that is nothing but an amount ("Around fifty?", "20 to 40.") can only be the budget.
_ALONE_BEFORE = re.compile(
    r"(?:^|[.!?;:,\n(]|\bbut\b|\band\b)\s*(?:(?:ok|okay|well|so|then|actually|hmm|let's|lets|make it|i'd|i would|up to)[\s,]+)*(?:so|say|maybe|perhaps|around|about|roughly|like|budget|under|ok|okay|only|just)?\s*$"
)
_ALONE_AFTER = re.compile(r"\s*(?:$|[.!?;\n)]|(?:max|tops|please|pls|then|or so|total|altogether|ish)\b)")
_NAMES_AMOUNT = re.compile(r"\b(?:let'?s say|say|make it|go with|call it|let'?s do)\s*$")
_LEAST_WITHOUT_CURRENCY = Decimal(5)
_LEAST_ALONE = Decimal(15)
_HEADROOM = Decimal("1.25")
""""around $60" admits up to 75 (the writing brief of the training conversations)."""

_Kind = Literal["high", "low", "about"]


@dataclass(frozen=True)
class PriceReading:
    """Bounds in major units; ``rest`` is the text without the words that said them."""

    low: Decimal | None = None
    high: Decimal | None = None
    currency: str | None = None
    rest: str = ""

    @property
    def contradicts(self) -> bool:
        """The floor lies above the ceiling: "under $20, over $100"."""
        return self.low is not None and self.high is not None and self.low > self.high


@dataclass(frozen=True)
class _Amount:
    value: Decimal
    currency: str | None
    start: int
    end: int
    roughly: bool = False
    in_words: bool = False


def read_prices(text: str) -> PriceReading:
    """The price bounds of a lower-cased text; of several ceilings the last one said holds."""
    low = high = None
    currency: str | None = None
    taken: list[tuple[int, int]] = []
    amounts = _amounts(text)
    skip = 0
    for i, amount in enumerate(amounts):
        if skip > i:
            continue
        following = amounts[i + 1] if i + 1 < len(amounts) else None
        if following is not None and _is_range(text, amount, following):
            low, high = sorted((amount.value, following.value))
            currency = amount.currency or following.currency or currency
            taken.append((_cue_start(text, amount.start, _RANGE_CUE), following.end))
            skip = i + 2
            continue
        found = _classified(text, amount)
        if found is None:
            continue
        kind, start, end = found
        currency = amount.currency or currency
        taken.append((start, end))
        if kind == "low":
            low = amount.value
        else:
            high = (amount.value * _HEADROOM).quantize(Decimal("1")) if kind == "about" else amount.value
    return PriceReading(low, high, currency, _without(text, taken))


def _amounts(text: str) -> list[_Amount]:
    found: list[_Amount] = []
    for match in _AMOUNT.finditer(text):
        digits, words = match.group("digits"), match.group("words")
        value = Decimal(digits.replace(",", "")) if digits else _from_words(words)
        if value is None or value == 0:
            continue
        named = match.group("sign") or match.group("name") or match.group("wname")
        thousands = bool(match.group("k")) and (bool(named) or value < 20)
        if match.group("k") and not thousands:
            continue
        found.append(
            _Amount(
                value * 1000 if thousands else value, _CURRENCY.get(named) if named else None, match.start(), match.end(),
                roughly=bool(match.group("ish")), in_words=bool(words),
            )
        )  # fmt: skip
    return found


def _is_range(text: str, first: _Amount, second: _Amount) -> bool:
    """ "40 to 60 dollars", "between 40 and 60"; bare "14-15" may be a size and is no price."""
    joint = text[first.end : second.start]
    if not _RANGE_JOIN.match(joint + "") or not _RANGE_JOIN.fullmatch(joint):
        return False
    money = first.currency or second.currency
    cued = _RANGE_CUE.search(text[: first.start]) is not None
    if "and" in joint or "or" in joint:
        return cued and bool(money or _looks_like_money(text, second))
    alone = (
        second.value >= _LEAST_ALONE
        and _ALONE_BEFORE.search(text[: first.start]) is not None
        and _ALONE_AFTER.match(text[second.end :]) is not None
    )
    return (
        bool(money and second.value >= 2)
        or (alone and _looks_like_money(text, second))
        or ((cued or bool(_CEILING_AFTER.match(text[second.end :]))) and _looks_like_money(text, second))
    )


def _classified(text: str, amount: _Amount) -> tuple[_Kind, int, int] | None:
    """What the amount bounds, and where the words that say so start and end; None when it is no bound."""
    before, after = text[: amount.start], text[amount.end :]
    if amount.currency is None and (not _looks_like_money(text, amount) or (amount.in_words and amount.value < 20)):
        return None
    if below := _NOT_BELOW.search(before):
        return "low", below.start(), amount.end
    for pattern, kind in ((_CEILING, "high"), (_FLOOR, "low")):
        match = pattern.search(before)
        if match and (amount.currency or not _weak(match.group(), kind) or _ENDS.match(after)):
            rough = kind == "high" and (amount.roughly or _ABOUT_AFTER.match(after) is not None) and "budget" not in match.group()
            return ("about" if rough else kind), match.start(), _end(after, amount, _ABOUT_AFTER)  # type: ignore[return-value]
    if _NAMES_AMOUNT.search(before) and _ALONE_AFTER.match(after):
        return "high", _cue_start(text, amount.start, _NAMES_AMOUNT), amount.end
    ceiling = _CEILING_AFTER.match(after)
    if ceiling:
        rough = amount.roughly or _ABOUT.search(before) is not None
        return (
            ("about" if amount.roughly else "high"),
            _cue_start(text, amount.start, _ABOUT) if rough else amount.start,
            amount.end + ceiling.end(),
        )
    if _FLOOR_AFTER.match(after):
        return "low", amount.start, _end(after, amount, _FLOOR_AFTER)
    about = amount.roughly or _ABOUT.search(before) is not None or _ABOUT_AFTER.match(after) is not None
    story = _STORY.search(_clause(before)) is not None
    alone = amount.value >= _LEAST_ALONE and _ALONE_BEFORE.search(before) is not None and _ALONE_AFTER.match(after) is not None
    if about and not story and (amount.currency or alone or (_ENDS.match(after) and _speaks_of_money(text))):
        return "about", _cue_start(text, amount.start, _ABOUT), _end(after, amount, _ABOUT_AFTER)
    if amount.currency and not story:
        return "high", _cue_start(text, amount.start, re.compile(r"\bfor\s*$")), amount.end
    return None


def _weak(cue: str, kind: str) -> bool:
    """Cues that speak of anything that can be counted: a bare number after them must end its phrase."""
    return kind == "low" or re.search(r"up ?to|within|inside|\bgo\b|at most|cap|allowed|<|stretch|price", cue) is not None


def _looks_like_money(text: str, amount: _Amount) -> bool:
    if amount.currency:
        return True
    if _UNIT.match(text[amount.end :]) or amount.value < _LEAST_WITHOUT_CURRENCY:
        return False
    return (
        re.search(
            r"\b(?:sizes?|waist|aged?|ages|page|no\.?|number|eu|uk|us|#|chapter|room|in|mark|model|version|mini|pro)\s*$",
            text[: amount.start],
        )
        is None
    )


def _speaks_of_money(text: str) -> bool:
    """ "Around 60" alone is a price; with another measure beside it the number may be anything."""
    return re.search(rf"[$€£₹]|\b(?:{_NAME}|budget|spend|price[ds]?|cost|cheap|afford\w*)\b", text) is not None or len(text.split()) <= 8


def _clause(before: str) -> str:
    return re.split(r"[.!?;:\n]|\bbut\b|\bso\b", before)[-1][-60:]


def _cue_start(text: str, start: int, cue: re.Pattern[str]) -> int:
    match = cue.search(text[:start])
    return match.start() if match else start


def _end(after: str, amount: _Amount, cue: re.Pattern[str]) -> int:
    match = cue.match(after)
    return amount.end + (match.end() if match else 0)


def _without(text: str, taken: list[tuple[int, int]]) -> str:
    rest, position = "", 0
    for start, end in sorted(taken):
        if start >= position:
            rest += text[position:start] + " "
        position = max(position, end)
    return rest + text[position:]


def _from_words(text: str) -> Decimal | None:
    """ "Two hundred and fifty", "thirty five", "a hundred", and "two fifty" for 250; None below five or for no amount."""
    total = current = 0
    words = [w for w in re.split(r"[\s-]+", text.strip()) if w not in ("and", "")]
    for previous, word in zip(["", *words], words, strict=False):
        if word == "a":
            current = 1
        elif word in _TENS and previous in _UNITS and 0 < _UNITS[previous] < 10:
            current = current * 100 + _TENS[word]
        elif word in _UNITS or word in _TENS:
            current += _UNITS.get(word, 0) or _TENS.get(word, 0)
        elif word == "hundred":
            current = max(current, 1) * 100
        else:
            total, current = total + max(current, 1) * 1000, 0
    amount = total + current
    return Decimal(amount) if amount >= _LEAST_WITHOUT_CURRENCY else None
