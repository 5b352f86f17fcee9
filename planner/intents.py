"""Which kind is a message, as far as its words tell? A linear classifier on the catalogue's own text encoder and on word pairs.

Two heads, since the same words mean other things before and after products were shown: "in blue?" refines what is on the screen and
is no wish by itself. Fitted by ``python -m training.intents`` from our own hand-written examples. Multinomial logistic regression: the
encoder is in the process anyway (3 ms a message), and the weights are a few hundred kilobytes that are re-fitted in seconds.
"""

import itertools
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast, get_args

import numpy as np
import numpy.typing as npt

from domain.errors import StartupError
from domain.plan import TaskKind
from domain.ports import Embedder

FILE = Path(__file__).resolve().parent / "intents.npz"
EXAMPLES = tuple(Path(__file__).resolve().parent / f"intent_examples{part}.yaml" for part in ("", "_first", "_shown"))
SURE = 0.6
"""Probability from which a kind is believed; below it the rules' own reading stands."""
_SURE_UNSAFE = 0.85
"""Refusing what is harmless costs more than a second look at what the lexicon let pass."""
_BUCKETS = 4096
_READ = 400
"""Characters of a message that the classifier reads."""
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[?!$]")
Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class IntentHead:
    """Weights of one row a feature and one column a kind."""

    kinds: tuple[TaskKind, ...]
    weights: Array
    bias: Array

    def probabilities(self, features: Array) -> Array:
        """One row a message, one column a kind."""
        scores = features @ self.weights + self.bias
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return cast(Array, scores / scores.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class IntentModel:
    """One head for a first message, one for a message said to products on the screen."""

    first: IntentHead
    shown: IntentHead
    examples_sha256: str = ""
    """Of the examples that they were fitted on."""

    @classmethod
    def load(cls, file: Path = FILE) -> "IntentModel":
        """StartupError, with the command that makes it, when the file is missing or of another form."""
        try:
            with np.load(file) as stored:
                heads = [
                    IntentHead(
                        cast(tuple[TaskKind, ...], tuple(str(kind) for kind in stored[f"{name}_kinds"])),
                        stored[f"{name}_weights"].astype(np.float32), stored[f"{name}_bias"].astype(np.float32),
                    )
                    for name in ("first", "shown")
                ]  # fmt: skip
                model = cls(heads[0], heads[1], str(stored["examples_sha256"]))
        except (OSError, KeyError, ValueError) as exc:
            raise StartupError(f"{file.name} cannot be read ({exc}); run `python -m training.intents`") from exc
        for head in heads:
            if not set(head.kinds) <= set(get_args(TaskKind)) or head.weights.shape[1] != len(head.kinds):
                raise StartupError(f"{file.name} names kinds {head.kinds!r} that no plan has; run `python -m training.intents`")
        return model


@dataclass(frozen=True)
class IntentReader:
    """Reads the kind of one message, where the classifier is sure of it."""

    embedder: Embedder
    model: IntentModel

    async def kind_of(self, message: str, *, shown: bool = False, sure: float = SURE) -> TaskKind | None:
        """None when no kind is likely enough. ``shown``: whether products stand on the screen."""
        head = self.model.shown if shown else self.model.first
        chances = head.probabilities(features([message], await self.embedder.embed([message[:_READ]])))[0]
        best = int(chances.argmax())
        kind = head.kinds[best]
        return kind if chances[best] >= (max(sure, _SURE_UNSAFE) if kind == "unsafe" else sure) else None


def features(messages: list[str], vectors: Array) -> Array:
    """The encoder's vectors beside hashed words and word pairs, each part of unit length; one row a message."""
    hashed = np.zeros((len(messages), _BUCKETS), np.float32)
    for row, message in enumerate(messages):
        words = ["^", *_WORD.findall(re.sub(r"[\u2019\u02bc`]", "'", message[:_READ].casefold())), "$"]
        for term in (*words[1:-1], *(f"{a} {b}" for a, b in itertools.pairwise(words))):
            hashed[row, zlib.crc32(term.encode()) % _BUCKETS] = 1.0
    hashed /= np.maximum(np.linalg.norm(hashed, axis=1, keepdims=True), 1e-6)
    return np.concatenate([np.asarray(vectors, np.float32), hashed], axis=1)


@lru_cache(maxsize=1)
def intent_model() -> IntentModel:
    """The committed weights, read once."""
    return IntentModel.load()
