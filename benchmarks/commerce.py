"""Can the shop be trusted with money? Load, a race for the last pieces, random operations, and crashes.

python -m benchmarks.commerce load         20 shoppers, a request a second each, open loop, over HTTP
python -m benchmarks.commerce race         100 shoppers for the last 10 pieces, over HTTP
python -m benchmarks.commerce operations   a million random operations, invariants checked (needs `make install-test`)
python -m benchmarks.commerce crash        kill -9 at every failpoint and at random moments
"""

import argparse
import asyncio
import os
import random
import re
import signal
import socket
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np

from benchmarks.report import print_table, write_result
from benchmarks.shop_campaign import operations
from benchmarks.shop_crash import crash
from config import ROOT

_READS_P95_MS, _WRITES_P95_MS = 20.0, 40.0
_START_TIMEOUT_S = 300


@asynccontextmanager
async def served(state: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application in a process of its own, as `make run` starts it. On a busy machine an answer may take long."""
    port = _free_port()
    environment = os.environ | {"AISLE_STATE_DIR": str(state), "AISLE_PORT": str(port), "AISLE_LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "app", "serve"]
    with (state / "serve.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120, limits=limits, trust_env=False) as http:
        try:
            await _wait_until_ready(http, process)
            yield http
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
            await asyncio.wait_for(process.wait(), 30)


# ---- load


@dataclass
class Sample:
    """Latencies in milliseconds, from the moment when a request was due."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    by_call: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


@dataclass
class LoadShopper:
    """One shopper with a request a second: looks, fills the cart, orders, looks after the order, cancels some."""

    http: httpx.AsyncClient
    products: list[tuple[str, str | None]]
    chance: random.Random
    headers: dict[str, str] = field(default_factory=dict)
    cart: dict[str, Any] = field(default_factory=dict)
    pending: str | None = None
    orders: list[str] = field(default_factory=list)

    async def open(self) -> None:
        opened = (await self.http.post("/sessions")).json()
        self.http.cookies.clear()
        self.headers = {"Authorization": f"Bearer {opened['token']}"}

    def next_call(self) -> tuple[str, str, str, Any]:
        """(name, method, path, body)."""
        if self.pending:
            return "answer", "POST", f"/pending/{self.pending}", {"accept": self.chance.random() < 0.8}
        lines = self.cart.get("lines", [])
        choices: list[tuple[float, tuple[str, str, str, Any]]] = [
            (3, ("view cart", "GET", "/cart", None)), (2, ("list orders", "GET", "/orders?limit=5", None)),
        ]  # fmt: skip
        if len(lines) < 4:
            product_id, variant_id = self.chance.choice(self.products)
            body = {"product_id": product_id, "variant_id": variant_id, "quantity": self.chance.randint(1, 2)}
            choices.append((2, ("add line", "POST", "/cart/lines", body)))
        if lines:
            line = self.chance.choice(lines)
            body = {"quantity": self.chance.randint(1, 3)}
            choices.append((1, ("change line", "PATCH", f"/cart/lines/{line['line_id']}", body)))
            choices.append((1, ("check out", "POST", "/checkout", {})))
        if self.orders:
            order = self.chance.choice(self.orders)
            choices.append((2, ("view order", "GET", f"/orders/{order}", None)))
            choices.append((0.3, ("propose cancel", "POST", f"/orders/{order}/cancel", {"reason": "other"})))
        weights = [weight for weight, _ in choices]
        return self.chance.choices([call for _, call in choices], weights)[0]

    def learn(self, name: str, answer: httpx.Response) -> None:
        document = answer.json() if answer.content else {}
        if name in ("answer",):
            self.pending = None
            if answer.status_code == 200 and document["order_id"] not in self.orders:
                self.orders.append(document["order_id"])
            self.cart = {}
        elif answer.status_code == 202:
            self.pending = document["pending_id"]
        elif answer.status_code == 200 and "lines" in document and "order_id" not in document:
            self.cart = document


async def load(seconds: int, shoppers: int, seed: int) -> dict[str, Any]:
    """Open loop: a request is sent when it is due, whether or not the one before has been answered in time."""
    with TemporaryDirectory() as scratch:
        async with served(Path(scratch)) as http:
            products = await _buyable(http)
            people = [LoadShopper(http, products, random.Random(seed + i)) for i in range(shoppers)]
            for person in people:
                await person.open()
            await _warm_up(people[0])
            sample = Sample()
            await asyncio.gather(*(_shop(person, sample, seconds, i / shoppers) for i, person in enumerate(people)))
    rows = [(name, len(found), *_percentiles(found)) for name, found in sorted(sample.by_call.items())]
    rows += [
        ("all reads", len(sample.reads), *_percentiles(sample.reads)),
        ("all writes", len(sample.writes), *_percentiles(sample.writes)),
    ]
    print_table(f"{shoppers} shoppers, a request a second each, {seconds} s (ms)", ("call", "count", "p50", "p95", "max"), rows)
    reads, writes = _percentiles(sample.reads), _percentiles(sample.writes)
    met = reads[1] < _READS_P95_MS and writes[1] < _WRITES_P95_MS and not sample.errors
    print(f"targets (reads p95 < {_READS_P95_MS:g} ms, writes p95 < {_WRITES_P95_MS:g} ms, no error): {'met' if met else 'missed'}")
    for error in sample.errors[:10]:
        print(f"  {error}")
    return {
        "shoppers": shoppers, "seconds": seconds, "requests": len(sample.reads) + len(sample.writes), "errors": len(sample.errors),
        "reads_ms": _named(reads), "writes_ms": _named(writes),
        "by_call_ms": {row[0]: {"count": row[1], **_named(row[2:])} for row in rows},
        "statuses": {str(k): v for k, v in sample.statuses.items()}, "targets_met": met,
    }  # fmt: skip


async def _shop(person: LoadShopper, sample: Sample, seconds: int, offset_s: float) -> None:
    started = time.perf_counter() + offset_s
    for second in range(seconds):
        due = started + second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        name, method, path, body = person.next_call()
        answer = await person.http.request(method, path, json=body, headers=person.headers)
        elapsed = (time.perf_counter() - due) * 1000
        (sample.reads if method == "GET" else sample.writes).append(elapsed)
        sample.by_call[name].append(elapsed)
        sample.statuses[answer.status_code] += 1
        # A 409 is an answer of the shop (sold out, shipped, changed since); anything else of 400 or more is an error.
        if answer.status_code >= 400 and answer.status_code != 409:
            sample.errors.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        person.learn(name, answer)


async def _warm_up(person: LoadShopper) -> None:
    """One purchase, so that the provider's process runs."""
    product_id, variant_id = person.products[0]
    await person.http.post("/cart/lines", json={"product_id": product_id, "variant_id": variant_id}, headers=person.headers)
    pending = (await person.http.post("/checkout", json={}, headers=person.headers)).json()
    await person.http.post(f"/pending/{pending['pending_id']}", json={"accept": True}, headers=person.headers)


async def _buyable(http: httpx.AsyncClient) -> list[tuple[str, str | None]]:
    """Products of the demo catalogue that are in stock and cost little."""
    found: list[tuple[str, str | None]] = []
    for words in ("mug", "desk lamp", "gloves", "running shoes", "notebook", "backpack"):
        query = {"q": words, "limit": 30, "price_max": 60, "in_stock": "true"}
        for product in (await http.get("/search", params=query)).json()["products"]:
            there = [v["variant_id"] for v in product["variants"] if v["in_stock"]]
            if there or not product["variants"]:
                found.append((product["product_id"], there[0] if there else None))
    return found


# ---- the race


async def race(shoppers: int, pieces: int) -> dict[str, Any]:
    """Everybody has the same thing in the cart and says yes at the same moment."""
    with TemporaryDirectory() as scratch:
        async with served(Path(scratch)) as http:
            product_id, variant_id = (await _buyable(http))[0]
            line = {"product_id": product_id, "variant_id": variant_id}
            buyer = LoadShopper(http, [], random.Random(0))
            await buyer.open()
            await _buy_down_to(buyer, line, pieces)
            racers = [LoadShopper(http, [], random.Random(i)) for i in range(shoppers)]
            for racer in racers:
                await racer.open()
                await http.post("/cart/lines", json=line, headers=racer.headers)
                racer.pending = (await http.post("/checkout", json={}, headers=racer.headers)).json()["pending_id"]
            answers = await asyncio.gather(*(http.post(f"/pending/{r.pending}", json={"accept": True}, headers=r.headers) for r in racers))
            statuses = Counter(answer.status_code for answer in answers)
            paid = sum(answer.status_code == 200 and answer.json()["state"] == "paid" for answer in answers)
            left = await http.post("/cart/lines", json=line, headers=buyer.headers)
    print(f"{shoppers} shoppers for {pieces} pieces: {statuses[200]} orders ({paid} paid), {statuses[409]} told that it is sold out")
    exact = statuses == Counter({200: pieces, 409: shoppers - pieces}) and paid == pieces and left.status_code == 409
    print(f"exactly {pieces} succeed: {'yes' if exact else 'NO'}")
    return {"shoppers": shoppers, "pieces": pieces, "statuses": {str(k): v for k, v in statuses.items()}, "paid": paid, "exact": exact}


async def _buy_down_to(buyer: LoadShopper, line: dict[str, Any], pieces: int) -> None:
    refused = await buyer.http.post("/cart/lines", json={**line, "quantity": 99}, headers=buyer.headers)
    found = re.search(r"only (\d+) of", refused.json()["detail"])
    assert found is not None, refused.text
    surplus = int(found.group(1)) - pieces
    assert surplus >= 0, f"there are only {found.group(1)} pieces; choose fewer with --pieces"
    if surplus:
        await buyer.http.post("/cart/lines", json={**line, "quantity": surplus}, headers=buyer.headers)
        pending = (await buyer.http.post("/checkout", json={}, headers=buyer.headers)).json()
        bought = await buyer.http.post(f"/pending/{pending['pending_id']}", json={"accept": True}, headers=buyer.headers)
        assert bought.status_code == 200, bought.text


# ---- small things


def _percentiles(values: list[float]) -> tuple[float, float, float]:
    if not values:
        return (0.0, 0.0, 0.0)
    return (round(float(np.percentile(values, 50)), 2), round(float(np.percentile(values, 95)), 2), round(max(values), 2))


def _named(values: tuple[float, ...]) -> dict[str, float]:
    return dict(zip(("p50", "p95", "max"), values, strict=True))


async def _wait_until_ready(http: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.returncode is None:
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.3)
    raise SystemExit("the application did not start; run `python -m app serve` to see why")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("load", "race", "operations", "crash"))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--shoppers", type=int)
    parser.add_argument("--pieces", type=int, default=10)
    parser.add_argument("--count", type=int, default=1_000_000, help="random operations")
    parser.add_argument("--steps", type=int, default=100, help="random operations in one series")
    parser.add_argument("--resume", action="store_true", help="go on from the committed result: operations, crash")
    parser.add_argument("--times", type=int, default=3, help="crashes at each failpoint")
    parser.add_argument("--moments", type=int, default=50, help="crashes at random moments")
    parser.add_argument("--only", default="", help="crashes at the failpoints that begin so: accept, payment, refund")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing new after so long")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    run: dict[str, Callable[[], dict[str, Any] | Awaitable[dict[str, Any]]]] = {
        "load": lambda: load(options.seconds, options.shoppers or 20, options.seed),
        "race": lambda: race(options.shoppers or 100, options.pieces),
        "operations": lambda: operations(options.count, options.steps, options.minutes * 60, resume=options.resume),
        "crash": lambda: crash(options.times, options.moments, options.minutes * 60, only=options.only, resume=options.resume),
    }
    found = run[options.what]()
    result = found if isinstance(found, dict) else asyncio.run(_awaited(found))
    print(f"written to {write_result(f'commerce_{options.what}', result)}")


async def _awaited(found: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return await found


if __name__ == "__main__":
    main()
