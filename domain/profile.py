"""What does a shop know of a customer's taste? Facts with evidence, the customer's own corrections, and a summary in few words."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.document import Document

FactKind = Literal["category", "brand", "color", "material", "gender", "size", "price", "age", "region"]
TASTES: frozenset[str] = frozenset({"category", "brand", "color", "material", "gender", "price"})
"""Kinds that say what a customer likes; the others say what fits or who it is."""
SUMMARY_WORDS = 26
"""About 40 tokens of the query model's vocabulary."""


_BAND = re.compile(r"\$(\d+) to \$(\d+)")


def price_band(low: float, high: float) -> str:
    """The value of a price fact: "$25 to $90"."""
    return f"${max(low, 0):.0f} to ${high:.0f}"


def in_price_band(value: str, price: float) -> bool:
    """Whether a price lies in the band of a price fact."""
    band = _BAND.fullmatch(value)
    return band is not None and int(band[1]) <= price <= int(band[2])


class ProfileFact(Document):
    """One thing learned; ``id`` names it for correction ("brand:acme")."""

    kind: FactKind
    value: str
    weight: float = Field(ge=0.0, le=1.0)
    """Share of the customer's purchases that say so; 1 for what the merchant or the customer stated."""
    evidence: str
    """In words for the customer: "3 of 7 purchases, the last on 2026-03-01"."""

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.value.casefold()}"


class Profile(Document):
    """A customer's profile. What the customer corrected stands above what was learned, and outlives a new build."""

    customer_id: str
    version: int = 0
    learning: bool = True
    learned: tuple[ProfileFact, ...] = ()
    removed: tuple[str, ...] = ()
    """Ids of facts that the customer struck out; a build does not bring them back."""
    sizes: Mapping[str, str] = Field(default_factory=dict)
    """Stated by the customer: product type or "shoes", "tops" ... -> size."""
    source: str = ""
    """Hash of the purchases that ``learned`` was drawn from: the same ones are not worked through twice."""
    forgotten_at: datetime | None = None
    """Purchases before this moment are not learned from: the customer had the profile forgotten."""

    @property
    def facts(self) -> tuple[ProfileFact, ...]:
        """What holds, strongest first: stated sizes, then what was learned and not struck out."""
        stated = tuple(
            ProfileFact(kind="size", value=f"{kind} {size}", weight=1.0, evidence="you said so")
            for kind, size in sorted(self.sizes.items())
        )
        kept = [fact for fact in self.learned if fact.id not in self.removed and not self._restated(fact)]
        return (*stated, *sorted(kept, key=lambda fact: -fact.weight))

    @property
    def tastes(self) -> dict[str, float]:
        """Fact id -> weight, of the kinds that ranking may use; empty where learning is off."""
        return {fact.id: fact.weight for fact in self.facts if fact.kind in TASTES} if self.learning else {}

    @property
    def summary(self) -> str:
        """At most 40 tokens for the query model; empty where learning is off or nothing is known."""
        if not self.learning:
            return ""
        said: list[str] = []
        for label, kinds, most in _SUMMED_UP:
            values = [fact.value for fact in self.facts if fact.kind in kinds][:most]
            phrase = f"{label} {', '.join(values)}".strip()
            if values and len(" ".join([*said, phrase]).split()) <= SUMMARY_WORDS:
                said.append(phrase)
        return "; ".join(said)

    def _restated(self, fact: ProfileFact) -> bool:
        return fact.kind == "size" and any(fact.value.casefold().startswith(f"{kind.casefold()} ") for kind in self.sizes)


_SUMMED_UP: tuple[tuple[str, tuple[FactKind, ...], int], ...] = (
    ("", ("gender",), 1),
    ("", ("age",), 1),
    ("size", ("size",), 2),
    ("buys", ("category",), 3),
    ("brands", ("brand",), 2),
    ("colors", ("color",), 2),
    ("spends", ("price",), 1),
)
