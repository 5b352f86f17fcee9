"""What is trained, and with which arithmetic? The base model with LoRA on every linear layer, or all of its weights."""

from dataclasses import dataclass
from typing import Any

from domain.document import Document

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class LoraSettings(Document):
    """Rank and scale of the adapter."""

    rank: int
    alpha: int
    b_ratio: float = 1.0
    """The B matrices learn this much faster than the A matrices (LoRA+)."""


@dataclass(frozen=True)
class Trainable:
    """A model in training and its parameters by name."""

    model: Any
    device: str
    bf16: bool

    @property
    def parameters(self) -> dict[str, Any]:
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}

    def groups(self, rate: float, b_ratio: float) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser, each with its share of the learning rate."""
        fast = [p for name, p in self.parameters.items() if ".lora_B." in name]
        slow = [p for name, p in self.parameters.items() if ".lora_B." not in name]
        return [{"params": ps, "lr": rate * share, "share": share} for ps, share in ((slow, 1.0), (fast, b_ratio)) if ps]


def with_lora(model: Any, settings: LoraSettings, *, device: str, bf16: bool) -> Trainable:
    """A fresh adapter (its B is zero: the model begins as the base) over frozen weights."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=settings.rank, lora_alpha=settings.alpha, lora_dropout=0.0, target_modules=list(TARGETS), task_type="CAUSAL_LM")
    return Trainable(get_peft_model(model, config).to(device), device, bf16)


def with_everything(model: Any, *, device: str, bf16: bool) -> Trainable:
    """All linear weights, those that an adapter can carry afterwards; not the embeddings, which know their words already."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(any(f".{target}." in name for target in TARGETS))
    return Trainable(model.to(device), device, bf16)
