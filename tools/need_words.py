"""Which words does the need tagger read, and as which tokens? One layout for training and serving.

[CLS] held: hiking boots, brown [SEP] first message [SEP] shop: answer [SEP] last message [SEP]
"""

import re
from dataclasses import dataclass
from functools import cache

from tokenizers import Tokenizer

from domain.turn import FormulationRequest
from tools.minilm import packaged_model_dir

MESSAGES = 5
"""Latest messages that are read, the new one included."""
MAX_TOKENS = 192
_HELD = ("category", "gender", "size", "color", "brand", "material", "features")
_WORD = re.compile(r"\w+(?:[.'’/&+-]\w+)*|[^\w\s]")
_CLS, _SEP = 101, 102


@dataclass(frozen=True)
class NeedWord:
    """A word of the conversation and where its first token stands in the input."""

    text: str
    segment: int
    """0 is what held, then the messages in order."""
    position: int
    """Words of one segment count from 0, so that neighbours are seen to be neighbours."""
    token: int


@dataclass(frozen=True)
class NeedInput:
    """Token ids for the encoder and the words that they stand for."""

    ids: tuple[int, ...]
    words: tuple[NeedWord, ...]
    last_segment: int


def need_input(request: FormulationRequest) -> NeedInput:
    """The conversation as the tagger reads it; of a long one the oldest words are left out."""
    segments = _segments(request)
    ids: list[int] = []
    words: list[NeedWord] = []
    for number in range(len(segments) - 1, -1, -1):
        room = MAX_TOKENS - 1 - len(ids)
        own_ids, own_words = _read(segments[number], number, room)
        if not own_ids:
            break
        words = [*own_words, *(_moved(word, len(own_ids)) for word in words)]
        ids = [*own_ids, *ids]
    return NeedInput(ids=(_CLS, *ids), words=tuple(_moved(word, 1) for word in words), last_segment=len(segments) - 1)


@cache
def need_tokenizer() -> Tokenizer:
    """MiniLM's own word pieces, without special tokens."""
    tokenizer = Tokenizer.from_file(str(packaged_model_dir() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _segments(request: FormulationRequest) -> list[str]:
    held = request.held
    known = [value for name in _HELD for value in _values(getattr(held, name))]
    turns = [*request.conversation, ("user", request.message)][-MESSAGES:]
    said = [text if role == "user" else f"shop: {text}" for role, text in turns]
    return [f"held: {', '.join(known)}" if known else "held:", *said]


def _values(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, tuple) else [str(value)] if value else []


def _read(text: str, segment: int, room: int) -> tuple[list[int], list[NeedWord]]:
    """Tokens and words of one segment, its separator last; a text that is too long loses its beginning."""
    tokenizer = need_tokenizer()
    pieces = [(match.group(), tokenizer.encode(match.group(), add_special_tokens=False).ids) for match in _WORD.finditer(text)]
    while pieces and sum(len(ids) for _, ids in pieces) + 1 > room:
        pieces.pop(0)
    if not pieces:
        return [], []
    ids: list[int] = []
    words: list[NeedWord] = []
    for position, (word, own) in enumerate(pieces):
        if own:
            words.append(NeedWord(word, segment, position, len(ids)))
            ids += own
    return [*ids, _SEP], words


def _moved(word: NeedWord, by: int) -> NeedWord:
    return NeedWord(word.text, word.segment, word.position, word.token + by)
