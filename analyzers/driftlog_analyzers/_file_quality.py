"""What a training file's column of labels says of the predictions beside it, summed up as the log's labels are."""

from driftlog_analyzers._quality import Compared, Quality
from driftlog_analyzers._relation import identifier
from driftlog_analyzers._spool_quality import LABELS, pairs_sql, qualities, sums_sql
from driftlog_analyzers._table import Table

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


def file_quality(table: Table, label: str, outputs: Compared) -> Quality | None:
    """The quality of a file's predictions; None where no row has a label.

    Args:
        table: the opened file.
        label: its column of labels.
        outputs: what they are held against.
    """
    columns = {column.name: column for column in table.relation.predictions}
    score = outputs.numeric and columns[outputs.numeric].number
    string = outputs.categorical and columns[outputs.categorical].string
    connection, name = table.connection, identifier(label)
    types = {str(row[0]): str(row[1]) for row in connection.execute("DESCRIBE rows").fetchall()}
    numeric = types[label].partition("(")[0].removeprefix("U") in _NUMBERS
    number, text = (name, "NULL") if numeric else ("NULL", name)
    known = f"{name} IS NOT NULL" + (f" AND isfinite({name}::DOUBLE)" if numeric else "")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {LABELS} AS SELECT rowid::VARCHAR AS id, {number}::DOUBLE AS num,"
        f" {text}::VARCHAR AS cat FROM rows WHERE {known}"
    )
    placed = (
        f"SELECT 0 AS w, id, {score or 'NULL::DOUBLE'} AS score, {string or 'NULL::VARCHAR'} AS class"
        f" FROM ({table.relation.sql})"
    )
    sums, pairs = (connection.execute(sql(placed)).fetchall() for sql in (sums_sql, pairs_sql))
    found = qualities(sums, pairs).get(0, Quality())
    return found if found.labelled else None
