"""Who learns from what was said and done? The profile, after the answer stands: learning never fails a request."""

from collections.abc import Awaitable

import structlog

from domain.errors import AisleError

_log = structlog.get_logger()


async def learned(learning: Awaitable[None]) -> None:
    """Waits for it, so that the next turn knows; what goes wrong is for the log alone."""
    try:
        await learning
    except AisleError as error:
        _log.warning("not_learned", reason=str(error))
