"""What does Aisle need from outside? Each port is small; adapters translate their vendor's errors to domain.errors."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from domain.events import FormulationEvent, StreamEvent, TurnFinished
from domain.feedback import Feedback
from domain.filters import Filters
from domain.need import TaggedNeed
from domain.plan import Plan
from domain.product import Product
from domain.profile import Profile
from domain.search import HybridQuery, Retrieved, Vectors
from domain.session import Session, TurnRecord
from domain.trace import Run
from domain.turn import FormulationRequest, Received


class Clock(Protocol):
    def now(self) -> datetime:
        """The current time, aware, UTC."""
        ...


class Planner(Protocol):
    async def plan(self, received: Received) -> Plan:
        """What the shopper wants; never raises for what a shopper may type."""
        ...


class Formulator(Protocol):
    def formulate(self, request: FormulationRequest) -> AsyncIterator[FormulationEvent]:
        """Query first, then category by category as they close, explanations, and FormulationFinished last.

        Raises ModelUnavailable or BadModelOutput when this implementation cannot (go on to) answer.
        """
        ...


class NeedTagger(Protocol):
    async def tag(self, request: FormulationRequest) -> TaggedNeed:
        """The words of the need in the conversation. Raises ModelUnavailable."""
        ...


class Embedder(Protocol):
    @property
    def dimensions(self) -> int: ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """L2-normalised rows, shape (len(texts), dimensions)."""
        ...


class Retriever(Protocol):
    async def retrieve(self, query: HybridQuery, filters: Filters, *, limit: int) -> Retrieved:
        """The best ``limit`` products that pass the filters, gift cards never among them. Raises IndexUnavailable."""
        ...


class ProductSource(Protocol):
    async def products(self, product_ids: Sequence[str]) -> tuple[Product, ...]:
        """Those of the ids that exist, in the order asked. Raises IndexUnavailable."""
        ...


class Sessions(Protocol):
    """Conversations as documents; a missing or expired one is None."""

    async def open(self, session: Session) -> None: ...

    async def load(self, session_id: str) -> Session | None: ...

    async def save(self, session: Session) -> Session:
        """Writes with version + 1; Conflict when another writer was first. Refreshes the lifetime of all its keys."""
        ...

    async def forget(self, session_id: str) -> None: ...


class Turns(Protocol):
    """One turn at a time per session, and what finished turns answered."""

    def running(self, session_id: str, turn_id: str) -> AbstractAsyncContextManager[None]:
        """Holds the session's turn while inside, renewing its lease; Conflict with retry_after_s if one runs already."""
        ...

    async def commit(self, session: Session, record: TurnRecord) -> Session:
        """Saves the session (as Sessions.save) and the record in one step; acknowledged means durable."""
        ...

    async def saved(self, session_id: str, turn_id: str) -> TurnRecord | None: ...

    async def history(self, session_id: str, *, before: int | None, limit: int) -> tuple[tuple[TurnRecord, ...], int | None]:
        """Up to ``limit`` turns, oldest first, that end before position ``before`` (None: the end); the next cursor or None."""
        ...


class Profiles(Protocol):
    """Profiles of customers, each a versioned document."""

    async def load(self, customer_id: str) -> Profile | None: ...

    async def known(self, customer_ids: Sequence[str]) -> dict[str, Profile]:
        """Those of these customers that have a profile, by id."""
        ...

    async def save(self, profile: Profile) -> Profile:
        """The profile at its next version; Conflict when it was changed since it was read."""
        ...

    async def save_all(self, changed: Sequence[Profile]) -> tuple[Profile, ...]:
        """All or none, each at its next version; Conflict when one was changed since it was read."""
        ...


class RateLimiter(Protocol):
    async def check(self, bucket: str, subject: str, *, per_minute: int) -> None:
        """Counts one call; TooMany when the subject is over its limit."""
        ...


class TraceSink(Protocol):
    async def write(self, runs: Sequence[Run]) -> None:
        """Stores a finished turn's runs; must not fail the turn."""
        ...


class TraceSource(Protocol):
    async def traces(self, *, session_id: str | None, limit: int, before: tuple[datetime, str] | None = None) -> tuple[Run, ...]:
        """Root runs, newest first; with ``before`` = (start_time, id) of a run, those older than it."""
        ...

    async def trace(self, trace_id: str) -> tuple[Run, ...]:
        """All runs of one trace in dotted order; empty when there is none."""
        ...


class FeedbackLog(Protocol):
    async def record(self, feedback: Feedback) -> None: ...


class Assistant(Protocol):
    """One turn for the server: agents/orchestrator.py behind a port."""

    def answer(self, received: Received) -> AsyncIterator[StreamEvent | TurnFinished]:
        """Stream events in the contract's order, then TurnFinished; the caller saves its session with its reply."""
        ...
