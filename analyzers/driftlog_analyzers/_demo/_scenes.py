"""The two scenes: the simulated service, and the user's own file."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import orjson

from driftlog_analyzers._connect import connect
from driftlog_analyzers._demo import _service
from driftlog_analyzers._demo._choose import choose_faults
from driftlog_analyzers._demo._run import Scene
from driftlog_analyzers._replay import Roles as ReplayRoles
from driftlog_analyzers._replay import Row, Rows, open_log
from driftlog_analyzers._rows import quoted
from driftlog_analyzers._table import Roles
from driftlog_analyzers._window import CountSize, TimeSize
from driftlog_analyzers.errors import InputError, StoreError

SEED = 20251103
_TRAINING_PER_HOUR = 120
_LEAST_ROWS = 400
_WINDOWS = 40
_SMALLEST_WINDOW = 50
_LARGEST_WINDOW = 1000
_TYPES = {float: "DOUBLE", int: "BIGINT", bool: "BOOLEAN", str: "VARCHAR", list: "VARCHAR[]"}


def simulated(folder: Path, days: int = _service.DAYS) -> Scene:
    """Two weeks of the simulated service, after two good weeks that trained it.

    Args:
        folder: where the training file goes.
        days: how long the service runs.
    """
    training = folder / "training.parquet"
    begin = _service.START - timedelta(days=_service.DAYS)
    good = _service.Service(SEED, _TRAINING_PER_HOUR).events(begin, _service.DAYS * 24)
    _write_training(good, training)
    return Scene(
        model=_service.MODEL,
        version=_service.VERSION,
        training=training,
        roles=Roles(text=frozenset({"comment"}), predictions=frozenset({"score", "label"})),
        rows=_service.Service(SEED).events(_service.START, days * 24),
        total=days * 24 * _service.EVENTS_PER_HOUR,
        faults=_service.faults(),
        size=TimeSize(timedelta(hours=1)),
        seed=SEED,
    )


@contextmanager
def own_file(path: Path, roles: ReplayRoles, folder: Path) -> Iterator[Scene]:
    """The first half of a file as training data, the second as the service's log, with faults.

    Raises:
        InputError: the file cannot be used or is too short.
    """
    with open_log(path, roles) as rows:
        if rows.file.count < _LEAST_ROWS:
            raise InputError(
                f"{path} has {rows.file.count} rows; the demo needs {_LEAST_ROWS} at the least"
            )
        half = rows.file.count // 2
        later = rows.file.count - half
        training = folder / "training.parquet"
        _write_half(rows, half, training)
        window = max(_SMALLEST_WINDOW, min(_LARGEST_WINDOW, later // _WINDOWS))
        yield Scene(
            model=path.name.partition(".")[0] or "model",
            version="1",
            training=training,
            roles=Roles(
                frozenset(roles.text), frozenset(roles.categorical), frozenset(roles.predictions)
            ),
            rows=islice(rows.read(), half, None),
            total=later,
            faults=choose_faults(rows, half),
            size=CountSize(window),
            seed=SEED,
        )


def _write_half(rows: Rows, half: int, path: Path) -> None:
    order = f"{rows.time.expression}, rowid" if rows.time else "rowid"
    names = ", ".join(quoted(name) for name in (*rows.features, *rows.roles.predictions))
    _copy(
        rows.file.connection,
        f"COPY (SELECT {names} FROM rows ORDER BY {order} LIMIT {half}) TO ? (FORMAT parquet)",  # noqa: S608 - quoted names
        [str(path)],
    )


def _copy(connection: duckdb.DuckDBPyConnection, statement: str, paths: list[str]) -> None:
    try:
        connection.execute(statement, paths)
    except duckdb.Error as error:
        raise StoreError(
            f"the training file {paths[-1]} cannot be written: {str(error).splitlines()[0]}"
        ) from error


def _write_training(rows: Iterator[Row], path: Path) -> None:
    """Write features and predictions as Parquet, typed by the values."""
    types: dict[str, str] = {}
    with TemporaryDirectory(prefix="driftlog-") as scratch:
        lines = Path(scratch) / "training.ndjson"
        with lines.open("wb") as file:
            for row in rows:
                values = row.features | (row.prediction or {})
                if len(types) < len(values):
                    types |= _types(values)
                file.write(orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE))
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
        with connect() as connection:
            _copy(
                connection,
                f"COPY (SELECT * FROM read_ndjson(?, columns={{{columns}}})) TO ? (FORMAT parquet)",  # noqa: S608 - our names
                [str(lines), str(path)],
            )


def _types(values: Mapping[str, object]) -> dict[str, str]:
    return {name: _TYPES[type(value)] for name, value in values.items() if value is not None}
