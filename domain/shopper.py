"""Who shops? An identity that comes from the session alone, and what a shop keeps for it."""

from typing import Literal

from domain.address import Address
from domain.document import Document

MethodKind = Literal["demo", "card", "paypal", "store_credit"]
STORE_CREDIT = "store_credit"


class Shopper(Document):
    """The session that acts, and the customer whom the shop's server bound to it. Never built from an argument of a tool."""

    session_id: str
    customer_id: str | None = None

    @property
    def owner(self) -> str:
        """The key under which carts and orders lie: the customer's where one is bound, else the session's."""
        return f"customer:{self.customer_id}" if self.customer_id is not None else self.anonymous

    @property
    def anonymous(self) -> str:
        """The key that this session has, or had, without a customer."""
        return f"session:{self.session_id}"


class PaymentMethod(Document):
    """A way to pay. Numbers of cards are the provider's; ``label`` is all that is shown."""

    method_id: str
    kind: MethodKind
    label: str
    provider: str
    """Name of the PaymentProvider that charges it; "credit" for money that the shop itself owes."""


class Account(Document):
    """What the shop keeps for an owner: the default address and the ways to pay."""

    owner: str
    address: Address | None = None
    methods: tuple[PaymentMethod, ...] = ()

    def method(self, method_id: str) -> PaymentMethod | None:
        """The method of that id, or None."""
        return next((method for method in self.methods if method.method_id == method_id), None)
