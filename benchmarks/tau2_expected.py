"""What should tau2's shop look like after a task? Its policy on plain values, written apart from our shop to be compared with it."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from benchmarks.tau2_data import Action, RetailData


class Refused(Exception):
    """The policy forbids the action; nothing has changed."""


State = dict[str, dict[str, Any]]
"""Orders by id, and users by id, in one comparable form; money in cents."""


def cents(amount: float | str) -> int:
    return round(float(amount) * 100)


def initial_state(data: RetailData) -> State:
    """Everything before a task."""
    orders = {order_id: _order(order) for order_id, order in data.orders.items()}
    return orders | {user_id: _user(user) for user_id, user in data.users.items()}


class Expected:
    """tau2's shop, for one customer."""

    def __init__(self, data: RetailData, user_id: str) -> None:
        self._data = data
        self._user_id = user_id
        self.state = initial_state(data)
        self.touched: set[str] = set()

    def do(self, action: Action) -> None:
        """Refused when the policy forbids it."""
        before = deepcopy({key: self.state[key] for key in self.touched | self._named(action)})
        try:
            _RULES[action.name](self, **action.arguments)
        except Refused:
            self.state |= before
            raise
        self.touched |= self._named(action)

    def _named(self, action: Action) -> set[str]:
        named = {action.arguments[key] for key in ("order_id", "user_id") if key in action.arguments} | {self._user_id}
        return {key for key in named if key in self.state}

    def _own(self, order_id: str) -> dict[str, Any]:
        order = self.state.get(order_id)
        if order is None or order.get("user_id") != self._user_id:
            raise Refused(f"no order {order_id}")
        return order

    def cancel(self, order_id: str, reason: str) -> None:
        order = self._own(order_id)
        if order["status"] != "pending" or reason not in ("no longer needed", "ordered by mistake"):
            raise Refused("cancel")
        for (kind, method), amount in list(order["payments"].items()):
            if kind == "payment":
                self._move(order, "refund", method, amount)
        order |= {"status": "cancelled", "cancel_reason": reason}

    def change_address(self, order_id: str, **address: str) -> None:
        order = self._own(order_id)
        if not order["status"].startswith("pending"):
            raise Refused("address")
        order["address"] = _address(address)

    def change_items(self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str) -> None:
        order = self._own(order_id)
        if order["status"] != "pending":
            raise Refused("items")
        difference = self._difference(order, item_ids, new_item_ids, same_allowed=False)
        self._check_method(payment_method_id, difference)
        for old, new in zip(item_ids, new_item_ids, strict=True):
            price = next(price for item, price in order["items"] if item == old)
            order["items"].remove((old, price))
            order["items"].append((new, self._price(new)))
        order["items"].sort()
        if difference:
            self._move(order, "payment" if difference > 0 else "refund", payment_method_id, abs(difference))
        order["status"] = "pending (item modified)"

    def change_payment(self, order_id: str, payment_method_id: str) -> None:
        order = self._own(order_id)
        if not order["status"].startswith("pending") or len(order["payments"]) != 1:
            raise Refused("payment")
        ((_, old), amount) = next(iter(order["payments"].items()))
        if old == payment_method_id:
            raise Refused("same method")
        self._check_method(payment_method_id, amount)
        self._move(order, "payment", payment_method_id, amount)
        self._move(order, "refund", old, amount)

    def give_back(self, order_id: str, item_ids: list[str], payment_method_id: str) -> None:
        order = self._own(order_id)
        if order["status"] != "delivered":
            raise Refused("return")
        self._check_items(order, item_ids)
        method = self._method(payment_method_id)
        if method["source"] != "gift_card" and ("payment", payment_method_id) not in order["payments"]:
            raise Refused("refund elsewhere")
        order |= {"status": "return requested", "returned": sorted(item_ids), "return_to": payment_method_id}

    def exchange(self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str) -> None:
        order = self._own(order_id)
        if order["status"] != "delivered":
            raise Refused("exchange")
        difference = self._difference(order, item_ids, new_item_ids, same_allowed=True)
        self._check_method(payment_method_id, difference)
        order |= {
            "status": "exchange requested", "exchanged": sorted(item_ids), "exchanged_for": sorted(new_item_ids),
            "exchange_method": payment_method_id, "exchange_difference": difference,
        }  # fmt: skip

    def change_default_address(self, user_id: str, **address: str) -> None:
        if user_id != self._user_id:
            raise Refused("another user")
        self.state[user_id]["address"] = _address(address)

    # ---- rules that several share

    def _difference(self, order: dict[str, Any], old: list[str], new: list[str], *, same_allowed: bool) -> int:
        self._check_items(order, old)
        if len(old) != len(new):
            raise Refused("unequal lists")
        total = 0
        for before, after in zip(old, new, strict=True):
            if before == after and not same_allowed:
                raise Refused("the same item")
            product, variant = self._found(after)
            if product != self._found(before)[0] or variant.stock == 0:
                raise Refused("another product, or not available")
            total += self._price(after) - next(price for item, price in order["items"] if item == before)
        return total

    def _check_items(self, order: dict[str, Any], wanted: list[str]) -> None:
        held = Counter(item for item, _ in order["items"])
        if any(count > held[item] for item, count in Counter(wanted).items()):
            raise Refused("not in the order")

    def _check_method(self, method_id: str, amount: int) -> None:
        method = self._method(method_id)
        if method["source"] == "gift_card" and self.state[self._user_id]["balances"][method_id] < amount:
            raise Refused("balance")

    def _method(self, method_id: str) -> dict[str, Any]:
        found = self._data.users[self._user_id]["payment_methods"].get(method_id)
        if found is None:
            raise Refused("no such method")
        return dict(found)

    def _move(self, order: dict[str, Any], kind: str, method_id: str, amount: int) -> None:
        order["payments"][kind, method_id] += amount
        balances = self.state[self._user_id]["balances"]
        if method_id in balances:
            balances[method_id] += amount if kind == "refund" else -amount

    def _found(self, item_id: str) -> tuple[str, Any]:
        try:
            product, variant = self._data.item(item_id)
        except KeyError:
            raise Refused("no such item") from None
        return product.product_id, variant

    def _price(self, item_id: str) -> int:
        price = self._found(item_id)[1].price
        assert price is not None
        return int(price.minor)


_RULES: dict[str, Callable[..., None]] = {
    "cancel_pending_order": Expected.cancel, "modify_pending_order_address": Expected.change_address,
    "modify_pending_order_items": Expected.change_items, "modify_pending_order_payment": Expected.change_payment,
    "return_delivered_order_items": Expected.give_back, "exchange_delivered_order_items": Expected.exchange,
    "modify_user_address": Expected.change_default_address,
}  # fmt: skip


def _order(order: dict[str, Any]) -> dict[str, Any]:
    payments: Counter[tuple[str, str]] = Counter()
    for payment in order["payment_history"]:
        payments[payment["transaction_type"], payment["payment_method_id"]] += cents(payment["amount"])
    return {
        "user_id": order["user_id"], "status": order["status"], "address": _address(order["address"]), "payments": payments,
        "items": sorted((item["item_id"], cents(item["price"])) for item in order["items"]),
    }  # fmt: skip


def _user(user: dict[str, Any]) -> dict[str, Any]:
    methods = user["payment_methods"]
    balances = {method_id: cents(m["balance"]) for method_id, m in methods.items() if m["source"] == "gift_card"}
    return {"address": _address(user["address"]), "balances": balances}


def _address(address: dict[str, str]) -> tuple[str, ...]:
    return tuple(address[key] for key in ("address1", "address2", "city", "state", "zip"))
