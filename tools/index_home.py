"""Where do the builds of one named index live? One port; a folder with the embedded engine, or a Qdrant server, behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog.vocabulary import Vocabulary
from domain.document import Document
from domain.errors import IndexUnavailable
from domain.filters import FilterField
from tools.engine import VectorEngine
from tools.term_statistics import TermStatistics

INDEX_FORMAT = 6
"""Grows when payloads or vectors change, so that an older index is rebuilt and not misread."""


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


@dataclass(frozen=True)
class Build:
    """A finished build, opened for serving."""

    manifest: Manifest
    vocabulary: Vocabulary
    terms: TermStatistics
    engine: VectorEngine

    def close(self) -> None:
        """Gives the engine and its lock back."""
        self.engine.close()


class IndexHome(Protocol):
    """Builds lie side by side under ids of their own; one pointer names the current one and moves atomically."""

    @property
    def name(self) -> str: ...

    def current_id(self) -> str | None:
        """Id of the build to serve, or None where none was finished or the current one is gone."""
        ...

    def manifest(self, build_id: str) -> Manifest:
        """IndexUnavailable when the build is gone or of another format."""
        ...

    def open(self, build_id: str) -> Build:
        """The build, ready to be asked. StartupError naming the process that holds it, IndexUnavailable when it is broken."""
        ...

    def create_engine(self, build_id: str, *, dimensions: int) -> VectorEngine:
        """A new, empty engine for a build; what an interrupted build of the id had written is dropped."""
        ...

    def resume_engine(self, build_id: str) -> VectorEngine:
        """The engine of an interrupted build."""
        ...

    def publish(self, manifest: Manifest, vocabulary: Vocabulary, terms: TermStatistics) -> None:
        """Makes a finished build the current one, in one atomic step; running servers follow within seconds."""
        ...

    def remove_old_builds(self) -> None:
        """Deletes finished builds that are neither current nor in use."""
        ...


def checked(manifest: Manifest) -> Manifest:
    """The manifest, if this version of Aisle can read its build."""
    if manifest.format != INDEX_FORMAT:
        raise IndexUnavailable(
            f"index {manifest.name!r} has format {manifest.format}, not {INDEX_FORMAT}; rebuild it with `python -m app index`"
        )
    return manifest


@contextmanager
def read_as_index(name: str) -> Iterator[None]:
    """Translates whatever is wrong with stored documents."""
    try:
        yield
    except (OSError, ValueError) as exc:
        raise IndexUnavailable(f"index {name!r} is missing or broken; build it with `python -m app index`") from exc
