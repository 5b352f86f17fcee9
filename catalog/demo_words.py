"""How does a listing speak? Titles, descriptions and reviews from hand-written sentence pieces."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from catalog.demo_facts import fill, slot_name
from catalog.product_types import HERE, Brand, Department, ProductType, Style
from domain.product import Gender

_POSSESSIVE: dict[Gender | None, str] = {"women": "Women's", "men": "Men's", "kids": "Kids'", "unisex": "", None: ""}
_SMALL_WORDS = frozenset({"and", "with", "for", "of", "in", "the", "to", "a", "per"})
_UPPER = {"usb c": "USB-C", "usb": "USB", "led": "LED", "4k": "4K", "gps": "GPS", "bpa free": "BPA-Free", "uv protection": "UV Protection", "rgb lighting": "RGB Lighting"}  # fmt: skip

Words = dict[str, str]


@dataclass(frozen=True)
class Model:
    """One design of a brand, before colours and genders: what its listings share."""

    department: Department
    kind: ProductType
    style: Style
    brand: Brand
    name: str
    position: float
    features: tuple[str, ...]
    material: tuple[str, ...]
    facts: dict[str, str]
    seed: int
    """Where this model's listings begin in each list of sentences, so that two models do not begin alike."""

    @property
    def noun(self) -> str:
        return self.style.noun or self.kind.noun

    def slots(self, *, color: str | None, gender: Gender | None) -> dict[str, str]:
        """Every word that a pattern may ask for."""
        short = self.kind.spoken
        many = short.endswith("s") and not short.endswith(("ss", "us", "lens"))
        words = {
            "brand": self.brand.name, "model": self.name, "noun": self.noun, "short": short, "Short": short[:1].upper() + short[1:],
            "gender": _POSSESSIVE[gender], "who": {"women": "women", "men": "men", "kids": "children"}.get(gender or "", "everyone"),
            "color": (color or "").lower(), "Color": title_case(color or ""), "material": " and ".join(self.material),
            "Material": title_case(" and ".join(self.material[:1])), "top": title_case(self.features[0]) if self.features else "",
            "it": "they" if many else "it", "It": "They" if many else "It", "its": "their" if many else "its",
            "Its": "Their" if many else "Its", "them": "them" if many else "it", "s": "" if many else "s", "es": "" if many else "es",
            "are": "are" if many else "is", "have": "have" if many else "has", "this": "these" if many else "this",
            "This": "These" if many else "This", "do": "do" if many else "does",
            "a": "" if many else ("an " if short[0] in "aeiou" else "a "),
        }  # fmt: skip
        words |= {slot_name(fact): value for fact, value in self.facts.items()}
        return words | {"style": fill(self.style.words, words) or ""}


@dataclass(frozen=True)
class Listing:
    """The words of one product, and the facts that they rely on."""

    title: str
    description: str
    told: frozenset[str]
    """Names of facts that title or description state; they cannot be left out of the listing."""


class Writer:
    """Writes listings; remembers what it has written, so that no two titles or descriptions are the same."""

    def __init__(self) -> None:
        self.titles: set[str] = set()
        self.descriptions: set[str] = set()

    def listing(self, model: Model, *, color: str | None, gender: Gender | None, sibling: int, rng: random.Random) -> Listing:
        """``sibling`` counts the colours and genders of one model: each begins elsewhere in the lists of sentences."""
        words = model.slots(color=color, gender=gender)
        title = self._unseen(self.titles, _titles(model, words), f"{model.brand.name} {model.name} {model.noun} No. {len(self.titles)}")
        tries = (_description(model, words, sibling, rng) for _ in range(12))
        description = self._unseen(self.descriptions, tries, f"The {model.name} by {model.brand.name} ({title}).")
        facts = frozenset(fact for fact, value in model.facts.items() if value in f"{title} {description}")
        return Listing(title, description, facts)

    @staticmethod
    def _unseen(seen: set[str], texts: Iterator[str], last: str) -> str:
        text = next((text for text in texts if text not in seen), last)
        seen.add(text)
        return text


def reviews(model: Model, *, rating: float, rng: random.Random) -> tuple[str, ...]:
    """One to three texts of shoppers in the spirit of the rating; none for two products in three."""
    if rng.random() > 0.36:
        return ()
    words = model.slots(color=None, gender=None)
    general = phrases()["reviews"]
    praise = [*model.kind.praise, *model.kind.praise, *model.department.praise, *general["praise"]]
    praise += [text for feature in model.features for text in phrases()["proof"].get(feature, [])]
    grumble = [*model.kind.grumble, *model.kind.grumble, *model.department.grumble, *general["grumble"]]
    wanted = [grumble if rng.random() > (rating - 2.6) / 2.1 else praise for _ in range(rng.choice((1, 1, 2, 2, 3)))]
    texts = [fill(rng.choice(pool), words) for pool in wanted]
    return tuple(dict.fromkeys(text for text in texts if text))


def title_case(text: str) -> str:
    """"Noise Cancelling" of "noise cancelling"; hyphens and known abbreviations kept right."""
    if text in _UPPER:
        return _UPPER[text]
    words = text.split()
    return " ".join(w if w in _SMALL_WORDS and i else w[:1].upper() + w[1:] for i, w in enumerate(words)).replace("/", " / ")


@lru_cache(maxsize=1)
def phrases() -> dict[str, Any]:
    """Sentences about features and general reviews, from ``phrases.yaml``."""
    loaded: dict[str, Any] = yaml.safe_load((HERE / "phrases.yaml").read_text(encoding="utf-8"))
    return loaded


def _titles(model: Model, words: Words) -> Iterator[str]:
    """The brand's usual pattern first, so that one maker's goods are listed alike; then the others; then with more facts."""
    patterns = model.kind.titles or model.department.titles
    first = sum(map(ord, model.brand.name)) % len(patterns)
    for pattern in (*patterns[first:], *patterns[:first], "{brand} {model} {style} {noun}[ - {gender}][, {Color}]"):
        if title := fill(pattern, words):
            yield _tidy(title)
    for fact in model.facts.values():
        yield _tidy(f"{words['brand']} {words['model']} {words['style']} {words['noun']} {words['gender']} {words['Color']}, {fact}")


def _description(model: Model, words: Words, sibling: int, rng: random.Random) -> str:
    """Two to four sentences: what it is, how it is built, what it does or measures, whom it suits or how it is kept."""
    kind, floor = model.kind, model.department
    shift = model.seed + sibling
    parts = [
        _pick(_mixed(kind.open, floor.open), words, shift, rng),
        _pick(model.style.say, words, shift, rng) if rng.random() < 0.85 else None,
        _middle(model, words, rng),
        _close(model, words, rng) if rng.random() < 0.75 else None,
    ]
    sentences = list(dict.fromkeys(part for part in parts if part))
    return " ".join(sentences)


def _middle(model: Model, words: Words, rng: random.Random) -> str | None:
    told = [text for pattern in (*model.kind.tell, *model.department.tell) if (text := fill(pattern, words))]
    about = [text for f in model.features for p in phrases()["features"].get(f, []) if (text := fill(p, words))]
    pool = told if told and (not about or rng.random() < 0.5) else about
    return rng.choice(pool) if pool else None


def _close(model: Model, words: Words, rng: random.Random) -> str | None:
    kind, floor = model.kind, model.department
    pools = [_mixed(kind.use, floor.use), _mixed(kind.care, floor.care), (model.brand.line,)]
    pool = rng.choices(pools, weights=(6, 3, 2))[0]
    texts = [text for pattern in pool if (text := fill(pattern, words))]
    return rng.choice(texts) if texts else None


def _mixed(own: Sequence[str], shared: Sequence[str]) -> Sequence[str]:
    return (*own, *own, *shared) if own else shared


def _pick(pool: Sequence[str], words: Words, shift: int, rng: random.Random) -> str | None:
    texts = [text for pattern in pool if (text := fill(pattern, words))]
    return texts[(shift + rng.randrange(2)) % len(texts)] if texts else None


def _tidy(title: str) -> str:
    title = re.sub(r"\s+([,)])", r"\1", re.sub(r"\s+", " ", title)).strip(" ,-")
    return re.sub(r"\b(\w+) \1\b", r"\1", title)
