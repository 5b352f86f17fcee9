"""How is tau2's retail shop played in ours? Its users, orders and products in our store, its tools over our services.

``pending`` is our ``paid``, ``processed`` our ``shipped``; a gift card is store credit under its own id. A look-up of a user binds
the session: no other argument ever says who is meant.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.tau2_data import Action, RetailData
from benchmarks.tau2_expected import State
from catalog.policy import load_policy
from domain.address import Address
from domain.errors import Forbidden, NotFound, Unauthorised
from domain.money import Money
from domain.order import (
    Cancelled,
    Delivered,
    Order,
    OrderEvent,
    OrderLine,
    Placed,
    Shipped,
    TransactionMoved,
    TransactionPlanned,
)
from domain.payment import CREDIT, Transaction
from domain.pending import (
    CancelOrder,
    ChangeAddress,
    Command,
    ExchangeLines,
    LineQuantity,
    LineSwap,
    ModifyOrder,
    ReturnLines,
)
from domain.policy import ShopPolicy
from domain.product import Product
from domain.shop_views import PendingView
from domain.shopper import Account, PaymentMethod, Shopper
from memory.database import reading
from memory.shop_store import SqlShopStore
from memory.shop_tables import orders
from tools.payments.in_process import InProcessProvider
from tools.payments.ledger import Payment
from tools.shop import Shop, open_shop

NOW = datetime(2024, 5, 15, 15, 0, tzinfo=UTC)
_POLICY = Path(__file__).resolve().parent / "tau2_policy.yaml"
_ZERO = Money(minor=0)


class StillClock:
    """The Clock port: tau2's shop knows no time."""

    def now(self) -> datetime:
        return NOW


@dataclass(frozen=True)
class ProductShelf:
    """The ProductSource port over a dictionary."""

    by_id: dict[str, Product]

    async def products(self, product_ids: Sequence[str]) -> tuple[Product, ...]:
        return tuple(self.by_id[i] for i in product_ids if i in self.by_id)


@dataclass
class RetailShop:
    """tau2's shop in one of our stores, with the provider in this process. ``session`` is who speaks; nobody at first."""

    data: RetailData
    store: SqlShopStore
    shop: Shop
    provider: InProcessProvider
    session: Shopper = field(default_factory=lambda: Shopper(session_id="tau2"))

    @classmethod
    def open(cls, data: RetailData, store: SqlShopStore) -> "RetailShop":
        provider = InProcessProvider.open()
        policy = _policy()
        shop = open_shop(
            store,
            ProductShelf(data.products),
            StillClock(),
            policy=policy,
            providers={"test": provider.payments},
            methods=(policy.demo.method,),
        )
        return cls(data, store, shop, provider)

    async def close(self) -> None:
        await self.provider.close()

    # ---- loading

    async def load(self, user_ids: Collection[str], *, status: dict[str, str] | None = None) -> None:
        """Users with their orders; ``status`` puts an order into another state than the data says."""
        async with self.store.writing() as tx:
            for user_id in user_ids:
                user = self.data.users[user_id]
                owner = f"customer:{user_id}"
                methods = tuple(_method(m) for m in user["payment_methods"].values())
                await tx.accounts.save(Account(owner=owner, address=_address(user["address"]), methods=methods))
                for method in user["payment_methods"].values():
                    if "balance" in method:
                        await tx.accounts.move_credit(
                            owner, method["id"], _money(method["balance"]), at=NOW, transaction_id=f"opening-{method['id']}"
                        )
                for order_id in user["orders"]:
                    order = self.data.orders[order_id]
                    await tx.orders.append(None, self._events(order, (status or {}).get(order_id, order["status"]), methods))
        self.seed_ledger(user_ids)

    def seed_ledger(self, user_ids: Iterable[str]) -> None:
        """The provider took the cards' money before we came."""
        for order in (self.data.orders[order_id] for user_id in user_ids for order_id in self.data.users[user_id]["orders"]):
            for i, payment in enumerate(p for p in order["payment_history"] if p["transaction_type"] == "payment"):
                if not payment["payment_method_id"].startswith("gift_card"):
                    amount, method_id = _money(payment["amount"]), payment["payment_method_id"]
                    self.provider.ledger.pay(
                        Payment(_transaction_id(order, i), order["order_id"], amount.minor, "USD", method_id, "captured")
                    )

    def _events(self, order: dict[str, Any], status: str, methods: tuple[PaymentMethod, ...]) -> list[OrderEvent]:
        by_id = {method.method_id: method for method in methods}
        first = order["payment_history"][0]["payment_method_id"]
        events: list[OrderEvent] = [
            Placed(
                at=NOW, order_id=order["order_id"], owner=f"customer:{order['user_id']}", lines=self._lines(order), shipping=_ZERO,
                address=_address(order["address"]), method_id=first, provider=by_id[first].provider, pay_by=NOW,
            )
        ]  # fmt: skip
        payments = [p for p in order["payment_history"] if p["transaction_type"] == "payment"]
        refunds = [p for p in order["payment_history"] if p["transaction_type"] == "refund"]
        events += [e for i, p in enumerate(payments) for e in _moved(order, p, i, by_id, "payment")]
        if status == "cancelled":
            events.append(Cancelled(at=NOW, reason=order.get("cancel_reason", "")))
            events += [e for i, p in enumerate(refunds, 100) for e in _moved(order, p, i, by_id, "refund")]
        if status in ("processed", "delivered"):
            tracking = (order["fulfillments"] or [{"tracking_id": [None]}])[0]["tracking_id"][0]
            events.append(Shipped(at=NOW, tracking=tracking))
        if status == "delivered":
            events.append(Delivered(at=NOW))
        return events

    def _lines(self, order: dict[str, Any]) -> tuple[OrderLine, ...]:
        return tuple(
            OrderLine(
                line_id=f"{order['order_id']}/{i}", product_id=item["product_id"], variant_id=item["item_id"], title=item["name"],
                options=item["options"], product_type=item["name"], quantity=1, unit_price=_money(item["price"]), tax=_ZERO,
            )
            for i, item in enumerate(order["items"])
        )  # fmt: skip

    # ---- tau2's tools

    async def call(self, action: Action, *, yes: bool = True) -> object:
        """Plays one action; a write is proposed first, and done after a yes. Raises what our shop raises when it refuses."""
        return await getattr(self, action.name)(**action.arguments, **({"yes": yes} if action.writes else {}))

    async def find_user_id_by_email(self, email: str) -> str:
        return self._bind(u for u in self.data.users.values() if u["email"].casefold() == email.casefold())

    async def find_user_id_by_name_zip(self, first_name: str, last_name: str, zip: str) -> str:
        wanted = (first_name.casefold(), last_name.casefold(), zip)
        return self._bind(
            u
            for u in self.data.users.values()
            if (u["name"]["first_name"].casefold(), u["name"]["last_name"].casefold(), u["address"]["zip"]) == wanted
        )

    async def get_user_details(self, user_id: str) -> dict[str, Any]:
        self._only(user_id)
        return self.data.users[user_id]

    async def get_order_details(self, order_id: str) -> Order:
        return await self.shop.orders.get(self.session, order_id)

    async def get_product_details(self, product_id: str) -> Product:
        return await self.shop.carts.offers.product(product_id)

    async def get_item_details(self, item_id: str) -> object:
        try:
            return self.data.item(item_id)[1]
        except KeyError:
            raise NotFound(f"there is no item {item_id!r}") from None

    async def calculate(self, expression: str) -> str:
        return expression

    async def transfer_to_human_agents(self, summary: str) -> str:
        return self.shop.policy.hand_over

    async def cancel_pending_order(self, order_id: str, reason: str, *, yes: bool) -> None:
        await self._write(CancelOrder(order_id=order_id, reason=reason), yes=yes)

    async def modify_pending_order_address(self, order_id: str, *, yes: bool, **address: str) -> None:
        await self._write(ModifyOrder(order_id=order_id, address=_address(address)), yes=yes)

    async def modify_pending_order_payment(self, order_id: str, payment_method_id: str, *, yes: bool) -> None:
        await self._write(ModifyOrder(order_id=order_id, method_id=payment_method_id), yes=yes)

    async def modify_pending_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str, *, yes: bool
    ) -> None:
        swaps = await self._swaps(order_id, item_ids, new_item_ids)
        await self._write(ModifyOrder(order_id=order_id, lines=swaps, method_id=payment_method_id), yes=yes)

    async def return_delivered_order_items(self, order_id: str, item_ids: list[str], payment_method_id: str, *, yes: bool) -> None:
        lines = tuple(LineQuantity(line_id=line, quantity=1) for line in await self._line_ids(order_id, item_ids))
        await self._write(ReturnLines(order_id=order_id, lines=lines, refund_to=payment_method_id), yes=yes)

    async def exchange_delivered_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str, *, yes: bool
    ) -> None:
        swaps = await self._swaps(order_id, item_ids, new_item_ids)
        await self._write(ExchangeLines(order_id=order_id, lines=swaps, method_id=payment_method_id), yes=yes)

    async def modify_user_address(self, user_id: str, *, yes: bool, **address: str) -> None:
        self._only(user_id)
        await self._write(ChangeAddress(address=_address(address)), yes=yes)

    async def _write(self, command: Command, *, yes: bool) -> PendingView:
        if self.session.customer_id is None:
            raise Unauthorised("nobody has been looked up yet")
        pending = await self.shop.consent.propose(self.session, command)
        await self.shop.consent.answer(self.session, pending.pending_id, accept=yes)
        return pending

    async def _swaps(self, order_id: str, old: list[str], new: list[str]) -> tuple[LineSwap, ...]:
        if len(old) != len(new):
            raise NotFound("each item needs one that comes instead")
        lines = await self._line_ids(order_id, old)
        found = []
        for line_id, item_id in zip(lines, new, strict=True):
            product_id = next((p for p, product in self.data.products.items() if _has(product, item_id)), "")
            found.append(LineSwap(line_id=line_id, quantity=1, product_id=product_id, variant_id=item_id))
        return tuple(found)

    async def _line_ids(self, order_id: str, item_ids: list[str]) -> list[str]:
        """A line of its own for each of the items, equal ones included."""
        free = [(line.variant_id, line.line_id) for line in (await self.shop.orders.get(self.session, order_id)).lines]
        found = []
        for item_id in item_ids:
            at = next((pair for pair in free if pair[0] == item_id), None)
            if at is None:
                raise NotFound(f"order {order_id} has no (further) item {item_id}")
            free.remove(at)
            found.append(at[1])
        return found

    def _bind(self, matching: Iterable[dict[str, Any]]) -> str:
        user = next(iter(matching), None)
        if user is None:
            raise NotFound("there is no such user")
        if self.session.customer_id not in (None, user["user_id"]):
            raise Forbidden("this session belongs to another user already")
        self.session = Shopper(session_id=self.session.session_id, customer_id=user["user_id"])
        return str(user["user_id"])

    def _only(self, user_id: str) -> None:
        if user_id != self.session.customer_id:
            raise NotFound(f"there is no user {user_id!r}")

    # ---- reading back

    async def versions(self) -> dict[str, int]:
        """How many events every order has: what is unchanged has as many as before."""
        async with reading(self.store.engine) as connection:
            found = await connection.execute(select(orders.c.order_id, orders.c.version))
        return {row.order_id: row.version for row in found}

    async def state(self, keys: Iterable[str]) -> State:
        """These orders and users in the form of tau2_expected."""
        found: State = {}
        async with self.store.reading() as tx:
            for key in keys:
                if key not in self.data.orders:
                    account = await tx.accounts.load(f"customer:{key}")
                    assert account is not None
                    credits = [m.method_id for m in account.methods if m.provider == CREDIT]
                    balances = {m: (await tx.accounts.credit(account.owner, m, "USD")).minor for m in credits}
                    found[key] = {"address": _plain(account.address), "balances": balances}
                    continue
                order = await tx.orders.load(key)
                assert order is not None
                if Order.rebuilt(await tx.orders.log(key)) != order:
                    raise AssertionError(f"the log of {key} does not replay to the order")
                found[key] = _order_state(order)
        return found


def _order_state(order: Order) -> dict[str, Any]:
    moved: Counter[tuple[str, str]] = Counter()
    for t in order.transactions:
        if t.state == "settled":
            moved[t.kind, t.method_id] += t.amount.minor
    state: dict[str, Any] = {
        "user_id": order.owner.removeprefix("customer:"), "status": _status(order), "address": _plain(order.address), "payments": moved,
        "items": sorted((line.variant_id, line.unit_price.minor) for line in order.lines),
    }  # fmt: skip
    if order.state == "cancelled" and order.cancel_reason:
        state["cancel_reason"] = order.cancel_reason
    records = [(line, record) for line in order.lines for record in line.returns]
    if state["status"] == "return requested":
        state |= {"returned": sorted(str(line.variant_id) for line, _ in records), "return_to": records[0][1].method_id}
    if state["status"] == "exchange requested":
        due = sum((r.due.minor if r.due else 0) - (r.refund.minor if r.refund else 0) for _, r in records)
        state |= {
            "exchanged": sorted(str(line.variant_id) for line, _ in records), "exchange_method": records[0][1].method_id,
            "exchanged_for": sorted(str(r.replacement.variant_id) for _, r in records if r.replacement), "exchange_difference": due,
        }  # fmt: skip
    return state


def _status(order: Order) -> str:
    kinds = {record.kind for line in order.lines for record in line.returns}
    if kinds:
        return f"{kinds.pop()} requested"
    if order.state == "paid":
        return "pending (item modified)" if order.items_changed else "pending"
    return {"shipped": "processed"}.get(order.state, order.state)


def _moved(order: dict[str, Any], payment: dict[str, Any], index: int, methods: dict[str, PaymentMethod], kind: str) -> list[OrderEvent]:
    """A transaction of the past: planned and settled."""
    method = methods[payment["payment_method_id"]]
    transaction_id = _transaction_id(order, index)
    planned = Transaction.model_validate(
        {
            "transaction_id": transaction_id, "kind": kind, "purpose": "order" if kind == "payment" else "cancellation",
            "amount": _money(payment["amount"]), "method_id": method.method_id, "provider": method.provider, "at": NOW,
            "refunds": _transaction_id(order, 0) if kind == "refund" else None,
        }
    )  # fmt: skip
    settled = TransactionMoved(at=NOW, transaction_id=transaction_id, state="settled", reference=transaction_id)
    return [TransactionPlanned(at=NOW, transaction=planned), settled]


def _transaction_id(order: dict[str, Any], index: int) -> str:
    return f"{order['order_id']}-{index}"


def _method(method: dict[str, Any]) -> PaymentMethod:
    if method["source"] == "gift_card":
        return PaymentMethod(method_id=method["id"], kind="store_credit", label=f"gift card {method['id']}", provider=CREDIT)
    kind = "paypal" if method["source"] == "paypal" else "card"
    return PaymentMethod.model_validate(
        {"method_id": method["id"], "kind": kind, "label": f"{kind} {method.get('last_four', method['id'])}", "provider": "test"}
    )


def _address(address: dict[str, str]) -> Address:
    return Address(
        line1=address["address1"], line2=address["address2"], city=address["city"], region=address["state"],
        postal_code=address["zip"],
    )  # fmt: skip


def _plain(address: Address | None) -> tuple[str, ...]:
    assert address is not None
    return (address.line1, address.line2, address.city, address.region, address.postal_code)


def _money(amount: float) -> Money:
    """tau2 writes floats; they are read to the cent."""
    return Money.usd(f"{amount:.2f}")


def _has(product: Product, item_id: str) -> bool:
    return any(variant.variant_id == item_id for variant in product.variants)


@cache
def _policy() -> ShopPolicy:
    return load_policy(_POLICY)
