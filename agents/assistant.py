"""How does one message become a stream of events? Runs the graph once, then writes the reply; nothing is kept between turns."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from langsmith import tracing_context

from agents.assembling import SectionAssembler
from agents.context import TurnContext
from agents.feed import CategoryFeed
from agents.orchestrator import Graph
from agents.reply import ReplyAgent
from agents.state import Finished, TurnState
from agents.tracing import TurnTrace
from domain.events import StreamEvent, TurnFinished
from domain.ports import Clock, TraceSink
from domain.reply import Reply, SectionView
from domain.turn import Received


@dataclass(frozen=True)
class GraphAssistant:
    """The Assistant port over the graph."""

    graph: Graph
    reply: ReplyAgent
    traces: TraceSink
    clock: Clock

    async def answer(self, received: Received) -> AsyncIterator[StreamEvent | TurnFinished]:
        """Plan, sections as they close, token events, TurnFinished; the trace is stored whatever happens."""
        events: asyncio.Queue[StreamEvent | TurnFinished | None] = asyncio.Queue()
        context = self._context(received, events)
        running = asyncio.create_task(self._run(received, context, events))
        finished = False
        try:
            while (event := await events.get()) is not None:
                finished = isinstance(event, TurnFinished)
                yield event
            await running
        finally:
            # A reader that leaves with the reply in hand does not cost the trace; one that leaves earlier ends the work.
            if not finished:
                running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _run(self, received: Received, context: TurnContext, events: "asyncio.Queue[StreamEvent | TurnFinished | None]") -> None:
        try:
            inputs = {"message": received.message, "turn_id": received.turn_id}
            # LangGraph would send its own runs, unredacted, wherever LANGSMITH_TRACING points; ours go through the sinks.
            with tracing_context(enabled=False), context.trace.run("turn", "chain", inputs) as outputs:
                state: TurnState = {"received": received, "searched": [], "spoken": []}
                async for mode, part in self.graph.astream(state, context=context, stream_mode=["custom", "values"]):
                    if mode == "custom":
                        events.put_nowait(part)  # type: ignore[arg-type]
                    else:
                        state = part  # type: ignore[assignment]
                if context.feed.error is not None:
                    raise context.feed.error
                finished = Finished(planned=state["planned"], searched=tuple(state["searched"]), spoken=tuple(state["spoken"]))
                async for event in self.reply.finish(finished, context):
                    if isinstance(event, TurnFinished):
                        outputs |= _recorded(event.reply)
                    events.put_nowait(event)
        finally:
            context.abandon()
            events.put_nowait(None)
            await self.traces.write(context.trace.runs)

    def _context(self, received: Received, events: "asyncio.Queue[StreamEvent | TurnFinished | None]") -> TurnContext:
        def send(view: SectionView) -> None:
            context.mark_first_section()
            events.put_nowait(StreamEvent("section", view.model_dump(mode="json")))

        trace = TurnTrace(session_id=received.session.session_id, clock=self.clock)
        context = TurnContext(trace=trace, feed=CategoryFeed(), assembler=SectionAssembler(send))
        return context


def _recorded(reply: Reply) -> dict[str, Any]:
    """What a trace keeps of a reply: enough to judge it later, products by id and title."""
    return {
        "text": reply.text,
        "timings_ms": reply.timings_ms,
        "proposal": [category.model_dump(mode="json") for category in reply.proposal],
        "shown": [
            {"category": s.category, "products": [p.product_id for p in s.products], "titles": [p.title for p in s.products]}
            for s in reply.sections
        ],
        "degraded": [step.used for step in reply.degraded],
    }
