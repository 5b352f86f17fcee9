"""How does a turn become a run tree? Runs in LangSmith's shape, nested as the steps were, redacted as they are made."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from domain.errors import AisleError
from domain.ports import Clock
from domain.trace import Run, RunType

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{1,190}")
_CARD = re.compile(r"\b(?:\d[ -]?){13,19}\b")
_PHONE = re.compile(r"(?<!\w)\+?\d[\d ()-]{8,30}\d(?!\w)")
_TOKEN = re.compile(r"\b(?:a1\.[\w-]{10,}\.\d+\.[\w-]+|sk-[\w-]{12,}|nvapi-[\w-]{12,})")
_TEXT_LIMIT = 2_000
_LONGEST_SECRET = 300
"""An address at most; what is cut off may end in half of one, which no pattern knows."""

_parent: ContextVar[Run | None] = ContextVar("aisle_parent_run", default=None)


@dataclass
class TurnTrace:
    """Collects the runs of one turn; ``runs`` is complete once the root has ended."""

    session_id: str
    clock: Clock
    runs: list[Run] = field(default_factory=list)

    @contextmanager
    def run(self, name: str, run_type: RunType, inputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """A run around a block. Errors of the block are recorded by type and message, and raised on."""
        parent = _parent.get()
        run = self._begun(name, run_type, inputs, parent)
        token = _parent.set(run)
        outputs: dict[str, Any] = {}
        error: str | None = None
        try:
            yield outputs
        except AisleError as exc:
            error = f"{type(exc).__name__}: {exc}"
            raise
        finally:
            _parent.reset(token)
            ended = run.model_copy(update={"end_time": self.clock.now(), "outputs": redacted(outputs), "error": error})
            self.runs.append(ended)

    def _begun(self, name: str, run_type: RunType, inputs: dict[str, Any], parent: Run | None) -> Run:
        identifier, start = str(uuid.uuid4()), self.clock.now()
        stamp = f"{start.astimezone(UTC):%Y%m%dT%H%M%S%f}Z{identifier}"
        return Run(
            id=identifier, trace_id=parent.trace_id if parent else identifier, parent_run_id=parent.id if parent else None,
            dotted_order=f"{parent.dotted_order}.{stamp}" if parent else stamp, name=name, run_type=run_type,
            start_time=start, inputs=redacted(inputs), session_id=self.session_id,
        )  # fmt: skip


def redacted(value: Any) -> Any:
    """The value without e-mail addresses, card and phone numbers and tokens, long texts cut."""
    if isinstance(value, str):
        return _redacted_text(value)
    if isinstance(value, dict):
        return {str(key): redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redacted(value.isoformat() if isinstance(value, datetime) else str(value))


def _redacted_text(text: str) -> str:
    """Cut first: a message of a megabyte is no work for an event loop."""
    kept = _TEXT_LIMIT + _LONGEST_SECRET
    clean = _TOKEN.sub("[token]", _EMAIL.sub("[email]", text[:kept]) if "@" in text else text[:kept])
    clean = _PHONE.sub("[phone]", _CARD.sub("[card]", clean))
    if len(text) > kept:
        return clean[: min(_TEXT_LIMIT, len(clean) - _LONGEST_SECRET)] + "…"
    return clean if len(clean) <= _TEXT_LIMIT else clean[:_TEXT_LIMIT] + "…"
