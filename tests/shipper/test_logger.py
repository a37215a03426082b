"""The logger as a service sees it: it never raises, and says what it did."""

import json
import logging
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftlog import PredictionLogger, SettingsError
from driftlog.errors import SpoolError
from driftlog.testing import read_events
from tests.shipper.event_spec import check_event

WHEN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


class Hostile:
    """Raises wherever it can."""

    def items(self):
        """Raise."""
        raise RuntimeError("items")

    def __str__(self):
        raise RuntimeError("str")

    __repr__ = __hash__ = __len__ = __iter__ = __bool__ = __float__ = __str__


names = st.one_of(st.text(max_size=5), st.characters(), st.integers(), st.none(), st.floats())
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(min_value=2**63), st.floats(),
    st.text(st.characters(exclude_categories=()), max_size=20), st.binary(max_size=3),
    st.decimals(), st.datetimes(), st.dates(), st.uuids(), st.complex_numbers(),
    st.floats(width=32).map(np.float32), st.builds(Hostile), st.just(pd.NA), st.just(pd.NaT),
    st.text(st.sampled_from("ab\0\ud800é"), min_size=200, max_size=1500),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Give one logger for many generated events."""
    with PredictionLogger(
        model="m", version="1", spool=tmp_path_factory.mktemp("generated"), text=["a", "t"]
    ) as logger:
        logger._tally._next_warning = float("inf")
        yield logger


@settings(
    max_examples=1500, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(features=st.dictionaries(names, values, min_size=5, max_size=9), prediction=values,
       extra=scalars)  # fmt: skip
def test_any_value(shared, features, prediction, extra):
    """Whatever a service passes, log() does not raise, and its lines are what event.md says."""
    before = shared.counters
    written = shared.log(
        features, prediction=prediction, timestamp=extra, duration=extra, trace_id=extra, id=extra
    )
    shared.log_label(extra, prediction)
    assert "error" not in shared.counters.dropped
    assert shared.counters.accepted > before.accepted
    assert written is not None


def test_any_line(shared):
    """Each line of those events is one line of strict JSON, as docs/event.md has it."""
    for path in Path(shared._spool.folder).glob("*.ndjson"):
        with path.open("rb") as file:
            for line in file:
                check_event(json.loads(line), line)


@pytest.mark.parametrize("features", [None, 5, [1], Hostile()])
def test_no_features(make, features):
    """What is no mapping costs the event, not the service."""
    logger = make()
    assert logger.log(features) is None
    assert {"error": 1} == logger.counters.dropped


@pytest.mark.parametrize(
    ("given_time", "expected"),
    [
        (WHEN, "2026-01-02T03:04:05.678901Z"),
        (WHEN.replace(tzinfo=None), "2026-01-02T03:04:05.678901Z"),
        (WHEN.astimezone(timezone(timedelta(hours=5))), "2026-01-02T03:04:05.678901Z"),
        (date(2026, 1, 2), "2026-01-02T00:00:00.000000Z"),
        ("2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05.000000Z"),
        ("2026-01-02 03:04", "2026-01-02T03:04:00.000000Z"),
        (0, "1970-01-01T00:00:00.000000Z"),
        (1.5, "1970-01-01T00:00:01.500000Z"),
        (np.float64(1.5), "1970-01-01T00:00:01.500000Z"),
        (np.datetime64("2026-01-02T03:04:05.678901"), "2026-01-02T03:04:05.678901Z"),
        (pd.Timestamp("2026-01-02T03:04:05.678901Z"), "2026-01-02T03:04:05.678901Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
        ("2262-04-12", "2262-04-12T00:00:00.000000Z"),
    ],
)
def test_timestamp(make, spool, given_time, expected):
    """Event time comes in many shapes and is written in one."""
    logger = make()
    logger.log({}, timestamp=given_time)
    assert expected == read_events(spool)[0]["@timestamp"]
    assert {} == logger.counters.changed


@pytest.mark.parametrize(
    "bad", ["yesterday", 1e20, float("nan"), pd.NaT, np.datetime64("NaT"), True, object(), [1]]
)
def test_bad_timestamp(make, spool, bad):
    """What is no point in time is now, and counted."""
    logger = make()
    logger.log({}, timestamp=bad)
    written = datetime.fromisoformat(read_events(spool)[0]["@timestamp"])
    assert abs(datetime.now(UTC) - written) < timedelta(seconds=30)
    assert {"timestamp not readable": 1} == logger.counters.changed


@pytest.mark.parametrize(
    ("duration", "expected"),
    [(0.0018, 1_800_000), (timedelta(milliseconds=2), 2_000_000), (0, 0), (np.float32(0.5), 5 * 10**8),
     (-1, None), ("x", None), (float("inf"), None)],
)  # fmt: skip
def test_duration(make, spool, duration, expected):
    """A duration is written in whole nanoseconds; what is none is left out."""
    make().log({}, duration=duration)
    assert expected == read_events(spool)[0]["event"].get("duration")


def test_context(make, spool):
    """Context variables land in their ECS fields or in labels; an argument wins."""
    bound = {"trace_id": "t", "span.id": "s", "transaction_id": 5, "tenant": "x", "n": 1,
             "none": None, "many": [1, 2], "deep": {"a": "b"}, "odd": object()}  # fmt: skip
    logger = make()
    with structlog.contextvars.bound_contextvars(**bound):
        logger.log({})
        logger.log({}, trace_id="mine")
    first, second = read_events(spool)
    assert ({"id": "t"}, {"id": "s"}, {"id": "5"}) == tuple(
        first[name] for name in ("trace", "span", "transaction")
    )
    assert {"tenant": "x", "n": "1", "many": "1, 2", "deep.a": "b"} == first["labels"]
    assert {"id": "mine"} == second["trace"]


def test_given_id(make, spool):
    """An id of the caller's stands as given; an empty one is replaced and counted."""
    logger = make()
    assert 'q"\n' == logger.log({}, id='q"\n')
    assert "-" in logger.log({}, id="")
    assert 'q"\n' == read_events(spool)[0]["event"]["id"]
    assert {"id not fit": 1} == logger.counters.changed


@pytest.mark.parametrize("outcome", [[], {}, "ok", None, np.array(["success"] * 2), Hostile()])
def test_bad_outcome(make, spool, outcome):
    """What is no outcome is unknown, and counted."""
    logger = make()
    assert logger.log({"a": 1}, outcome=outcome)
    assert "unknown" == read_events(spool)[0]["event"]["outcome"]
    assert ({"outcome not known": 1}, {}) == (logger.counters.changed, logger.counters.dropped)


@pytest.mark.parametrize("label", [{}, {"a": 1}, [1], set(), object(), Hostile()])
def test_label_of_no_kind(make, label):
    """A label that is no scalar is dropped under its reason."""
    logger = make()
    logger.log_label("e-1", label)
    assert {"label of no known kind": 1} == logger.counters.dropped


def test_label(make, spool):
    """Ground truth is an event of its own, typed by its value."""
    logger = make()
    logger.log_label("e-1", 0.5, timestamp=0)
    logger.log_label("e-2", True)
    logger.log_label("e-3", [1])
    logger.log_label("", 1)
    first, second = read_events(spool, "label")
    assert {"id": "e-1", "num": {"value": 0.5}} == first["driftlog"]["label"]
    assert {"id": "e-2", "cat": {"value": "true"}} == second["driftlog"]["label"]
    assert {"label of no known kind": 1, "label without id": 1} == logger.counters.dropped


def test_one_warning(make, caplog):
    """A minute has one warning, with the counts; a handler that logs again does not recurse."""
    logger = make()

    class Again(logging.Handler):
        def emit(self, _record):
            logger.log(5)

    handler = Again()
    logging.getLogger("driftlog").addHandler(handler)
    try:
        with caplog.at_level(logging.WARNING):
            for _ in range(10):
                logger.log(5)
    finally:
        logging.getLogger("driftlog").removeHandler(handler)
    assert 1 == len(caplog.records)
    assert "events dropped (error): 1" in caplog.text
    assert {"error": 11} == logger.counters.dropped


def test_warning_handler_that_raises(make):
    """A broken handler of the service's breaks nothing of ours."""

    class Broken(logging.Filter):
        def filter(self, _record):
            raise RuntimeError

    broken = Broken()
    logging.getLogger("driftlog").addFilter(broken)
    try:
        assert make().log({"": 1}) is not None
    finally:
        logging.getLogger("driftlog").removeFilter(broken)


def test_interrupt_passes(make):
    """Ctrl-C is the service's own business."""

    class Interrupting(dict):
        def items(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make().log(Interrupting())


@pytest.mark.parametrize("wrong", [{"model": ""}, {"version": " "}, {"text": "t"}, {"nan": "drop"}])
def test_settings(make, wrong):
    """Arguments that make no sense are refused with a sentence."""
    with pytest.raises(SettingsError, match="PredictionLogger: "):
        make(**wrong)


def test_service(make, spool):
    """What is known of the service stands in every event; its name defaults to the model's."""
    make().log({})
    make(service="api", service_version="2", environment="prod").log({})
    services = sorted((event["service"] for event in read_events(spool)), key=len)
    assert [{"name": "churn"}, {"name": "api", "version": "2", "environment": "prod"}] == services


def test_read_events_needs_a_spool(tmp_path):
    """A spool that is not there is an error that says so."""
    with pytest.raises(SpoolError, match="No spool at"):
        read_events(tmp_path / "none")


def test_import_weight():
    """``import driftlog`` brings nothing heavy into a model service."""
    heavy = {
        "numpy",
        "pandas",
        "elasticsearch",
        "duckdb",
        "scipy",
        "pydantic",
        "apscheduler",
        "typer",
        "starlette",
    }  # structlog itself brings rich where it is installed
    code = "import sys, driftlog; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert set() == heavy & {name.partition(".")[0] for name in out.stdout.split()}
