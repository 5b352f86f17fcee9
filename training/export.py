"""How does an adapter leave training? As a GGUF LoRA for llama.cpp, and back again to go on from.

    python -m training.export --out models/weights/query.gguf      # from the newest checkpoint of the run
"""

from pathlib import Path

from training.trainable import Trainable


def load_adapter(file: Path, trainable: Trainable) -> None:
    raise NotImplementedError
