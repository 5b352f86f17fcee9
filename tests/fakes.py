"""What do tests give the product instead of the real thing? Fakes of the ports, passed to constructors."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import numpy as np

from catalog.vocabulary import Vocabulary
from domain.errors import Conflict, TooMany
from domain.events import StreamEvent, TurnFinished
from domain.feedback import Feedback
from domain.filters import Filters
from domain.product import Product
from domain.profile import Profile
from domain.reply import ProductView, Reply, SectionView, TaskView
from domain.search import Candidate, HybridQuery, Retrieved, Vectors
from domain.session import Exchange, Session, TurnRecord
from domain.trace import Run
from domain.turn import Received


class FakeClock:
    """Stands still until told to move."""

    def __init__(self, now: datetime = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class EchoAssistant:
    """Answers every message with itself and one section of these products; ``before_reply`` lets a test stop it midway."""

    def __init__(self, products: Sequence[Product] = (), *, fail_with: Exception | None = None) -> None:
        self.products = products
        self.fail_with = fail_with
        self.heard: list[str] = []
        self.received: list[Received] = []
        self.may_finish = asyncio.Event()
        self.may_finish.set()
        self.started = asyncio.Event()

    async def answer(self, received: Received) -> AsyncIterator[StreamEvent | TurnFinished]:
        self.heard.append(received.message)
        self.received.append(received)
        task = TaskView(kind="search", request=received.message, filters=Filters())
        yield StreamEvent("plan", [task.model_dump(mode="json")])
        self.started.set()
        await self.may_finish.wait()
        if self.fail_with is not None:
            raise self.fail_with
        views = tuple(ProductView.of(product, ordinal=i) for i, product in enumerate(self.products, start=1))
        sections = (SectionView(category="Found", explanation="What you asked for.", products=views),) if views else ()
        for section in sections:
            yield StreamEvent("section", section.model_dump(mode="json"))
        text = f"You said: {received.message}"
        for word in text.split(" "):
            yield StreamEvent("token", {"text": word if word == "You" else f" {word}"})
        reply = Reply(
            turn_id=received.turn_id, session_id=received.session.session_id, text=text, plan=(task,), sections=sections,
            timings_ms={"total": 1.0},
        )  # fmt: skip
        session = received.session
        exchanges = (*session.exchanges, Exchange(message=received.message, answer=text))[-12:]
        yield TurnFinished(reply, session.model_copy(update={"exchanges": exchanges, "turn_count": session.turn_count + 1}))


class MemorySessions:
    """Sessions and Turns in a dictionary; ``fail_with`` makes every call raise, as a store that is down."""

    def __init__(self, *, fail_with: Exception | None = None) -> None:
        self.sessions: dict[str, Session] = {}
        self.records: dict[str, dict[str, TurnRecord]] = {}
        self.busy: set[str] = set()
        self.fail_with = fail_with

    async def open(self, session: Session) -> None:
        self._check()
        self.sessions[session.session_id] = session

    async def load(self, session_id: str) -> Session | None:
        self._check()
        return self.sessions.get(session_id)

    async def save(self, session: Session) -> Session:
        self._check()
        if self.sessions[session.session_id].version != session.version:
            raise Conflict("the session was changed meanwhile", retry_after_s=1)
        saved = session.model_copy(update={"version": session.version + 1})
        self.sessions[session.session_id] = saved
        return saved

    async def commit(self, session: Session, record: TurnRecord) -> Session:
        saved = await self.save(session)
        self.records.setdefault(session.session_id, {})[record.turn_id] = record
        return saved

    async def forget(self, session_id: str) -> None:
        self._check()
        self.sessions.pop(session_id, None)
        self.records.pop(session_id, None)

    async def saved(self, session_id: str, turn_id: str) -> TurnRecord | None:
        self._check()
        return self.records.get(session_id, {}).get(turn_id)

    async def history(self, session_id: str, *, before: int | None, limit: int) -> tuple[tuple[TurnRecord, ...], int | None]:
        self._check()
        records = tuple(self.records.get(session_id, {}).values())[:before]
        start = max(0, len(records) - limit)
        return records[start:], start or None

    @asynccontextmanager
    async def running(self, session_id: str, turn_id: str) -> AsyncIterator[None]:
        self._check()
        if session_id in self.busy:
            raise Conflict("a turn of this session is still running", retry_after_s=1)
        self.busy.add(session_id)
        try:
            yield
        finally:
            self.busy.discard(session_id)

    def _check(self) -> None:
        if self.fail_with is not None:
            raise self.fail_with


class CountingLimiter:
    """Counts for ever: no window passes."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    async def check(self, bucket: str, subject: str, *, per_minute: int) -> None:
        self.counts[bucket, subject] += 1
        if self.counts[bucket, subject] > per_minute:
            raise TooMany(f"more than {per_minute} calls a minute; slow down", retry_after_s=30)


class ListCatalog:
    """A catalogue that finds every product that the filters admit, in the order given, as relevant as ``scores`` say."""

    def __init__(self, products: Sequence[Product], *, name: str = "fake", scores: Mapping[str, float] | None = None) -> None:
        self._scores = scores or {}
        self._products = {product.product_id: product for product in products}
        self.name = name
        self.vocabulary = Vocabulary.from_products(products)

    @property
    def count(self) -> int:
        return len(self._products)

    async def retrieve(self, query: HybridQuery, filters: Filters, *, limit: int) -> Retrieved:
        fitting = [product for product in self._products.values() if filters.admits(product) and not product.is_gift_card]
        found = tuple(Candidate(product=p, score=self._scores.get(p.product_id, 1.0)) for p in fitting[:limit])
        return Retrieved(candidates=found, total=len(fitting))

    async def products(self, product_ids: Sequence[str]) -> tuple[Product, ...]:
        return tuple(self._products[i] for i in product_ids if i in self._products)

    async def by_price(self, filters: Filters, *, descending: bool, limit: int) -> tuple[Product, ...]:
        priced = [(product.price.minor, product) for product in self._products.values() if product.price and filters.admits(product)]
        priced.sort(key=lambda pair: pair[0], reverse=descending)
        return tuple(product for _, product in priced[:limit])

    async def matching(self, filters: Filters) -> int:
        return sum(filters.admits(product) for product in self._products.values())

    async def check(self) -> None:
        return None


class UnitEmbedder:
    """Every text is the same direction: for tests in which likeness does not matter."""

    dimensions = 4

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return np.tile(np.array([1, 0, 0, 0], dtype=np.float32), (len(texts), 1))


class MemoryTraces:
    """TraceSink and TraceSource in a list."""

    def __init__(self, on_write: Callable[[Sequence[Run]], None] = lambda runs: None) -> None:
        self.runs: list[Run] = []
        self._on_write = on_write

    async def write(self, runs: Sequence[Run]) -> None:
        self._on_write(runs)
        self.runs.extend(runs)

    async def traces(self, *, session_id: str | None, limit: int, before: tuple[datetime, str] | None = None) -> tuple[Run, ...]:
        roots = [r for r in self.runs if r.parent_run_id is None and session_id in (None, r.session_id)]
        older = [r for r in roots if before is None or (r.start_time, r.id) < before]
        return tuple(sorted(older, key=lambda r: (r.start_time, r.id), reverse=True)[:limit])

    async def trace(self, trace_id: str) -> tuple[Run, ...]:
        return tuple(sorted((r for r in self.runs if r.trace_id == trace_id), key=lambda r: r.dotted_order))


class MemoryFeedback:
    """A FeedbackLog that is a list."""

    def __init__(self) -> None:
        self.said: list[Feedback] = []

    async def record(self, feedback: Feedback) -> None:
        self.said.append(feedback)


class KeptProfiles:
    """The Profiles port in memory, with its version check."""

    def __init__(self, *profiles: Profile) -> None:
        self.found = {profile.customer_id: profile for profile in profiles}

    async def load(self, customer_id: str) -> Profile | None:
        return self.found.get(customer_id)

    async def known(self, customer_ids: Sequence[str]) -> dict[str, Profile]:
        return {c: self.found[c] for c in customer_ids if c in self.found}

    async def save(self, profile: Profile) -> Profile:
        return (await self.save_all((profile,)))[0]

    async def save_all(self, changed: Sequence[Profile]) -> tuple[Profile, ...]:
        for profile in changed:
            before = self.found.get(profile.customer_id)
            if (before.version if before else 0) != profile.version:
                raise Conflict("the profile was changed by another request meanwhile; try again")
        saved = tuple(profile.model_copy(update={"version": profile.version + 1}) for profile in changed)
        self.found |= {profile.customer_id: profile for profile in saved}
        return saved
