"""What does a batch of lessons cost? Weighted next-token loss over what is taught, and its gradient."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from training.lessons import Lesson
from training.trainable import Trainable


@dataclass
class Tally:
    """Unweighted loss and token counts by part, to be added up over batches."""

    loss: dict[str, float] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    read: int = 0
    """Tokens that went through the model, the prompts included."""

    def add(self, other: "Tally") -> None:
        for part, value in other.loss.items():
            self.loss[part] = self.loss.get(part, 0.0) + value
            self.tokens[part] = self.tokens.get(part, 0) + other.tokens[part]
        self.read += other.read

    def means(self) -> dict[str, float]:
        """Loss a token, by part and over all."""
        parts = {part: round(self.loss[part] / self.tokens[part], 4) for part in sorted(self.loss)}
        total = sum(self.tokens.values())
        return parts | ({"all": round(sum(self.loss.values()) / total, 4)} if total else {})


def loss_of(trainable: Trainable, lessons: Sequence[Lesson]) -> tuple[Any, Tally]:
    """Sum of weighted token losses (a tensor with its graph), and the tally. Logits are computed for taught tokens only."""
    import torch

    longest = max(len(lesson.ids) for lesson in lessons)
    ids = torch.zeros((len(lessons), longest), dtype=torch.long)
    weights = torch.zeros((len(lessons), longest))
    for row, lesson in enumerate(lessons):
        ids[row, : len(lesson.ids)] = torch.tensor(lesson.ids)
        weights[row, : len(lesson.ids)] = torch.tensor(lesson.weights)
    ids, weights = ids.to(trainable.device), weights.to(trainable.device)
    inner = getattr(trainable.model, "base_model", trainable.model)
    causal = inner.model if hasattr(inner, "model") and hasattr(inner.model, "lm_head") else trainable.model
    with torch.autocast(trainable.device, torch.bfloat16, enabled=trainable.bf16):
        # Right padding needs no mask: a causal model's real tokens never see it.
        hidden = causal.model(ids, use_cache=False).last_hidden_state
        taught = weights[:, 1:] > 0
        logits = causal.lm_head(hidden[:, :-1][taught])
    losses = torch.nn.functional.cross_entropy(logits.float(), ids[:, 1:][taught], reduction="none")
    return (losses * weights[:, 1:][taught]).sum(), _tally(lessons, losses.detach().cpu().tolist())


def _tally(lessons: Sequence[Lesson], losses: Sequence[float]) -> Tally:
    tally, position = Tally(), 0
    for lesson in lessons:
        tally.read += len(lesson.ids)
        for part, weight in zip(lesson.parts[1:], lesson.weights[1:], strict=True):
            if weight > 0:
                tally.loss[part] = tally.loss.get(part, 0.0) + losses[position]
                tally.tokens[part] = tally.tokens.get(part, 0) + 1
                position += 1
    return tally
