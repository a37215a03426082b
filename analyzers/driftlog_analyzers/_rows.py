"""Rows of a CSV or Parquet file, typed by DuckDB and read a chunk at a time."""

import csv
import gzip
import io
import re
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import duckdb

from driftlog_analyzers._connect import connect
from driftlog_analyzers.errors import InputError

_DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 2000
_HEAD = 1 << 16
_GZIP_MAGIC = b"\x1f\x8b"
_PARQUET_MAGIC = b"PAR1"
_BLANK = b" \t\r\n\xef\xbb\xbf"
_NAME_LIKE = re.compile(
    r"\S{1,100}|\S{1,100}( \S{1,30}){1,3}(?<![.!?,:;])"
)  # up to four words, and no sentence


@dataclass(frozen=True, slots=True)
class RowFile:
    """An opened file; its rows stand in the table ``rows`` of *connection*, in the file's order.

    Attributes:
        path: where the file is.
        connection: a private in-memory DuckDB that spills to a temporary folder.
        types: DuckDB's type of each column, in the file's order.
        count: how many rows there are.
    """

    path: Path
    connection: duckdb.DuckDBPyConnection
    types: Mapping[str, str]
    count: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in the file's order."""
        return tuple(self.types)

    def require(self, names: Sequence[str]) -> None:
        """Check that the file has these columns.

        Raises:
            InputError: one of them is missing; the sentence lists the columns there are.
        """
        for name in names:
            if name not in self.types:
                listed = ", ".join(self.columns)
                raise InputError(f"{self.path} has no column {name!r}; its columns are: {listed}")

    def value(self, name: str) -> str:
        """SQL for a column's value; times with an offset become ISO 8601 text in UTC."""
        if self.types[name] == "TIMESTAMP WITH TIME ZONE":
            return f"strftime({quoted(name)} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
        return quoted(name)

    def select(
        self,
        expressions: Sequence[str],
        *,
        order: str = "rowid",
        limit: int | None = None,
        skip: int = 0,
    ) -> Iterator[tuple[object, ...]]:
        """Yield the values of SQL *expressions* for each row, ordered by the SQL *order*."""
        stop = "" if limit is None else f"LIMIT {int(limit)}"
        stop += f" OFFSET {int(skip)}" if skip else ""
        cursor = self.connection.cursor()
        cursor.execute(
            f"SELECT {', '.join(expressions)} FROM rows ORDER BY {order} {stop}"  # noqa: S608 - quoted names
        )
        while chunk := cursor.fetchmany(_CHUNK):
            yield from chunk


def quoted(name: str) -> str:
    """Write a column's name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def open_rows(path: Path, *, strings: Sequence[str] = (), raw: bool = False) -> Iterator[RowFile]:
    """Read a CSV (separated by ``,``, ``;``, ``|`` or tabs; gzipped too) or a Parquet file.

    In a CSV file the first line is the header, an empty cell is null, and a column's type is the
    narrowest that all of its cells have.

    Args:
        path: the file.
        strings: columns whose cells stay text whatever they look like, so that ``007`` stays so.
        raw: leave the cells of all columns of a CSV text.

    Raises:
        InputError: the file is missing, empty, unreadable, or neither CSV nor Parquet; or one of
            *strings* is no column of it.
    """
    with (
        tempfile.TemporaryDirectory(prefix="driftlog-") as folder,
        connect(folder) as connection,
    ):
        _load(connection, path, strings, raw=raw)
        rows = _described(connection, path)
        rows.require(strings)
        yield rows


def _load(
    connection: duckdb.DuckDBPyConnection, path: Path, strings: Sequence[str], *, raw: bool
) -> None:
    head, packed = _head(path)
    try:
        if head.startswith(_PARQUET_MAGIC):
            _create(connection, "read_parquet(?)", [str(path)])
        else:
            source, arguments = _csv_source(path, head, packed=packed, strings=strings)
            if raw:
                source = f"{source[:-1]}, all_varchar=true)"
            _create(connection, source, arguments)
    except duckdb.Error as error:
        raise InputError(_reason(path, head, packed=packed, error=error)) from error


def _head(path: Path) -> tuple[bytes, bool]:
    """Read the first bytes, unpacked, and whether they were packed; reject what is no table."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP_MAGIC
        with _opened(path, packed=packed) as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; name a CSV or Parquet file") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; name a CSV or Parquet file") from None
    except (EOFError, zlib.error):
        raise InputError(f"{path} is damaged: its gzip stream breaks off") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if not head.strip():
        raise InputError(f"{path} is empty; a header line and at least one row are needed")
    if b"\x00" in head and not head.startswith(_PARQUET_MAGIC):
        raise InputError(f"{path} is neither CSV nor Parquet: it holds binary data")
    return head, packed


def _opened(path: Path, *, packed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb")


def _csv_source(
    path: Path, head: bytes, *, packed: bool, strings: Sequence[str]
) -> tuple[str, list[object]]:
    """Fix the dialect by the header line, because a guessed one may skip lines in silence."""
    delimiter = _delimiter(head)
    _require_header(path, head, delimiter)
    options = "delim=?, compression=?, header=true, skip=0, quote='\"', escape='\"', comment=''"
    arguments: list[object] = [str(path), delimiter, "gzip" if packed else "none"]
    forced = dict.fromkeys((n for n in strings if n in _header(head, delimiter)), "VARCHAR")
    if forced:
        options += ", types=?"
        arguments.append(forced)
    return f"read_csv(?, {options}, sample_size=-1)", arguments


def _create(
    connection: duckdb.DuckDBPyConnection, source: str, arguments: Sequence[object]
) -> None:
    connection.execute(
        f"CREATE TABLE rows AS SELECT * FROM {source}",  # noqa: S608 - ours
        arguments,
    )


def _described(connection: duckdb.DuckDBPyConnection, path: Path) -> RowFile:
    types = {str(row[0]): str(row[1]) for row in connection.execute("DESCRIBE rows").fetchall()}
    (count,) = connection.execute("SELECT count(*) FROM rows").fetchall()[0]
    if not count:
        raise InputError(f"{path} has a header but no rows; at least one row is needed")
    return RowFile(path, connection, types, count)


def _first_line(head: bytes) -> str:
    return head.decode(errors="replace").lstrip("\ufeff").splitlines()[0]


def _delimiter(head: bytes) -> str:
    """The separator that the header line has most often outside quotes."""
    bare = "".join(_first_line(head).split('"')[::2])
    return max(_DELIMITERS, key=bare.count)


def _require_header(path: Path, head: bytes, delimiter: str) -> None:
    """Check that the first line can be a header.

    Raises:
        InputError: the file is JSON or prose.
    """
    if head.lstrip(_BLANK).startswith((b"{", b"[")):
        raise InputError(f"{path} looks like JSON, not CSV or Parquet; convert it to one of them")
    first = _first_line(head)
    if delimiter not in first and not _NAME_LIKE.fullmatch(first.strip().strip('"')):
        raise InputError(
            f"{path} does not look like CSV: its first line has no separator (comma, semicolon, "
            "tab or |) and is no column's name; begin it with a header line"
        )


def _header(head: bytes, delimiter: str) -> list[str]:
    return next(csv.reader([_first_line(head)], delimiter=delimiter), [])


def _reason(path: Path, head: bytes, *, packed: bool, error: duckdb.Error) -> str:
    """Say in one sentence why DuckDB could not read the file."""
    if head.startswith(_PARQUET_MAGIC):
        return f"{path} is damaged: it begins as Parquet but {_sentence(error)}"
    try:
        uneven = _uneven_row(path, _delimiter(head), packed=packed)
    except UnicodeDecodeError:
        return f"{path} is not UTF-8; convert it, for example with: iconv -f latin1 -t utf-8"
    except (EOFError, zlib.error):
        return f"{path} is damaged: its gzip stream breaks off"
    except csv.Error:
        uneven = "a quote is opened and not closed as CSV wants it"
    return f"{path} cannot be read as CSV: {uneven or _sentence(error)}"


def _uneven_row(path: Path, delimiter: str, *, packed: bool) -> str | None:
    with (
        _opened(path, packed=packed) as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
    ):
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        width = len(next(reader))
        for cells in reader:
            if cells and len(cells) != width:
                return (
                    f"line {reader.line_num} and the header differ in their number of cells "
                    f"({len(cells)} and {width})"
                )
    return None


def _sentence(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0].partition(": ")[2].lower().rstrip(".:")
