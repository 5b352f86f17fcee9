"""When do two words mean the same value? Folding for colours, sizes, brands, materials and features."""

import re
import unicodedata
from functools import lru_cache

_BRITISH = {"grey": "gray", "multicolour": "multicolor", "multicoloured": "multicolor", "aluminium": "aluminum"}
_SEPARATORS = str.maketrans("_-/\u2019", "   '")
_SIZES = {
    "extra small": "xs", "x small": "xs", "xsmall": "xs", "small": "s", "medium": "m", "med": "m", "large": "l", "extra large": "xl",
    "x large": "xl", "xlarge": "xl", "xx large": "xxl", "2xl": "xxl", "xxl": "xxl", "3xl": "xxxl", "one size": "one size",
}  # fmt: skip
_VALUE_LENGTH = 64
_SIZE_NOISE = re.compile(r"\b(us|usa|size|men'?s|women'?s|kids?'?|youth|toddler)\b|[,.]$")


def fold(text: str) -> str:
    """The form in which values are compared: case, accents, hyphens, spacing and British spelling do not count."""
    return _fold_value(text) if len(text) <= _VALUE_LENGTH else _fold(text)


def fold_size(text: str) -> str:
    """The form in which sizes are compared: "US 10", "10" and "Men's 10" are one size; "Medium" is "m"."""
    plain = re.sub(r"\s+", " ", _SIZE_NOISE.sub(" ", fold(text))).strip()
    plain = re.sub(r"(\d)\.0$", r"\1", plain)
    return _SIZES.get(plain, plain)


def _fold(text: str) -> str:
    plain = text.casefold()
    if not plain.isascii():  # most text is, and feeds are read by the million rows
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    words = plain.translate(_SEPARATORS).split()
    return " ".join([_BRITISH.get(word, word) for word in words])


# Colours, brands and words of filters come again with every product that a search looks at.
_fold_value = lru_cache(maxsize=32_768)(_fold)
