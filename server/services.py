"""What does the server need? Ports and settings, filled by app.build; routes reach it through the request."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fastapi import Request

from catalog.vocabulary import Vocabulary
from domain.feedback import Feedback
from domain.filters import Filters
from domain.order import Order
from domain.ports import (
    Assistant,
    Clock,
    Embedder,
    FeedbackLog,
    ProductSource,
    Profiles,
    RateLimiter,
    Retriever,
    Sessions,
    TraceSource,
    Turns,
)
from domain.product import Product
from domain.reply import Degraded, Reply
from domain.session import Session
from server.tokens import TokenSigner
from tools.shop import Shop


class Catalog(Retriever, ProductSource, Protocol):
    """What the routes ask of the served index."""

    @property
    def name(self) -> str: ...

    @property
    def count(self) -> int: ...

    @property
    def vocabulary(self) -> Vocabulary: ...

    async def matching(self, filters: Filters) -> int: ...

    async def by_price(self, filters: Filters, *, descending: bool, limit: int) -> tuple[Product, ...]: ...

    async def check(self) -> None: ...


class Learner(Protocol):
    """What conversations teach of signed-in customers. Raises Unavailable and Conflict."""

    async def turn(self, session: Session, message: str, reply: Reply) -> None: ...

    async def feedback(self, session: Session, said: Feedback) -> None: ...

    async def order(self, session: Session, order: Order) -> None: ...


@dataclass(frozen=True)
class ApiKeys:
    """The three kinds of X-Api-Key; each is a secret of its own."""

    shop: str
    merchant: str
    operator: str


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Per address and minute, and per request."""

    new_sessions_per_minute: int = 300
    requests_per_minute: int = 3000
    max_body_bytes: int = 1_000_000
    turn_timeout_s: float = 30.0
    session_ttl_s: int = 7 * 24 * 3600
    stream_ping_s: int = 15
    """How often a silent stream says that it lives."""


@dataclass(frozen=True, kw_only=True)
class ServerServices:
    """Everything that routes use."""

    assistant: Assistant
    sessions: Sessions
    turns: Turns
    limiter: RateLimiter
    catalog: Catalog
    embedder: Embedder
    traces: TraceSource
    feedback: FeedbackLog
    clock: Clock
    signer: TokenSigner
    keys: ApiKeys
    limits: Limits
    checks: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    """Dependencies that /readyz asks, by name; each raises when it is down."""
    roles: Callable[[], dict[str, str]] = dict
    """Which model plays each role now."""
    degraded: Callable[[], tuple[Degraded, ...]] = tuple
    """Models that are wanted and cannot answer now; turns step down, so readiness does not depend on them."""
    picture: Callable[[Product], str | None] = lambda product: None
    """An SVG for a product of the demo catalogue; None when there is none."""
    shop: Shop | None = None
    """Cart, checkout and orders; None where products can only be found."""
    profiles: Profiles | None = None
    """What is known of customers' tastes; None where nothing is kept."""
    learner: Learner | None = None
    """Adds to profiles what conversations tell; None where profiles come from purchase histories alone."""


def services(request: Request) -> ServerServices:
    """The services of the app that serves this request."""
    found: ServerServices = request.app.state.services
    return found
