"""How are times written? RFC 3339, UTC, to the second."""

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """``2026-01-31T12:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
