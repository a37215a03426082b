"""Notifications in the state file, in a table of their own."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._notify._home import Fence, free, the_one
from driftlog_analyzers._notify._intent import WAITING, Intent, Place, State
from driftlog_analyzers._state_tables import named_errors, opened, store_error

_CREATE = """
    INSERT INTO notification VALUES
        (:id, :route, :model, :size, :thread, :state, :created, :ended, :revision, :body)
    ON CONFLICT DO NOTHING"""
_TOLD = """
    SELECT body FROM notification
    WHERE model = :model AND size = :size
        AND (created >= :since OR thread IN (SELECT value FROM json_each(:threads)))
    ORDER BY created, rowid"""
_WAITING = """
    SELECT body FROM notification WHERE state IN (SELECT value FROM json_each(:states))
    ORDER BY created, rowid"""
_LISTED = """
    SELECT body FROM notification WHERE state IN (SELECT value FROM json_each(:states))
    ORDER BY created DESC, rowid DESC LIMIT :limit"""
_SENT = "SELECT 1 FROM notification WHERE route = :route AND state = 'sent' AND ended > :moment"
_REPLACE = """
    UPDATE notification SET state = :state, ended = :ended, revision = :revision, body = :body
    WHERE id = :id AND revision = :revision - 1"""


class NotificationFile:
    """Intents in a state file; open it in a ``with``, in the thread that uses it, and in no transaction of the state.

    Every method raises `StoreError` if the file is damaged or cannot be read or written.

    Args:
        path: the state file; it is made where there is none.
        timeout: seconds to wait for another process that is writing.
    """

    def __init__(self, path: Path, *, timeout: float = 30.0) -> None:
        self.path = path
        self._database = opened(path, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def create(self, intents: Sequence[Intent], fence: Fence = free) -> tuple[Intent, ...]:
        """Store those that are not there yet; the fence is asked while nobody else can write to the file."""
        return self._written(_CREATE, intents, fence)

    def replace(self, intents: Sequence[Intent]) -> tuple[Intent, ...]:
        """Store changes, each only onto the revision before its own."""
        return self._written(_REPLACE, intents)

    def told(self, place: Place, incidents: Collection[str], since: datetime) -> tuple[Intent, ...]:
        """What a place has told, in order."""
        values = {"model": place.model, "size": place.size, "since": _text(since)}
        return self._read(_TOLD, values | {"threads": _list(incidents)})

    def waiting(self) -> tuple[Intent, ...]:
        """All that are not done with, in order."""
        return self._read(_WAITING, {"states": _list(WAITING)})

    def listed(self, states: Collection[State], limit: int) -> tuple[Intent, ...]:
        """The newest of these states, the newest first."""
        return self._read(_LISTED, {"states": _list(states), "limit": limit})

    def counts(self) -> dict[State, int]:
        """How many there are of each state."""
        rows = self._rows("SELECT state, count(*) FROM notification GROUP BY state", {})
        try:
            return {State(state): count for state, count in rows}
        except ValueError as error:
            raise store_error(self.path, sqlite3.SQLITE_CORRUPT, error) from error

    def sent_after(self, route: str, moment: datetime) -> bool:
        """Whether a route sent anything after that."""
        return any(self._rows(_SENT, {"route": route, "moment": _text(moment)}))

    def find(self, prefix: str) -> Intent:
        """The one whose id begins so."""
        statement = "SELECT body FROM notification WHERE substr(id, 1, :n) = :prefix"
        found = self._read(statement, {"n": len(prefix), "prefix": prefix})
        return the_one(found, prefix, str(self.path))

    def _written(
        self, statement: str, intents: Sequence[Intent], fence: Fence = free
    ) -> tuple[Intent, ...]:
        if not intents:
            return ()
        with self._transaction():
            fence()
            return tuple(
                intent
                for intent in intents
                if self._database.execute(statement, _values(intent)).rowcount
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with named_errors(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            finally:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")

    def _rows(self, statement: str, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        with named_errors(self.path):
            # `yield from` would close the cursor of a reader that gave up, and complain if the file was closed before.
            for row in self._database.execute(statement, values):  # noqa: UP028 - as said
                yield row

    def _read(self, statement: str, values: dict[str, Any]) -> tuple[Intent, ...]:
        try:
            return tuple(
                from_json(Intent, body.encode()) for (body,) in self._rows(statement, values)
            )
        except ValueError as error:
            raise store_error(self.path, sqlite3.SQLITE_CORRUPT, error) from error


def _values(intent: Intent) -> dict[str, Any]:
    return {
        "id": intent.id,
        "route": intent.route,
        "model": intent.place.model,
        "size": intent.place.size,
        "thread": intent.thread,
        "state": intent.state.value,
        "created": _text(intent.created),
        "ended": intent.ended and _text(intent.ended),
        "revision": intent.revision,
        "body": to_json(intent).decode(),
    }


def _list(values: Collection[str]) -> str:
    return orjson.dumps([str(value) for value in values]).decode()


def _text(moment: datetime) -> str:
    """UTC with microseconds, always, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
