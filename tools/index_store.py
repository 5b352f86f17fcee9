"""Where do indexes live on disk, and which one is served? Builds lie side by side; one small file names the current one.

<state>/indexes/<name>/current            id of the build that is served
<state>/indexes/<name>/builds/<id>/       shard/, manifest.json, vocabulary.json, rows.sqlite, lock
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from catalog.vocabulary import Vocabulary
from domain.document import Document
from domain.errors import BadInput, IndexUnavailable, StartupError
from domain.filters import FilterField

INDEX_FORMAT = 3
"""Grows when payloads or vectors change, so that an older index is rebuilt and not misread."""
_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,62}$")


class Manifest(Document):
    """What a finished build holds."""

    format: int = INDEX_FORMAT
    name: str
    build_id: str
    count: int
    rejected: int
    created_at: datetime
    source_hash: str
    """Hash of the feed or of the demo catalogue that it was built from."""
    average_length: float
    carried: tuple[FilterField, ...]


class IndexFolder:
    """All builds of one named index."""

    def __init__(self, state_dir: Path, name: str) -> None:
        if not _NAME.match(name):
            raise BadInput(
                f"index name {name!r} is not usable; use lower-case letters, digits, '-' and '_'",
                field="name",
                value=name,
            )
        self.name = name
        self.root = state_dir / "indexes" / name

    def current_id(self) -> str | None:
        """Id of the build to serve, or None where none was finished."""
        try:
            return (self.root / "current").read_text().strip() or None
        except FileNotFoundError:
            return None

    def build_dir(self, build_id: str) -> Path:
        return self.root / "builds" / build_id

    def manifest(self, build_id: str) -> Manifest:
        """IndexUnavailable when the build is gone or of another format."""
        try:
            manifest = Manifest.model_validate_json((self.build_dir(build_id) / "manifest.json").read_text())
        except (FileNotFoundError, ValueError) as exc:
            raise IndexUnavailable(f"index {self.name!r} is missing or broken; run `python -m app index`") from exc
        if manifest.format != INDEX_FORMAT:
            raise IndexUnavailable(f"index {self.name!r} has format {manifest.format}; rebuild it with `python -m app index`")
        return manifest

    def vocabulary(self, build_id: str) -> Vocabulary:
        try:
            return Vocabulary.model_validate_json((self.build_dir(build_id) / "vocabulary.json").read_text())
        except (FileNotFoundError, ValueError) as exc:
            raise IndexUnavailable(f"index {self.name!r} has no readable vocabulary; rebuild it") from exc

    def publish(self, manifest: Manifest, vocabulary: Vocabulary) -> None:
        """Makes a finished build the current one, in one atomic step; a running server follows within seconds."""
        folder = self.build_dir(manifest.build_id)
        (folder / "vocabulary.json").write_text(vocabulary.model_dump_json())
        (folder / "manifest.json").write_text(manifest.model_dump_json(indent=2))
        pointer = self.root / f"current.{os.getpid()}"
        pointer.write_text(manifest.build_id)
        pointer.replace(self.root / "current")

    def remove_old_builds(self) -> None:
        """Deletes finished builds that are neither current nor locked by a process."""
        current = self.current_id()
        for folder in (self.root / "builds").glob("*"):
            if folder.name == current or not (folder / "manifest.json").exists():
                continue
            try:
                with locked(folder, purpose="cleaning up"):
                    shutil.rmtree(folder)
            except StartupError:
                continue  # still served by another process; the next build removes it

    @contextmanager
    def building(self) -> Iterator[None]:
        """One build at a time per index; StartupError naming the process that builds already."""
        self.root.mkdir(parents=True, exist_ok=True)
        with locked(self.root, purpose=f"building index {self.name!r}"):
            yield


@contextmanager
def locked(folder: Path, *, purpose: str) -> Iterator[None]:
    """Holds ``folder/lock`` for this process; StartupError names the process that holds it."""
    handle = open_lock(folder, purpose=purpose)
    try:
        yield
    finally:
        os.close(handle)


def open_lock(folder: Path, *, purpose: str) -> int:
    """An open file descriptor that holds the lock until closed or the process ends, however it ends."""
    try:
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError as exc:
        raise IndexUnavailable(f"the index folder {folder.name!r} is gone; run `python -m app index`") from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        raise StartupError(
            f"{purpose}: {folder} is locked by process {holder}; stop it, or set AISLE_STATE_DIR to another folder"
        ) from exc
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle
