"""What does the learned ranker see of a candidate? One row of figures each, described in docs/ranking.md.

Ratings, prices and stock are not among them: no label speaks of them, and what a shopper says of them is weighed by rule.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agents.kind_match import title_stems
from agents.quantities import quantities, quantity_fit
from domain.plan import Task
from domain.search import Candidate
from planner.lexicon import stem, words_of

Features = npt.NDArray[np.float64]

RISING = (
    "score", "score_to_best", "lexical", "dense", "place", "dense_place", "lexical_place", "title_covers", "title_covers_rare",
    "title_pairs", "brand_said", "type_added", "right_kind", "type_said", "type_is_request",
)  # fmt: skip
"""Features of which more is never worse; training holds the trees to it."""
FREE = ("title_share", "quantity_fit", "request_words", "lead", "first_word_at")
FEATURES = (*RISING, *FREE)

_EMPTY = frozenset(stem(w) for w in ("for", "with", "and", "the", "a", "an", "of", "in", "to", "by", "on", "or", "s", "find", "me"))
_NOT_IN_TITLE = 30


def features(candidates: Sequence[Candidate], type_added: Sequence[float], right_kind: Sequence[bool], task: Task) -> Features:
    """A row a candidate, in the order of FEATURES; ``candidates`` as retrieval had them, best first."""
    if not candidates:
        return np.zeros((0, len(FEATURES)))
    request = telling_words(task.request)
    wanted, pairs = list(dict.fromkeys(request)), frozenset(pairwise(request))
    titles = [frozenset(title_stems(c.product.title)) for c in candidates]
    rarity = {w: math.log((len(titles) + 1) / (1 + sum(w in title for title in titles))) + 0.1 for w in wanted}
    rarest, words = sum(rarity.values()) or 1.0, max(1, len(wanted))
    best = max(c.score for c in candidates) or 1.0
    dense, lexical = _places([c.dense for c in candidates]), _places([c.lexical for c in candidates])
    measured = bool(quantities(task.request))
    rows = []
    for i, candidate in enumerate(candidates):
        product, in_title = candidate.product, titles[i]
        title, said = title_stems(product.title), [w for w in wanted if w in in_title]
        kind, brand = _stems(product.leaf_category or ""), _stems(product.brand or "")
        following = candidates[i + 1].score if i + 1 < len(candidates) else 0.0
        rows.append(
            (
                candidate.score, candidate.score / best, candidate.lexical, candidate.dense,
                1 / (1 + i), 1 / (1 + dense[i]), 1 / (1 + lexical[i]),
                len(said) / words, sum(rarity[w] for w in said) / rarest,
                len(pairs.intersection(pairwise(title))) / max(1, len(pairs)) if len(said) > 1 else 0.0,
                float(bool(brand) and all(w in rarity for w in brand)), type_added[i], float(right_kind[i]),
                sum(w in rarity for w in kind) / max(1, len(kind)), float(bool(kind) and list(kind) == request),
                len(said) / max(1, len(in_title)), quantity_fit(product, task.request) if measured else 0.0, len(wanted),
                candidate.score - following,
                next((at for at, word in enumerate(title) if word in rarity), _NOT_IN_TITLE) if said else _NOT_IN_TITLE,
            )
        )  # fmt: skip
    return np.asarray(rows, float)


def telling_words(request: str) -> list[str]:
    """The stems of a request that say something, in order."""
    return [w for w in _stems(request) if w not in _EMPTY]


def _places(scores: Sequence[float]) -> list[int]:
    """Each one's place when sorted, best first; ties as they stand."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    places = [0] * len(scores)
    for place, i in enumerate(order):
        places[i] = place
    return places


@lru_cache(maxsize=20_000)
def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(w) for w in words_of(text))
