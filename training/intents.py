"""How is the classifier of planner/intents.py fitted? Logistic regression on MiniLM vectors; seconds on a CPU.

python -m training.intents
"""

import hashlib
import random
from collections import Counter

import numpy as np
import numpy.typing as npt
import yaml

from config import ROOT, Settings
from planner.intents import EXAMPLES, FILE, IntentModel
from tools.onnx_embedder import OnnxEmbedder
from training.example import read_examples

CORE = ROOT / "training" / "data" / "core"
_SEARCHES = 1500
"""Messages of the training conversations that want a product; they are the class that must not be lost."""
_STRENGTH = 4e-3
_FOLDS = 5

Array = npt.NDArray[np.float32]


def main() -> None:
    """Fits on everything after measuring by cross-validation; writes planner/intents.npz."""
    rows = labelled_messages()
    kinds = tuple(sorted({kind for kind, _ in rows}))
    embedder = OnnxEmbedder(Settings().state_dir / "cache", threads=2)
    vectors = embedder.encode([text for _, text in rows])
    wanted = np.array([kinds.index(kind) for kind, _ in rows])
    guessed = cross_validated(vectors, wanted, len(kinds))
    print(f"{len(rows)} messages, {_FOLDS}-fold accuracy {np.mean(guessed == wanted):.3f}")
    for i, kind in enumerate(kinds):
        taken = Counter(kinds[g] for g in guessed[wanted == i])
        print(f"  {kind:14} {taken[kind]:5} of {int((wanted == i).sum()):5}   {dict(taken.most_common(4))}")
    weights, bias = fitted(vectors, wanted, len(kinds))
    np.savez_compressed(FILE, kinds=np.array(kinds), weights=weights, bias=bias, examples_sha256=np.array(examples_sha256()))
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")
    IntentModel.load(FILE)


def labelled_messages() -> list[tuple[str, str]]:
    """(kind, message): the hand-written examples, and first messages of training conversations as searches."""
    table: dict[str, list[str]] = yaml.safe_load(EXAMPLES.read_text())
    rows = [(kind, message) for kind, messages in table.items() for message in messages]
    wanting = [
        example.conversation[0].text
        for example in read_examples(*sorted(CORE.glob("*.jsonl")))[0]
        if example.target.query and len(example.conversation) == 1
    ]
    random.Random(7).shuffle(wanting)
    return [*rows, *(("search", message[:400]) for message in wanting[:_SEARCHES])]


def examples_sha256() -> str:
    """Of the examples file as it stands."""
    return hashlib.sha256(EXAMPLES.read_bytes()).hexdigest()


def cross_validated(vectors: Array, wanted: npt.NDArray[np.int64], kinds: int) -> npt.NDArray[np.int64]:
    """What each message is taken for by a model that has not seen it."""
    guessed = np.zeros_like(wanted)
    folds = np.random.default_rng(7).integers(0, _FOLDS, len(wanted))
    for fold in range(_FOLDS):
        weights, bias = fitted(vectors[folds != fold], wanted[folds != fold], kinds)
        guessed[folds == fold] = (vectors[folds == fold] @ weights + bias).argmax(axis=1)
    return guessed


def fitted(vectors: Array, wanted: npt.NDArray[np.int64], kinds: int) -> tuple[Array, Array]:
    """Weights and bias by gradient descent with momentum; rare kinds count as much as common ones up to a third."""
    counts = np.bincount(wanted, minlength=kinds)
    share = (counts.max() / np.maximum(counts, 1)) ** 0.7
    weight = (share[wanted] / share[wanted].mean())[:, None]
    targets = np.eye(kinds)[wanted]
    weights, bias = np.zeros((vectors.shape[1], kinds)), np.zeros(kinds)
    speed_w, speed_b = np.zeros_like(weights), np.zeros_like(bias)
    for _ in range(600):
        scores = vectors @ weights + bias
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        error = weight * (chances - targets) / len(wanted)
        speed_w = 0.9 * speed_w - 2.0 * (vectors.T @ error + _STRENGTH * weights / 10)
        speed_b = 0.9 * speed_b - 2.0 * error.sum(axis=0)
        weights, bias = weights + speed_w, bias + speed_b
    return weights.astype(np.float32), bias.astype(np.float32)


if __name__ == "__main__":
    main()
