"""How well does the planner understand? Intent, exact filters and references on messages written apart, and the time a message takes.

python -m benchmarks.planning                     # planner/validation/*.yaml over the demo catalogue's vocabulary
python -m benchmarks.planning --misses            # every message that was misunderstood, with what was read
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import Field

from benchmarks.report import print_table, write_result
from catalog.demo import load_demo
from catalog.vocabulary import Vocabulary
from config import ROOT, Settings
from domain.document import Document
from domain.filters import FILTER_FIELDS, Filters
from domain.money import Money
from domain.plan import Plan
from domain.ports import Embedder, Planner
from domain.session import Session, ShownProduct
from domain.shop_views import PendingView
from domain.shopper import Shopper
from domain.turn import Received
from planner.buying_planner import BuyingPlanner
from planner.intents import IntentReader, intent_model
from planner.rule_planner import RulePlanner
from planner.safety import safety_rules
from tools.onnx_embedder import OnnxEmbedder

FOLDER = ROOT / "planner" / "validation"
_NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
_SCREENS: dict[str, tuple[ShownProduct, ...]] = {
    "boots": tuple(
        ShownProduct(
            product_id=f"b{i}", ordinal=i, title=title, category="Hiking Boots", brand=brand, colors=(color,), price=Money.usd(price)
        )
        for i, (title, brand, color, price) in enumerate(
            [
                ("Norrholt Trailhead Waterproof Hiking Boots", "Norrholt", "black", "129.00"),
                ("Fellmere Ridge Hiking Boots", "Fellmere", "brown", "89.00"),
                ("Kaldvik Summit Hiking Boots", "Kaldvik", "blue", "149.00"),
            ],
            start=1,
        )
    )
}
"""What may stand on the shopper's screen before the last message."""


class Case(Document):
    """One message with what it means; ``filters`` None is "not looked at", {} is "none held"."""

    say: str
    kind: str
    filters: dict[str, Any] | None = None
    after: tuple[str, ...] = ()
    screen: str | None = None
    products: tuple[str, ...] | None = None


class Cases(Document):
    cases: tuple[Case, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Outcome:
    """What was read of one case."""

    case: Case
    kind: str
    filters: dict[str, Any]
    products: tuple[str, ...]
    seconds: float

    @property
    def intent_right(self) -> bool:
        return self.kind == self.case.kind

    @property
    def filters_right(self) -> bool | None:
        """None where the case says nothing of filters."""
        return None if self.case.filters is None else self.filters == _comparable(self.case.filters)

    @property
    def products_right(self) -> bool | None:
        return None if self.case.products is None else self.products == self.case.products


def load_cases(folder: Path = FOLDER) -> tuple[Case, ...]:
    """All cases, file by file; a misspelt field fails with its name."""
    return tuple(case for file in sorted(folder.glob("*.yaml")) for case in Cases(cases=yaml.safe_load(file.read_text())).cases)


async def play(planner: Planner, case: Case) -> Outcome:
    """The case's last message, heard after the ones before it."""
    session = Session(session_id="benchmark", created_at=_NOW, expires_at=_NOW + timedelta(hours=1))
    for message in case.after:
        heard = Received(turn_id="before", message=message, at=_NOW, session=session)
        session = _after(await planner.plan(heard), session)
    if case.screen:
        session = session.model_copy(update={"shown": _SCREENS[case.screen]})
    received = Received(turn_id="turn", message=case.say, at=_NOW, session=session)
    started = time.perf_counter()
    plan = await planner.plan(received)
    seconds = time.perf_counter() - started
    held = plan.searches[0].filters if plan.searches else plan.standing
    return Outcome(case, plan.tasks[0].kind, _held(held), plan.tasks[0].product_ids, seconds)


def main(
    misses: Annotated[bool, typer.Option(help="Print every message that was misunderstood.")] = False,
    folder: Annotated[Path, typer.Option(help="Folder of YAML files with cases.")] = FOLDER,
) -> None:
    """Prints accuracy, confusion and times; writes benchmarks/results/planning.json."""
    vocabulary = Vocabulary.from_products(load_demo())
    embedder = OnnxEmbedder(Settings().state_dir / "cache")
    outcomes = asyncio.run(_outcomes(served_planner(lambda: vocabulary, embedder), load_cases(folder)))
    summary = _summary(outcomes)
    print_table(
        "planning", ("measure", "value", "of"), [(name, value["share"], value["of"]) for name, value in summary["accuracy"].items()]
    )
    print_table("by kind", ("kind", "right", "of", "taken for"), _by_kind(outcomes))
    print_table(
        "time of a message, ms", ("", "p50", "p95", "max"), [("planner", *(summary["latency_ms"][k] for k in ("p50", "p95", "max")))]
    )
    if misses:
        print_misses(outcomes)
    write_result("planning", summary)


def served_planner(vocabulary: Callable[[], Vocabulary], embedder: Embedder) -> Planner:
    """Composed as ``app.build`` does; nothing has been proposed to the shoppers of the benchmark."""
    return BuyingPlanner(RulePlanner(vocabulary, safety_rules(), IntentReader(embedder, intent_model())), _nothing_proposed)


async def _nothing_proposed(shopper: Shopper, key: str) -> PendingView | None:
    return None


async def _outcomes(planner: Planner, cases: Sequence[Case]) -> list[Outcome]:
    for case in cases[:50]:
        await play(planner, case.model_copy(update={"say": f"{case.say}."}))  # patterns are compiled, the lexicon is built
    return [await play(planner, case) for case in cases]


def print_misses(outcomes: Sequence[Outcome]) -> None:
    """One line a misunderstood message."""
    for outcome in outcomes:
        if not outcome.intent_right or outcome.filters_right is False or outcome.products_right is False:
            wanted = {"kind": outcome.case.kind, "filters": outcome.case.filters, "products": outcome.case.products}
            print(f"{outcome.case.say!r} after {list(outcome.case.after)}: wanted {wanted}")
            print(f"    read {outcome.kind} {outcome.filters} {outcome.products or ''}")


def _after(plan: Plan, session: Session) -> Session:
    subject = plan.searches[-1].request if plan.searches else session.subject
    return session.model_copy(update={"standing": plan.standing, "recipient": plan.recipient, "subject": subject})


def _held(filters: Filters) -> dict[str, Any]:
    return _comparable({name: getattr(filters, name) for name in FILTER_FIELDS if getattr(filters, name) is not None})


def _comparable(filters: dict[str, Any]) -> dict[str, Any]:
    """Values in one form: prices as decimals, several values as sets."""
    prices = ("price_min", "price_max")
    return {
        name: Decimal(str(value)).normalize() if name in prices else frozenset(value) if isinstance(value, list | tuple) else value
        for name, value in filters.items()
    }


def _summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    measures = {
        "intent": [outcome.intent_right for outcome in outcomes],
        "exact filters": [right for outcome in outcomes if (right := outcome.filters_right) is not None],
        "references": [right for outcome in outcomes if (right := outcome.products_right) is not None],
        "first messages, intent": [outcome.intent_right for outcome in outcomes if not outcome.case.after],
        "later messages, intent": [outcome.intent_right for outcome in outcomes if outcome.case.after],
    }
    times = sorted(outcome.seconds * 1000 for outcome in outcomes)
    return {
        "accuracy": {
            name: {"share": round(sum(rights) / len(rights), 3), "of": len(rights)} for name, rights in measures.items() if rights
        },
        "confusion": {f"{want} -> {got}": n for (want, got), n in _confusion(outcomes).most_common() if want != got},
        "latency_ms": {"p50": round(times[len(times) // 2], 2), "p95": round(times[int(0.95 * len(times))], 2), "max": round(times[-1], 2)},
    }


def _confusion(outcomes: Sequence[Outcome]) -> Counter[tuple[str, str]]:
    return Counter((outcome.case.kind, outcome.kind) for outcome in outcomes)


def _by_kind(outcomes: Sequence[Outcome]) -> list[tuple[object, ...]]:
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    for (want, got), count in _confusion(outcomes).items():
        taken[want][got] += count
    return [
        (kind, counts[kind], counts.total(), ", ".join(f"{got} {n}" for got, n in counts.most_common() if got != kind))
        for kind, counts in sorted(taken.items())
    ]


if __name__ == "__main__":
    typer.run(main)
