"""Does the Nemotron recipe run? Some of its steps on a CPU: a tiny Llama 3.1 with random weights, our data, NeMo AutoModel's own loop.

It runs in an environment of AutoModel's (`pip install torch==2.13.0 nemo-automodel==0.7.0`, then `pip uninstall triton`: its kernels are
for GPUs), not in ``.venv``. From the repository root, after `python -m training.build`:

    python -m training.nemotron_rehearsal --steps 4

AutoModel 0.7 asks CUDA for the device and for memory figures without looking whether there is one; here those questions are answered
with the CPU. Nothing else of the recipe is changed: configuration, chat data set, LoRA, loss, schedule, checkpoint.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "training" / "conf" / "nemotron_lora.yaml"
_ASKS_FOR_CUDA = (
    "nemo_automodel._transformers.auto_model",
    "nemo_automodel._transformers.infrastructure",
    "nemo_automodel.recipes.llm.train_ft",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, default=ROOT / ".aisle", help="state folder with the base model's tokenizer")
    parser.add_argument("--steps", type=int, default=4)
    arguments = parser.parse_args()
    os.environ |= {
        "HF_HUB_OFFLINE": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "29517",
        "RANK": "0",
        "WORLD_SIZE": "1",
        "LOCAL_RANK": "0",
    }
    tiny = arguments.state / "models" / "tiny-llama-3.1"
    _write_tiny(tiny, tokenizer=arguments.state / "models" / "smollm2-135m-instruct")
    recipe = _recipe()
    changes = {
        "model.pretrained_model_name_or_path": tiny, "step_scheduler.max_steps": arguments.steps, "step_scheduler.global_batch_size": 8,
        "step_scheduler.val_every_steps": 1_000_000, "lr_scheduler.lr_warmup_steps": 1, "dist_env.backend": "gloo",
        "checkpoint.checkpoint_dir": arguments.state / "training" / "nemotron-rehearsal",
    }  # fmt: skip
    sys.argv = ["train_ft", "-c", str(RECIPE), *(word for key, value in changes.items() for word in (f"--{key}", str(value)))]
    recipe.main()


def _write_tiny(folder: Path, *, tokenizer: Path) -> None:
    """Llama 3.1's architecture (grouped heads, scaled rotations, untied head) with 13 million random weights."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    words = AutoTokenizer.from_pretrained(tokenizer)
    torch.manual_seed(20)
    rotation = {
        "rope_type": "llama3", "rope_theta": 500_000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 1024,
    }  # fmt: skip
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=128, intermediate_size=448, num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=2,
        max_position_embeddings=2048, rope_parameters=rotation, bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id,
        tie_word_embeddings=False,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)


def _recipe() -> Any:
    """AutoModel's recipe with the CPU in CUDA's place."""
    modules = [importlib.import_module(name) for name in _ASKS_FOR_CUDA]
    for module in modules:
        module.torch = _OnCpu(module.torch)  # type: ignore[attr-defined]
    return modules[-1]


class _OnCpu:
    """torch, but a question for CUDA is answered with the CPU."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self.cuda = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._torch, name)

    def device(self, *names: Any) -> Any:
        return self._torch.device("cpu" if names and names[0] == "cuda" else names[0])

    def current_device(self) -> Any:
        return self._torch.device("cpu")

    def is_available(self) -> bool:
        return False

    def max_memory_allocated(self) -> int:
        return 0

    def reset_peak_memory_stats(self) -> None:
        return None

    def empty_cache(self) -> None:
        return None


if __name__ == "__main__":
    main()
