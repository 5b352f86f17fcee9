"""Which kind is a message that the rules cannot place? A linear classifier on the catalogue's own text encoder.

Trained by ``python -m training.intents`` from planner/intent_examples.yaml and the training conversations. Multinomial logistic
regression on MiniLM vectors: the encoder is in the process anyway (3 ms a message), a few hundred hand-written examples suffice,
and the weights are a few kilobytes that can be read and re-fitted in seconds.
"""

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
EXAMPLES = Path(__file__).resolve().parent / "intent_examples.yaml"
SURE = 0.6
"""Probability from which a kind is believed; below it the message is searched for."""
_SURE_UNSAFE = 0.85
"""Refusing what is harmless costs more than a second look at what the lexicon let pass."""


@dataclass(frozen=True)
class IntentModel:
    """Weights of one row a dimension and one column a kind."""

    kinds: tuple[TaskKind, ...]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    examples_sha256: str = ""
    """Of the examples that it was fitted on."""

    @classmethod
    def load(cls, file: Path = FILE) -> "IntentModel":
        """StartupError, with the command that makes it, when the file is missing or of another form."""
        try:
            with np.load(file) as stored:
                kinds = tuple(str(kind) for kind in stored["kinds"])
                model = cls(cast(tuple[TaskKind, ...], kinds), stored["weights"], stored["bias"], str(stored["examples_sha256"]))
        except (OSError, KeyError, ValueError) as exc:
            raise StartupError(f"{file.name} cannot be read ({exc}); run `python -m training.intents`") from exc
        if not set(model.kinds) <= set(get_args(TaskKind)) or model.weights.shape[1] != len(model.kinds):
            raise StartupError(f"{file.name} names kinds {model.kinds!r} that no plan has; run `python -m training.intents`")
        return model

    def probabilities(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """One row a vector, one column a kind."""
        scores = vectors @ self.weights + self.bias
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return cast(npt.NDArray[np.float32], scores / scores.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class IntentReader:
    """Reads the kind of one message, where the classifier is sure of it."""

    embedder: Embedder
    model: IntentModel

    async def kind_of(self, message: str) -> TaskKind | None:
        """None when no kind is likely enough."""
        vectors = await self.embedder.embed([message[:400]])
        chances = self.model.probabilities(vectors)[0]
        best = int(chances.argmax())
        kind = self.model.kinds[best]
        return kind if chances[best] >= (_SURE_UNSAFE if kind == "unsafe" else SURE) else None


@lru_cache(maxsize=1)
def intent_model() -> IntentModel:
    """The committed weights, read once."""
    return IntentModel.load()
