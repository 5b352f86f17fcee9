"""Is anything lost or done twice when the shop is killed? A round: kill, start again, compare our orders with the provider's books.

python -m benchmarks.commerce crash --resume
"""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.report import RESULTS, hardware, print_table, write_result
from config import ROOT
from domain.order import Order
from tools import consent, settlement
from tools.payments.ledger import Ledger, Payment, Refund
from tools.payments.private_provider import PrivateProvider

FAILPOINTS = (*consent.FAILPOINTS, *settlement.FAILPOINTS)
_NAME = "commerce_crash"
_PURCHASES = 6
_MANY = 10_000
_TIMEOUT_S = 120


@dataclass
class Round:
    """What one round came to."""

    name: str
    killed: bool = False
    begun: int = 0
    acknowledged: int = 0
    orders: int = 0
    wrong: list[str] = field(default_factory=list)
    commit: str = ""

    @property
    def passed(self) -> bool:
        return self.killed and not self.wrong


def crash(times: int, moments: int, within_s: float, *, only: str, resume: bool) -> dict[str, Any]:
    """Every failpoint some times, then random moments, as many as begin in time; a round that stands in the result is not run again."""
    names = [name for name in FAILPOINTS if name.startswith(only)]
    # The first, second and third time that a point is passed: first purchase, a later one, on the way of a refund.
    wanted = [(f"{name} #{time_}", name, time_) for name in names for time_ in range(1, times + 1)]
    wanted += [(f"random moment #{number}", "", number) for number in range(1, moments + 1)]
    done = _earlier() if resume else {}
    started = time.perf_counter()
    with TemporaryDirectory() as scratch:
        provider = PrivateProvider(Path(scratch) / "provider")
        crashes = Crashes(provider, provider.start())
        try:
            for label, point, number in wanted:
                if label in done:
                    continue
                if time.perf_counter() - started > within_s:
                    break
                folder = Path(scratch) / label.replace(" ", "-")
                folder.mkdir()
                at = crashes.at_failpoint(folder, point, times=number) if point else crashes.at_random(folder, random.Random(number))
                at.name, at.commit = label, hardware()["commit"]
                done[label] = at
                print(f"{label}: {'nothing lost or doubled' if at.passed else at.wrong or 'not killed'}", flush=True)
                write_result(_NAME, _told(wanted, done))
        finally:
            provider.stop()
    found = _told(wanted, done)
    rows = [(place, *figures.values()) for place, figures in found["by_place"].items()]
    print_table("kill -9 and start again", ("where", "killed", "purchases begun", "acknowledged", "orders", "lost or doubled"), rows)
    return found


def _told(wanted: list[tuple[str, str, int]], done: dict[str, Round]) -> dict[str, Any]:
    by_place: dict[str, list[Round]] = {}
    for label, point, _ in wanted:
        if label in done:
            by_place.setdefault(point or "random moments", []).append(done[label])
    return {
        "asked_for": len(wanted), "rounds": len(done), "killed": sum(r.killed for r in done.values()),
        "passed": sum(r.passed for r in done.values()), "by_place": {place: _summed(rounds) for place, rounds in by_place.items()},
        "every_round": [asdict(r) for r in done.values()],
    }  # fmt: skip


def _summed(rounds: list[Round]) -> dict[str, int]:
    return {
        "killed": sum(r.killed for r in rounds), "begun": sum(r.begun for r in rounds),
        "acknowledged": sum(r.acknowledged for r in rounds), "orders": sum(r.orders for r in rounds),
        "wrong": sum(bool(r.wrong) for r in rounds),
    }  # fmt: skip


def _earlier() -> dict[str, Round]:
    file = RESULTS / f"{_NAME}.json"
    rounds = json.loads(file.read_text()).get("every_round", []) if file.exists() else []
    return {r["name"]: Round(**r) for r in rounds}


@dataclass(frozen=True)
class Crashes:
    """Rounds over one folder each, with one provider process for all of them."""

    provider: PrivateProvider
    url: str

    def at_failpoint(self, folder: Path, name: str, *, times: int) -> Round:
        """The process kills itself the ``times``-th time that it passes the point."""
        found = Round(f"{name} #{times}")
        process = self._start(folder, end=_PURCHASES, failpoint=name, times=times)
        output, _ = process.communicate(f"{self.provider.key}\n", timeout=_TIMEOUT_S)
        found.killed = process.returncode == -9
        return self._recover(folder, found, output)

    def at_random(self, folder: Path, chance: random.Random) -> Round:
        """Killed from outside at some moment of a long series."""
        after_s = chance.uniform(0.05, 1.5)
        found = Round(f"random moment, {after_s * 1000:.0f} ms after the first purchase began")
        process = self._start(folder, end=_MANY)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{self.provider.key}\n")
        process.stdin.flush()
        first = process.stdout.readline()
        time.sleep(after_s)
        process.kill()
        found.killed = process.wait() == -9
        return self._recover(folder, found, first + process.stdout.read())

    def _recover(self, folder: Path, found: Round, output: str) -> Round:
        """Starts again: what was cut off is asked for once more with its keys, then everything is compared."""
        begun, acknowledged = _numbers(output, "begin"), _numbers(output, "done")
        found.begun, found.acknowledged = len(begun), len(acknowledged)
        end = max(begun, default=-1) + 2
        process = self._start(folder, start=max(begun, default=0), end=end, settle=True)
        output, _ = process.communicate(f"{self.provider.key}\n", timeout=_TIMEOUT_S)
        if process.returncode != 0:
            found.wrong.append(f"the second start ended with {process.returncode}")
            return found
        told = [json.loads(line.removeprefix("order ")) for line in output.splitlines() if line.startswith("order ")]
        orders = [(int(item["number"]), Order.model_validate(item["order"])) for item in told]
        found.orders = len(orders)
        found.wrong += _wrong_orders(orders, end)
        found.wrong += _wrong_books([order for _, order in orders], *self._books({order.order_id for _, order in orders}))
        return found

    def _books(self, ours: set[str]) -> tuple[list[Payment], list[Refund]]:
        """The provider's ledger, as far as this round's orders go."""
        ledger = Ledger(self.provider.folder / "ledger.sqlite")
        payments, refunds = ledger.everything()
        ledger.close()
        mine = [payment for payment in payments if payment.order_id in ours]
        ids = {payment.transaction_id for payment in mine}
        return mine, [refund for refund in refunds if refund.payment_id in ids]

    def _start(
        self, folder: Path, *, end: int, start: int = 0, failpoint: str | None = None, times: int = 1, settle: bool = False
    ) -> "subprocess.Popen[str]":
        command = [
            sys.executable, "-m", "benchmarks.shop_process", "--folder", str(folder), "--provider", self.url, "--start", str(start),
            "--end", str(end), "--times", str(times), *(["--failpoint", failpoint] if failpoint else []),
            *(["--settle"] if settle else []),
        ]  # fmt: skip
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def _numbers(output: str, word: str) -> list[int]:
    # The last line may be cut in the middle: the process was killed.
    lines = output.splitlines() if output.endswith("\n") else output.splitlines()[:-1]
    return [int(line.split()[1]) for line in lines if line.startswith(f"{word} ")]


def _wrong_orders(orders: list[tuple[int, Order]], count: int) -> Iterator[str]:
    """Each purchase is one order, paid once, and has come to its end."""
    per_purchase = Counter(number for number, _ in orders)
    for number in range(count):
        if per_purchase[number] != 1:
            yield f"purchase {number} has {per_purchase[number]} orders"
    for number, order in orders:
        held = order.paid - order.refunded
        expected = {0: order.total, 1: order.zero, 2: order.total - order.lines[0].unit_price}[number % 3]
        state = {0: "paid", 1: "cancelled", 2: "delivered"}[number % 3]
        if order.state != state or order.open_transactions:
            yield f"{order.order_id} of purchase {number} is {order.state} with {len(order.open_transactions)} open transactions"
        if held != expected:
            yield f"{order.order_id} of purchase {number} holds {held}, not {expected}"


def _wrong_books(orders: list[Order], payments: list[Payment], refunds: list[Refund]) -> Iterator[str]:
    """Both books say the same to the cent, transaction by transaction."""
    ours = {t.transaction_id: (t.kind, t.amount.minor) for order in orders for t in order.transactions if t.state == "settled"}
    theirs = {p.transaction_id: ("payment", p.minor) for p in payments if p.state == "captured"}
    theirs |= {r.transaction_id: ("refund", r.minor) for r in refunds if r.state == "refunded"}
    for transaction_id in sorted(set(ours) ^ set(theirs)):
        where = "our orders" if transaction_id in ours else "the provider's books"
        yield f"transaction {transaction_id} is only in {where}"
    yield from (f"transaction {key} differs" for key in set(ours) & set(theirs) if ours[key] != theirs[key])
