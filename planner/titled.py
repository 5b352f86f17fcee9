"""Does a message spell out a product as the catalogue writes it? A pasted title is one need, and its words are no conditions."""

import re

from planner.lexicon import Lexicon, words_of

_ASKS_FOR = re.compile(
    r"^\W*(?:(?:please )?(?:find|show|get) me|(?:i'?m |i am )?(?:looking|searching) for|i (?:want|need)|do you (?:have|sell|carry|stock)|have you got)\s+(?:an? |the |some )?",
    re.IGNORECASE,
)
# "Add Riverstone Boots To My Cart" and "What Is ..." speak to us, however they are capitalised.
_SPEAKS = re.compile(
    r"^\W*(?:i|i'm|i'd|we|you|can|could|do|does|is|are|show|find|give|get|add|put|remove|compare|cancel|return|exchange|refund|what|which|how|where|when|why|who|"
    r"please|looking|need|want|buy|order|track|my|tell|help|hi|hello|hey|thanks?|yes|no|not|only|something|anything|gifts?)\b|\?.*\w|"
    r"[$€£]|\b(?:under|over|below|above|size|less than|more than|up to) \d",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[A-Za-z][\w'’®™-]*")
_SMALL = frozenset("a an and as at by for from in of on or the to with".split())
_FEWEST_WORDS, _FEWEST_WITHOUT_BRAND = 4, 7
_CAPITALISED, _KNOWN = 0.75, 0.8
_LIMIT = 16


def title_in(message: str, lexicon: Lexicon) -> str | None:
    """The words of the title that a message consists of, as a query; None when it reads as something else."""
    text = _ASKS_FOR.sub("", message).strip(" ?!.")
    tokens = [token for token in _TOKEN.findall(text) if token.casefold() not in _SMALL]
    if len(tokens) < _FEWEST_WORDS or message.isupper() or _SPEAKS.search(text):
        return None
    capitalised = sum(token[0].isupper() for token in tokens)
    words = words_of(text)
    spelt = [word for word in words if word[0].isalpha() and word not in _SMALL]
    known = sum(word in lexicon.vocabulary.words or word in lexicon.known for word in spelt)
    if capitalised < _CAPITALISED * len(tokens) or known < _KNOWN * len(spelt):
        return None
    if len(tokens) < _FEWEST_WITHOUT_BRAND and not lexicon.named_brands(words):
        return None
    return " ".join([word for word in dict.fromkeys(words) if word not in _SMALL][:_LIMIT])
