"""The SQL that counts the events of a spool which show a finding, for people to run themselves."""

from driftlog_analyzers._catalog import Catalog
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._spool_examples import wanted_sql
from driftlog_analyzers._spool_source import relation_of
from driftlog_analyzers._window import Window


def counting_sql(catalog: Catalog, model: str, window: Window, condition: Condition) -> str:
    """A SELECT for DuckDB, over the segments as files: ``events`` of the window, and those ``showing`` the finding.

    Empty where the spool has no segment of that time any more.
    """
    held = catalog.held(model, window)
    if not held:
        return ""
    named = {condition.feature, *(condition.part or ())[:1]}
    relation = relation_of(model, [window], held, named)
    columns = {(False, column.name): column for column in relation.features}
    columns |= {(True, column.name): column for column in relation.predictions}
    wanted = wanted_sql(condition, columns)
    return (
        f"SELECT count(*) AS events, count(*) FILTER (WHERE {wanted}) AS showing\n"
        f"FROM ({relation.sql});"
    )
