"""What does a JSON-guided model write, and how is it read as it arrives? The schema of a formulation and its incremental reader."""

import json
import re
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from domain.errors import BadModelOutput
from domain.events import CategoryExplained, CategoryFormulated, QueryFormulated
from domain.proposal import MAX_CATEGORIES, PRODUCTS_PER_CATEGORY, Attributes, ProposedCategory

_STRINGS: dict[str, Any] = {"type": "array", "items": {"type": "string", "maxLength": 60}, "maxItems": 6}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["query", "attributes", "categories"],
    "properties": {
        "query": {"type": "string", "minLength": 2, "maxLength": 100},
        "attributes": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "category": {"type": "string", "maxLength": 60}, "brand": _STRINGS, "color": _STRINGS, "size": {"type": "string", "maxLength": 20},
                "gender": {"enum": ["women", "men", "kids", "unisex"]}, "material": _STRINGS, "price_min": {"type": "number"},
                "price_max": {"type": "number"}, "features": _STRINGS, "recipient": {"type": "string", "maxLength": 40},
                "occasion": {"type": "string", "maxLength": 40}, "exclude": _STRINGS,
            },
        },
        "categories": {
            "type": "array", "minItems": 1, "maxItems": MAX_CATEGORIES,
            "items": {
                "type": "object", "additionalProperties": False, "required": ["category", "products", "explanation"],
                "properties": {
                    "category": {"type": "string", "minLength": 3, "maxLength": 60},
                    "products": {"type": "array", "minItems": PRODUCTS_PER_CATEGORY, "maxItems": PRODUCTS_PER_CATEGORY, "items": {"type": "string", "minLength": 3, "maxLength": 100}},
                    "explanation": {"type": "string", "minLength": 10, "maxLength": 160},
                },
            },
        },
    },
}  # fmt: skip
RESPONSE_FORMAT = {"type": "json_schema", "json_schema": {"name": "formulation", "strict": True, "schema": _SCHEMA}}
"""vLLM 0.32 ignores ``guided_json`` in silence; ``response_format`` is what it holds to (FACTS.md)."""


class _Head(BaseModel):
    """What stands before the categories. Bounds are wider than the schema's: an unguided server's little more is mended."""

    model_config = ConfigDict(frozen=True)
    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    attributes: Attributes | None = None


class _Category(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    category: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    products: tuple[Annotated[str, Field(max_length=240)], ...] = Field(min_length=1, max_length=2 * PRODUCTS_PER_CATEGORY)
    explanation: Annotated[str, Field(max_length=400)] = ""


_CATEGORIES = re.compile(r'"categories"\s*:\s*\[')
"""The key with its array, and no value: a value is never followed by a colon."""


@dataclass
class JsonReader:
    """Turns a growing JSON text into events: the query with its attributes, then each category as its object closes."""

    _text: str = ""
    _objects: "_Objects | None" = None
    """Reads the array of categories; from when it has begun."""
    _sent: int = 0

    def feed(self, text: str) -> list[QueryFormulated | CategoryFormulated | CategoryExplained]:
        """Events that the new text completes. Raises BadModelOutput for prose and for values out of bounds."""
        if not self._text:
            text = text.lstrip()
        self._text += text
        if self._text and not self._text.startswith("{"):
            raise BadModelOutput(f"the model answered with prose: {self._text[:60]!r}")
        if len(self._text) > 12_000:
            raise BadModelOutput("the model's answer is over 12,000 characters long")
        events: list[QueryFormulated | CategoryFormulated | CategoryExplained] = []
        if self._objects is None and "[" in text and (key := _CATEGORIES.search(self._text)):
            events.append(self._head(key.start()))
            self._objects = _Objects()
            text = self._text[key.end() :]
        return [*events, *self._categories(text)] if self._objects else events

    def finish(self) -> list[QueryFormulated | CategoryFormulated | CategoryExplained]:
        """BadModelOutput when the object is not whole."""
        try:
            json.loads(self._text)
        except (ValueError, RecursionError) as exc:
            raise BadModelOutput(f"the model's answer is no whole JSON object: {exc}") from exc
        if not self._sent:
            raise BadModelOutput("the model's answer has no category")
        return []

    def _head(self, end: int) -> QueryFormulated:
        try:
            head = _Head.model_validate_json(self._text[:end].rstrip().rstrip(",") + "}")
            return QueryFormulated(head.query, head.attributes or Attributes())
        except ValidationError as exc:
            raise BadModelOutput(f"query or attributes are not in their form: {str(exc)[:160]}") from exc

    def _categories(self, text: str) -> list[QueryFormulated | CategoryFormulated | CategoryExplained]:
        events: list[QueryFormulated | CategoryFormulated | CategoryExplained] = []
        for raw in self._objects.feed(text) if self._objects else ():
            if self._sent == MAX_CATEGORIES:
                raise BadModelOutput(f"more than {MAX_CATEGORIES} categories")
            try:
                category = _Category.model_validate_json(raw)
            except ValidationError as exc:
                raise BadModelOutput(f"a category is not in its form: {str(exc)[:160]}") from exc
            events.append(CategoryFormulated(self._sent, ProposedCategory.model_validate(category.model_dump())))
            self._sent += 1
        return events


@dataclass
class _Objects:
    """The complete top-level objects of a growing array, each character read once."""

    _depth: int = 0
    _open: list[str] = field(default_factory=list)
    """Characters of the object that is not closed yet."""
    _in_string: bool = False
    _escaped: bool = False
    _ended: bool = False

    def feed(self, text: str) -> list[str]:
        found: list[str] = []
        for char in text:
            if self._ended:
                break
            if self._depth:
                self._open.append(char)
            if self._in_string:
                self._in_string, self._escaped = (char != '"' or self._escaped), (char == "\\" and not self._escaped)
            elif char == '"':
                self._in_string = True
            elif char == "{":
                self._open = self._open if self._depth else ["{"]
                self._depth += 1
            elif char == "}":
                self._depth -= 1
                if self._depth == 0:
                    found.append("".join(self._open))
            elif char == "]" and self._depth == 0:
                self._ended = True
        return found
