"""How is the data set made? The hand-written core with real queries set into conversations, near-duplicates out, split by group.

python -m training.build             # <state>/training/data/{train,validation}.jsonl, and both as chat and as prompt and response
python -m training.build --record    # the same, and writes the counts and hashes that are committed
"""

import argparse
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config import Settings
from models.prompt import messages
from models.wire import encode_parts
from training.enlarge import Side, enlarged, real_queries
from training.example import Example, read_examples, to_json
from training.rules import broken_rules
from training.surroundings import Surroundings
from training.validate import DATA

RECIPE = DATA / "recipe.json"
SEED = 20
SIDES: tuple[Side, ...] = ("train", "validation")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Built:
    """One side of the data set."""

    side: Side
    examples: tuple[Example, ...]
    rejected: tuple[str, ...]
    near_duplicates: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write training/data/recipe.json")
    record = parser.parse_args().record
    settings = Settings()
    folder = settings.state_dir / "training" / "data"
    recipe: dict[str, object] = {"seed": SEED}
    for built in build(settings.data_dir):
        digests = write(built, folder)
        counts = {
            "examples": len(built.examples), "near_duplicates_removed": built.near_duplicates, "rejected": len(built.rejected),
            "by_source": dict(Counter(source_of(e) for e in built.examples)), "by_kind": dict(Counter(e.kind for e in built.examples)),
        }  # fmt: skip
        recipe[built.side] = counts | {"sha256": digests}
        print(f"{built.side}: {json.dumps(counts)}")
        print("\n".join(built.rejected[:20]))
    if record:
        RECIPE.write_text(json.dumps(recipe, indent=1) + "\n")


def build(data_dir: Path) -> list[Built]:
    """Both sides, the same for the same files and seed."""
    queries = real_queries(data_dir)
    if not queries:
        print(f"no data sets at {str(data_dir)!r}: only the hand-written conversations are used (AISLE_DATA_DIR)")
    sides = []
    for side in SIDES:
        written, rejected = read_examples(*sorted((DATA / ("core" if side == "train" else "validation")).glob("*.jsonl")))
        surroundings = Surroundings.load(DATA / "surroundings" / f"{side}.yaml")
        everything = [*written, *enlarged(queries, surroundings, side=side, seed=SEED)]
        # The planner declines; a generator that learns to refuses a fifth of harmless turns (measured).
        everything = [e for e in everything if not e.target.decline]
        sound = [e for e in everything if not broken_rules(e)]
        kept = without_near_duplicates(sound)
        random.Random(SEED).shuffle(kept)
        reasons = [*map(str, rejected), *(f"{e.id}: {broken_rules(e)[0]}" for e in everything if broken_rules(e))]
        sides.append(Built(side, tuple(kept), tuple(reasons), len(sound) - len(kept)))
    return sides


def without_near_duplicates(examples: Iterable[Example]) -> list[Example]:
    """Examples whose last message and target have not stood before, word for word without order, case and signs."""
    seen: set[tuple[str, str, str]] = set()
    kept = []
    for example in examples:
        earlier = " ".join(said.text for said in example.conversation[:-1])
        key = (_signature(earlier), _signature(example.message), _signature(example.target.query))
        if key not in seen:
            seen.add(key)
            kept.append(example)
    return kept


def write(built: Built, folder: Path) -> dict[str, str]:
    """The side as examples, as chat and as prompt and response; sha256 by form."""
    folder.mkdir(parents=True, exist_ok=True)
    forms = {"": [to_json(e) for e in built.examples], ".chat": chat_form(built.examples), ".prompt": prompt_form(built.examples)}
    digests = {}
    for form, rows in forms.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{built.side}{form}.jsonl").write_text(text, encoding="utf-8")
        digests[form.lstrip(".") or "examples"] = hashlib.sha256(text.encode()).hexdigest()
    return digests


def chat_form(examples: Sequence[Example]) -> list[dict[str, object]]:
    """Messages with the answer last: the OpenAI format that NeMo AutoModel's ChatDataset and others read."""
    return [{"messages": [*messages(e.request), {"role": "assistant", "content": answer_of(e)}]} for e in examples]


def prompt_form(examples: Sequence[Example]) -> list[dict[str, object]]:
    """One prompt text and its response, for trainers without a chat template."""
    rows: list[dict[str, object]] = []
    for example in examples:
        lines = [f"{message['role']}: {message['content']}" for message in messages(example.request)]
        rows.append({"prompt": "\n".join([*lines, "assistant:"]), "response": answer_of(example)})
    return rows


def answer_of(example: Example) -> str:
    """As much of the wire format as the example teaches."""
    parts = encode_parts(example.target.formulation)
    if example.taught == "query":
        return parts[0]
    return "".join(parts[:3] if example.taught == "names" else parts)


def source_of(example: Example) -> str:
    """Where an example comes from: "core", or the name of a public set."""
    prefix = example.id.split("-")[0]
    return prefix if prefix in ("webshop", "wands", "bestbuy", "benchmark") else "core"


def _signature(text: str) -> str:
    return " ".join(sorted(_WORD.findall(text.lower())))


if __name__ == "__main__":
    main()
