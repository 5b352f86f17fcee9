"""Is a product the kind of thing that was asked for? By its type, its place in the catalogue's tree, or its title."""

import re
from collections.abc import Sequence
from functools import lru_cache

from domain.product import Product
from domain.terms import fold
from planner.lexicon import Lexicon, stem, words_of

GENDER_WORDS = frozenset({"women", "woman", "men", "man", "kids", "kid", "boy", "girl", "ladies"})
_NOT_ITSELF = frozenset(stem(w) for w in ("for", "with", "compatible", "fits", "fit"))
_BETWEEN = re.compile(r"\s*(?:[&/,]|\band\b)\s*")

RIGHT_KIND = 0.4
"""Type match from which a product is the kind of thing that was asked for."""
TITLED = 0.6
"""Type match of what only its title says the kind of."""


def type_match(product: Product, wanted_type: str | None) -> float:
    """1 for the very type; 0.8 for its kin (same head noun, all its words named) and for what lies under it in the catalogue's
    tree ("Sweaters > Pullovers"); 0.6 where only the title says what it is; 0 for another thing; 0.5 without a type.
    """
    if wanted_type is None:
        return 0.5
    wanted, leaf = _parts(wanted_type), product.leaf_category or ""
    own, title = _parts(leaf), title_stems(product.title)
    if wanted & own:
        return 1.0
    named = set(title) | {word for part in own for word in part}
    heads = {part[-1] for part in own}
    if any(part[-1] in heads and set(part) <= named for part in wanted):
        return 0.8
    if any(wanted & _parts(level) for level in product.category[:-1]):
        return 0.8
    # A title that says the type by its name ("Tent Pegs" among "Tent Pegs") is of that type and of no other.
    return TITLED if not heads & set(title) and any(titled(part, title) for part in wanted) else 0.0


def compound_of(kind: str, request: str) -> tuple[str, ...] | None:
    """The wanted type with the word that follows it: a "laptop bag" is a bag, also where the shop has a type for laptops alone."""
    words, wanted = [stem(w) for w in words_of(request)], [stem(w) for w in words_of(kind)]
    for i in range(len(words) - len(wanted)):
        if words[i : i + len(wanted)] == wanted:
            return tuple(words[i : i + len(wanted) + 1])
    return None


def titled(phrase: Sequence[str], title: Sequence[str]) -> bool:
    """Whether the title names the phrase, and not what the thing is for ("case for iPad")."""
    size = len(phrase)
    return any(
        tuple(title[i : i + size]) == tuple(phrase) and not _NOT_ITSELF & set(title[max(0, i - 3) : i])
        for i in range(len(title) - size + 1)
    )


def head_match(product: Product, head: str, kin: frozenset[str] = frozenset()) -> float:
    """For a word that several types share ("jacket"): 1 when it heads the product's type or a synonym of it, 0.5 when its title says it."""
    leaf, wanted = product.leaf_category or "", stem(words_of(head)[-1])
    if any(part[-1] == wanted for part in _parts(leaf)) or fold(leaf) in kin:
        return 1.0
    return 0.5 if wanted in title_stems(product.title) else 0.0


def kin_types(lexicon: Lexicon, head: str) -> frozenset[str]:
    """Types that people call by this word though their names do not: a beanie is a "winter hat"."""
    wanted = stem(words_of(head)[-1])
    return frozenset(name for phrase, name in lexicon.types.items() if phrase[-1] == wanted)


@lru_cache(maxsize=10_000)
def _parts(name: str) -> frozenset[tuple[str, ...]]:
    """What a type's name names: "Men's Bags & Cases" is bags, cases, and both together."""
    named = (name, *_BETWEEN.split(fold(name)))
    return frozenset(part for text in named if (part := tuple(stem(w) for w in words_of(text) if w not in GENDER_WORDS)))


@lru_cache(maxsize=20_000)
def title_stems(title: str) -> tuple[str, ...]:
    return tuple(stem(w) for w in words_of(title))
