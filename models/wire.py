"""What does the query model write? A compact line format, read as it arrives; one text for training and for serving.

    women's waterproof hiking boots                      the query
    category=hiking boots; gender=women                  what was said
    Women's Hiking Boots | Hiking Socks                  one to four categories
    Merrell Moab 3 Mid Waterproof Hiking Boot            six products of the first, then six of the second ...
    ...
    > Sealed seams keep your feet dry.                   explanations last, one a category, in order; may be missing

Each token costs 7 to 20 ms on a CPU (FACTS.md), so parts stand in the order in which they are used, and a category's
name is written once: it stands with the others, where retrieval can start on all of them, and its products follow unmarked.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal

from domain.errors import BadModelOutput
from domain.events import CategoryExplained, CategoryFormulated, QueryFormulated
from domain.proposal import MAX_CATEGORIES, PRODUCTS_PER_CATEGORY, Attributes, Formulation, ProposedCategory

WireEvent = QueryFormulated | CategoryFormulated | CategoryExplained
AttributeName = Literal[
    "category", "gender", "color", "size", "material", "brand", "price_min", "price_max", "features", "exclude", "recipient", "occasion",
]  # fmt: skip
ATTRIBUTES: tuple[AttributeName, ...] = (
    "category", "gender", "color", "size", "material", "brand", "price_min", "price_max", "features", "exclude", "recipient", "occasion",
)  # fmt: skip
"""In the order in which they are written."""
MAX_LINE = 240
"""Characters of a line; a longer one is a model that has lost its way."""
_LISTS = frozenset({"brand", "color", "material", "features", "exclude"})
_BREAKS = re.compile(r"[\s;=|]+")

GRAMMAR = r"""
root ::= query "\n" attributes "\n" categories
categories ::= name ("\n" six | " | " name ("\n" six six | " | " name ("\n" six six six | " | " name "\n" six six six six)))
query ::= first [^\n|;=>\x00-\x1f]{1,90}
attributes ::= "-" | pair ("; " pair){0,9}
pair ::= key "=" first [^\n;=|\x00-\x1f]{0,60}
key ::= "category" | "gender" | "color" | "size" | "material" | "brand" | "features" | "exclude" | "recipient" | "occasion"
name ::= first [^\n|;=>\x00-\x1f]{2,50}
six ::= product product product product product product
product ::= first [^\n|>\x00-\x1f]{2,90} "\n"
first ::= [^\n|;=> \t\x00-\x1f-]
"""
"""GBNF for llama.cpp: every part is bounded, none can be empty or start in white space. Explanations are written by rules:
a fifth of the tokens for words that a template says as well; prices are left to rules, which read them exactly (FACTS.md)."""


def encode(formulation: Formulation) -> str:
    """The text that a model is trained to write for this formulation."""
    return "".join(encode_parts(formulation))


def encode_parts(formulation: Formulation, *, leave_out: frozenset[AttributeName] = frozenset()) -> tuple[str, ...]:
    """The same in the pieces in which it may be cut: query, attributes, names, a piece for each category, explanations."""
    categories = formulation.proposal.categories
    names = " | ".join(_plain(c.category) for c in categories)
    explanations = "".join(f"> {c.explanation}\n" for c in categories if c.explanation)
    return (
        f"{formulation.query}\n",
        f"{encode_attributes(formulation.attributes, leave_out=leave_out)}\n",
        f"{names}\n",
        *("".join(f"{title}\n" for title in c.products) for c in categories),
        *([explanations] if explanations else []),
    )


@dataclass
class WireParser:
    """Turns text into events as it arrives. ``feed`` raises BadModelOutput at the first line that breaks the format."""

    names: tuple[str, ...] = ()
    """Categories that were announced; known before the first product is."""
    _buffer: str = ""
    _lines: int = 0
    _query: str = ""
    _titles: list[str] = field(default_factory=list)
    """Products of the category being written."""
    _closed: list[ProposedCategory] = field(default_factory=list)
    _explained: int = 0

    @property
    def categories(self) -> tuple[ProposedCategory, ...]:
        """The categories that are complete."""
        return tuple(self._closed)

    def feed(self, text: str) -> list[WireEvent]:
        """Events that the new text completes."""
        self._buffer += text
        events: list[WireEvent] = []
        while "\n" in self._buffer:
            line, self._buffer = self._buffer.split("\n", 1)
            events += self._line(line.strip())
        if len(self._buffer) > MAX_LINE:
            raise BadModelOutput(f"a line of over {MAX_LINE} characters: {self._buffer[:60]!r}")
        return events

    def finish(self) -> list[WireEvent]:
        """Events of the last, unended line; BadModelOutput when the answer stops half-way."""
        events = self.feed("\n") if self._buffer.strip() else []
        if not self.names:
            raise BadModelOutput("the answer ends before its categories are named")
        if len(self._closed) < len(self.names):
            raise BadModelOutput(f"the answer breaks off inside category {self.names[len(self._closed)]!r}")
        return events

    def _line(self, line: str) -> list[WireEvent]:
        if not line:
            return []
        if len(line) > MAX_LINE:
            raise BadModelOutput(f"a line of {len(line)} characters: {line[:60]!r}")
        self._lines += 1
        if self._lines == 1:
            self._query = line
            return []
        if self._lines == 2:
            return [QueryFormulated(self._query, decode_attributes(line))]
        if self._lines == 3:
            self.names = _names(line)
            return []
        return self._explanation(line[1:].strip()) if line.startswith(">") else self._product(line)

    def _product(self, title: str) -> list[WireEvent]:
        if len(self._closed) == len(self.names):
            raise BadModelOutput(f"a product outside of a category: {title[:60]!r}")
        self._titles.append(title)
        if len(self._titles) < PRODUCTS_PER_CATEGORY:
            return []
        category = ProposedCategory(category=self.names[len(self._closed)], products=tuple(self._titles))
        self._titles = []
        self._closed.append(category)
        return [CategoryFormulated(len(self._closed) - 1, category)]

    def _explanation(self, text: str) -> list[WireEvent]:
        if self._titles or self._explained >= len(self._closed):
            raise BadModelOutput(f"an explanation without a category: {text[:60]!r}")
        self._explained += 1
        return [CategoryExplained(self._explained - 1, text)]


def encode_attributes(attributes: Attributes, *, leave_out: frozenset[AttributeName] = frozenset()) -> str:
    """One line of ``key=value`` pairs; "-" when nothing was said."""
    parts: list[str] = []
    for key in ATTRIBUTES:
        value = getattr(attributes, key)
        if value in (None, ()) or key in leave_out:
            continue
        values = value if isinstance(value, tuple) else (value,)
        parts.append(f"{key}={', '.join(_plain(str(v)) for v in values)}")
    return "; ".join(parts) or "-"


def decode_attributes(line: str) -> Attributes:
    """Attributes of a ``key=value; key=value`` line; unknown keys are dropped, a broken pair raises BadModelOutput."""
    found: dict[str, object] = {}
    for pair in line.split(";") if line != "-" else ():
        key, separator, value = (part.strip() for part in pair.partition("="))
        if not separator or not value:
            raise BadModelOutput(f"attributes must be key=value pairs, not {pair[:60]!r}")
        if key in _LISTS:
            found[key] = tuple(dict.fromkeys(v.strip() for v in value.split(",") if v.strip()))
        elif key in ("price_min", "price_max"):
            found[key] = _price(value)
        elif key == "gender":
            found[key] = value if value in ("women", "men", "kids", "unisex") else None
        elif key in ATTRIBUTES:
            found[key] = value
    return Attributes.model_validate(found)


def _names(line: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in line.split("|"))
    if len(names) > MAX_CATEGORIES:
        raise BadModelOutput(f"{len(names)} categories instead of at most {MAX_CATEGORIES}: {line[:80]!r}")
    if not all(names) or any(len(name) > 60 for name in names):
        raise BadModelOutput(f"category names must have 1 to 60 characters: {line[:80]!r}")
    return names


def _plain(value: str) -> str:
    """The value without the signs that the format needs for itself."""
    return _BREAKS.sub(" ", value).strip()


def _price(value: str) -> Decimal | None:
    try:
        amount = Decimal(value.lstrip("$"))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
