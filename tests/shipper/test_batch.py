"""A batch writes the documents that row by row would."""

import datetime as dt
import enum

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftlog import PredictionLogger, Redaction, SpoolLimits, Text
from driftlog._batch_writer import CHUNK_ROWS
from driftlog.testing import read_events
from tests.shipper.event_spec import check_event, documents


class Colour(enum.Enum):
    """One colour."""

    RED = "red"


CELLS = [
    1.5, 2, True, "DE", "a\0\ud800", "x" * 2000, None, float("inf"), [1, "a"], {"b": 1}, {},
    b"raw", 2**70, 10**400, Colour.RED, dt.date(2026, 1, 2), pd.NA, pd.NaT, np.float32(0.5),
    "two words", ["x" * 2000], [], object(),
]  # fmt: skip
TEXT = {"t": Text(["two"]), "u": Text()}


def same(folder, frame, predictions, rows, outputs, **options):
    """Log a frame at once and row by row; the documents must agree but for ids and times."""
    results, changed = [], []
    for name in ("batch", "rows"):
        options["limits"] = SpoolLimits(sync_interval=None)
        with PredictionLogger(
            model="m", version="1", spool=folder / name, nan="null", **options
        ) as logger:
            if name == "batch":
                assert len(rows) == logger.log_batch(frame, predictions)
            else:
                for features, output in zip(rows, outputs, strict=True):
                    assert logger.log(features, prediction=output)
        changed.append(logger.counters.changed)
        events = read_events(folder / name)
        results.append([_normal(event["driftlog"]) for event in events])
    assert results[0] == results[1]
    # A row that had to be looked at twice is counted twice.
    assert changed[0].keys() == changed[1].keys()


def _normal(value):
    return (
        {name: sorted(part) if name in ("na", "nonfinite", "empty", "redacted", "truncated") else _normal(part)
         for name, part in value.items()}
        if isinstance(value, dict) else value
    )  # fmt: skip


@settings(
    max_examples=150, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    data=st.integers(1, 5).flatmap(
        lambda count: st.dictionaries(
            st.sampled_from(["a", "a.b", "t", "u", "", "c", "h", 5]),
            st.lists(st.sampled_from(CELLS), min_size=count, max_size=count),
            min_size=1,
        )
    )
)
def test_mixed_columns(tmp_path_factory, data):
    """Columns of any values."""
    rows = [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]
    options = {"text": TEXT, "categorical": ["c"], "redaction": Redaction(hash=["h"], key=b"k")}
    same(tmp_path_factory.mktemp("s"), data, None, rows, [None] * len(rows), **options)


def test_typed_frame(tmp_path):
    """A DataFrame of typed columns with missing values."""
    frame = pd.DataFrame(
        {
            "f": [1.5, None, float("inf")],
            "f32": np.array([0.1, 0.2, 0.3], dtype="float32"),
            "i": [1, 2, 3],
            "b": [True, False, True],
            "Int": pd.array([1, None, 3], dtype="Int64"),
            "s": ["a", None, "c"],
            "cat": pd.Categorical(["x", "y", None]),
            "t": ["two words", None, ""],
            "when": pd.to_datetime(["2026-01-01", None, "2026-01-03"], utc=True),
            "none": [None, None, None],
            "nan": [float("nan")] * 3,
            "deny": [1, 2, 3],
            7: [1, 2, 3],
        }
    )
    rows = [dict(zip(frame, row, strict=True)) for row in frame.itertuples(index=False, name=None)]
    options = {"text": TEXT, "categorical": ["c", "i"], "redaction": Redaction(deny=["deny"])}
    outputs = [0.1, float("nan"), 0.3]
    same(tmp_path / "1", frame, np.array(outputs), rows, outputs, **options)
    fields = [{"score": 0.1, "label": "a"}, {"score": 0.2, "label": "b"}, {"score": 1, "label": ""}]
    same(tmp_path / "2", frame, pd.DataFrame(fields), rows, fields, **options)
    mixed = [0.5, "stay", True]
    same(tmp_path / "3", frame, mixed, rows, mixed, **options)


def test_row_arguments(make, spool):
    """Ids, times, durations, traces and outcomes are given row by row."""
    logger = make()
    written = logger.log_batch(
        {"a": [1, 2]},
        ids=["x", "y"],
        timestamps=pd.Series(pd.to_datetime(["2026-01-01", "2026-01-02"])),
        durations=np.array([0.5, 1]),
        trace_ids=["t1", "t2"],
        outcomes=["success", "failure"],
    )
    first, second = read_events(spool)
    assert 2 == written
    assert ("x", 500_000_000) == (first["event"]["id"], first["event"]["duration"])
    assert "2026-01-02T00:00:00.000000Z" == second["@timestamp"]
    assert ({"id": "t2"}, "failure") == (second["trace"], second["event"]["outcome"])


def test_large_batch(make, spool):
    """A batch larger than a segment is written in whole lines, each once, under ids of its own."""
    logger = make(limits=SpoolLimits(segment_bytes=3 << 20))
    count = 20_000
    assert count == logger.log_batch({"a": list(range(count)), "s": ["x" * 200] * count})
    events = read_events(spool)
    assert list(range(count)) == [event["driftlog"]["num"]["a"] for event in events]
    assert count == len({event["event"]["id"] for event in events}) == logger.counters.accepted
    assert len(list(spool.iterdir())) > 2
    for document, line in documents(spool)[:50]:
        check_event(document, line)


@pytest.mark.parametrize(
    ("frame", "arguments", "dropped"),
    [
        ({"a": [1, 2], "b": [1]}, {}, {"columns of different lengths": 2}),
        ({"a": [1, 2]}, {"ids": ["x"]}, {"columns of different lengths": 2}),
        (5, {}, {"error": 1}),
        ({"a": 5}, {}, {"error": 1}),
        ({}, {}, {}),
        ({"a": []}, {}, {}),
    ],
)
def test_unusable_batch(make, frame, arguments, dropped):
    """What is no frame is counted and raises nothing."""
    logger = make()
    assert 0 == logger.log_batch(frame, **arguments)
    assert dropped == logger.counters.dropped


def test_duplicate_columns(make, spool):
    """Of two columns with one name the first stays."""
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    assert 2 == make().log_batch(frame)
    assert [1, 3] == [event["driftlog"]["num"]["a"] for event in read_events(spool)]


def test_too_large_row(make):
    """A row above the limit is dropped, its neighbours stay."""
    logger = make(limits=SpoolLimits(event_bytes=2000))
    assert 2 == logger.log_batch({"a": ["x", "y", "z"], "l": [[], ["w" * 900] * 5, []]})
    assert {"too large": 1} == logger.counters.dropped


class Breaking(list):
    """A column that cannot be read from some row on."""

    def __getitem__(self, rows):
        """Give some rows, or raise."""
        if rows.start >= 2 * CHUNK_ROWS:
            raise RuntimeError
        return super().__getitem__(rows)


def test_error_midway(make, spool):
    """What a batch wrote before an error counts as written, what it could not as dropped."""
    logger = make()
    column = Breaking(range(3 * CHUNK_ROWS + 5))
    assert 2 * CHUNK_ROWS == logger.log_batch({"a": column}) == logger.counters.accepted
    assert {"error": CHUNK_ROWS + 5} == logger.counters.dropped
    assert 2 * CHUNK_ROWS == len(read_events(spool))


@pytest.mark.parametrize(
    "column",
    [
        ['a",', "b"],
        ['","', '","'],
        ["", ""],
        ['"', "\\"],
        ["a,b", '{"x":1}'],
        ["é", None],
        [float("nan"), 'a","b'],
        [1.5, float("-inf")],
        [1e308, 1e308],
        [2**64, 1],
    ],
)
def test_cutting_an_encoded_column(tmp_path, column):
    """No value is taken for the border between two."""
    rows = [{"a": value, "n": 1} for value in column]
    same(tmp_path, {"a": column, "n": [1, 1]}, None, rows, [None, None])


def test_naive_times(tmp_path):
    """Times without a zone are those of a single row."""
    times = ["2026-01-01", "2026-01-02 03:04:05.000000006"]
    frame = pd.DataFrame({"at": pd.to_datetime(times, format="ISO8601")})
    rows = [dict(zip(frame, row, strict=True)) for row in frame.itertuples(index=False, name=None)]
    same(tmp_path, frame, None, rows, [None, None])


def test_changes_count_by_row(make):
    """What is changed in a batch counts for each row, however many are alike."""
    logger = make(redaction=Redaction(truncate={"c": 300}))
    frame = {5: [1, 2, 3], "s": ["x" * 2000] * 3, "o": [b"", b"", b""], "n": ["\0", "\0", "a"]}
    assert 3 == logger.log_batch(frame)
    expected = {"name is no string": 3, "string cut": 3, "value of no known kind": 3}
    assert expected | {"characters replaced": 2} == logger.counters.changed
