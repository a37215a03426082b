import json

import duckdb
import pytest

from driftlog_analyzers._finding import Condition
from driftlog_analyzers._window import CountSize, Window
from tests.analyzers.spools import EVERYTHING, MODEL, at, write


def run(query, client):
    """What a query counts, run as people would: SQL by DuckDB alone, a request as Dev Tools sends it."""
    if not query.startswith("GET "):
        return duckdb.sql(query).fetchall()[0]
    head, body = query.split("\n", 1)
    path = head.removeprefix("GET ")
    answer = client.perform_request(
        "POST",
        f"/{path}",
        headers={"content-type": "application/json", "accept": "application/json"},
        body=json.loads(body),
    )
    showing = answer["aggregations"]["showing"]["doc_count"]
    return answer["hits"]["total"]["value"], showing


ROWS = [
    {"x": 1.0, "c": "a", "l": ["p", "q"], "t": 5},
    {"x": 2.0, "c": "b'", "l": ["q"], "t": "five"},
    {"x": None, "c": None, "l": [], "t": 5},
    {"x": float("inf"), "c": "a", "t": 5},
    {"c": "a"},
    {"features": {"x": 9.0, "c": "z"}, "prediction": {"y": "no"}},
]
CASES = [
    (Condition("absent", "x"), 1),
    (Condition("null", "x"), 1),
    (Condition("nonfinite", "x"), 1),
    (Condition("values", "c", ("a", "b'")), 4),
    (Condition("values", "l", ("q",)), 2),
    (Condition("outside", "x", low=1.5, high=8.0), 2),
    (Condition("within", "x", low=1.0, high=2.0), 1),
    (Condition("type", "t", ("string",)), 1),
    (Condition("absent", "nobody"), 6),
    (Condition("values", "y", ("no",), output=True), 1),
    (Condition("null", "x", part=("c", "a")), 0),
    (Condition("absent", "x", part=("c", "a")), 1),
    (Condition("any", "x"), 6),
]


def test_counts_what_shows_it(tmp_path, opened, client):
    """Run as it is printed, the query counts the events of the window and those that a condition names."""
    write(tmp_path, ROWS)
    store = opened(tmp_path)
    for condition, expected in CASES:
        query = store.counting(MODEL, EVERYTHING, condition)
        assert (len(ROWS), expected) == tuple(run(query, client)), condition


@pytest.mark.parametrize("size", [None, CountSize(2)])
def test_counts_the_window_alone(tmp_path, opened, client, size):
    """Of a window by time or by count the query counts that window's events."""
    write(tmp_path, ROWS)
    store = opened(tmp_path)
    every = store.windows(MODEL, size) if size else [Window(at(0), at(0.04)), Window(at(2), at(3))]
    found = [
        tuple(run(query, client)) if query else (0, 0)
        for query in (store.counting(MODEL, window, Condition("null", "x")) for window in every)
    ]
    assert ([(2, 0), (2, 1), (2, 0)] if size else [(3, 1), (0, 0)]) == found
