"""How do tests of the server get one? An app over fakes, driven through HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from fastapi import FastAPI

from domain.money import Money
from domain.product import Product, Variant
from server.application import create_app
from server.services import ApiKeys, Limits, ServerServices
from server.tokens import TokenSigner
from tests.fakes import (
    CountingLimiter,
    EchoAssistant,
    FakeClock,
    ListCatalog,
    MemoryFeedback,
    MemorySessions,
    MemoryTraces,
    UnitEmbedder,
)

KEYS = ApiKeys(shop="shop-key", merchant="merchant-key", operator="operator-key")
PRODUCTS = (
    Product(
        product_id="boot-1", title="Ridge Boot", brand="Fellstride", price=Money.usd("109.00"), category=("Footwear", "Boots"),
        gender="women", colors=("brown",), rating=4.6, rating_count=10,
        variants=(Variant(variant_id="boot-1-8", size="8", stock=5), Variant(variant_id="boot-1-9", size="9", stock=0)),
    ),
    Product(product_id="lamp-1", title="Desk Lamp", brand="Lumo", price=Money.usd("29.50"), category=("Home", "Lamps"),
        rating=4.9, stock=3),
    Product(product_id="mug-1", title="Red Mug", price=None, category=("Kitchen", "Mugs"), colors=("red",), stock=0),
)  # fmt: skip


@dataclass
class Server:
    """An app, its fakes and a client that keeps cookies as a browser does."""

    own: ServerServices
    app: FastAPI
    http: httpx.AsyncClient
    assistant: EchoAssistant
    sessions: MemorySessions
    feedback: MemoryFeedback
    traces: MemoryTraces
    clock: FakeClock

    async def open(self) -> dict[str, Any]:
        """A new session's document; its cookie is dropped, so that only what a test sends counts."""
        answer = await self.http.post("/sessions")
        self.http.cookies.clear()
        opened: dict[str, Any] = answer.json()
        return opened

    async def say(self, message: object, *, token: str, **more: object) -> httpx.Response:
        return await self.http.post("/chat", json={"message": message, **more}, headers=bearer(token))


@dataclass(frozen=True)
class Setup:
    """What a test wants different."""

    limits: Limits = field(default_factory=Limits)
    assistant: EchoAssistant = field(default_factory=lambda: EchoAssistant(PRODUCTS[:2]))
    sessions: MemorySessions = field(default_factory=MemorySessions)
    own: dict[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def serving(setup: Setup | None = None) -> AsyncIterator[Server]:
    """The app over fakes; leaving waits for turns that still run, as a shutdown does."""
    wanted = setup or Setup()
    clock, feedback, traces = FakeClock(), MemoryFeedback(), MemoryTraces()
    own = ServerServices(
        assistant=wanted.assistant, sessions=wanted.sessions, turns=wanted.sessions, limiter=CountingLimiter(),
        catalog=ListCatalog(PRODUCTS), embedder=UnitEmbedder(), traces=traces, feedback=feedback, clock=clock,
        signer=TokenSigner(b"k" * 32, unix_time=lambda: clock.now().timestamp()), keys=KEYS, limits=wanted.limits,
    )  # fmt: skip
    own = replace(own, **wanted.own)
    app = create_app(own)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://aisle.test") as http:
        yield Server(own, app, http, wanted.assistant, wanted.sessions, feedback, traces, clock)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def events(body: str) -> list[tuple[str, str]]:
    """(name, data) of every server-sent event."""
    found = []
    for block in body.replace("\r\n", "\n").split("\n\n"):
        lines = dict(line.partition(": ")[::2] for line in block.splitlines() if not line.startswith(":"))
        if "event" in lines:
            found.append((lines["event"], lines.get("data", "")))
    return found
