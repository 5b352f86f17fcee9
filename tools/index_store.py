"""How do the builds of an index lie on disk? Side by side, with one small file that names the current one.

<state>/indexes/<name>/current            id of the build that is served
<state>/indexes/<name>/builds/<id>/       shard/, manifest.json, vocabulary.json, rows.sqlite, report.json, lock
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.vocabulary import Vocabulary
from domain.errors import BadInput, IndexUnavailable, StartupError
from tools.engine import VectorEngine
from tools.index_home import Build, Manifest, checked, read_as_index
from tools.qdrant_edge_engine import QdrantEdgeEngine
from tools.term_statistics import TermStatistics

_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,62}$")


class IndexFolder:
    """IndexHome over a folder, with the embedded engine. A build belongs to one process at a time."""

    def __init__(self, state_dir: Path, name: str) -> None:
        if not _NAME.match(name):
            reason = f"index name {name!r} is not usable; use lower-case letters, digits, '-' and '_'"
            raise BadInput(reason, field="name", value=name)
        self._name = name
        self.root = state_dir / "indexes" / name

    @property
    def name(self) -> str:
        return self._name

    def current_id(self) -> str | None:
        try:
            build_id = (self.root / "current").read_text().strip()
        except FileNotFoundError:
            return None
        return build_id if build_id and (self.build_dir(build_id) / "manifest.json").exists() else None

    def build_dir(self, build_id: str) -> Path:
        """Folder of a build, finished or not."""
        return self.root / "builds" / build_id

    def manifest(self, build_id: str) -> Manifest:
        with read_as_index(self.name):
            return checked(Manifest.model_validate_json((self.build_dir(build_id) / "manifest.json").read_text()))

    def open(self, build_id: str) -> Build:
        manifest = self.manifest(build_id)
        folder = self.build_dir(build_id)
        with read_as_index(self.name):
            vocabulary = Vocabulary.model_validate_json((folder / "vocabulary.json").read_text())
            terms = TermStatistics.from_bytes((folder / "terms.npz").read_bytes())
        lock = open_lock(folder, purpose=f"serving index {self.name!r}")
        try:
            engine = QdrantEdgeEngine.load(folder / "shard")
        except IndexUnavailable:
            os.close(lock)
            raise
        engine.on_close(lambda: os.close(lock))
        return Build(manifest, vocabulary, terms, engine)

    def create_engine(self, build_id: str, *, dimensions: int) -> VectorEngine:
        shard = self.build_dir(build_id) / "shard"
        shutil.rmtree(shard, ignore_errors=True)
        return QdrantEdgeEngine.create(shard, dimensions=dimensions)

    def resume_engine(self, build_id: str) -> VectorEngine:
        return QdrantEdgeEngine.load(self.build_dir(build_id) / "shard")

    def publish(self, manifest: Manifest, vocabulary: Vocabulary, terms: TermStatistics) -> None:
        folder = self.build_dir(manifest.build_id)
        write_durably(folder / "vocabulary.json", vocabulary.model_dump_json().encode())
        write_durably(folder / "terms.npz", terms.to_bytes())
        write_durably(folder / "manifest.json", manifest.model_dump_json(indent=2).encode())
        write_durably(self.root / "current", manifest.build_id.encode())

    def remove_old_builds(self) -> None:
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
def locked(folder: Path, *, purpose: str) -> Iterator[None]:
    """Holds ``folder/lock`` for this process; StartupError names the process that holds it."""
    folder.mkdir(parents=True, exist_ok=True)
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
        raise StartupError(f"{purpose}: {folder} is locked by process {holder}; stop it, or set AISLE_STATE_DIR to another folder") from exc
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def write_durably(file: Path, content: bytes) -> None:
    """Replaces a file in one step; a reader sees the old content or the new, also after a crash."""
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    with partial.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    partial.replace(file)
