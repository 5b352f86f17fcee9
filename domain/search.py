"""What is asked of the index and what comes back?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.document import Document
from domain.filters import FilterField
from domain.product import Product, Variant

Vectors = npt.NDArray[np.float32]
"""Row vectors, L2-normalised: shape (n, dimensions)."""


@dataclass(frozen=True, kw_only=True)
class HybridQuery:
    """One look-up. The query leads in both legs; hypothetical titles are added beside it in the dense leg (FACTS.md)."""

    text: str
    """Words for the lexical leg; the query, not the whole message."""
    vector: Vectors
    """The query's vector, shape (dimensions,)."""
    hyde: Vectors | None = None
    """Vectors of hypothetical titles, shape (n, dimensions); None without."""
    raw_text: str | None = None
    """The message as said, kept as a weak second signal; None when it is the query."""
    raw_vector: Vectors | None = None
    category: str | None = None
    """A predicted category: a soft boost, never a filter."""


class Candidate(Document):
    """A product that retrieval found, with the scores it was found by. Scores lie in 0..1, higher is better."""

    product: Product
    score: float
    lexical: float = 0.0
    dense: float = 0.0


class Retrieved(Document):
    """What one look-up found, best first."""

    candidates: tuple[Candidate, ...]
    total: int
    """How many products that pass the filters are about as relevant as the best, among the hundreds that were looked at."""
    unfiltered: tuple[FilterField, ...] = ()
    """Filters that no product of the catalogue carries a value for: they ranked instead of excluding (API.md)."""


class RankedProduct(Document):
    """A product chosen for the answer."""

    product: Product
    variant: Variant | None = None
    """The variant to show when size or colour was asked for."""
    score: float
    why: str
    """The true reason in a few words, made of facts: "4.6 stars, $20 under your budget"."""


class Section(Document):
    """A category of the answer with its ranked products."""

    category: str
    explanation: str | None = None
    products: tuple[RankedProduct, ...]
