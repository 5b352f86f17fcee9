"""How do traces reach an OpenTelemetry collector? As spans with the runs' own times and ids, sent in batches by a thread."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from domain.trace import Run

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_VALUE_LIMIT = 8_000
_EXPORT_TIMEOUT_S = 3.0  # with its retries; a shutdown waits this long at most for a collector that is down
_KINDS = {"llm": SpanKind.CLIENT}


class OtlpTraces:
    """A TraceSink over OTLP (HTTP, protobuf). The exporter's thread retries and reports; no turn waits for it."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._resource = Resource.create({"service.name": "aisle"})
        self._batches = BatchSpanProcessor(exporter)

    @classmethod
    def connect(cls, endpoint: str, *, headers: str | None = None) -> "OtlpTraces":
        """``endpoint`` is the collector's base address; ``headers`` as in OTEL_EXPORTER_OTLP_HEADERS."""
        pairs = (part.partition("=") for part in (headers or "").split(",") if "=" in part)
        named = {name.strip(): value.strip() for name, _, value in pairs}
        return cls(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", headers=named, timeout=_EXPORT_TIMEOUT_S))

    async def write(self, runs: Sequence[Run]) -> None:
        for run in runs:
            self._batches.on_end(self._span(run))

    async def close(self) -> None:
        """Delivers what is still queued."""
        await asyncio.to_thread(self._batches.shutdown)

    def _span(self, run: Run) -> ReadableSpan:
        return ReadableSpan(
            name=run.name,
            context=_context(run.trace_id, run.id),
            parent=_context(run.trace_id, run.parent_run_id) if run.parent_run_id else None,
            resource=self._resource,
            attributes={
                "aisle.run_type": run.run_type,
                "session.id": run.session_id,
                "aisle.inputs": _json(run.inputs),
                "aisle.outputs": _json(run.outputs),
                "aisle.tags": list(run.tags),
            },
            kind=_KINDS.get(run.run_type, SpanKind.INTERNAL),
            status=Status(StatusCode.ERROR, run.error) if run.error else Status(StatusCode.OK),
            start_time=_nanoseconds(run.start_time),
            end_time=_nanoseconds(run.end_time or run.start_time),
        )


def _context(trace_id: str, run_id: str) -> SpanContext:
    # OpenTelemetry's ids are 128 and 64 bits: a run's UUID gives the first whole, and its lower half the second.
    return SpanContext(UUID(trace_id).int, UUID(run_id).int & (2**64 - 1), is_remote=False, trace_flags=_SAMPLED)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:_VALUE_LIMIT]


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1_000
