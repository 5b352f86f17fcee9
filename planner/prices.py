"""What may it cost? Price bounds as people write them: "under $50", "between 40 and 60", "two hundred tops"."""

import re
from dataclasses import dataclass
from decimal import Decimal

_UNITS = {w: i for i, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"])}  # fmt: skip
_TENS = {w: 10 * (i + 2) for i, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])}
_NUMBER_WORD = "|".join((*_UNITS, *_TENS, "hundred", "thousand", "a hundred", "grand"))
_WORDS_AMOUNT = rf"(?:(?:a|{_NUMBER_WORD})(?:[\s-]+(?:and\s+)?(?:{_NUMBER_WORD}))*)"
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?"
_CURRENCY = {"$": "USD", "usd": "USD", "dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "quid": "GBP"}  # fmt: skip
_SIGN = r"[$€£]"
_NAME = r"(?:usd|dollars?|bucks?|eur|euros?|gbp|pounds?|quid)\b"
# Numbers followed by these measure something else.
_NOT_MONEY = (
    r"(?!\s*(?:-|\s)?(?:inch|inches|in\b|\"|''|cm|mm|m\b|ft|feet|foot|l\b|lit|oz|ounce|ml|lb|lbs|kg|g\b|gram|mah|wh|w\b|watt|v\b|volt|"
    r"gb|tb|mb|mp|hz|khz|k\b|p\b|people|person|persons|man\b|year|yr|month|week|day|hour|hr|min|mile|km|pack|piece|pcs|count|degrees|°|%|"
    r"x\s*\d|stars?\b|tog|gsm|thread|kilo|cup|gallon|litre|liter|watts|sets?\b|players?|pockets?|speed|port|nights?)|\d)"
)
_AMOUNT = rf"(?P<{{0}}>{_SIGN}?\s?(?:{_DIGITS})\s?(?:{_SIGN}|{_NAME})?|(?:{_WORDS_AMOUNT})(?=\s*(?:{_NAME}|tops|max|or less|or under|at most|$|[,.!?;)]|and\b|to\b|for\b|please))(?:\s*{_NAME})?)"


def _amount(name: str) -> str:
    return _AMOUNT.replace("{0}", name) + _NOT_MONEY


_A, _B = _amount("a"), _amount("b")
_UPPER_CUES = (
    r"under|below|(?:nothing|not|no|never|n't (?:be |go |cost |spend )?|without (?:going |spending )?)(?: more than| over| above| higher than| beyond)|less than|lower than|cheaper than|up to|upto|no more than|not more than|not over|at most|max(?:imum)?(?: of| is)?|"
    r"within|inside|not exceeding|beneath|<=?|budget(?: is| of|:| around| about)?(?: max)?|spend(?:ing)?(?: up to| at most| around| about)?|"
    r"keep it (?:to|under|below)|for less than|can do|cap(?: of| is|ped at)?|limit(?: of| is)?|tops?"
)
_LOWER_CUES = r"over|above|more than|at least|from|starting (?:at|from)|min(?:imum)?(?: of)?|upwards of|north of|>=?"
_ABOUT_CUES = r"around|about|roughly|approximately|approx\.?|circa|ish|~|somewhere around|in the region of"

_BETWEEN = re.compile(rf"(?:between|from|anywhere from)\s+{_A}\s*(?:and|to|-|–)\s*{_B}|{_A.replace('?P<a>', '?P<c>')}\s*(?:-|–|to)\s*{_B.replace('?P<b>', '?P<d>')}")  # fmt: skip
_UPPER = re.compile(rf"\b(?:{_UPPER_CUES})\s*{_A}|(?<![a-z])<=?\s*{_B}")
_UPPER_AFTER = re.compile(rf"{_A}\s*(?:max(?:imum)?|tops?|or less|or under|or below|at most|budget|limit|and under|and below|or cheaper)\b")
_LOWER = re.compile(rf"(?<!nothing )(?<!not )(?<!no )(?<!go )\b(?:{_LOWER_CUES})\s*{_A}")
_LOWER_AFTER = re.compile(rf"{_A}\s*(?:or more|and up|and above|or above|plus\b|\+|minimum)")
_ABOUT = re.compile(rf"(?:\b(?:{_ABOUT_CUES})|~)\s*{_A}|{_B}\s*ish\b")
_EXACT = re.compile(rf"\bfor\s+(?P<a>{_SIGN}\s?(?:{_DIGITS})|(?:{_DIGITS})\s?{_NAME}){_NOT_MONEY}")
_HEADROOM = Decimal("1.25")
""""around $60" admits up to 75 (the writing brief of the training conversations)."""


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


def read_prices(text: str) -> PriceReading:
    """The price bounds of a lower-cased text; of several ceilings the last one said holds."""
    low = high = None
    currency: str | None = None
    rest = text
    for pattern, kind in ((_BETWEEN, "between"), (_UPPER, "high"), (_UPPER_AFTER, "high"), (_LOWER, "low"), (_LOWER_AFTER, "low"), (_ABOUT, "about"), (_EXACT, "about")):  # fmt: skip
        for match in list(pattern.finditer(rest)):
            parts = [value for value in match.groupdict().values() if value]
            amounts = [_value(part) for part in parts]
            if any(amount is None for amount in amounts) or not _is_money(kind, parts, match.group()):
                continue
            currency = next((c for part in parts if (c := _currency(part))), currency)
            values = [amount for amount in amounts if amount is not None]
            if kind == "between":
                low, high = min(values), max(values)
            elif kind == "high":
                high = values[-1]
            elif kind == "low":
                low = values[-1]
            elif high is None:
                high = (values[-1] * _HEADROOM).quantize(Decimal("1"))
            rest = rest.replace(match.group(), " ", 1)
    return PriceReading(low, high, currency, rest)


def _is_money(kind: str, parts: list[str], whole: str) -> bool:
    """Bare numbers count only beside words that can only mean a price."""
    if any(_currency(part) for part in parts):
        return True
    if kind == "between":
        return whole.startswith(("between", "from", "anywhere")) or all(len(re.sub(r"\D", "", p)) >= 2 for p in parts)
    return kind in {"high", "low"} or (kind == "about" and not whole.startswith("for"))


def _currency(part: str) -> str | None:
    found = re.search(rf"{_SIGN}|{_NAME}", part)
    return _CURRENCY.get(found.group().strip()) if found else None


def _value(part: str) -> Decimal | None:
    digits = re.search(_DIGITS, part)
    if digits:
        return Decimal(digits.group().replace(",", ""))
    return _from_words(re.sub(_NAME, "", part))


def _from_words(text: str) -> Decimal | None:
    total = current = 0
    found = False
    for word in re.split(r"[\s-]+", text.strip()):
        if word in ("and", "a", ""):
            current = current or (1 if word == "a" else 0)
            continue
        found = True
        if word in _UNITS:
            current += _UNITS[word]
        elif word in _TENS:
            current += _TENS[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in ("thousand", "grand"):
            total, current = total + max(current, 1) * 1000, 0
        else:
            return None
    amount = total + current
    return Decimal(amount) if found and amount >= 5 else None
