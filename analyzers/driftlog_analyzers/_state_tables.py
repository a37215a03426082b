"""How the state file is opened: its address, its tables, and what is wrong with it in a sentence."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driftlog_analyzers.errors import StoreError

_APPLICATION = 0x64726674  # "drft": another program's database must never be written to
_VERSION = 2
_TABLES = (
    """CREATE TABLE profile (
        model TEXT NOT NULL, size TEXT NOT NULL, start TEXT NOT NULL, start_id TEXT NOT NULL,
        stop TEXT NOT NULL, stop_id TEXT NOT NULL, revision INTEGER NOT NULL,
        fingerprint TEXT NOT NULL, events INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (model, size, start, start_id)) STRICT""",
    """CREATE TABLE evaluation (
        model TEXT NOT NULL, size TEXT NOT NULL, start TEXT NOT NULL, start_id TEXT NOT NULL,
        stop TEXT NOT NULL, stop_id TEXT NOT NULL, revision INTEGER NOT NULL,
        events INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (model, size, start, start_id)) STRICT""",
    """CREATE TABLE episode (
        id TEXT PRIMARY KEY, model TEXT NOT NULL, size TEXT NOT NULL, status TEXT NOT NULL,
        start TEXT NOT NULL, start_id TEXT NOT NULL, closed TEXT, over INTEGER NOT NULL,
        body TEXT NOT NULL) STRICT""",
    """CREATE TABLE action (
        subject TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (subject, number)) STRICT""",
    """CREATE TABLE notification (
        id TEXT PRIMARY KEY, route TEXT NOT NULL, model TEXT NOT NULL, size TEXT NOT NULL,
        thread TEXT NOT NULL, state TEXT NOT NULL, created TEXT NOT NULL, ended TEXT,
        revision INTEGER NOT NULL, body TEXT NOT NULL) STRICT""",
    "CREATE INDEX notification_place ON notification (model, size, created)",
    "CREATE INDEX notification_state ON notification (state, created)",
    "CREATE TABLE note (name TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT",
    """CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until TEXT NOT NULL,
        token INTEGER NOT NULL) STRICT""",
    """CREATE TABLE beat (id TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (id, at)) STRICT""",
    "CREATE INDEX episode_place ON episode (model, size, status)",
)
_ADVICE = {
    sqlite3.SQLITE_NOTADB: "is not a state file of driftlog; name another place for the state",
    sqlite3.SQLITE_CORRUPT: "is damaged; move it away and analyze again: the spool has the events",
    sqlite3.SQLITE_READONLY: "is read-only; make it writable or name another place for the state",
    sqlite3.SQLITE_BUSY: "is in use by another process; try again when that has finished",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full; free some space and run the command again",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that it is a file, and its permissions",
}


def opened(path: Path, timeout: float) -> sqlite3.Connection:
    """The state file, made with its folders and tables if it is not there.

    Args:
        path: the file.
        timeout: seconds to wait for another process that is writing.

    Raises:
        StoreError: the file is of another program or version, damaged, or cannot be opened.
    """
    with named_errors(path):
        database = sqlite3.connect(address(path), timeout=timeout, isolation_level=None, uri=True)
        try:
            prepare(database, path)
        except BaseException:
            database.close()
            raise
    return database


def address(path: Path) -> str:
    """The database as a URI: a new one is made, one that cannot be written to is only read."""
    path = path.absolute()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return f"{path.as_uri()}?mode=rw"
    # Without its write-ahead log nobody is writing, and SQLite need not make one in order to read.
    unchanging = not path.with_name(f"{path.name}-wal").exists()
    return f"{path.as_uri()}?mode=ro" + "&immutable=1" * unchanging


def prepare(database: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file; refuse a foreign one."""
    if _is_empty(database):
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("BEGIN IMMEDIATE")
        if _is_empty(database):  # another process may have been faster
            for statement in _TABLES:
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {_APPLICATION}")
            database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute("COMMIT")
    if _number(database, "PRAGMA application_id") != _APPLICATION:
        raise store_error(path, sqlite3.SQLITE_NOTADB)
    version = _number(database, "PRAGMA user_version")
    if version != _VERSION:
        raise StoreError(
            f"state file {path} has version {version}, and this driftlog reads version {_VERSION};"
            " use the driftlog that wrote it, or move the file away and analyze again"
        )


def _is_empty(database: sqlite3.Connection) -> bool:
    return not (
        _number(database, "SELECT count(*) FROM sqlite_master")
        or _number(database, "PRAGMA application_id")
        or _number(database, "PRAGMA user_version")
    )


def _number(database: sqlite3.Connection, statement: str) -> int:
    number: int = database.execute(statement).fetchone()[0]
    return number


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn every error of SQLite into a `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary of an extended code
        raise store_error(path, code, error) from error
    except OSError as error:
        raise StoreError(
            f"state file {path} cannot be made ({error.strerror}); name another place for the state"
        ) from error


def store_error(path: Path, code: int, error: Exception | None = None) -> StoreError:
    """What a result code of SQLite means for the file."""
    if code == sqlite3.SQLITE_ERROR:  # our statements are right: a table or a column is not there
        return StoreError(
            f"state file {path} is not whole ({error}); move it away and analyze again: the spool has the events"
        )
    advice = _ADVICE.get(code, f"cannot be used ({error}); close other programs and try again")
    return StoreError(f"state file {path} {advice}")
