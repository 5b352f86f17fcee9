"""Does the data keep its rules? Every example to the schema and the paper's rules, the set to variety; exit code 1 if not.

python -m training.validate                          # the hand-written core and the validation files
python -m training.validate FILE.jsonl ...
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from config import ROOT
from training.example import Example, read_examples
from training.rules import broken_rules, repeated_titles
from training.variety import variety_of

DATA = ROOT / "training" / "data"


def main(arguments: Sequence[str]) -> int:
    paths = [Path(a) for a in arguments] or [*sorted((DATA / "core").glob("*.jsonl")), *sorted((DATA / "validation").glob("*.jsonl"))]
    examples, rejected = read_examples(*paths)
    complaints = [*map(str, rejected), *complaints_about(examples)]
    print("\n".join(complaints[:80]))
    kinds = Counter(e.kind for e in examples)
    variety = variety_of(examples)
    print(f"{len(examples)} examples in {len({e.group for e in examples})} groups; {dict(kinds.most_common())}")
    print(f"distinct-3 {variety.distinct_3:.2f}; most used opening {variety.most_used_opening}; {len(complaints)} complaints")
    return 1 if complaints else 0


def complaints_about(examples: Sequence[Example]) -> list[str]:
    """Everything that is wrong with a set, example by example and as a whole."""
    found = [f"{e.id}: {rule}" for e in examples for rule in broken_rules(e)]
    found += [f"id {identity!r} is used {count} times" for identity, count in Counter(e.id for e in examples).items() if count > 1]
    found += [f"specific title {title!r} stands in too many examples" for title in repeated_titles(examples)]
    return found + variety_of(examples).complaints


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
