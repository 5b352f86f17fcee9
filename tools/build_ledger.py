"""Which rows has an index build taken in? On disk, so that a killed build resumes and the next one can say what changed."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path


class BuildLedger:
    """Ids, lines and content hashes of one build; a chunk's rows and its position are committed in one step."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, line INTEGER, hash TEXT) WITHOUT ROWID")
        self._db.execute("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value REAL)")

    def claim(self, product_id: str, line: int) -> bool:
        """Whether this line is the first with the id; asking again for the same line says yes again."""
        found = self._db.execute("SELECT line FROM rows WHERE id = ?", (product_id,)).fetchone()
        if found is None:
            self._db.execute("INSERT INTO rows VALUES (?, ?, '')", (product_id, line))
        return found is None or found[0] == line

    def keep(self, hashes: Iterable[tuple[str, str]]) -> None:
        """Notes (id, content hash) of rows that the engine has taken in."""
        self._db.executemany("UPDATE rows SET hash = ? WHERE id = ?", [(digest, row) for row, digest in hashes])

    def commit(self, rows_read: int) -> None:
        """Everything up to this row of the feed is in the engine."""
        self.note("rows", rows_read)
        self._db.commit()

    @property
    def rows_read(self) -> int:
        return int(self.fact("rows") or 0)

    def note(self, name: str, value: float) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def fact(self, name: str) -> float | None:
        found = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if found is None else float(found[0])

    def count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM rows").fetchone()[0])

    def compared_with(self, earlier: Path | None) -> dict[str, int]:
        """How many rows were added, changed, unchanged and removed since the earlier build's ledger."""
        total = self.count()
        if earlier is None or not earlier.exists():
            return {"added": total, "changed": 0, "unchanged": 0, "removed": 0}
        self._db.commit()
        self._db.execute("ATTACH DATABASE ? AS earlier", (str(earlier),))
        try:
            both = "rows JOIN earlier.rows AS old USING (id)"
            same = self._count(f"SELECT count(*) FROM {both} WHERE old.hash = rows.hash")
            kept = self._count(f"SELECT count(*) FROM {both}")
            before = self._count("SELECT count(*) FROM earlier.rows")
        finally:
            self._db.execute("DETACH DATABASE earlier")
        return {"added": total - kept, "changed": kept - same, "unchanged": same, "removed": before - kept}

    def close(self) -> None:
        self._db.commit()
        self._db.close()

    def _count(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])
