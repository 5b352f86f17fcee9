"""How is one value of a feed read? Prices, genders, paths, lists and texts; a bad one raises BadInput with its field."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from html.parser import HTMLParser

from domain.errors import BadInput
from domain.money import Money, exponent_of
from domain.product import Gender
from domain.proposal import is_gift_card_text
from domain.terms import fold

TITLE_LIMIT = 2_000
TEXT_LIMIT = 100_000
"""Characters of a description; a longer one is no description, and the row is rejected with that reason."""
_VALUE_LIMIT = 1_000
PRICE_LIMIT = Decimal(10) ** 9
"""In major units, below which a price must be: more is a slip of the shop's software, and no database holds it."""
STOCK_LIMIT = 10**9
"""Pieces, within 32 bits."""
_SHOWN = 80
_CURRENCY = re.compile(r"\b([A-Z]{3})\b")
_SURROGATE = re.compile("[\ud800-\udfff]")
"""What undecodable bytes become when a file is opened with surrogateescape."""
_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_NOT_A_CARD = re.compile(r"\b(gift|store)[\s-]?cards?\s+(holders?|box(es)?|wallets?|envelopes?|tins?|displays?)\b", re.IGNORECASE)
_GENDERS: dict[str, Gender] = {
    "women": "women", "womens": "women", "women's": "women", "woman": "women", "female": "women", "f": "women", "ladies": "women",
    "men": "men", "mens": "men", "men's": "men", "man": "men", "male": "men", "m": "men",
    "unisex": "unisex", "adult": "unisex", "adults": "unisex", "all": "unisex",
    "kids": "kids", "kid": "kids", "kid's": "kids", "kids'": "kids", "children": "kids", "child": "kids", "boys": "kids",
    "girls": "kids", "boy": "kids", "girl": "kids", "baby": "kids", "toddler": "kids", "infant": "kids", "newborn": "kids",
    "youth": "kids",
}  # fmt: skip
_INLINE = frozenset({"a", "b", "i", "u", "em", "strong", "span", "small", "sup", "sub", "font"})
_YOUNG = frozenset({"newborn", "infant", "toddler", "kids"})


def shown(value: object) -> str:
    """The value in quotes, as a reason repeats it: a long one shortened."""
    quoted = repr(value)
    return quoted if len(quoted) <= _SHOWN else f"{quoted[:_SHOWN]}…"


def text(value: object, field: str, *, limit: int = _VALUE_LIMIT) -> str:
    """A cleaned text; empty for an absent one. BadInput over the limit, with NUL bytes or bytes that are no UTF-8."""
    if value is None:
        return ""
    if not isinstance(value, (str, int, float)):
        raise BadInput(f"{field} must be a text, not {type(value).__name__}", field=field, value=value)
    raw = str(value)
    if len(raw) > limit:
        raise BadInput(f"{field} has {len(raw):,} characters; at most {limit:,} are taken", field=field, value=raw)
    if "\0" in raw:
        raise BadInput(f"{field} holds a NUL character; remove it", field=field, value=raw)
    if _SURROGATE.search(raw):
        raise BadInput(f"{field} is not UTF-8; save the feed as UTF-8", field=field, value=raw)
    return re.sub(r"[^\S\n]+", " ", raw).strip()


def required(value: object, field: str, *, limit: int = _VALUE_LIMIT) -> str:
    """The same, but BadInput when it's empty."""
    cleaned = text(value, field, limit=limit)
    if not cleaned:
        raise BadInput(f"{field} is missing; each product needs one", field=field, value=value)
    return cleaned


def price(value: object, field: str, *, currency: str) -> Money | None:
    """Money from "15.00 USD", "$1,299.00", "15,00 EUR" or 15.0; None for an absent price, BadInput for one that is none."""
    raw = text(value, field)
    if not raw or raw.casefold() in {"nan", "none", "null"}:
        return None
    named = _CURRENCY.search(raw)
    symbol = next((code for sign, code in _SYMBOLS.items() if sign in raw), None)
    unit = named.group(1) if named else symbol or currency
    digits = _plain_number(re.sub(r"[A-Z$€£¥\s]", "", raw))
    try:
        amount = Decimal(digits)
    except InvalidOperation as exc:
        raise BadInput(f"{field} {shown(raw)} is no price; write it like '49.99'", field=field, value=raw) from exc
    if not amount.is_finite() or amount <= 0:
        raise BadInput(f"{field} {shown(raw)} must be above 0; leave it empty if it is unknown", field=field, value=raw)
    if amount >= PRICE_LIMIT:
        raise BadInput(f"{field} {shown(raw)} must be below {PRICE_LIMIT:,}", field=field, value=raw)
    return Money.of(round(amount, exponent_of(unit)), unit)


def gender(value: object, age_group: object = None) -> Gender | None:
    """The gender that a feed states; an age group below adults makes it "kids". Unknown words are no statement."""
    if fold(text(age_group, "age_group")) in _YOUNG:
        return "kids"
    return _GENDERS.get(fold(text(value, "gender")))


def names(value: object, field: str, *, separators: str = r"[,/;|]") -> tuple[str, ...]:
    """Values of a list written as one text, or of a list, each once, in their order."""
    parts: Iterable[object] = value if isinstance(value, (list, tuple)) else re.split(separators, text(value, field))
    cleaned = (text(part, field).strip(" .") for part in parts)
    return tuple({fold(name): name for name in cleaned if name}.values())


def colors(value: object, field: str = "color") -> tuple[str, ...]:
    """Colours in lower case, folded to one spelling."""
    return tuple(dict.fromkeys(fold(name) for name in names(value, field)))


def category_path(value: object, field: str) -> tuple[str, ...]:
    """The path from the broadest to the narrowest name, written with ">"."""
    parts = value if isinstance(value, (list, tuple)) else re.split(r"\s*>\s*|\s*›\s*", text(value, field))
    return tuple(name for part in parts if (name := text(part, field)))


def number(value: object, field: str, *, low: float, high: float) -> float | None:
    """A number within bounds; None for an absent one."""
    raw = text(value, field)
    if not raw or raw.casefold() == "nan":
        return None
    try:
        parsed = float(raw)
    except ValueError as exc:
        raise BadInput(f"{field} {shown(raw)} is no number", field=field, value=raw) from exc
    if not low <= parsed <= high:
        raise BadInput(f"{field} {shown(raw)} must lie between {low:g} and {high:g}", field=field, value=raw)
    return parsed


def whole(value: object, field: str) -> int | None:
    """A whole number of at least 0, such as a stock figure; below 0 counts as 0, as shops write oversold goods."""
    parsed = number(value, field, low=-STOCK_LIMIT, high=STOCK_LIMIT)
    return None if parsed is None else max(0, int(parsed))


def plain_text(html: str) -> str:
    """The words of an HTML fragment, without tags, scripts and styles."""
    if "<" not in html and "&" not in html:
        return html
    collector = _TextCollector()
    collector.feed(html)
    collector.close()
    return re.sub(r"\s+", " ", "".join(collector.parts)).strip()


def names_a_gift_card(title: str, category: tuple[str, ...]) -> bool:
    """Whether the listing sells a gift card, and not a holder for one."""
    return any(is_gift_card_text(name) and not _NOT_A_CARD.search(name) for name in (title, *category))


def _plain_number(raw: str) -> str:
    if re.fullmatch(r"\d{1,3}(\.\d{3})*,\d{2}|\d+,\d{1,2}", raw):
        return raw.replace(".", "").replace(",", ".")
    return raw.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", raw) else raw


class _TextCollector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"script", "style"}
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"} and self._hidden > 0
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)

    def _break(self, tag: str) -> None:
        if tag not in _INLINE:
            self.parts.append(" ")
