"""What is a training example? A conversation with what held before it, and the formulation that its last message deserves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError, model_validator

from domain.document import Document
from domain.filters import Filters
from domain.plan import Plan, Task
from domain.product import Gender
from domain.proposal import Attributes, Formulation, Proposal, ProposedCategory
from domain.turn import FormulationRequest

Kind = Literal[
    "terse", "chatty", "polite", "distractor", "typos", "multi_need", "negation", "gift", "budget_words", "occasion", "exact_title",
    "gender", "followup_narrow", "followup_relax", "followup_switch", "profile", "unsafe", "gift_card", "out_of_scope",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
_UNFILTERED = frozenset({"recipient", "occasion"})
"""Attributes that are no constraint: they are said in the conversation, not held as filters."""


class Said(Document):
    """One message."""

    role: Literal["user", "assistant"]
    text: str = Field(min_length=1, pattern=r"\S")


class Target(Document):
    """What is wanted now; empty with a reason where the turn is declined."""

    query: str
    attributes: Attributes = Attributes()
    proposal: tuple[ProposedCategory, ...] = ()
    decline: Literal["unsafe", "gift_card", "out_of_scope"] | None = None

    @property
    def formulation(self) -> Formulation:
        return Formulation(query=self.query, attributes=self.attributes, proposal=Proposal(categories=self.proposal))


class Held(Document):
    """What holds before the last message, in the words of the attributes."""

    category: str | None = None
    brand: tuple[str, ...] = ()
    color: tuple[str, ...] = ()
    size: str | None = None
    gender: Gender | None = None
    material: tuple[str, ...] = ()
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    features: tuple[str, ...] = ()
    recipient: str | None = None
    occasion: str | None = None
    exclude: tuple[str, ...] = ()

    @property
    def filters(self) -> Filters:
        """The same as standing filters; bounds that cross are dropped."""
        values = {name: value for name, value in self if value not in (None, ()) and name not in _UNFILTERED}
        low, high = values.get("price_min"), values.get("price_max")
        if low is not None and high is not None and low > high:
            del values["price_min"]
        return Filters.model_validate(values)


class Example(Document):
    """One lesson. Examples of one group stay on one side of the split."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{3,60}$")
    group: str
    kind: Kind
    conversation: tuple[Said, ...] = Field(min_length=1)
    filters: Held = Held()
    profile: str = ""
    target: Target
    taught: Literal["all", "query", "names"] = "all"
    """How much of the target is known: everything, the query alone, or the query and the category names."""

    @model_validator(mode="after")
    def _ends_with_the_shopper(self) -> "Example":
        if self.conversation[-1].role != "user":
            raise ValueError("the conversation must end with the user")
        if self.kind.startswith("followup") and len(self.conversation) < 3:
            raise ValueError("a follow-up needs at least three messages")
        return self

    @property
    def message(self) -> str:
        return self.conversation[-1].text

    @property
    def request(self) -> FormulationRequest:
        """The question as it reaches a formulator; the plan knows nothing but that there is something to search."""
        earlier = tuple((said.role, said.text) for said in self.conversation[:-1])
        plan = Plan(tasks=(Task(kind="search", request=self.message),))
        return FormulationRequest(message=self.message, plan=plan, conversation=earlier, profile=self.profile, held=self.filters.filters)


@dataclass(frozen=True)
class RejectedRow:
    """A row that breaks the schema: where, which field, why."""

    file: str
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.reason}"


def read_rows(path: Path) -> Iterator[Example | RejectedRow]:
    """Every row of a JSON Lines file, or why it cannot be used; the rest is read on."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _read(line, path.name, number)


def read_examples(*paths: Path) -> tuple[list[Example], list[RejectedRow]]:
    """All examples of the files, and the rows that were left out."""
    examples: list[Example] = []
    rejected: list[RejectedRow] = []
    for path in paths:
        for row in read_rows(path):
            (rejected if isinstance(row, RejectedRow) else examples).append(row)  # type: ignore[arg-type]
    return examples, rejected


def to_json(example: Example) -> dict[str, Any]:
    """The row as it is written: nothing that is not set."""
    return json.loads(example.model_dump_json(exclude_defaults=True, exclude_none=True))  # type: ignore[no-any-return]


def _read(line: str, file: str, number: int) -> Example | RejectedRow:
    try:
        return Example.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "row"
        return RejectedRow(file, number, field, f"{first['msg']}; got {str(first['input'])[:80]!r}")
