"""What does the query model write? A compact line format, read as it arrives; one text for training and for serving.

    women's waterproof hiking boots                      the query
    category=hiking boots; gender=women; price_max=120   what was said
    # Women's Hiking Boots                               a category, then its six products
    Merrell Moab 3 Mid Waterproof Hiking Boot
    ...
    > Sealed seams keep your feet dry.                   explanations last, one a category, in order

Each token costs 7 to 20 ms on a CPU (FACTS.md), so parts stand in the order in which they are used.
"""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from domain.errors import BadModelOutput
from domain.events import CategoryExplained, CategoryFormulated, QueryFormulated
from domain.proposal import MAX_CATEGORIES, PRODUCTS_PER_CATEGORY, Attributes, Formulation, ProposedCategory

WireEvent = QueryFormulated | CategoryFormulated | CategoryExplained
MAX_LINE = 120
"""Characters of a line; a longer one is a model that has lost its way."""
_LISTS = ("brand", "color", "material", "features", "exclude")
_TEXTS = ("category", "size", "gender", "recipient", "occasion")

GRAMMAR = r"""
root ::= query "\n" attributes "\n" category{1,4} explanation{1,4}
query ::= [^\n#>=;\x00-\x1f]{2,80}
attributes ::= "-" | pair ("; " pair){0,9}
pair ::= key "=" [^\n;=\x00-\x1f]{1,60}
key ::= "category" | "brand" | "color" | "size" | "gender" | "material" | "price_min" | "price_max" | "features" | "recipient" | "occasion" | "exclude"
category ::= "# " words "\n" product{6}
product ::= words "\n"
words ::= [A-Za-z0-9] [^\n#>\x00-\x1f]{2,90}
explanation ::= "> " [A-Z] [^\n\x00-\x1f]{10,140} "\n"
"""
"""GBNF for llama.cpp: no run of white space can trap the model, every part is bounded."""


def encode(formulation: Formulation) -> str:
    """The text that a model is trained to write for this formulation."""
    lines = [formulation.query, _encode_attributes(formulation.attributes)]
    for category in formulation.proposal.categories:
        lines += [f"# {category.category}", *category.products]
    lines += [f"> {category.explanation}" for category in formulation.proposal.categories]
    return "\n".join(lines) + "\n"


@dataclass
class WireParser:
    """Turns text into events as it arrives. ``feed`` raises BadModelOutput at the first line that breaks the format."""

    _buffer: str = ""
    _lines: int = 0
    _query: str = ""
    _open: list[str] | None = None
    """The category being written: its name, then its products."""
    _closed: list[ProposedCategory] = field(default_factory=list)
    _explained: int = 0

    def feed(self, text: str) -> list[WireEvent]:
        """Events that the new text completes."""
        self._buffer += text
        events: list[WireEvent] = []
        while "\n" in self._buffer:
            line, self._buffer = self._buffer.split("\n", 1)
            events += self._line(line.strip())
        if len(self._buffer) > 2 * MAX_LINE:
            raise BadModelOutput(f"a line of over {2 * MAX_LINE} characters: {self._buffer[:60]!r}")
        return events

    def finish(self) -> list[WireEvent]:
        """Events of the last, unended line; BadModelOutput when the answer stops half-way."""
        events = self.feed("\n") if self._buffer.strip() else []
        if not self._closed:
            raise BadModelOutput("the answer ends before its first category is complete")
        if self._open is not None:
            raise BadModelOutput(f"the answer breaks off inside category {self._open[0]!r}")
        return events

    @property
    def categories(self) -> tuple[ProposedCategory, ...]:
        return tuple(self._closed)

    def _line(self, line: str) -> list[WireEvent]:
        if not line:
            return []
        if len(line) > MAX_LINE and not line.startswith(">"):
            raise BadModelOutput(f"a line of {len(line)} characters: {line[:60]!r}")
        self._lines += 1
        if self._lines == 1:
            self._query = line
            return []
        if self._lines == 2:
            return [QueryFormulated(self._query, decode_attributes(line))]
        if line.startswith("#"):
            return self._new_category(line[1:].strip())
        if line.startswith(">"):
            return self._explanation(line[1:].strip())
        return self._product(line)

    def _new_category(self, name: str) -> list[WireEvent]:
        if self._open is not None:
            raise BadModelOutput(f"category {self._open[0]!r} has {len(self._open) - 1} products instead of six")
        if len(self._closed) == MAX_CATEGORIES:
            raise BadModelOutput(f"a fifth category {name!r}")
        self._open = [name]
        return []

    def _product(self, title: str) -> list[WireEvent]:
        if self._open is None:
            raise BadModelOutput(f"a product outside of a category: {title[:60]!r}")
        self._open.append(title)
        if len(self._open) <= PRODUCTS_PER_CATEGORY:
            return []
        category = ProposedCategory(category=self._open[0], products=tuple(self._open[1:]))
        self._open = None
        self._closed.append(category)
        return [CategoryFormulated(len(self._closed) - 1, category)]

    def _explanation(self, text: str) -> list[WireEvent]:
        if self._explained >= len(self._closed):
            raise BadModelOutput(f"an explanation without a category: {text[:60]!r}")
        self._explained += 1
        return [CategoryExplained(self._explained - 1, text)]


def decode_attributes(line: str) -> Attributes:
    """Attributes of a ``key=value; key=value`` line; unknown keys are dropped, a broken pair raises BadModelOutput."""
    found: dict[str, object] = {}
    for pair in line.split(";") if line != "-" else ():
        key, separator, value = (part.strip() for part in pair.partition("="))
        if not separator or not value:
            raise BadModelOutput(f"attributes must be key=value pairs, not {pair[:60]!r}")
        if key in _LISTS:
            found[key] = tuple(v.strip() for v in value.split(",") if v.strip())
        elif key in ("price_min", "price_max"):
            found[key] = _price(value)
        elif key == "gender":
            found[key] = value if value in ("women", "men", "kids", "unisex") else None
        elif key in _TEXTS:
            found[key] = value
    return Attributes.model_validate(found)


def _encode_attributes(attributes: Attributes) -> str:
    parts: list[str] = []
    for key in (
        *_TEXTS[:1],
        "brand",
        "color",
        "size",
        "gender",
        "material",
        "price_min",
        "price_max",
        "features",
        "recipient",
        "occasion",
        "exclude",
    ):
        value = getattr(attributes, key)
        if value in (None, ()):
            continue
        parts.append(f"{key}={', '.join(value) if isinstance(value, tuple) else value}")
    return "; ".join(parts) or "-"


def _price(value: str) -> Decimal | None:
    try:
        amount = Decimal(value.lstrip("$"))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
