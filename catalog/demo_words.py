"""How does a listing speak? Titles, descriptions and reviews from hand-written sentence pieces."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import yaml

from catalog.demo_facts import fill, slot_name
from catalog.product_types import HERE, Brand, Department, ProductType, Style
from domain.product import Gender

_POSSESSIVE: dict[Gender | None, str] = {"women": "Women's", "men": "Men's", "kids": "Kids'"}
_WHO: dict[Gender | None, str] = {"women": "women", "men": "men", "kids": "children"}
_ONE = {
    "s": "s", "es": "es", "are": "is", "have": "has", "do": "does", "dry": "dries",
    "it": "it", "It": "It", "its": "its", "them": "it", "itself": "itself",
}  # fmt: skip
_MANY = {
    "s": "", "es": "", "are": "are", "have": "have", "do": "do", "dry": "dry",
    "it": "they", "It": "They", "its": "their", "them": "them", "itself": "themselves",
}  # fmt: skip
_SMALL_WORDS = frozenset({"and", "with", "for", "of", "in", "the", "to", "a", "per"})
_UPPER = {
    "usb c": "USB-C", "usb port": "USB Port", "usb powered": "USB Power", "led light": "LED Light", "led display": "LED Display",
    "4k": "4K", "5g": "5G", "gps": "GPS", "nfc": "NFC", "bpa free": "BPA-Free", "uv protection": "UV Protection",
    "rgb lighting": "RGB Lighting", "tsa lock": "TSA Lock", "rfid blocking": "RFID Blocking", "pfoa free": "PFOA-Free",
}  # fmt: skip

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

    @cached_property
    def words(self) -> Words:
        """Every word that a pattern may ask for, but for colour and gender; what is unknown is left out."""
        short = self.kind.spoken
        words = {
            "brand": self.brand.name,
            "model": self.name,
            "noun": self.noun,
            "short": short,
            "Short": short[:1].upper() + short[1:],
        }
        words |= _agreeing(short)
        words |= {slot_name(fact): value for fact, value in self.facts.items()}
        if self.material:
            words["material"] = " and ".join(self.material)
        if self.features:
            words["top"] = title_case(self.features[0])
        return words | {"style": fill(self.style.words, words) or ""}

    def listed_as(self, color: str | None, gender: Gender | None) -> Words:
        """The words of one listing of the model."""
        words = dict(self.words)
        if color:
            words |= {"color": color.replace("/", " and "), "Color": title_case(color)}
        if gender in _WHO:
            words |= {"gender": _POSSESSIVE[gender], "who": _WHO[gender]}
        return words


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
        words = model.listed_as(color, gender)
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
    words = model.words
    general = phrases()["reviews"]
    praise = [*model.kind.praise, *model.kind.praise, *model.department.praise, *general["praise"]]
    praise += [text for feature in model.features for text in phrases()["proof"].get(feature, [])]
    grumble = [*model.kind.grumble, *model.kind.grumble, *model.department.grumble, *general["grumble"]]
    wanted = [grumble if rng.random() > (rating - 2.6) / 2.1 else praise for _ in range(rng.choice((1, 1, 2, 2, 3)))]
    texts = [fill(rng.choice(pool), words) for pool in wanted]
    return tuple(dict.fromkeys(text for text in texts if text))


def title_case(text: str) -> str:
    """ "Noise Cancelling" of "noise cancelling"; hyphens and known abbreviations kept right."""
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
        yield _tidy((fill("{brand} {model} {style} {noun}[ - {gender}][, {Color}], ", words) or "") + " " + fact)


def _description(model: Model, words: Words, sibling: int, rng: random.Random) -> str:
    """Two to four sentences: what it is, how it is built, what it does or measures, whom it suits or how it is kept."""
    kind, floor = model.kind, model.department
    shift = model.seed + sibling
    build = _first(model.style.say, words, shift) if model.style.say and rng.random() < 0.85 else None
    parts = [
        _first(_mixed(kind.open, floor.open, rng), words, shift + rng.randrange(2)),
        build,
        _middle(model, words, rng),
        _close(model, words, rng) if build is None or rng.random() < 0.7 else None,
    ]
    return " ".join(dict.fromkeys(part for part in parts if part))


def _middle(model: Model, words: Words, rng: random.Random) -> str | None:
    """A fact, or what a feature means."""
    told = (*model.kind.tell, *model.department.tell)
    said = phrases()["features"] | (phrases()["worn"] if model.kind.genders else {})
    about = [pattern for feature in model.features for pattern in said.get(feature, ())]
    pools = [pool for pool in (told, about, about) if pool]
    return _first(rng.choice(pools), words, rng.randrange(97)) if pools else None


def _close(model: Model, words: Words, rng: random.Random) -> str | None:
    """Whom it suits, how it is kept, or who makes it."""
    kind, floor = model.kind, model.department
    pools = (_mixed(kind.use, floor.use, rng), _mixed(kind.care, floor.care, rng), (model.brand.line,))
    weighted = [(pool, weight) for pool, weight in zip(pools, (6, 3, 1), strict=True) if pool]
    pool = rng.choices([pool for pool, _ in weighted], weights=[weight for _, weight in weighted])[0]
    return _first(pool, words, rng.randrange(97))


def _mixed(own: Sequence[str], shared: Sequence[str], rng: random.Random) -> Sequence[str]:
    """A type's own sentences two times in three, its department's otherwise."""
    return own if own and (not shared or rng.random() < 0.67) else shared


def _first(pool: Sequence[str], words: Words, start: int) -> str | None:
    """The first sentence, from ``start`` on, whose words are all known."""
    for turn in range(len(pool)):
        if text := fill(pool[(start + turn) % len(pool)], words):
            return text[0].upper() + text[1:]
    return None


def _agreeing(short: str) -> Words:
    """Endings and pronouns that agree with the word: "boots keep", "the jacket keeps"."""
    many = short.endswith("s") and not short.endswith(("ss", "us", "lens"))
    return _MANY if many else _ONE


def _tidy(title: str) -> str:
    title = re.sub(r"\s+([,)])", r"\1", title).strip(" ,-")
    title = re.sub(r"\b(\w+(?: \w+){0,3}) \1\b", r"\1", title)
    return re.sub(r"(\d) (hour|lumen|month|day)s?(?= [A-Z])", lambda unit: f"{unit[1]}-{unit[2].title()}", title)
