"""Does our shop keep a proven policy? All 114 tasks of tau2-bench's retail domain, their gold actions played through our tools.

    python -m benchmarks.retail_policy

Each task's final state is compared with what the policy, written a second time apart from our shop, comes to; then every write is
tried again in ways that the policy forbids, which must be refused and change nothing.
"""

import argparse
import asyncio
import re
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.report import print_table, write_result
from benchmarks.shop_sqlite import create_inline_engine
from benchmarks.tau2_data import Action, RetailData, RetailTask
from benchmarks.tau2_expected import Expected, Refused, initial_state
from benchmarks.tau2_shop import RetailShop
from config import Settings
from domain.errors import AisleError, NotFound
from domain.shopper import Shopper
from memory.database import create_tables, database_url
from memory.shop_store import SqlShopStore

_PENDING = ("processed", "delivered", "cancelled")
_DELIVERED = ("pending", "processed", "cancelled")
_EMAIL = re.compile(r"[\w.]+@[\w.]+\w")
_NAME = re.compile(r"\bname is (\w+) (\w+)|\bYou are (\w+) (\w+)", re.IGNORECASE)
_ZIP = re.compile(r"\b\d{5}\b")


@dataclass
class Outcome:
    """How one task went."""

    task_id: str
    writes: int = 0
    refused: int = 0
    """Gold writes that the policy refuses, and so did we."""
    not_there: int = 0
    """Gold look-ups of what is not in the data set, and we found nothing either."""
    differences: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class Variation:
    """A forbidden way to play an action."""

    name: str
    action: Action
    who: str = "owner"
    yes: bool = True
    status: str | None = None
    """The state that the order is put into first."""
    again: bool = False
    """Whether the action is played rightly before."""


class Tables:
    """One database file, laid out anew from what was made once: empty, or with everything loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "aisle.sqlite"
        self._engine = create_inline_engine(database_url(None, folder))

    async def prepare(self, data: RetailData) -> None:
        await create_tables(self._engine)
        await self._keep("empty")
        async with self.fresh(data, "empty") as shop:
            await shop.load(tuple(data.users))
        await self._keep("full")

    @asynccontextmanager
    async def fresh(self, data: RetailData, kind: str) -> AsyncIterator[RetailShop]:
        """A shop over a copy that the next one overwrites."""
        await self.close()
        self._lay_out(kind)
        shop = RetailShop.open(data, SqlShopStore(self._engine))
        yield shop
        await shop.close()

    def _lay_out(self, kind: str) -> None:
        for left in ("-wal", "-shm"):
            Path(f"{self._file}{left}").unlink(missing_ok=True)
        shutil.copy(self._folder / kind, self._file)

    async def close(self) -> None:
        """Closes all connections; the file is whole then."""
        await self._engine.dispose()

    async def _keep(self, kind: str) -> None:
        await self.close()
        shutil.copy(self._file, self._folder / kind)


async def replay(data: RetailData, tables: Tables, task: RetailTask, versions: dict[str, int]) -> Outcome:
    """The gold actions in their order; then the whole shop is compared with what is expected."""
    outcome = Outcome(task.task_id)
    async with tables.fresh(data, "full") as shop:
        if not task.actions or not task.actions[0].name.startswith("find_user"):
            await identify(shop, task)
        expected: Expected | None = None
        for action in task.actions:
            if not action.writes:
                await _read(shop, data, action, outcome)
                continue
            assert shop.session.customer_id is not None, f"task {task.task_id} acts for nobody"
            if expected is None:
                expected = Expected(data, shop.session.customer_id)
                shop.seed_ledger([shop.session.customer_id])
            outcome.writes += 1
            await _write(shop, expected, action, outcome)
        if expected is not None:
            await _compare(shop, expected, versions, outcome)
    return outcome


async def identify(shop: RetailShop, task: RetailTask) -> None:
    """Who the task says that the user is: by e-mail, else by name and zip; binds the session. Some are no users."""
    known = f"{task.scenario.get('known_info', '')} {task.scenario.get('reason_for_call', '')}"
    for email in _EMAIL.findall(known):
        try:
            await shop.find_user_id_by_email(email)
        except AisleError:
            continue
        return
    name, zips = _NAME.search(known), _ZIP.findall(known)
    if name is not None and zips:
        first, last = [part for part in name.groups() if part]
        with suppress(NotFound):
            await shop.find_user_id_by_name_zip(first, last, zips[0])


def variations(data: RetailData, action: Action) -> Iterator[Variation]:
    """Every way to play this action that the policy forbids."""
    yield Variation("another user", action, who="other")
    yield Variation("nobody looked up", action, who="nobody")
    if action.name == "modify_user_address":
        return
    delivered = action.name.startswith(("return", "exchange"))
    for status in _DELIVERED if delivered else _PENDING:
        yield Variation(f"order is {status}", action, status=status)
    if action.name != "modify_pending_order_address":
        yield Variation("twice", action, again=True)
    given = action.arguments
    if "reason" in given:
        yield Variation("reason outside the set", _with(action, reason="I found it cheaper elsewhere"))
    if "payment_method_id" in given:
        yield Variation("method of nobody", _with(action, payment_method_id="credit_card_0000000"))
    if "item_ids" in given:
        yield Variation("item not in the order", _with(action, item_ids=["0000000000", *given["item_ids"][1:]]))
        more = given["item_ids"] + given["item_ids"][:1] * 9
        longer = {"new_item_ids": given["new_item_ids"] + given["new_item_ids"][:1] * 9} if "new_item_ids" in given else {}
        yield Variation("more than was ordered", _with(action, item_ids=more, **longer))
    if "new_item_ids" in given:
        yield from _wrong_items(data, action)
    if delivered and "new_item_ids" not in given:
        other = _foreign_method(data, given["order_id"])
        if other:
            yield Variation("refund to a card that did not pay", _with(action, payment_method_id=other))


async def try_variation(data: RetailData, tables: Tables, task: RetailTask, index: int, variation: Variation) -> str | None:
    """None when it was refused and nothing changed; else what went wrong."""
    action, user_id = task.actions[index], _user_of(data, task)
    other = next(u for u in data.users if u != user_id)
    status = {action.arguments["order_id"]: variation.status} if variation.status else None
    async with tables.fresh(data, "empty") as shop:
        await shop.load((user_id, other), status=status)
        shop.session = Shopper(session_id="tau2", customer_id=user_id)
        for earlier in (*task.actions[:index], *([action] if variation.again else [])):
            if earlier.writes:
                try:
                    await shop.call(earlier)
                except AisleError:
                    continue
        who = {"owner": user_id, "other": other, "nobody": None}[variation.who]
        shop.session = Shopper(session_id=f"tau2-{variation.who}", customer_id=who)
        keys = [user_id, other, *data.users[user_id]["orders"], *data.users[other]["orders"]]
        before = await shop.state(keys)
        try:
            await shop.call(variation.action)
        except AisleError:
            return None if await shop.state(keys) == before else "refused, but something changed"
        return "was not refused"


async def try_without_yes(data: RetailData, tables: Tables, task: RetailTask, index: int) -> str | None:
    """The action itself, answered with a no: nothing may change."""
    user_id = _user_of(data, task)
    async with tables.fresh(data, "empty") as shop:
        await shop.load((user_id,))
        shop.session = Shopper(session_id="tau2", customer_id=user_id)
        keys = [user_id, *data.users[user_id]["orders"]]
        before = await shop.state(keys)
        try:
            await shop.call(task.actions[index], yes=False)
        except AisleError:
            return None
        return None if await shop.state(keys) == before else "changed something without a yes"


async def run(data: RetailData, folder: Path) -> dict[str, Any]:
    """All tasks, then all variations."""
    tables = Tables(folder)
    await tables.prepare(data)
    async with tables.fresh(data, "full") as shop:
        versions = await shop.versions()
        loaded = await shop.state([*data.users, *data.orders])
    wrong_start = [key for key, value in initial_state(data).items() if loaded[key] != value]
    print(f"loaded {len(data.users)} users and {len(data.orders)} orders; {len(wrong_start)} differ from the data set", flush=True)
    outcomes = []
    for task in data.tasks:
        outcomes.append(await replay(data, tables, task, versions))
        if outcomes[-1].differences:
            print(f"task {task.task_id}: {outcomes[-1].differences}", flush=True)
    print(f"{len(outcomes)} tasks played", flush=True)
    tried, let_through = await _try_all(data, tables)
    await tables.close()
    _show(outcomes, tried, let_through)
    return {
        "tasks": len(outcomes), "right": sum(o.right for o in outcomes), "writes": sum(o.writes for o in outcomes),
        "gold_writes_refused_by_both": sum(o.refused for o in outcomes), "gold_lookups_of_nothing": sum(o.not_there for o in outcomes),
        "differences": {o.task_id: o.differences for o in outcomes if not o.right},
        "loaded": {"users": len(data.users), "orders": len(data.orders), "different": len(wrong_start)},
        "forbidden_tried": dict(tried), "forbidden_let_through": let_through,
        "conversations": "not run: no model plays the planner role",
    }  # fmt: skip


async def _try_all(data: RetailData, tables: Tables) -> tuple[Counter[str], dict[str, list[str]]]:
    tried: Counter[str] = Counter()
    let_through: dict[str, list[str]] = defaultdict(list)
    for task in data.tasks:
        for index, action in enumerate(task.actions):
            if not action.writes or action.arguments.get("order_id", "") not in (*data.orders, ""):
                continue
            for variation in variations(data, action):
                tried[variation.name] += 1
                if wrong := await try_variation(data, tables, task, index, variation):
                    let_through[variation.name].append(f"task {task.task_id}, {action.name}: {wrong}")
            tried["no instead of yes"] += 1
            if wrong := await try_without_yes(data, tables, task, index):
                let_through["no instead of yes"].append(f"task {task.task_id}, {action.name}: {wrong}")
    return tried, dict(let_through)


async def _read(shop: RetailShop, data: RetailData, action: Action, outcome: Outcome) -> None:
    """What is there must be found, and what is not there must not."""
    found, why = True, "found all the same"
    try:
        await shop.call(action)
    except AisleError as exc:
        found, why = False, str(exc)
    if found != data.has(action):
        outcome.differences.append(f"{action.name} of {action.arguments}: {why}")
    outcome.not_there += not data.has(action)


async def _write(shop: RetailShop, expected: Expected, action: Action, outcome: Outcome) -> None:
    should, did, why = True, True, ""
    try:
        expected.do(action)
    except Refused as exc:
        should, why = False, str(exc)
    try:
        await shop.call(action)
    except AisleError as exc:
        did, why = False, str(exc)
    if should != did:
        outcome.differences.append(f"{action.name} {'should' if should else 'should not'} be allowed: {why}")
    outcome.refused += not should


async def _compare(shop: RetailShop, expected: Expected, versions: dict[str, int], outcome: Outcome) -> None:
    actual = await shop.state(expected.touched)
    for key in sorted(expected.touched):
        wanted = expected.state[key]
        outcome.differences += [f"{key} {name}: {actual[key].get(name)} is not {value}" for name, value in wanted.items()
                                if actual[key].get(name) != value]  # fmt: skip
    now = await shop.versions()
    stray = [order for order, version in now.items() if versions[order] != version and order not in expected.touched]
    outcome.differences += [f"{order} was changed and should not have been" for order in stray]


def _user_of(data: RetailData, task: RetailTask) -> str:
    """The customer of a task, from its first order that exists, or its address; some gold actions name an order that doesn't."""
    for action in task.actions:
        if action.arguments.get("order_id") in data.orders:
            return str(data.orders[action.arguments["order_id"]]["user_id"])
        if action.name == "modify_user_address":
            return str(action.arguments["user_id"])
    raise AssertionError(f"task {task.task_id} has no writes")


def _wrong_items(data: RetailData, action: Action) -> Iterator[Variation]:
    given = action.arguments
    product, _ = data.item(given["item_ids"][0])
    foreign = next(v.variant_id for p in data.products.values() if p != product for v in p.variants if v.stock is None)
    gone = next((v.variant_id for v in product.variants if v.stock == 0 and v.variant_id != given["item_ids"][0]), None)
    rest = given["new_item_ids"][1:]
    yield Variation("another product", _with(action, new_item_ids=[foreign, *rest]))
    yield Variation("no such item", _with(action, new_item_ids=["0000000000", *rest]))
    yield Variation("lists of unequal length", _with(action, new_item_ids=[*given["new_item_ids"], foreign]))
    if gone:
        yield Variation("item not available", _with(action, new_item_ids=[gone, *rest]))
    if action.name.startswith("modify"):
        yield Variation("the same item", _with(action, new_item_ids=[given["item_ids"][0], *rest]))


def _foreign_method(data: RetailData, order_id: str) -> str | None:
    order = data.orders[order_id]
    paid = {payment["payment_method_id"] for payment in order["payment_history"]}
    methods = data.users[order["user_id"]]["payment_methods"]
    return next((m for m in methods if m not in paid and not m.startswith("gift_card")), None)


def _with(action: Action, **arguments: Any) -> Action:
    return replace(action, arguments=action.arguments | arguments)


def _show(outcomes: list[Outcome], tried: Counter[str], let_through: dict[str, list[str]]) -> None:
    right = sum(o.right for o in outcomes)
    writes, refused = sum(o.writes for o in outcomes), sum(o.refused for o in outcomes)
    print(
        f"{right} of {len(outcomes)} tasks end in the expected state ({writes} writes, {refused} of them refused by the policy and by us)"
    )
    for outcome in outcomes:
        for difference in outcome.differences:
            print(f"  task {outcome.task_id}: {difference}")
    rows = [(name, count, count - len(let_through.get(name, []))) for name, count in tried.most_common()]
    print_table("Forbidden variations", ("variation", "tried", "refused"), [*rows, ("together", tried.total(), sum(r[2] for r in rows))])
    for name, cases in let_through.items():
        for case in cases[:5]:
            print(f"  {name}: {case}")
    print("conversations: no model plays the planner role here, so pass^1 and pass^4 are not reported")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Settings().data_dir / "tau2_retail")
    options = parser.parse_args()
    if not (options.data / "tasks.json.gz").exists():
        print(f"left out: {options.data} holds no tau2 retail data (set AISLE_DATA_DIR)")
        return
    started = time.perf_counter()
    with TemporaryDirectory() as scratch:
        result = asyncio.run(run(RetailData.load(options.data), Path(scratch)))
    print(f"{time.perf_counter() - started:.0f} s; written to {write_result('retail_policy', result)}")


if __name__ == "__main__":
    main()
