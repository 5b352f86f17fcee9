"""How does the query model leave for vLLM? The packaged base with our adapter merged in, or the adapter alone, as Hugging Face files.

python -m training.merge out/query-model                  # merged weights and tokenizer: vLLM --model out/query-model
python -m training.merge out/query-lora --adapter-only    # peft files: vLLM --enable-lora --lora-modules query=out/query-lora
"""

import argparse
import shutil
from pathlib import Path
from typing import Any

from config import Settings
from training.base_model import base_folder, load_tokenizer, load_weights
from training.export import OUT, load_adapter, read_adapter
from training.trainable import LoraSettings, with_lora


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--adapter", type=Path, default=OUT, help="a GGUF adapter that training.export wrote")
    parser.add_argument("--adapter-only", action="store_true")
    arguments = parser.parse_args()
    write_model(arguments.folder, arguments.adapter, base=base_folder(Settings().state_dir), adapter_only=arguments.adapter_only)
    size = sum(file.stat().st_size for file in arguments.folder.rglob("*") if file.is_file())
    print(f"{arguments.folder}: {size / 1e6:.0f} MB")


def write_model(folder: Path, adapter: Path, *, base: Path, adapter_only: bool = False) -> None:
    """The folder, whole or not at all; ModelUnavailable when the adapter belongs to another base."""
    tuned = _with_adapter(load_weights(base), adapter)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    if adapter_only:
        tuned.save_pretrained(unfinished)
    else:
        import torch

        tuned.merge_and_unload().to(torch.bfloat16).save_pretrained(unfinished)
    load_tokenizer(base).save_pretrained(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def _with_adapter(model: Any, adapter: Path) -> Any:
    pairs, alpha = read_adapter(adapter)
    rank = next(iter(pairs.values()))[0].shape[0]
    trainable = with_lora(model, LoraSettings(rank=rank, alpha=round(alpha)), device="cpu", bf16=False)
    load_adapter(adapter, trainable)
    return trainable.model


if __name__ == "__main__":
    main()
