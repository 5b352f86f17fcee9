"""What can be done in the shop? Cart, consent, orders and settlement over one store, one catalogue and its payment providers."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.commerce_ports import ShopStore
from domain.payment import CREDIT, PaymentProvider
from domain.policy import ShopPolicy, SpendingLimits
from domain.ports import Clock, ProductSource
from domain.shopper import PaymentMethod
from tools.address_book import AddressBook
from tools.cart import CartService
from tools.consent import Consent
from tools.offers import OfferBook
from tools.orders import OrderBook
from tools.proposals import Proposals
from tools.settlement import Settlement, nothing

_ORDER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that reads like something else over the phone
_ORDER_LENGTH = 10


def random_id() -> str:
    """Unguessable, and short enough for every provider's idempotency key."""
    return secrets.token_hex(12)


def random_order_id() -> str:
    """As a shopper may read it out: "A-7F3K2M9QXR"."""
    return "A-" + "".join(secrets.choice(_ORDER_ALPHABET) for _ in range(_ORDER_LENGTH))


@dataclass(frozen=True)
class Shop:
    """The services, put together."""

    carts: CartService
    consent: Consent
    orders: OrderBook
    settlement: Settlement
    addresses: AddressBook
    policy: ShopPolicy


def open_shop(
    store: ShopStore, source: ProductSource, clock: Clock, *, policy: ShopPolicy, providers: Mapping[str, PaymentProvider],
    methods: tuple[PaymentMethod, ...], limits: SpendingLimits | None = None, new_id: Callable[[], str] = random_id,
    new_order_id: Callable[[], str] = random_order_id, failpoint: Callable[[str], None] = nothing, currency: str = "USD",
) -> Shop:  # fmt: skip
    """Puts the services together; ``methods`` is what everybody can pay with, the default first."""

    def unattended(provider: str) -> bool:
        return provider == CREDIT or (provider in providers and providers[provider].unattended)

    offers = OfferBook(source)
    proposals = Proposals(policy, limits or SpendingLimits(), methods, unattended, new_id, new_order_id)
    settlement = Settlement(store, providers, clock, new_id, failpoint)
    return Shop(
        carts=CartService(store, offers, clock, new_id, currency),
        consent=Consent(store, offers, proposals, settlement, clock, new_id, failpoint),
        orders=OrderBook(store, proposals, settlement, clock, new_id),
        settlement=settlement,
        addresses=AddressBook(store, policy),
        policy=policy,
    )
