"""How is the classifier of planner/intents.py fitted? Logistic regression on MiniLM vectors and word pairs; a minute on a CPU.

python -m training.intents
"""

import hashlib
import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import yaml

from config import ROOT, Settings
from planner.intents import EXAMPLES, FILE, IntentModel, features
from tools.onnx_embedder import OnnxEmbedder
from training.example import read_examples

CORE = ROOT / "training" / "data" / "core"
_SEARCHES = 1500
"""Messages of the training conversations that want a product; they are the class that must not be lost."""
_FOLLOW_UPS = 600
"""Last messages of its longer conversations, which refine what was shown or turn to something else."""
_LOOSENESS = 12.0
"""Inverse strength of the regularisation; chosen by cross-validation."""
_FOLDS = 5
Rows = Sequence[tuple[str, str]]
Array = npt.NDArray[np.float32]


def main() -> None:
    """Fits on everything after measuring by cross-validation; writes planner/intents.npz."""
    embedder = OnnxEmbedder(Settings().state_dir / "cache", threads=2)
    first, shown = labelled_messages()
    stored: dict[str, npt.NDArray[np.generic]] = {}
    for name, rows in (("first", first), ("shown", shown)):
        kinds = tuple(sorted({kind for kind, _ in rows}))
        texts = [text for _, text in rows]
        seen = features(texts, embedder.encode([text[:400] for text in texts]))
        wanted = np.array([kinds.index(kind) for kind, _ in rows])
        guessed = cross_validated(seen, wanted)
        print(f"{name}: {len(rows)} messages, {_FOLDS}-fold accuracy {np.mean(guessed == wanted):.3f}")
        for i, kind in enumerate(kinds):
            taken = Counter(kinds[g] for g in guessed[wanted == i])
            print(f"  {kind:14} {taken[kind]:5} of {int((wanted == i).sum()):5}   {dict(taken.most_common(4))}")
        weights, bias = fitted(seen, wanted)
        stored |= {f"{name}_kinds": np.array(kinds), f"{name}_weights": weights.astype(np.float16), f"{name}_bias": bias}
    np.savez_compressed(FILE, examples_sha256=np.array(examples_sha256()), **stored)  # type: ignore[arg-type]
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")
    IntentModel.load(FILE)


def labelled_messages() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(kind, message) of first messages, and of messages after products were shown."""
    plain, more, shown = ([(kind, text) for kind, texts in yaml.safe_load(file.read_text()).items() for text in texts] for file in EXAMPLES)
    examples = read_examples(*sorted(CORE.glob("*.jsonl")))[0]
    chance = random.Random(7)
    wanting = [e.conversation[0].text for e in examples if e.target.query and len(e.conversation) == 1]
    chance.shuffle(wanting)
    kinds = {"followup_narrow": "refine", "followup_relax": "refine", "followup_switch": "search"}
    following = [(kinds[e.kind], e.message[:400]) for e in examples if e.kind in kinds and len(e.conversation) > 1]
    chance.shuffle(following)
    searches = [("search", message[:400]) for message in wanting[:_SEARCHES]]
    # What a message is about does not hang on the screen: safety, the shop, the world outside.
    anywhere = [
        (kind, text) for kind, text in (*plain, *more) if kind in ("out_of_scope", "shop_question", "unsafe", "order", "small_talk")
    ]
    return [*plain, *more, *searches], [*shown, *following[:_FOLLOW_UPS], *anywhere]


def examples_sha256() -> str:
    """Of the examples' files as they stand."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in EXAMPLES)).hexdigest()


def cross_validated(seen: Array, wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What each message is taken for by a model that has not seen it."""
    guessed = np.zeros_like(wanted)
    folds = np.random.default_rng(7).integers(0, _FOLDS, len(wanted))
    for fold in range(_FOLDS):
        weights, bias = fitted(seen[folds != fold], wanted[folds != fold])
        guessed[folds == fold] = (seen[folds == fold] @ weights + bias).argmax(axis=1)
    return guessed


def fitted(seen: Array, wanted: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    """Weights and bias."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_LOOSENESS, max_iter=400)
    model.fit(seen, wanted)
    return model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32)


if __name__ == "__main__":
    main()
