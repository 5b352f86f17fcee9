"""What does an occasion call for? The hand-written table of needs, matched against a message."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from domain.product import Gender
from domain.terms import fold

_TECH = re.compile(r"\b(?:tech|gadgets?|electronics?|electronic|devices?|gizmos?)\b")


@dataclass(frozen=True)
class NeededCategory:
    """One category that an occasion calls for."""

    title: str
    type: str
    """The catalogue's name of the type, folded."""
    why: str
    generic: tuple[str, ...]
    tech: bool = False
    gender: Gender | None = None


@dataclass(frozen=True)
class Occasion:
    name: str
    patterns: tuple[re.Pattern[str], ...]
    categories: tuple[NeededCategory, ...]
    gift: bool = False

    def matches(self, folded: str) -> bool:
        return any(pattern.search(folded) for pattern in self.patterns)

    def chosen(self, message: str) -> tuple[NeededCategory, ...]:
        """Up to four categories: only technical ones when the message asks for tech and there are any, else those last."""
        tech = [category for category in self.categories if category.tech]
        if _TECH.search(fold(message)) and len(tech) >= 2:
            return tuple(tech[:4])
        return tuple(sorted(self.categories, key=lambda c: c.tech)[:4])


@lru_cache(maxsize=1)
def occasions() -> tuple[Occasion, ...]:
    """The committed table, read once."""
    table = yaml.safe_load((Path(__file__).resolve().parent / "needs.yaml").read_text())
    return tuple(_occasion(row) for row in table)


def occasion_of(message: str) -> Occasion | None:
    """The occasion that a message speaks of; a particular one before the general "gift"."""
    folded = re.sub(r"[^a-z0-9 ]+", " ", fold(message))
    found = [occasion for occasion in occasions() if occasion.matches(folded)]
    particular = [occasion for occasion in found if not occasion.gift]
    return next(iter([*particular, *found]), None)


def liked_types(message: str) -> tuple[str, ...]:
    """Types that make a gift for what somebody is said to like, in the order of the table."""
    folded = re.sub(r"[^a-z0-9 ]+", " ", fold(message))
    return tuple(dict.fromkeys(name for pattern, names in _likes() if pattern.search(folded) for name in names))


@lru_cache(maxsize=1)
def _likes() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    table: dict[str, list[str]] = yaml.safe_load((Path(__file__).resolve().parent / "likes.yaml").read_text())
    return tuple((re.compile(pattern), tuple(fold(name) for name in names)) for pattern, names in table.items())


def _occasion(row: dict[str, object]) -> Occasion:
    words, categories = row["words"], row["categories"]
    assert isinstance(words, list) and isinstance(categories, list)
    return Occasion(
        name=str(row["name"]),
        patterns=tuple(re.compile(pattern) for pattern in words),
        categories=tuple(_category(category) for category in categories),
        gift=bool(row.get("gift", False)),
    )


def _category(row: dict[str, object]) -> NeededCategory:
    generic = row["generic"]
    assert isinstance(generic, list)
    gender = row.get("gender")
    return NeededCategory(
        title=str(row["title"]), type=fold(str(row["type"])), why=str(row["why"]), generic=tuple(map(str, generic)),
        tech=bool(row.get("tech", False)), gender=gender if gender in ("women", "men") else None,
    )  # fmt: skip
