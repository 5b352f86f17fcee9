"""How is a turn watched? A run tree in LangSmith's shape, redacted before it is stored."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from domain.document import Document

RunType = Literal["chain", "llm", "retriever", "embedding", "tool", "parser", "prompt"]


class Run(Document):
    """One step of a turn. ``dotted_order`` sorts a tree depth first, as LangSmith defines it."""

    id: str
    trace_id: str
    parent_run_id: str | None = None
    dotted_order: str
    name: str
    run_type: RunType
    start_time: datetime
    end_time: datetime | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None
    tags: tuple[str, ...] = ()
    extra: dict[str, Any] = Field(default_factory=dict)
    session_id: str = ""
    """Ours, not LangSmith's project: whose conversation it was."""
