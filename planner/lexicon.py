"""What do words mean in this shop? The catalogue's vocabulary prepared for reading messages: types, values, typos."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import snowballstemmer
import yaml
from rapidfuzz import fuzz, process

from catalog.vocabulary import TypeFacts, Vocabulary
from domain.terms import fold

_HERE = Path(__file__).resolve().parent
_STEMMER = snowballstemmer.stemmer("english")
_WORD = re.compile(r"[a-z0-9]+(?:['.][a-z0-9]+)*")
_LONGEST = 4
_BRITISH = re.compile(r"is(?=(?:e[drs]?|ing)$)")
_TYPO_CUTOFF = 80.0
_SOUNDS_ALIKE = 88.0
_CORRECTIONS_KEPT = 20_000
_SAID_OF_OTHER_THINGS = 4
"""Times that titles use a word for each time that a colour list does, from which on it is no colour."""
_NEARLY_A_NAME = 87.0
_SURE_TYPO = 92.0
"""For a word whose stem is one of a known word: "runing" has that of "rune"."""
# Leaves of other shops' trees that name no thing.
_NO_TYPES = frozenset(
    "men women kids boys girls baby unisex accessories sale new other others misc miscellaneous general gifts gift home products all shop "
    "clothing apparel adult adults default featured brands outlet clearance sets set".split()
)
_EVENTS = frozenset(
    "trip trips holiday holidays vacation weekend season resort lessons lesson party lover lovers fan enthusiast addict class".split()
)
_PRICE_WORDS = frozenset("under below between around about cheaper budget maximum".split())
_ARTICLES_AND_OWNERS = frozenset("a an the my his her our their your".split())
_FOREIGN = frozenset("para por una con los las del fur mit und ein eine der pour avec les des une dans".split())
"""Small words of other languages; no misspellings of ours ("para" is no parka)."""
_VERB_BESIDE = {
    "wash": frozenset({"machine", "hand", "cold", "easy"}),
    "stand": frozenset({"all", "up", "on", "for", "long", "i", "we", "you", "to", "can't"}),
    "light": frozenset({"weight", "blue", "green", "gray", "brown", "pink", "weigh"}),
}
BASE_COLORS = frozenset(
    "black white red blue navy green olive gray brown tan beige pink purple yellow orange teal burgundy gold silver "
    "cream khaki charcoal lavender mint turquoise maroon coral ivory bronze copper rose multicolor clear".split()
)  # fmt: skip
BASE_MATERIALS = frozenset(
    "leather suede wool merino cotton linen silk denim polyester nylon fleece down bamboo wood oak steel plastic "
    "glass ceramic rubber canvas velvet cashmere mesh aluminum latex".split()
)  # fmt: skip


@dataclass(frozen=True)
class Mention:
    """A run of words in a message, as positions [start, end) in its word list, and what it names."""

    start: int
    end: int
    name: str


@dataclass(frozen=True)
class Lexicon:
    """Built once per vocabulary. Keys are stemmed phrases; values are the vocabulary's own folded names."""

    vocabulary: Vocabulary
    types: Mapping[tuple[str, ...], str]
    """Stemmed names and synonyms of product types."""
    heads: frozenset[str]
    """Stems of the last words of types: "boot"."""
    colors: frozenset[str]
    materials: frozenset[str]
    features: Mapping[tuple[str, ...], str]
    brands: Mapping[tuple[str, ...], str]
    gendered_heads: frozenset[str]
    """Stems of the last words of types that are sold by gender: "shoe"."""
    paired_categories: frozenset[frozenset[str]]
    """Stems of category names that name two things: "Loafers & Slip-Ons"."""
    known: frozenset[str]
    """Words that are spelt right."""
    correctable: tuple[str, ...] = field(default=())
    """Words that a typo may have meant."""

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "Lexicon":
        types = {stems(name): name for name in vocabulary.types if name not in _NO_TYPES and stems(name)}
        for name, synonyms in _synonyms().items():
            if name in vocabulary.types:
                types |= {stems(word): name for word in synonyms if stems(word) not in types}
        types_words = {word for name in vocabulary.types for word in fold(name).split()}
        content = {word for name in vocabulary.types for word in fold(name).split()}
        values = [*vocabulary.colors, *vocabulary.materials, *vocabulary.features, *vocabulary.brands]
        content |= {word for value in values for word in fold(value).split()} | BASE_COLORS | BASE_MATERIALS
        content |= {word for words in _synonyms().values() for phrase in words for word in fold(phrase).split()}
        content |= {
            "present",
            "birthday",
            "anniversary",
            "women",
            "womens",
            "ladies",
            "mens",
            "kids",
            "toddler",
            "husband",
            "girlfriend",
            "boyfriend",
            "daughter",
        } | _PRICE_WORDS
        common = common_words()
        frequent = {word for word, count in vocabulary.words.items() if count >= 3}
        return cls(
            vocabulary=vocabulary,
            types=types,
            heads=frozenset(phrase[-1] for phrase in types if stem("for") not in phrase),
            gendered_heads=frozenset(stems(f.name)[-1] for f in vocabulary.types.values() if f.genders and stems(f.name)),
            paired_categories=_paired(vocabulary),
            colors=frozenset(c for c in vocabulary.colors if c not in types_words and _is_color(c, vocabulary)) | BASE_COLORS,
            materials=frozenset(vocabulary.materials) | BASE_MATERIALS,
            features={stems(f): f for f in vocabulary.features},
            brands={tuple(words_of(b)): b for b in vocabulary.brands if words_of(b)},
            known=frozenset(content | common | set(vocabulary.words)),
            correctable=tuple(sorted(w for w in content | frequent if len(w) >= 4 and w.isalpha())),
        )  # fmt: skip

    @cached_property
    def type_names(self) -> frozenset[str]:
        """Names of types that name a thing; "sets" alone is none, though a leaf is called so."""
        return frozenset(self.vocabulary.types) - _NO_TYPES

    @cached_property
    def openers(self) -> tuple[str, ...]:
        """Four things to start with: the type with most products of each of the largest departments."""
        sizes: dict[str, int] = {}
        best: dict[str, TypeFacts] = {}
        for facts in self.vocabulary.types.values():
            floor = facts.path[0] if facts.path else facts.name
            sizes[floor] = sizes.get(floor, 0) + facts.count
            if floor not in best or facts.count > best[floor].count:
                best[floor] = facts
        largest = sorted(best, key=lambda floor: -sizes[floor])[:4]
        return tuple(best[floor].label for floor in largest)

    @cached_property
    def _corrections(self) -> dict[str, str]:
        return {}

    def type_mentions(self, words: list[str]) -> list[Mention]:
        """Product types named in the words, longest first reading, left to right. "Skiing" names no skis."""
        found = self._mentions([stem(word) for word in words], self.types)
        return [m for m in found if m.end - m.start > 1 or _is_thing(words, m.start, m.name)]

    def thing_mentions(self, words: list[str]) -> list[Mention]:
        """Types, and single words that head some type ("boots"), left to right; the name of a head is the word."""
        types = self.type_mentions(words)
        taken = {i for m in types for i in range(m.start, m.end)}
        heads = [
            Mention(i, i + 1, word)
            for i, word in enumerate(words)
            if i not in taken and stem(word) in self.heads and _is_thing(words, i, "")
        ]
        return sorted([*types, *heads], key=lambda m: m.start)

    def main_thing(self, words: list[str]) -> Mention | None:
        """What the words ask for: the last thing that is no modifier; "backpack for my laptop" is a laptop backpack."""
        things = self.thing_mentions(words)
        if not things:
            return None
        owners = [m for m in things if not self.modifies(m, words)] or things
        # A full type says more than a word that only heads one ("8 hours battery" after "wireless earbuds").
        main = ([m for m in owners if m.name in self.type_names] or owners)[-1]
        # "Dress shirts" are shirts, where no type is called so: in a compound the last word says the thing.
        main = next((m for m in owners if m.start == main.end and m.name == words[m.start] and " " not in main.name), main)
        for other in things:
            if other is not main and self.modifies(other, words):
                compound = self.types.get(stems(f"{words[other.end - 1]} {words[main.end - 1]}"))
                if compound:
                    return Mention(main.start, main.end, compound)
        return main

    @staticmethod
    def modifies(mention: Mention, words: list[str]) -> bool:
        """Whether a preposition stands before it: "for my laptop", "with a hood"."""
        before = words[max(0, mention.start - 3) : mention.start]
        return any(w in ("for", "with", "under", "on", "inside") for w in before)

    def feature_mentions(self, words: list[str]) -> list[Mention]:
        return self._mentions([stem(word) for word in words], self.features)

    def brand_mentions(self, words: list[str]) -> list[Mention]:
        """Brands, exact or misspelt in one word of at least five letters that is no other known word.

        "A case for an Apple phone" asks for no brand of the case.
        """
        exact = self.named_brands(words)
        if exact:
            return [mention for mention in exact if not self._goes_with(mention, words)]
        single = [" ".join(key) for key in self.brands if len(key) == 1 and len(key[0]) >= 5]
        for i, word in enumerate(words):
            if len(word) < 5 or word in self.known:
                continue
            match = process.extractOne(word, single, scorer=fuzz.ratio, score_cutoff=84)
            if match:
                return [Mention(i, i + 1, str(match[0]))]
        return []

    def named_brands(self, words: list[str]) -> list[Mention]:
        """Brands as the catalogue writes them, wherever they stand."""
        return self._mentions(words, self.brands)

    def _goes_with(self, brand: Mention, words: list[str]) -> bool:
        """Whether "for" stands before a brand, and before it a thing: what the thing must fit."""
        before = words[: brand.start]
        while before and before[-1] in _ARTICLES_AND_OWNERS:
            before = before[:-1]
        return before[-1:] == ["for"] and bool(self.thing_mentions(before[:-1][-4:]))

    def corrected(self, text: str) -> str:
        """The text with misspelt words replaced by the vocabulary's nearest; words that anybody knows stay."""
        return self._respelt(re.sub(r"[A-Za-z]{4,}", lambda m: self._correct(m.group()), text))

    def _respelt(self, text: str) -> str:
        """ "Yga matt", "kitchen nives": two words that are no thing by themselves and together nearly the name of one."""
        found = list(re.finditer(r"[A-Za-z']+", text))
        for first, second in itertools.pairwise(found):
            pair = fold(f"{first.group()} {second.group()}")
            if len(pair) < 7 or all(word in self.known for word in pair.split()):
                continue
            near = process.extractOne(pair, self._named_in_two, scorer=fuzz.ratio, score_cutoff=_NEARLY_A_NAME)
            if near:
                return f"{text[: first.start()]}{near[0]}{text[second.end() :]}"
        return text

    @cached_property
    def _named_in_two(self) -> tuple[str, ...]:
        """Names of types in two words, and of one piece of them."""
        names = {fold(name) for name in self.vocabulary.types if name.count(" ") == 1}
        return tuple(sorted(names | {re.sub(r"(?<=[a-z]{3})s$", "", name) for name in names}))

    def facts(self, type_name: str | None) -> TypeFacts | None:
        return self.vocabulary.types.get(type_name) if type_name else None

    def _correct(self, word: str) -> str:
        plain = fold(word)
        american = _BRITISH.sub("iz", plain)
        if american != plain and american in self.vocabulary.words and plain not in self.vocabulary.words:
            return american
        if plain in self.known or plain in _FOREIGN:
            return word
        found = self._corrections.get(plain)
        if found is None:
            if len(self._corrections) >= _CORRECTIONS_KEPT:
                self._corrections.clear()
            found = self._corrections[plain] = self._nearest(plain)
        return found or word

    def _nearest(self, plain: str) -> str:
        """The vocabulary's word that was meant, by spelling or else by sound ("hedfones"); empty when none is near."""
        cutoff = _SURE_TYPO if stem(plain) in _stemmed(self.known) else _TYPO_CUTOFF
        near = process.extract(plain, self.correctable, scorer=fuzz.ratio, score_cutoff=cutoff, limit=4)
        fitting = [
            str(found)
            for found, score, _ in near
            if found[0] == plain[0] and stem(found) != stem(plain) and (abs(len(found) - len(plain)) <= 1 or score >= _SOUNDS_ALIKE)
        ]
        if fitting or len(plain) < 6 or "f" not in plain:
            return fitting[0] if fitting else ""
        sounding = process.extractOne(plain.replace("f", "ph"), self.correctable, scorer=fuzz.ratio, score_cutoff=_SOUNDS_ALIKE)
        return str(sounding[0]) if sounding and sounding[0][0] in (plain[0], "p") else ""

    def _mentions(self, keys: list[str], table: Mapping[tuple[str, ...], str]) -> list[Mention]:
        found: list[Mention] = []
        i = 0
        while i < len(keys):
            for length in range(min(_LONGEST, len(keys) - i), 0, -1):
                name = table.get(tuple(keys[i : i + length]))
                if name:
                    found.append(Mention(i, i + length, name))
                    i += length
                    break
            else:
                i += 1
        return found


def _is_thing(words: list[str], i: int, name: str) -> bool:
    """Whether a word that could name a thing does: "skiing" names no skis, "machine wash" no wash, "wall mounted" no mount."""
    word = words[i]
    if (words[i + 1 : i + 2] and words[i + 1] in _EVENTS) or (word == "short" and name.endswith("shorts")):
        return False
    if (word.endswith("ing") and not name.endswith("ing")) or (word.endswith("ed") and not name.endswith("ed")):
        return False
    if name.endswith(("er", "ers")) and not word.endswith(("er", "ers")):
        return False  # "tummy control" names no controllers
    return not _VERB_BESIDE.get(word, frozenset()) & set(words[max(0, i - 1) : i] + words[i + 1 : i + 2])


def _is_color(value: str, vocabulary: Vocabulary) -> bool:
    """Whether an entry of the colour lists says a colour: "a pink", "01 blue" and "59x79" are sellers' keys.

    A word that titles use far more often than colour lists do says something else: "steel", "china", "original".
    """
    words = value.split()
    if len(value) <= 2 or any(len(word) == 1 or any(c.isdigit() for c in word) for word in words):
        return False
    if set(words) & BASE_COLORS:
        return True
    used = max(vocabulary.words.get(word, 0) for word in words) if len(words) == 1 else 0
    return used <= _SAID_OF_OTHER_THINGS * vocabulary.colors[value]


def _paired(vocabulary: Vocabulary) -> frozenset[frozenset[str]]:
    names = {name for facts in vocabulary.types.values() for name in facts.path if re.search(r"&|\band\b", name)}
    return frozenset(frozenset(stems(name)) - {"and"} for name in names if len(stems(name)) <= 6)


def words_of(text: str) -> list[str]:
    """Folded words of a text, in order; possessive endings are dropped."""
    return [re.sub(r"'s?$", "", word) for word in _WORD.findall(fold(text))]


def stems(phrase: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words_of(phrase))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    return str(_STEMMER.stemWord(word))


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """English words as shoppers write them (drawn from our own training conversations)."""
    return frozenset((_HERE / "common_words.txt").read_text().split())


@lru_cache(maxsize=4)
def _stemmed(words: frozenset[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words)


@lru_cache(maxsize=1)
def _synonyms() -> dict[str, tuple[str, ...]]:
    """Folded type name -> further words for it."""
    table: dict[str, list[str]] = yaml.safe_load((_HERE / "synonyms.yaml").read_text())
    return {fold(name): tuple(words) for name, words in table.items()}
