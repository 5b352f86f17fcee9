"""Would this start meet another server, at its port or over its state folder? Asked before anything heavy is imported."""

from collections.abc import Sequence

from pydantic import ValidationError

from config import Settings
from server.preflight import problem_with_locks, problem_with_port


def problem_with_second_start(arguments: Sequence[str]) -> str | None:
    """``arguments`` are those of ``serve``. None when nothing is in the way, or when they will be refused for what they are."""
    given = {name: value for name in ("catalog", "host", "port") if (value := _option(arguments, f"--{name}")) is not None}
    try:
        settings = Settings.model_validate(given)
    except ValidationError:
        return None
    locks = [] if settings.redis_url else [settings.state_dir / "redis" / "lock"]
    index = settings.state_dir / "indexes" / settings.catalog
    if settings.qdrant_url is None and (index / "current").is_file():
        locks.append(index / "builds" / (index / "current").read_text().strip() / "lock")
    return problem_with_port(settings.host, settings.port) or problem_with_locks(locks)


def _option(arguments: Sequence[str], name: str) -> str | None:
    """The value of "--name value" or "--name=value"; the last one given counts."""
    found = None
    for position, argument in enumerate(arguments):
        if argument == name:
            found = arguments[position + 1] if position + 1 < len(arguments) else None
        elif argument.startswith(f"{name}="):
            found = argument.partition("=")[2]
    return found
