"""What was learned of a spool's segments, kept between runs so that only new and grown ones are scanned.

A cache in a SQLite file: whoever deletes it loses time and nothing else. Each segment has the number of the look that
saw it change, so that "what has changed since" is a comparison of numbers; they belong to this file and start anew
with a new one, whose marks no older one fits.
"""

import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._segments import Segment

_VERSION = 1
_DAMAGED = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_TABLES = (
    "CREATE TABLE own (id TEXT NOT NULL) STRICT",
    """CREATE TABLE segment (name TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL,
        changed INTEGER NOT NULL, body BLOB) STRICT""",
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A state of a spool: everything up to this look.

    Attributes:
        memory: whose numbers they are.
        look: of the latest change.
    """

    memory: str
    look: int

    def __str__(self) -> str:
        return f"{self.memory}:{self.look}"

    @classmethod
    def read(cls, text: str) -> "Mark":
        """The mark that was written so; of what is none, one that nothing fits."""
        memory, _, look = text.partition(":")
        return cls(memory, int(look)) if look.isdecimal() else cls("", 0)


@dataclass(frozen=True, slots=True)
class Remembered:
    """A segment as it was seen last.

    Attributes:
        size: bytes.
        modified: nanoseconds since 1970.
        changed: number of the look that saw it change.
        segment: what it holds; None where it had damaged lines, whose clean copy is gone.
    """

    size: int
    modified: int
    changed: int
    segment: Segment | None


class SegmentMemory:
    """The cache of one spool; for one thread.

    Args:
        path: of its file; None, or a file that cannot be written, keeps it in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._database, self.id = _opened(path)
        self._look = self._numbered()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def mark(self) -> Mark:
        """Everything that was saved so far."""
        return Mark(self.id, self._look)

    def load(self) -> dict[str, Remembered]:
        """What is remembered, by the name of the file."""
        rows = self._database.execute("SELECT name, size, modified, changed, body FROM segment")
        return {
            name: Remembered(size, modified, changed, _segment(body))
            for name, size, modified, changed, body in rows
        }

    def save(self, seen: Mapping[str, tuple[int, int, Segment]]) -> int:
        """Remember segments that changed: by name their bytes, time in nanoseconds, and contents.

        Returns:
            The number of this look.
        """
        with self._writing():
            self._look = self._numbered() + 1
            self._database.executemany(
                "INSERT OR REPLACE INTO segment VALUES (?, ?, ?, ?, ?)",
                [
                    (name, size, at, self._look, None if s.damaged else to_json(s))
                    for name, (size, at, s) in seen.items()
                ],
            )
        return self._look

    def forget(self, names: Iterable[str]) -> None:
        """Forget segments that are gone."""
        with self._writing():
            self._database.executemany(
                "DELETE FROM segment WHERE name = ?", [(name,) for name in names]
            )

    def _numbered(self) -> int:
        (look,) = self._database.execute("SELECT coalesce(max(changed), 0) FROM segment").fetchone()
        return int(look)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")


def _opened(path: Path | None) -> tuple[sqlite3.Connection, str]:
    """The database and its id; what is damaged is made anew, what cannot be written is kept in memory."""
    for attempt in (path, path):
        try:
            return _connected(attempt)
        except OSError:
            break
        except sqlite3.Error as error:
            if attempt is None or (error.sqlite_errorcode & 0xFF) not in _DAMAGED:
                break
            with suppress(OSError):
                attempt.unlink()
    return _connected(None)


def _connected(path: Path | None) -> tuple[sqlite3.Connection, str]:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    database = sqlite3.connect(path or ":memory:", timeout=30.0, isolation_level=None)
    try:
        database.execute("PRAGMA synchronous = OFF")  # a cache need not survive the power's end
        database.execute("BEGIN IMMEDIATE")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != _VERSION:
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchall():
                database.execute(f'DROP TABLE "{name}"')
            for statement in _TABLES:
                database.execute(statement)
            database.execute("INSERT INTO own VALUES (?)", (uuid.uuid4().hex,))
            database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute("COMMIT")
        (name,) = database.execute("SELECT id FROM own").fetchone()
    except BaseException:
        database.close()
        raise
    return database, str(name)


def _segment(body: bytes | None) -> Segment | None:
    try:
        return None if body is None else from_json(Segment, body)
    except ValueError:
        return None
