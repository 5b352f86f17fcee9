"""How does a process log? One JSON object a line on standard error: the event, its fields, the request and turn it belongs to."""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import Processor

Level = Literal["debug", "info", "warning", "error"]


def log_json(level: Level) -> None:
    """Configures structlog and the standard library's loggers alike. For entry points only: importing configures nothing."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(sys.stderr)
    render: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=render))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("aisle").setLevel(level.upper())
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=_AisleLogger(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


class _AisleLogger:
    """Every logger of ours is one: vendors' loggers stay at warnings."""

    def __call__(self, *_: object) -> logging.Logger:
        return logging.getLogger("aisle")
