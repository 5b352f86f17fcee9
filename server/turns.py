"""How does one message become one saved turn? Once only per turn id, one at a time per session, saved before it is confirmed."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import structlog

from domain.errors import AisleError, BadInput, Conflict, Unavailable
from domain.events import StreamEvent, StreamName, TurnFinished
from domain.ports import Assistant, Clock, Profiles, Sessions, Turns
from domain.profile import Profile
from domain.reply import Reply
from domain.session import Session, TurnRecord
from domain.turn import Received
from server import metrics
from server.bodies import check_text
from server.learning import learned
from server.services import Learner

_log = structlog.get_logger()
MESSAGE_LIMIT = 4000
_WIND_UP_S = 0.25


@dataclass(frozen=True)
class Failed:
    """The turn ended without a reply; nothing was saved."""

    error: AisleError


TurnEvent = StreamEvent | Reply | Failed


@dataclass(frozen=True)
class TurnRunner:
    """Runs turns as tasks of their own, so that a client that goes away leaves the turn to finish and be saved."""

    assistant: Assistant
    sessions: Sessions
    turns: Turns
    clock: Clock
    timeout_s: float
    profiles: Profiles | None = None
    learner: Learner | None = None
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def start(self, session: Session, message: str, turn_id: str | None) -> AsyncIterator[TurnEvent]:
        """Events of the turn; the last is its Reply or Failed. Conflict before anything runs, where the contract says so."""
        text, turn = checked_message(message), turn_id or uuid.uuid4().hex
        saved = await self._saved(session.session_id, turn, text)
        if saved is not None:
            return _replayed(saved)
        running = AsyncExitStack()
        await running.enter_async_context(self.turns.running(session.session_id, turn))
        events: asyncio.Queue[TurnEvent] = asyncio.Queue()

        async def run() -> None:
            async with running:
                outcome = await self._run(session.session_id, text, turn, events)
            # Only now: who has the reply may send the next message at once, and must not be told that this turn still runs.
            events.put_nowait(outcome)

        self._keep(asyncio.create_task(run(), name=f"turn {turn}"))
        return _drain(events)

    async def finish(self) -> None:
        """Waits for the turns that still run; called at shutdown, while the stores are still open."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=self.timeout_s)

    async def _run(self, session_id: str, text: str, turn_id: str, events: "asyncio.Queue[TurnEvent]") -> Reply | Failed:
        structlog.contextvars.bind_contextvars(turn_id=turn_id)
        try:
            async with asyncio.timeout(self.timeout_s):
                # Asked again inside the lease: the same turn may have finished between the first look and now.
                return await self._saved(session_id, turn_id, text) or await self._answer(session_id, text, turn_id, events)
        except TimeoutError:
            return _failed(Unavailable(f"the turn took over {self.timeout_s:g} s; try again", retry_after_s=1))
        except AisleError as error:
            return _failed(error)
        except Exception as error:  # noqa: BLE001
            # The task's own edge: an unforeseen defect must reach the client as a failure, not as silence.
            _log.exception("turn_failed")
            return _failed(AisleError(type(error).__name__))

    async def _answer(self, session_id: str, text: str, turn_id: str, events: "asyncio.Queue[TurnEvent]") -> Reply:
        session = await self.sessions.load(session_id)
        if session is None:
            raise Conflict("the session was forgotten meanwhile; open a new one with POST /sessions")
        at = self.clock.now()
        profile = await self._profile(session)
        received = Received(
            turn_id=turn_id, message=text, at=at, session=session, profile=profile.summary if profile else "",
            tastes=profile.tastes if profile else {},
        )  # fmt: skip
        answering = self.assistant.answer(received)
        async for event in answering:
            if isinstance(event, TurnFinished):
                await self.turns.commit(event.session, TurnRecord(turn_id=turn_id, message=text, at=at, reply=event.reply))
                metrics.observe(event.reply)
                if self.learner is not None:
                    await learned(self.learner.turn(event.session, text, event.reply))
                await self._wind_up(answering)
                return event.reply
            events.put_nowait(event)
        raise AisleError("the assistant ended without a reply")

    async def _profile(self, session: Session) -> Profile | None:
        if self.profiles is None or session.customer_id is None:
            return None
        try:
            return await self.profiles.load(session.customer_id)
        except Unavailable as error:
            # A shopper is served without a profile rather than not at all.
            _log.warning("profile_unavailable", reason=str(error))
            return None

    async def _wind_up(self, answering: AsyncIterator[object]) -> None:
        """Lets the assistant store its trace; a trace store that hangs delays no reply for long."""
        rest = asyncio.create_task(_exhaust(answering), name="winding up")
        self._keep(rest)
        await asyncio.wait({rest}, timeout=_WIND_UP_S)

    def _keep(self, task: "asyncio.Task[None]") -> None:
        """The loop itself holds tasks weakly; ``finish`` waits for those held here."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _saved(self, session_id: str, turn_id: str, text: str) -> Reply | None:
        record = await self.turns.saved(session_id, turn_id)
        if record is None:
            return None
        if record.message != text:
            raise Conflict(f"turn_id {turn_id!r} was used for another message; use a new one")
        return record.reply


def checked_message(message: str) -> str:
    """The trimmed message; BadInput when it is empty, too long, or holds what no text may hold."""
    text = message.strip()
    if not text:
        raise BadInput("message is empty; write what you are looking for", field="message", value=message)
    if len(text) > MESSAGE_LIMIT:
        raise BadInput(f"message has {len(text)} characters; at most {MESSAGE_LIMIT} are taken", field="message", value=text)
    check_text(text, "message")
    return text


async def _exhaust(answering: AsyncIterator[object]) -> None:
    try:
        async for _ in answering:
            pass
    except Exception:  # noqa: BLE001
        # The reply stands and is saved: what fails after it is for the log alone.
        _log.exception("winding_up_failed")


async def _replayed(reply: Reply) -> AsyncIterator[TurnEvent]:
    """A saved reply in the events of the contract, so that a client that streams shows it as it showed the first."""
    yield StreamEvent("plan", [task.model_dump(mode="json") for task in reply.plan])
    for section in reply.sections:
        yield StreamEvent("section", section.model_dump(mode="json"))
    documents: tuple[tuple[StreamName, Any], ...] = (("cart", reply.cart), ("order", reply.order), ("pending", reply.pending))
    for name, document in documents:
        if document is not None:
            yield StreamEvent(name, document)
    yield StreamEvent("token", {"text": reply.text})
    yield reply


def _failed(error: AisleError) -> Failed:
    metrics.failed_turns.labels(type(error).__name__).inc()
    return Failed(error)


async def _drain(events: "asyncio.Queue[TurnEvent]") -> AsyncIterator[TurnEvent]:
    while True:
        event = await events.get()
        yield event
        if isinstance(event, Reply | Failed):
            return
