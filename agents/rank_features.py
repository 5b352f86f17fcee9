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
from agents.quantities import quantity_fit
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
    wanted, pairs = frozenset(request), frozenset(pairwise(request))
    titles = [frozenset(title_stems(c.product.title)) for c in candidates]
    rarity = {w: math.log((len(titles) + 1) / (1 + sum(w in title for title in titles))) + 0.1 for w in wanted}
    best = max(c.score for c in candidates) or 1.0
    places = _places([c.dense for c in candidates]), _places([c.lexical for c in candidates])
    rows = []
    for i, candidate in enumerate(candidates):
        product = candidate.product
        title = title_stems(product.title)
        in_title, kind, brand = titles[i], _stems(product.leaf_category or ""), _stems(product.brand or "")
        following = candidates[i + 1].score if i + 1 < len(candidates) else 0.0
        rows.append(
            (
                candidate.score, candidate.score / best, candidate.lexical, candidate.dense,
                1 / (1 + i), 1 / (1 + places[0][i]), 1 / (1 + places[1][i]),
                _share(wanted & in_title, wanted), _rare_share(wanted & in_title, rarity),
                _share(pairs & frozenset(pairwise(title)), pairs),
                float(bool(brand) and wanted.issuperset(brand)), type_added[i], float(right_kind[i]),
                sum(w in wanted for w in kind) / max(1, len(kind)), float(bool(kind) and list(kind) == request),
                _share(wanted & in_title, in_title), quantity_fit(product, task.request), len(wanted), candidate.score - following,
                min((at for at, word in enumerate(title) if word in wanted), default=_NOT_IN_TITLE),
            )
        )  # fmt: skip
    return np.asarray(rows, float)


def telling_words(request: str) -> list[str]:
    """The stems of a request that say something, in order."""
    return [w for w in _stems(request) if w not in _EMPTY]


def _share(found: frozenset[object], of: frozenset[object]) -> float:
    return len(found) / max(1, len(of))


def _rare_share(found: frozenset[str], rarity: dict[str, float]) -> float:
    return sum(rarity[w] for w in sorted(found)) / (sum(rarity[w] for w in sorted(rarity)) or 1.0)


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
