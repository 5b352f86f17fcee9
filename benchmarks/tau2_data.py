"""What does tau2-bench's retail data hold? Users, orders, products and tasks, read as they are from the data folder."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from domain.money import Money
from domain.product import Product, Variant

WRITES = frozenset(
    {
        "cancel_pending_order", "modify_pending_order_items", "modify_pending_order_address", "modify_pending_order_payment",
        "return_delivered_order_items", "exchange_delivered_order_items", "modify_user_address",
    }
)  # fmt: skip
Source = Literal["gift_card", "credit_card", "paypal"]


@dataclass(frozen=True)
class Action:
    """A call of a tool, as a task's gold actions name it."""

    name: str
    arguments: dict[str, Any]

    @property
    def writes(self) -> bool:
        return self.name in WRITES


@dataclass(frozen=True)
class RetailTask:
    """One task: who the user is, what they want, and the actions that a right conversation comes to."""

    task_id: str
    scenario: dict[str, Any]
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class RetailData:
    """The whole data set. ``users`` and ``orders`` are tau2's own documents by id."""

    users: dict[str, dict[str, Any]]
    orders: dict[str, dict[str, Any]]
    products: dict[str, Product]
    """By tau2's product id, each item a variant; an item that is not available has no stock."""
    options: dict[str, dict[str, str]]
    """The options of every item."""
    tasks: tuple[RetailTask, ...]

    @classmethod
    def load(cls, folder: Path) -> "RetailData":
        """Reads the folder; FileNotFoundError where it is absent."""
        products, options = _products(folder / "catalog.parquet")
        return cls(
            users=_json(folder / "users.json.gz"), orders=_json(folder / "orders.json.gz"), products=products, options=options,
            tasks=tuple(_task(document) for document in _json(folder / "tasks.json.gz")),
        )  # fmt: skip

    def item(self, item_id: str) -> tuple[Product, Variant]:
        """KeyError when no product has the item."""
        for product in self.products.values():
            for variant in product.variants:
                if variant.variant_id == item_id:
                    return product, variant
        raise KeyError(item_id)

    def has(self, action: Action) -> bool:
        """Whether there is what a gold action looks up: some of them ask for a user, order or product that does not exist, and should."""
        given = action.arguments
        match action.name:
            case "find_user_id_by_email":
                return any(user["email"].lower() == given["email"].lower() for user in self.users.values())
            case "find_user_id_by_name_zip":
                asked = (given["first_name"].lower(), given["last_name"].lower(), given["zip"])
                return any(_name_and_zip(user) == asked for user in self.users.values())
            case "get_user_details":
                return given["user_id"] in self.users
            case "get_order_details":
                return given["order_id"] in self.orders
            case "get_product_details":
                return given["product_id"] in self.products
            case "get_item_details":
                return given["item_id"] in self.options
        return True


def _name_and_zip(user: dict[str, Any]) -> tuple[str, str, str]:
    return user["name"]["first_name"].lower(), user["name"]["last_name"].lower(), user["address"]["zip"]


def _task(document: dict[str, Any]) -> RetailTask:
    actions = document["evaluation_criteria"].get("actions") or ()
    return RetailTask(document["id"], document["user_scenario"]["instructions"], tuple(Action(a["name"], a["arguments"]) for a in actions))


def _products(file: Path) -> tuple[dict[str, Product], dict[str, dict[str, str]]]:
    variants: dict[str, list[Variant]] = {}
    names: dict[str, str] = {}
    options: dict[str, dict[str, str]] = {}
    for row in pq.read_table(file).to_pylist():
        facts = json.loads(row["attributes"])
        product_id, item_id = facts.pop("tau_product_id"), row["product_id"].removeprefix("tau-")
        names[product_id], available = facts.pop("product_type"), facts.pop("available")
        options[item_id] = facts
        price = Money.usd(f"{row['price_usd']:.2f}")
        variants.setdefault(product_id, []).append(Variant(variant_id=item_id, price=price, stock=None if available else 0))
    products = {
        product_id: Product(product_id=product_id, title=names[product_id], category=(names[product_id],), variants=tuple(found))
        for product_id, found in variants.items()
    }
    return products, options


def _json(file: Path) -> Any:
    with gzip.open(file, "rt", encoding="utf-8") as text:
        return json.load(text)
