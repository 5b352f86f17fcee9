"""Do LangSmith and a collector get what the local store gets? Against listeners of our own that speak their protocols."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from domain.trace import Run
from memory.langsmith_traces import LangSmithTraces
from memory.otlp_traces import OtlpTraces
from memory.trace_fanout import TraceFanout
from tests.fakes import MemoryTraces
from tests.integration.listener import Listener

pytestmark = pytest.mark.integration


def a_turn() -> tuple[Run, Run]:
    start = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    root_id, child_id = str(uuid4()), str(uuid4())
    root = Run(
        id=root_id, trace_id=root_id, dotted_order=f"20261128T120000000000Z{root_id}", name="turn", run_type="chain",
        start_time=start, end_time=start + timedelta(milliseconds=24), inputs={"message": "boots"},
        outputs={"products": ["boot-1"]}, session_id="s1", tags=("search",), extra={"degraded": 0},
    )  # fmt: skip
    child = root.model_copy(
        update={
            "id": child_id, "parent_run_id": root_id, "name": "retrieve", "run_type": "retriever",
            "dotted_order": f"{root.dotted_order}.20261128T120000001000Z{child_id}",
            "start_time": start + timedelta(milliseconds=1), "error": "IndexUnavailable: gone",
        }
    )  # fmt: skip
    return root, child


async def test_langsmith_gets_the_tree_with_ids_order_times_inputs_and_outputs(listener: Listener) -> None:
    root, child = a_turn()
    sink = LangSmithTraces(endpoint=listener.url, api_key="secret", project="shop")
    await sink.write([child, root])
    await sink.close()

    sent = [run for path, _, body in listener.received if path == "/runs/batch" for run in json.loads(body)["post"]]
    assert [run["id"] for run in sent] == [root.id, child.id]
    assert all(headers["x-api-key"] == "secret" for _, headers, _ in listener.received)
    first, second = sent
    assert (first["name"], first["run_type"], first["session_name"]) == ("turn", "chain", "shop")
    assert (first["inputs"], first["outputs"]) == ({"message": "boots"}, {"products": ["boot-1"]})
    assert (second["parent_run_id"], second["trace_id"], second["error"]) == (root.id, root.id, "IndexUnavailable: gone")
    assert [run["dotted_order"] for run in sent] == [root.dotted_order, child.dotted_order]
    assert first["end_time"].startswith("2026-11-28T12:00:00.024")
    assert first["extra"]["metadata"]["session_id"] == "s1"


async def test_a_collector_gets_nested_spans_with_the_runs_own_times(listener: Listener) -> None:
    root, child = a_turn()
    sink = OtlpTraces.connect(listener.url, headers="authorization=Bearer x,tenant=shop")
    await sink.write([root, child])
    await sink.close()

    (path, headers, body) = listener.received[0]
    spans = ExportTraceServiceRequest.FromString(body).resource_spans[0].scope_spans[0].spans
    by_name = {span.name: span for span in spans}
    turn, retrieve = by_name["turn"], by_name["retrieve"]
    assert path == "/v1/traces" and headers["tenant"] == "shop" and headers["authorization"] == "Bearer x"
    assert retrieve.parent_span_id == turn.span_id and retrieve.trace_id == turn.trace_id
    assert turn.end_time_unix_nano - turn.start_time_unix_nano == 24_000_000
    assert (retrieve.status.code, retrieve.status.message) == (2, "IndexUnavailable: gone")
    attributes = {a.key: a.value.string_value for a in turn.attributes}
    assert json.loads(attributes["aisle.inputs"]) == {"message": "boots"}
    assert attributes["session.id"] == "s1"


async def test_a_sink_that_nobody_answers_fails_no_turn() -> None:
    root, _ = a_turn()
    langsmith = LangSmithTraces(endpoint="http://127.0.0.1:1", api_key="x", project="shop")
    otlp = OtlpTraces.connect("http://127.0.0.1:1")
    kept = MemoryTraces()
    await TraceFanout(langsmith, otlp, kept).write([root])

    assert kept.runs == [root]
    await asyncio.gather(langsmith.close(), otlp.close())
