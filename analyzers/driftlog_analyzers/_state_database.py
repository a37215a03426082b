"""The connection to the state file: transactions, and every error as a sentence."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from driftlog_analyzers._json import from_json
from driftlog_analyzers._state_tables import named_errors, opened, store_error

T = TypeVar("T")


class StateDatabase:
    """The SQLite database of a state file, open; see `StateFile`.

    Args:
        path: the file; made with its folders if it is not there.
        timeout: seconds to wait for another process that is writing.

    Raises:
        StoreError: the file is of another program or version, damaged, or cannot be opened.
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
        self.close()

    def close(self) -> None:
        """Close the file."""
        with named_errors(self.path):
            self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Save everything within or, if an error ends it, nothing; one within another joins it."""
        if self._database.in_transaction:
            yield
            return
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        finally:
            if self._database.in_transaction:
                self._execute("ROLLBACK")

    def _execute(self, statement: str, values: dict[str, Any] | None = None) -> None:
        with named_errors(self.path):
            self._database.execute(statement, values or {})

    def _rows(self, statement: str, values: Any) -> Iterator[tuple[Any, ...]]:
        with named_errors(self.path):
            # `yield from` would close the cursor of a reader that gave up, and complain if the file was closed before.
            for row in self._database.execute(statement, values):  # noqa: UP028 - as said
                yield row

    def _read(self, cls: type[T], body: bytes) -> T:
        try:
            return from_json(cls, body)
        except ValueError as error:
            raise store_error(self.path, sqlite3.SQLITE_CORRUPT, error) from error
