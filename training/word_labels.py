"""Which words of a conversation belong to the need, and to which attribute? Labels from the stems of the target."""

import re
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

from domain.product import Gender
from tools.need_words import NeedInput, need_input
from tools.tagger_network import GENDERS, TAGS
from training.example import Example

_WORD = re.compile(r"[a-z0-9]+")
_STEMMER = snowballstemmer.stemmer("english")
_GENDER_STEMS: dict[Gender | None, frozenset[str]] = {
    "women": frozenset({"women", "woman", "ladi"}),
    "men": frozenset({"men", "man"}),
    "kids": frozenset({"kid", "child", "children", "boy", "girl"}),
}


@dataclass(frozen=True)
class WordLabels:
    """An input with, for each of its words, whether the need holds it and which attributes do."""

    input: NeedInput
    need: tuple[bool, ...]
    tags: tuple[tuple[bool, ...], ...]
    gender: int
    """Index into GENDERS of the gender that the attributes state."""
    query_gender: int
    """Index into GENDERS of the gender that the query is written with."""
    tagged: bool
    """Whether attributes and genders are known."""


def stems(text: str) -> frozenset[str]:
    """The stems of a text's words, without possessives."""
    words = _WORD.findall(text.lower().replace("’", "'").replace("'s", ""))
    return frozenset(_stem(word) for word in words)


def word_labels(example: Example, *, forget_held: bool = False) -> WordLabels:
    """Labels of one example; a word counts when all of its stems are in the target."""
    request = (example.model_copy(update={"filters": type(example.filters)()}) if forget_held else example).request
    read = need_input(request)
    target = example.target
    wanted = stems(target.query)
    by_tag = [stems(_joined(getattr(target.attributes, tag))) for tag in TAGS]
    own = [stems(word.text) for word in read.words]
    return WordLabels(
        input=read,
        need=tuple(bool(s) and s <= wanted for s in own),
        tags=tuple(tuple(bool(s) and s <= tag for tag in by_tag) for s in own),
        gender=GENDERS.index(target.attributes.gender),
        query_gender=_gender_of(wanted),
        tagged=example.taught == "all",
    )


def _gender_of(wanted: frozenset[str]) -> int:
    return next((i for i, gender in enumerate(GENDERS) if wanted & _GENDER_STEMS.get(gender, frozenset())), 0)


def _joined(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value or "")


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return str(_STEMMER.stemWord(word))
