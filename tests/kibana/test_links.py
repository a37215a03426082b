"""The events that a finding names, as Kibana is asked for them, are those that the analyzers mean."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._elasticsearch._fields import fields_of
from driftlog_analyzers._elasticsearch._kql import columns_of, discover, during, events_of
from driftlog_analyzers._elasticsearch._queries import condition_query, every, of_slice, predictions
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._window import Window
from tests.kibana import kql

START = datetime(2026, 11, 22, 14, tzinfo=UTC)
HOUR = Window(START, START + timedelta(hours=1))
CONDITIONS = [
    Condition("absent", "income"),
    Condition("null", "age"),
    Condition("values", "plan", ("legacy", "pro")),
    Condition("values", "tags", ("vip-a",)),
    Condition("unknown_tokens", "comment", ("zorbit", "quantix")),
    Condition("outside", "basket_value", low=5.0, high=120.0),
    Condition("outside", "basket_value", high=120.0),
    Condition("within", "basket_value", low=10.0, high=20.5),
    Condition("within", "basket_value"),
    Condition("type", "plan", ("string",)),
    Condition("type", "age", ("string", "number")),
    Condition("type", "tags", ("list",)),
    Condition("values", "label", ("leave",), output=True),
    Condition("outside", "score", low=0.1, output=True),
    Condition("null", "age", part=("device", "mobile")),
    Condition("any", ""),
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: f"{c.kind} {c.feature}")
def test_kql_and_query_find_the_same_events(played, condition):
    """Of the demo's events KQL finds exactly those that the analyzers' own query finds, and there are some."""
    namespace, client = played
    index = f"logs-driftlog.churn-{namespace}"
    mapped = client.field_caps(index=index, fields="driftlog.*")["fields"]
    fields = fields_of(mapped, "prediction." if condition.output else "")
    meant = [predictions("churn"), condition_query(condition, fields)]
    meant += [of_slice(condition.part)] if condition.part else []
    ours = client.count(index=index, query=every(meant))["count"]
    theirs = client.count(index=index, query=kql.query(events_of("churn", condition)))["count"]
    assert 0 < ours
    assert ours == theirs


def test_the_time_of_a_window(played):
    """A window's bounds in KQL leave out what begins with its end."""
    namespace, client = played
    index = f"logs-driftlog.churn-{namespace}"
    newest = client.search(index=index, size=1, sort=[{"@timestamp": "desc"}])["hits"]["hits"][0]
    at = datetime.fromisoformat(newest["_source"]["@timestamp"])
    for window, expected in (
        (Window(at, at + timedelta(seconds=1)), True),
        (Window(at - timedelta(hours=1), at), False),
        (Window(at - timedelta(hours=1), at, "", "id"), True),
    ):
        ids = {
            "bool": {"filter": [kql.query(during(window)), {"ids": {"values": [newest["_id"]]}}]}
        }
        assert expected == bool(client.count(index=index, query=ids)["count"]), window


@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_any_name_and_value_come_through(feature, value):
    """Quotes, blanks, exclamation marks and any other sign arrive in Kibana as they were."""
    text = events_of("m", Condition("values", feature, (value,)))
    assert f"driftlog.cat.{feature}" in kql.fields(text)
    link = discover(text, HOUR)
    assert link.isascii()
    said = re.search(
        r"query:'((?:[^'!]|!.)*)'\)\)$", re.sub(r"%(?:21|27)", lambda m: unquote(m[0]), link)
    )
    assert text == re.sub(r"!(.)", r"\1", unquote(said[1]))


def test_the_address():
    """Discover gets the time of the window to the millisecond, the fields to show, the view and the query."""
    link = discover("a : *", HOUR, columns_of("age", "numeric"))
    assert unquote(link) == (
        "discover#/?_g=(time:(from:'2026-11-22T14:00:00.000Z',to:'2026-11-22T15:00:00.000Z'))"
        "&_a=(columns:!('driftlog.model.version','driftlog.num.age'),index:driftlog-events,"
        "query:(language:kuery,query:'a : *'))"
    )


def test_columns():
    """A text is shown by its number of tokens, an output from among the outputs, an unknown kind not at all."""
    assert ("driftlog.text.note.tokens",) == columns_of("note", "text")
    assert ("driftlog.prediction.cat.label",) == columns_of("label", "categorical", output=True)
    assert () == columns_of("x", "unknown")
