"""What does a listing's own text say that its fields leave out? Whole words of short lists; nothing is inferred.

Colours and materials are read from the title alone, features from title and description. A word after "not", "non",
"no" or "without" states the opposite and is passed over; so are words inside the brand and in fixed phrases
such as "black tea" or "white noise".
"""

import re
from collections.abc import Iterable

from domain.terms import fold

COLORS = (
    "black", "white", "gray", "silver", "gold", "rose gold", "red", "blue", "navy", "navy blue", "light blue", "green",
    "olive", "yellow", "orange", "pink", "purple", "brown", "beige", "tan", "ivory", "cream", "teal", "turquoise",
    "burgundy", "charcoal", "khaki", "coral", "lavender", "mustard", "multicolor", "space gray",
)  # fmt: skip
MATERIALS = (
    "leather", "suede", "cotton", "wool", "merino", "linen", "silk", "denim", "polyester", "nylon", "fleece",
    "cashmere", "canvas", "bamboo", "ceramic", "porcelain", "glass", "stainless steel", "aluminum", "titanium", "wood",
    "oak", "walnut", "plastic", "silicone", "rubber", "faux leather", "vegan leather", "velvet", "rattan", "marble",
    "cast iron",
)  # fmt: skip
FEATURES = (
    "waterproof", "water resistant", "windproof", "breathable", "insulated", "quick dry", "stretch", "moisture wicking",
    "reflective", "non slip", "slip resistant", "steel toe", "arch support", "wide fit", "memory foam",
    "machine washable", "dishwasher safe", "microwave safe", "bpa free", "leakproof", "foldable", "collapsible",
    "packable", "lightweight", "adjustable", "portable", "rechargeable", "wireless", "bluetooth", "noise cancelling",
    "noise canceling", "fast charging", "usb c", "backlit", "mechanical", "4k", "touchscreen", "dimmable", "smart",
    "solar", "cordless", "organic", "vegan", "fragrance free", "hypoallergenic", "orthopedic", "ergonomic",
    "lumbar support", "reversible", "hooded", "uv protection", "polarized", "shockproof", "dustproof", "self inflating",
    "freestanding", "energy saving", "low noise", "gluten free", "sugar free",
)  # fmt: skip
_FIXED = (
    "black tea", "green tea", "white tea", "red wine", "white wine", "white noise", "blue light", "black friday",
    "black pepper", "red dead", "black ops", "white balance", "green screen", "red light", "glass screen",
    "orange juice", "gold plated", "gold tone", "gold plus", "cotton candy", "black ink", "wood burning",
    "tempered glass", "glass cleaner", "rubber band", "silver tone",
)  # fmt: skip
_NEGATED = r"(?<!\bnot )(?<!\bnon )(?<!\bno )(?<!\bwithout )(?<!\bisn't )"


def colors_in(title: str, *, brand: str | None) -> tuple[str, ...]:
    """Colours that the title names, longest names first ("navy blue", and then not also "navy")."""
    return _found(_COLORS, _open_words(title, brand))


def materials_in(title: str, *, brand: str | None) -> tuple[str, ...]:
    """Materials that the title names."""
    return _found(_MATERIALS, _open_words(title, brand))


def features_in(*texts: str) -> tuple[str, ...]:
    """Features that the texts name."""
    return _found(_FEATURES, fold(" . ".join(texts)))


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"{_NEGATED}\b({'|'.join(map(re.escape, longest_first))})\b")


_COLORS, _MATERIALS, _FEATURES = _pattern(COLORS), _pattern(MATERIALS), _pattern(FEATURES)
_PASSED_OVER = re.compile(rf"\b({'|'.join(_FIXED)})\b")


def _open_words(title: str, brand: str | None) -> str:
    folded = fold(title)
    if brand:
        folded = folded.replace(fold(brand), " . ")
    return _PASSED_OVER.sub(" . ", folded)


def _found(pattern: re.Pattern[str], folded: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match.group(1) for match in pattern.finditer(folded)))
