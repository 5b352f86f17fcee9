"""Where does training get the base model from? The packaged GGUF, dequantised once to Hugging Face files beside the caches.

python -m training.base_model            # writes .aisle/models/smollm2-135m-instruct (540 MB, about a minute)
"""

import os
import shutil
from pathlib import Path
from typing import Any

from config import Settings
from models.embedded import packaged_base

NAME = "smollm2-135m-instruct"


def base_folder(state_dir: Path) -> Path:
    """The folder with weights and tokenizer; converted at the first call, whole or not at all."""
    folder = state_dir / "models" / NAME
    if not (folder / "config.json").exists():
        _convert(packaged_base().checked(), folder)
    return folder


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer, token for token that of llama.cpp."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def load_weights(folder: Path) -> Any:
    """The model in float32 on the CPU: the weights that the GGUF's four bits stand for, so that training sees what serving adds to."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")


def _convert(file: Path, folder: Path) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    model = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
    )
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    # The conversion loses it, and tokens around digits and line ends would differ from llama.cpp's (FACTS.md).
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
    model.save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


if __name__ == "__main__":
    print(base_folder(Settings().state_dir))
