"""DuckDB as everything here wants it: in memory, silent, and in UTC."""

from pathlib import Path

import duckdb


def connect(folder: Path | str | None = None) -> duckdb.DuckDBPyConnection:
    """A private in-memory DuckDB; a context manager.

    Its progress bar is off: it would go to stdout, into the midst of what ``--json`` prints.

    Args:
        folder: where it may spill to; by default DuckDB's own choice.
    """
    connection = duckdb.connect(config={} if folder is None else {"temp_directory": str(folder)})
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET TimeZone = 'UTC'")
    return connection
