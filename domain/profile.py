"""What does a shop know of a customer's taste? Facts with evidence, the customer's own corrections, and a summary in few words."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from pydantic import Field

from domain.document import Document

FactKind = Literal["category", "brand", "color", "material", "gender", "size", "price", "avoid", "age", "region"]
TASTES: frozenset[str] = frozenset({"category", "brand", "color", "material", "gender", "size", "price", "avoid"})
"""Kinds that order what is found; the others say who it is."""
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


Action = Literal["purchase", "add_to_cart", "thumb_up", "thumb_down", "click", "dismiss"]
_SAID_KEPT, _SIGNALS_KEPT = 40, 80
SAID, SEEN = "said:", "seen:"
"""Before a fact's id in ``tastes``: the customer stated it, or it comes from looking alone; else it comes from buying."""


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


class Signal(Document):
    """Something that the customer did with one product in a conversation."""

    key: str
    """The same deed has the same key: told twice, it counts once."""
    action: Action
    on: date
    traits: tuple[tuple[FactKind, str], ...]
    """What the product is: ("brand", "Acme"), ("color", "red")."""
    price: float | None = None


class Profile(Document):
    """A customer's profile. What the customer corrected stands above what was learned, and outlives a new build."""

    customer_id: str
    version: int = 0
    learning: bool = True
    learned: tuple[ProfileFact, ...] = ()
    """From purchase histories; a build replaces it."""
    said: tuple[ProfileFact, ...] = ()
    """Stated in conversation: likes, what to avoid, budget habits."""
    signals: tuple[Signal, ...] = ()
    """The latest deeds in conversations, oldest first."""
    noticed: tuple[ProfileFact, ...] = ()
    """Drawn from ``signals``."""
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
        strongest: dict[str, ProfileFact] = {}
        for fact in (*self.said, *self.learned, *self.noticed):
            before = strongest.get(fact.id)
            if before is None or before.weight < fact.weight:
                strongest[fact.id] = fact
        kept = [fact for fact in strongest.values() if fact.id not in self.removed and not self._restated(fact)]
        return (*stated, *sorted(kept, key=lambda fact: -fact.weight))

    @property
    def tastes(self) -> dict[str, float]:
        """Fact id -> weight, of the kinds that ranking may use, with SAID and SEEN marks; empty where learning is off."""
        if not self.learning:
            return {}
        facts = [fact for fact in self.facts if fact.kind in TASTES]
        said = {fact.id for fact in self.said}
        bought = {fact.id for fact in self.learned} | {f"{kind}:{value.casefold()}" for kind, value in self._bought()}
        marks = {f"{SAID}{fact.id}": 1.0 for fact in facts if fact.id in said}
        marks |= {f"{SEEN}{fact.id}": 1.0 for fact in facts if fact.id not in said | bought}
        return {fact.id: fact.weight for fact in facts} | marks

    def told(self, *facts: ProfileFact) -> "Profile":
        """With these statements: a new one replaces an older of the same kind that it contradicts, and undoes a removal."""
        if not facts:
            return self
        ids, bands = {fact.id for fact in facts}, any(fact.kind == "price" for fact in facts)
        turned = {f"avoid:{fact.value.casefold()}" for fact in facts if fact.kind != "avoid"}
        avoided = {fact.value.casefold() for fact in facts if fact.kind == "avoid"}
        kept = [
            fact
            for fact in self.said
            if fact.id not in ids | turned
            and not (bands and fact.kind == "price")
            and not (fact.kind != "avoid" and fact.value.casefold() in avoided)
        ]
        removed = tuple(fact_id for fact_id in self.removed if fact_id not in ids)
        return self.model_copy(update={"said": (*kept, *facts)[-_SAID_KEPT:], "removed": removed})

    def did(self, *signals: Signal) -> "Profile":
        """With these deeds, each once; ``noticed`` is the caller's to draw anew."""
        known = {signal.key for signal in self.signals}
        fresh = tuple({s.key: s for s in signals if s.key not in known}.values())
        return self.model_copy(update={"signals": (*self.signals, *fresh)[-_SIGNALS_KEPT:]}) if fresh else self

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

    def _bought(self) -> set[tuple[FactKind, str]]:
        return {trait for signal in self.signals if signal.action == "purchase" for trait in signal.traits}

    def _restated(self, fact: ProfileFact) -> bool:
        return fact.kind == "size" and any(fact.value.casefold().startswith(f"{kind.casefold()} ") for kind in self.sizes)


_SUMMED_UP: tuple[tuple[str, tuple[FactKind, ...], int], ...] = (
    ("", ("gender",), 1),
    ("", ("age",), 1),
    ("size", ("size",), 2),
    ("avoids", ("avoid",), 3),
    ("buys", ("category",), 3),
    ("brands", ("brand",), 2),
    ("colors", ("color",), 2),
    ("spends", ("price",), 1),
)
