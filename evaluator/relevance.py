"""Is a candidate about the need at all? A floor, so that a made-up product gets no unrelated offers."""

import re
from functools import lru_cache

import snowballstemmer

from domain.search import Candidate
from domain.terms import fold

_DENSE_FLOOR = 0.36
"""Cosine under which a product with none of the need's words is something else; set on the demo scenarios."""
_DENSE_NEAR = 0.45
"""Cosine under which more than half of the need's words must be said."""
_DENSE_ENOUGH = 0.52
_LEXICAL_ENOUGH = 0.7
"""Share of the words' weight, rare ones weighing most, from which a product says what was asked for in so many words."""
_WORD = re.compile(r"[a-z]{3,}")
_EMPTY = frozenset(["set", "kit", "pack", "new", "men", "women", "kids", "the", "and", "for", "with"])
_STEMMER = snowballstemmer.stemmer("english")


def relevant(candidate: Candidate, query: str, *, wanted_type: str | None) -> bool:
    """Whether the product shares a telling word with the query, or lies near it in meaning."""
    if candidate.dense >= _DENSE_ENOUGH or candidate.lexical >= _LEXICAL_ENOUGH:
        return True
    wanted = stems(f"{query} {wanted_type or ''}")
    product = candidate.product
    named = stems(" ".join((product.title, *product.category, product.brand or "")))
    if wanted_type is None:
        # A colour alone makes no unicorn of purple earbuds, and "vegan" alone no bag of a lip balm.
        values = stems(" ".join((*product.colors, *product.features)))
        wanted = wanted - values or wanted
        said = wanted & (named | stems(product.description))
        # Half of "bath bombs" is said by every bath towel.
        return candidate.dense >= _DENSE_FLOOR and bool(said) and (candidate.dense >= _DENSE_NEAR or 2 * len(said) > len(wanted))
    return bool(wanted & named) and candidate.dense >= 0.2


@lru_cache(maxsize=50_000)
def stems(text: str) -> frozenset[str]:
    """The text's telling words by their stems; small and empty ones left out."""
    return frozenset(_stem(word) for word in _WORD.findall(fold(text)) if word not in _EMPTY)


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """A catalogue's descriptions have the same few thousand words: stemming each anew was three quarters of the time of ranking."""
    return str(_STEMMER.stemWord(word))
