"""How is the query model fine-tuned? Supervised, on lessons in the serving format, from a configuration and a seed; resumable.

python -m training.sft                       # training/conf/sft.yaml; goes on from the newest whole checkpoint
python -m training.sft steps=800 batch=32 device=cuda precision=bf16 workers=1 micro=32
"""

import json
import os
import random
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

# One thread a worker: OpenMP reads it when torch is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hydra
from omegaconf import DictConfig, OmegaConf

from config import ROOT, Settings
from domain.document import Document
from training.base_model import base_folder, load_tokenizer, load_weights
from training.checkpoints import Checkpoints
from training.example import Example, read_examples
from training.lessons import LengthMix, Lesson, PartWeights, Teacher, in_batches
from training.loss import Tally, loss_of
from training.trainable import LoraSettings, Trainable, with_everything, with_lora


class SftSettings(Document):
    """training/conf/sft.yaml, checked."""

    run: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    seed: int
    steps: int
    batch: int
    micro: int
    workers: int
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    method: Literal["lora", "full"]
    lora: LoraSettings
    learning_rate: float
    warmup: int
    decay_share: float
    clip: float
    held_dropout: float
    lengths: LengthMix
    weights: PartWeights
    checkpoint_minutes: float
    validate_steps: int
    validation_examples: int
    start_from: str | None

    def rate(self, step: int) -> float:
        """Warm up, hold, then fall to a tenth over the last ``decay_share`` of the steps."""
        decay_from = self.steps * (1 - self.decay_share)
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        if step < decay_from:
            return self.learning_rate
        return self.learning_rate * (1 - 0.9 * min(1.0, (step - decay_from) / (self.steps - decay_from)))


@hydra.main(version_base=None, config_path="conf", config_name="sft")
def main(config: DictConfig) -> None:
    settings = SftSettings.model_validate(OmegaConf.to_container(config, resolve=True))
    Run(settings, Settings().state_dir).train()


@dataclass
class Run:
    """One training run, from where its newest checkpoint stands to its last step."""

    settings: SftSettings
    state_dir: Path
    stopping: bool = False
    _log: list[dict[str, Any]] = field(default_factory=list)

    def train(self) -> Path:
        """Trains to the last step or until told to stop (SIGTERM, SIGINT); returns the last checkpoint."""
        import torch

        settings = self.settings
        torch.manual_seed(settings.seed)
        teacher, trainable = self._prepared()
        optimiser = torch.optim.AdamW(trainable.groups(settings.learning_rate, settings.lora.b_ratio), betas=(0.9, 0.99), weight_decay=0.0)
        checkpoints = Checkpoints(self._folder / "checkpoints")
        step, tokens_read = self._resume(checkpoints, trainable, optimiser)
        train, validation = self._examples()
        self._note(event="start", step=step, train=len(train), validation=len(validation), settings=settings.model_dump(mode="json"))
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        saved_at, began = time.monotonic(), time.monotonic()
        with ThreadPoolExecutor(settings.workers) as pool:
            while step < settings.steps and not self.stopping:
                for batch in self._epoch(train, teacher, step):
                    tally = self._step(trainable, optimiser, batch, pool, settings.rate(step))
                    step, tokens_read = step + 1, tokens_read + tally.read
                    seconds = round(time.monotonic() - began)
                    self._note(step=step, loss=tally.means(), tokens=tokens_read, rate=settings.rate(step - 1), seconds=seconds)
                    if step % settings.validate_steps == 0 or step == settings.steps:
                        self._note(step=step, validation=self._validate(trainable, teacher, validation, pool))
                    last = step >= settings.steps or self.stopping
                    if last or time.monotonic() - saved_at > 60 * settings.checkpoint_minutes:
                        saved_at = time.monotonic()
                        self._save(checkpoints, trainable, optimiser, step, tokens_read)
                    if last:
                        break
        return self._folder

    @property
    def _folder(self) -> Path:
        return self.state_dir / "training" / self.settings.run

    def _prepared(self) -> tuple[Teacher, Trainable]:
        import torch

        settings = self.settings
        folder = base_folder(self.state_dir)
        device = ("cuda" if torch.cuda.is_available() else "cpu") if settings.device == "auto" else settings.device
        bf16 = settings.precision == "bf16"
        model = load_weights(folder)
        lora = settings.lora if settings.method == "lora" else None
        made = with_lora(model, lora, device=device, bf16=bf16) if lora else with_everything(model, device=device, bf16=bf16)
        made.model.train()
        return Teacher(load_tokenizer(folder), settings.weights), made

    def _resume(self, checkpoints: Checkpoints, trainable: Trainable, optimiser: Any) -> tuple[int, int]:
        import torch

        found = checkpoints.latest()
        if found is None:
            if self.settings.start_from:
                from training.export import load_adapter

                load_adapter(Path(self.settings.start_from), trainable)
            return 0, 0
        tensors, progress, broken = found
        if broken:
            self._note(event="passed over broken checkpoints", names=broken)
        with torch.no_grad():
            for name, parameter in trainable.parameters.items():
                parameter.copy_(tensors["parameters"][name])
        optimiser.load_state_dict(tensors["optimiser"])
        return int(progress["step"]), int(progress["tokens"])

    def _examples(self) -> tuple[list[Example], list[Example]]:
        train, rejected = read_examples(*files_of(self.settings.train))
        validation, more = read_examples(*files_of(self.settings.validation))
        for row in (*rejected, *more):
            self._note(event="row left out", row=str(row))
        # The planner declines; a generator that learns to refuses a fifth of harmless turns (FACTS.md).
        train = [e for e in train if not e.target.decline]
        validation = [e for e in validation if not e.target.decline]
        random.Random(self.settings.seed).shuffle(validation)
        return train, validation[: self.settings.validation_examples]

    def _epoch(self, train: Sequence[Example], teacher: Teacher, step: int) -> list[list[Lesson]]:
        """What is left of the pass that ``step`` lies in; the same after a resume as without."""
        per_pass = -(-len(train) // self.settings.batch)
        chance = random.Random(self.settings.seed * 1000 + step // per_pass)
        lessons = [
            teacher.lesson(e, self.settings.lengths.draw(chance), forget_held=chance.random() < self.settings.held_dropout) for e in train
        ]
        return list(in_batches(lessons, size=self.settings.batch, chance=chance))[step % per_pass :]

    def _step(self, trainable: Trainable, optimiser: Any, batch: Sequence[Lesson], pool: ThreadPoolExecutor, rate: float) -> Tally:
        import torch

        parameters = list(trainable.parameters.values())
        total = sum(weight for lesson in batch for weight in lesson.weights)

        def gradient(lessons: Sequence[Lesson]) -> tuple[tuple[Any, ...], Tally]:
            loss, tally = loss_of(trainable, lessons)
            return torch.autograd.grad(loss / total, parameters), tally

        tally = Tally()
        for parameter in parameters:
            parameter.grad = None
        for gradients, part in pool.map(gradient, _pieces(batch, self.settings.micro)):
            tally.add(part)
            for parameter, value in zip(parameters, gradients, strict=True):
                parameter.grad = value if parameter.grad is None else parameter.grad.add_(value)
        torch.nn.utils.clip_grad_norm_(parameters, self.settings.clip)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["share"]
        optimiser.step()
        return tally

    def _validate(self, trainable: Trainable, teacher: Teacher, examples: Sequence[Example], pool: ThreadPoolExecutor) -> dict[str, float]:
        import torch

        lessons = sorted((teacher.lesson(e, "first") for e in examples), key=lambda lesson: len(lesson.ids))

        def cost(piece: Sequence[Lesson]) -> Tally:
            with torch.no_grad():
                return loss_of(trainable, piece)[1]

        tally = Tally()
        for part in pool.map(cost, _pieces(lessons, self.settings.micro)):
            tally.add(part)
        return tally.means()

    def _save(self, checkpoints: Checkpoints, trainable: Trainable, optimiser: Any, step: int, tokens: int) -> None:
        parameters = {name: p.detach().cpu() for name, p in trainable.parameters.items()}
        progress = {"step": step, "tokens": tokens, "settings": self.settings.model_dump(mode="json")}
        checkpoints.save(step, {"parameters": parameters, "optimiser": optimiser.state_dict()}, progress)

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _note(self, **fields: Any) -> None:
        """A line of the log, on the terminal and in the run's folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"at": round(time.time()), **fields}, ensure_ascii=False)
        print(line if "settings" not in fields else f"training from step {fields['step']} on {fields['train']} examples", flush=True)
        with (self._folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(line + "\n")


def files_of(patterns: Sequence[str]) -> list[Path]:
    """The files that match, sorted, under the project's root or the state folder; SystemExit when none does."""
    folders = (ROOT, Settings().state_dir)
    found = [path for pattern in patterns for folder in folders for path in sorted(folder.glob(pattern))]
    if not found:
        raise SystemExit(f"no file matches {list(patterns)!r}; make the data set with `python -m training.build`")
    return found


def _pieces(lessons: Sequence[Lesson], size: int) -> list[Sequence[Lesson]]:
    return [lessons[i : i + size] for i in range(0, len(lessons), size)]


if __name__ == "__main__":
    main()
