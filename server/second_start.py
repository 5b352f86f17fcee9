"""Would this start meet another server, at its port or over its state folder? Asked before anything heavy is imported."""

from collections.abc import Sequence
from pathlib import Path

from server.preflight import problem_with_locks, problem_with_port


def options_of(arguments: Sequence[str]) -> dict[str, str]:
    """What the arguments of ``serve`` set, by name: of "--name value" and "--name=value" the last one counts."""
    found: dict[str, str] = {}
    for argument, following in zip(arguments, (*arguments[1:], ""), strict=True):
        name, given, value = argument.removeprefix("--").partition("=")
        if argument.startswith("--"):
            found[name] = value if given else following
    return {name: value for name, value in found.items() if name in ("catalog", "host", "port")}


def problem_with_second_start(host: str, port: int, state_dir: Path, *, catalog: str | None, own_redis: bool) -> str | None:
    """None when nothing is in the way. ``catalog`` is None where the index lies on a server."""
    locks = [state_dir / "redis" / "lock"] if own_redis else []
    if catalog is not None and (current := state_dir / "indexes" / catalog / "current").is_file():
        locks.append(current.parent / "builds" / current.read_text().strip() / "lock")
    return problem_with_port(host, port) or problem_with_locks(locks)
