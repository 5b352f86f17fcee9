"""How is the need tagger trained? MiniLM's upper layers and a few heads over the words of the conversation; minutes on a CPU.

python -m training.tagger                    # training/conf/tagger.yaml
"""

import json
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import hydra
import torch
from omegaconf import DictConfig, OmegaConf
from torch import nn

from config import Settings
from domain.document import Document
from tools.minilm import packaged_model_dir
from tools.tagger_network import GENDERS, TAGS
from training.example import Example, read_examples
from training.sft import files_of
from training.surroundings import Surroundings
from training.validate import DATA
from training.word_labels import WordLabels, stems, word_labels


class TaggerSettings(Document):
    """training/conf/tagger.yaml, checked."""

    run: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    seed: int
    epochs: int
    batch: int
    frozen_layers: int
    learning_rate: float
    warmup_share: float
    held_dropout: float
    story_share: float
    tuning_share: float
    attribute_weight: float
    gender_weight: float
    threads: int


class NeedTaggerNet(nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
    """MiniLM with heads: need and attributes a word, two genders a conversation."""

    def __init__(self, *, frozen_layers: int) -> None:
        super().__init__()
        from transformers import BertModel

        self.encoder = BertModel.from_pretrained(packaged_model_dir(), add_pooling_layer=False)
        self.need = nn.Linear(384, 1)
        self.tags = nn.Linear(384, len(TAGS))
        self.genders = nn.Linear(384, 2 * len(GENDERS))
        self.encoder.embeddings.requires_grad_(False)
        for layer in self.encoder.encoder.layer[:frozen_layers]:
            layer.requires_grad_(False)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return self.need(hidden).squeeze(-1), self.tags(hidden), self.genders(hidden[:, 0]).view(-1, 2, len(GENDERS))


@hydra.main(version_base=None, config_path="conf", config_name="tagger")
def main(config: DictConfig) -> None:
    settings = TaggerSettings.model_validate(OmegaConf.to_container(config, resolve=True))
    train(settings, Settings().state_dir / "training" / settings.run)


def train(settings: TaggerSettings, folder: Path) -> None:
    """Trains, tunes the threshold on held-back groups, writes ``tagger.pt`` and ``log.jsonl``."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    chance = random.Random(settings.seed)
    examples = _served(settings.train)
    tuning_groups = {g for g in sorted({e.group for e in examples}) if chance.random() < settings.tuning_share}
    tuning = [word_labels(e) for e in examples if e.group in tuning_groups]
    tuning_queries = [e.target.query for e in examples if e.group in tuning_groups]
    taught = [e for e in examples if e.group not in tuning_groups]
    validation_examples = _served(settings.validation)
    validation = [word_labels(e) for e in validation_examples]
    net = NeedTaggerNet(frozen_layers=settings.frozen_layers)
    encoder = [p for p in net.encoder.parameters() if p.requires_grad]
    heads = [*net.need.parameters(), *net.tags.parameters(), *net.genders.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": encoder, "lr": settings.learning_rate}, {"params": heads, "lr": 10 * settings.learning_rate}], weight_decay=0.01
    )
    steps = settings.epochs * -(-len(taught) // settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps, settings.warmup_share))
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    stories = Surroundings.load(DATA / "surroundings" / "train.yaml")
    for epoch in range(_resume(folder, net, optimiser, schedule), settings.epochs):
        chance = random.Random(f"{settings.seed} {epoch}")
        net.train()
        told = [stories.with_story(e, chance) if chance.random() < settings.story_share else e for e in taught]
        lessons = [word_labels(e, forget_held=chance.random() < settings.held_dropout) for e in told]
        total = 0.0
        batches = _batches(lessons, settings.batch, chance)
        for number, batch in enumerate(batches, start=1):
            loss = _loss(net, batch, settings)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
            if number % 50 == 0:
                print(
                    f"epoch {epoch + 1} batch {number}/{len(batches)} loss {total / number:.4f} after {time.monotonic() - began:.0f} s",
                    flush=True,
                )
        threshold, tuned = best_threshold(probabilities(net, tuning), tuning, tuning_queries)
        measured = f1_at(threshold, probabilities(net, validation), validation, [e.target.query for e in validation_examples])
        row = {
            "epoch": epoch + 1,
            "loss": round(total / len(batches), 4),
            "threshold": threshold,
            "tuning_f1": round(tuned, 4),
            "validation_f1": round(measured, 4),
            "seconds": round(time.monotonic() - began),
        }
        print(json.dumps(row), flush=True)
        with (folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")
        partial = folder / "tagger.partial"
        state = {
            "weights": net.state_dict(), "thresholds": {"need": threshold}, "epoch": epoch + 1, "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(), "settings": settings.model_dump(mode="json"),
        }  # fmt: skip
        torch.save(state, partial)
        partial.replace(folder / "tagger.pt")


def _resume(folder: Path, net: NeedTaggerNet, optimiser: torch.optim.Optimizer, schedule: Any) -> int:
    """The epoch to go on with: 0 in an empty folder, else the one after the last that was saved."""
    file = folder / "tagger.pt"
    if not file.exists():
        return 0
    saved = torch.load(file, map_location="cpu", weights_only=True)
    net.load_state_dict(saved["weights"])
    optimiser.load_state_dict(saved["optimiser"])
    schedule.load_state_dict(saved["schedule"])
    print(f"going on after epoch {saved['epoch']}", flush=True)
    return int(saved["epoch"])


@dataclass(frozen=True)
class Tagged:
    """What the network says of one input, a row a word."""

    need: list[float]
    tags: list[list[float]]
    gender: list[float]
    query_gender: list[float]


def probabilities(net: NeedTaggerNet, rows: Sequence[WordLabels]) -> list[Tagged]:
    """Probabilities for every word of every row."""
    net.eval()
    found: list[Tagged] = []
    with torch.no_grad():
        for row in rows:
            ids, mask = _padded([row])
            need, tags, genders = net(ids, mask)
            places = [word.token for word in row.input.words]
            found.append(Tagged(
                torch.sigmoid(need[0, places]).tolist(), torch.sigmoid(tags[0, places]).tolist(),
                torch.softmax(genders[0, 0], -1).tolist(), torch.softmax(genders[0, 1], -1).tolist(),
            ))  # fmt: skip
    return found


def query_words(row: WordLabels, tagged: Tagged, threshold: float) -> list[str]:
    """The words of the need, each stem once, in the order of the conversation; the gender first where it isn't among them."""
    chosen: dict[frozenset[str], str] = {}
    for word, chance in zip(row.input.words, tagged.need, strict=True):
        own = stems(word.text)
        if chance >= threshold and own and own not in chosen:
            chosen[own] = word.text.lower()
    gender = GENDERS[max(range(len(GENDERS)), key=lambda i: tagged.query_gender[i])]
    said = {s for own in chosen for s in own}
    if gender in ("women", "men", "kids") and not said & {"women", "men", "kid", "ladi", "boy", "girl"}:
        return [{"women": "women's", "men": "men's", "kids": "kids"}[gender], *chosen.values()]
    return list(chosen.values())


def f1(found: frozenset[str], wanted: frozenset[str]) -> float:
    """F1 over stems."""
    common = len(found & wanted)
    return 2 * common / (len(found) + len(wanted)) if common else 0.0


def f1_at(threshold: float, tagged: Sequence[Tagged], rows: Sequence[WordLabels], queries: Sequence[str]) -> float:
    """Mean F1 of the tagged queries."""
    scores = [f1(stems(" ".join(query_words(r, t, threshold))), stems(q)) for t, r, q in zip(tagged, rows, queries, strict=True)]
    return sum(scores) / len(scores)


def best_threshold(tagged: Sequence[Tagged], rows: Sequence[WordLabels], queries: Sequence[str]) -> tuple[float, float]:
    """The threshold with the best F1, hand-written conversations and real queries counting alike, and that F1."""
    parts = [[i for i, row in enumerate(rows) if row.tagged == written] for written in (True, False)]

    def score(threshold: float) -> float:
        means = [f1_at(threshold, [tagged[i] for i in part], [rows[i] for i in part], [queries[i] for i in part]) for part in parts if part]
        return sum(means) / len(means)

    best = max((t / 100 for t in range(20, 71, 5)), key=score)
    return best, score(best)


def _loss(net: NeedTaggerNet, batch: Sequence[WordLabels], settings: TaggerSettings) -> torch.Tensor:
    ids, mask = _padded(batch)
    need, tags, genders = net(ids, mask)
    rows = torch.tensor([i for i, row in enumerate(batch) for _ in row.input.words])
    places = torch.tensor([word.token for row in batch for word in row.input.words])
    known = torch.tensor([row.tagged for row in batch])
    wanted = torch.tensor([float(n) for row in batch for n in row.need])
    loss = nn.functional.binary_cross_entropy_with_logits(need[rows, places], wanted)
    if not known.any():
        return loss
    which = known[rows]
    labels = torch.tensor([[float(t) for t in tag] for row in batch for tag in row.tags])[which]
    loss = loss + settings.attribute_weight * nn.functional.binary_cross_entropy_with_logits(tags[rows, places][which], labels)
    classes = torch.tensor([[row.gender, row.query_gender] for row in batch])[known]
    return loss + settings.gender_weight * nn.functional.cross_entropy(genders[known].flatten(0, 1), classes.flatten())


def _padded(batch: Sequence[WordLabels]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(len(row.input.ids) for row in batch)
    ids, mask = torch.zeros((len(batch), longest), dtype=torch.long), torch.zeros((len(batch), longest), dtype=torch.long)
    for i, row in enumerate(batch):
        ids[i, : len(row.input.ids)] = torch.tensor(row.input.ids)
        mask[i, : len(row.input.ids)] = 1
    return ids, mask


def _batches(rows: Sequence[WordLabels], size: int, chance: random.Random) -> list[Sequence[WordLabels]]:
    order = list(rows)
    chance.shuffle(order)
    pools = [sorted(order[i : i + 12 * size], key=lambda r: len(r.input.ids)) for i in range(0, len(order), 12 * size)]
    batches: list[Sequence[WordLabels]] = [pool[i : i + size] for pool in pools for i in range(0, len(pool), size)]
    chance.shuffle(batches)
    return batches


def _served(patterns: Sequence[str]) -> list[Example]:
    return [e for e in read_examples(*files_of(patterns))[0] if not e.target.decline]


def _rate(step: int, steps: int, warmup_share: float) -> float:
    warmup = max(1, round(steps * warmup_share))
    return (step + 1) / warmup if step < warmup else max(0.02, (steps - step) / max(1, steps - warmup))


if __name__ == "__main__":
    main()
