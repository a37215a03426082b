"""Every writer against one spec, and the spec against wrong documents."""

import asyncio
import copy
import json
import logging
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from types import MappingProxyType
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.contextvars import bound_contextvars

import driftlog
from driftlog import (
    Handler,
    LoggerFactory,
    PredictionLogger,
    PredictionMiddleware,
    PredictionProcessor,
)
from tests.shipper.event_spec import SpecError, check_event, documents, predictions


class Tier(Enum):
    """Enum members of several kinds."""

    GOLD = "gold"
    NONE = None
    RATE = 0.5


class Level(IntEnum):
    """An enum member that is a number."""

    HIGH = 3


FEATURES = {
    "int": 41,
    "negative": -7,
    "float": 52000.5,
    "decimal": Decimal("1.25"),
    "decimal_nan": Decimal("NaN"),
    "decimal_inf": Decimal("Infinity"),
    "np_int": np.int64(3),
    "np_uint": np.uint64(2**64 - 1),
    "np_float": np.float32(0.5),
    "np_bool": np.bool_(True),
    "np_str": np.str_("DE"),
    "np_nan": np.float64("nan"),
    "np_date": np.datetime64("2026-11-22"),
    "np_nat": np.datetime64("NaT"),
    "np_array": np.array([1, 2]),
    "yes": True,
    "no": False,
    "string": "DE",
    "empty": "",
    "unicode": "Zürich 🎉 \u2028 \x00 \n",
    "surrogate": "\ud800",
    "long": "x" * 100_000,
    "date": date(2026, 11, 22),
    "moment": datetime(2026, 11, 22, 4, 15, tzinfo=timezone(timedelta(hours=1))),
    "clock": time(4, 15),
    "timestamp": pd.Timestamp("2026-11-22T04:15", tz="UTC"),
    "uuid": UUID(int=7),
    "enum": Tier.GOLD,
    "enum_null": Tier.NONE,
    "enum_number": Tier.RATE,
    "int_enum": Level.HIGH,
    "nested": {"a": {"b": 1, "c": None}, "d": "deep"},
    "proxy": MappingProxyType({"a": "b"}),
    "list": ["a", 1, True, None],
    "tuple": (1.5, 2.0),
    "set": {"b", "a"},
    "empty_list": [],
    "odd_list": [object()],
    "none": None,
    "pd_na": pd.NA,
    "pd_nat": pd.NaT,
    "nan": math.nan,
    "inf": math.inf,
    "minus_inf": -math.inf,
    "huge": 10**400,
    "large": 2**70,
    "complex": 1j,
    "bytes": b"raw",
    "object": object(),
    "comment": "Don't panic, it's 42: don't!",
    "no_comment": None,
    "odd_comment": 42,
    "note": "the box was empty",
    "dotted.name": 1,
    "": 1,
    7: "a name that is no string",
    "code": 4711,
    "int\ud800": 1,
}
DECLARED = {
    "categorical": ("code",),
    "text": {
        "comment": driftlog.Text(),
        "no_comment": driftlog.Text(),
        "odd_comment": driftlog.Text(),
        "note": driftlog.Text({"the", "was"}),
    },
}
PREDICTION = {"score": 0.5, "label": "stay", "top": ["a", "b"], "gap": None, "odd": math.inf}

TEXTS = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(
    ["note", "", " ", "a", "a.b", "a..b", "\x00", "\ud800", "\u2028", "x" * 2000]
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.decimals() | st.dates()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
FEATURE_SETS = st.dictionaries(TEXTS | st.integers() | st.none(), VALUES, max_size=6)


@pytest.fixture
def logger(tmp_path):
    """A prediction logger with declared features and texts, one of them with a vocabulary."""
    with PredictionLogger(
        model="churn",
        version="7",
        spool=tmp_path,
        environment="tests",
        **DECLARED,
    ) as made:
        yield made


def by_call(logger):
    """Write by the plain call."""
    logger.log(FEATURES, prediction=PREDICTION)


def by_batch(logger):
    """Write a batch of one row, as columns."""
    outputs = {name: [value] for name, value in PREDICTION.items()}
    assert 1 == logger.log_batch({name: [value] for name, value in FEATURES.items()}, outputs)


def by_processor(logger):
    """Write by a structlog chain that does other things too."""
    log = structlog.wrap_logger(
        structlog.ReturnLogger(), processors=[PredictionProcessor(logger), lambda *_: "rest"]
    )
    log.bind(tenant="acme").info("prediction", features=FEATURES, prediction=PREDICTION)


def by_factory(logger):
    """Write by a structlog chain that does nothing else."""
    log = structlog.wrap_logger(LoggerFactory(logger)(), processors=[])
    log.info("prediction", features=FEATURES, prediction=PREDICTION)


def by_handler(logger):
    """Write by a record of the standard library."""
    log = logging.getLogger("service.spec")
    log.setLevel(logging.INFO)
    handler = Handler(logger)
    log.addHandler(handler)
    log.info("scored", extra={"features": FEATURES, "prediction": PREDICTION})
    log.removeHandler(handler)


def by_middleware(logger):
    """Write at the end of a request."""

    async def app(_, __, send):
        driftlog.capture(FEATURES, prediction=PREDICTION)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def silent(*_):
        pass

    asyncio.run(
        PredictionMiddleware(app, logger=logger)({"type": "http", "headers": []}, silent, silent)
    )


def sorted_names(part):
    """Return *part* with its lists of names in one order, which means nothing."""
    return {
        key: sorted(value)
        if isinstance(value, list)
        else sorted_names(value)
        if key == "prediction"
        else value
        for key, value in part.items()
    }


WRITERS = [by_call, by_batch, by_processor, by_factory, by_handler, by_middleware]


def lines_of(tmp_path, logger, write):
    """Write by *write*, and a label, and return every line of the spool."""
    write(logger)
    logger.log_label("p-1", 0.5)
    logger.log_label("p-2", "stay")
    logger.close()
    return documents(tmp_path)


class TestWriters:
    """All ways in, with every kind of value."""

    @pytest.mark.parametrize("write", WRITERS)
    def test_every_line_keeps_the_spec(self, tmp_path, logger, write):
        """Whatever the way in and the values, each line is what docs/event.md says."""
        lines = lines_of(tmp_path, logger, write)
        for document, line in lines:
            check_event(document, line)
        assert ["segment", "prediction", "label", "label"] == [
            document["event"]["action"] for document, _ in lines
        ]

    @pytest.mark.parametrize("write", WRITERS)
    def test_all_write_the_same(self, tmp_path, write):
        """A value means the same whichever way it came in; NaN in a column is null by contract."""
        written = []
        for way in (by_call, write):
            folder = tmp_path / str(len(written))
            nan = "null" if write is by_batch else "nonfinite"
            arguments = {"model": "churn", "version": "7", "nan": nan, **DECLARED}
            with PredictionLogger(spool=folder, **arguments) as logger:
                way(logger)
            [(event, _)] = predictions(folder)
            written.append(sorted_names(event["driftlog"]))
        expected, actual = written
        assert expected == actual

    @pytest.mark.parametrize("way", ["call", "batch"])
    def test_of_two_features_with_one_name_the_first_stays(self, tmp_path, logger, way):
        """An empty and a blank name are both "_"; the second is counted as dropped."""
        if way == "call":
            logger.log({"": 1, " ": 2})
        else:
            logger.log_batch({"": [1], " ": [2]})
        [(event, line)] = predictions(tmp_path)
        check_event(event, line)
        assert {"_": 1} == event["driftlog"]["num"]
        assert 1 == logger.counters.changed["two features with one name"]

    def test_a_second_event_is_as_the_first(self, tmp_path, logger):
        """What the logger remembers of the names it has seen changes nothing."""
        by_call(logger)
        by_call(logger)
        [(first, _), (second, line)] = predictions(tmp_path)
        check_event(second, line)
        assert first["driftlog"] == second["driftlog"]

    @settings(max_examples=150, deadline=None)
    @given(
        features=FEATURE_SETS,
        prediction=VALUES,
        context=st.dictionaries(TEXTS, SCALARS, max_size=2),
    )
    def test_any_values_keep_the_spec(self, tmp_path_factory, features, prediction, context):
        """No value, name or context variable gets a wrong line written, or an event lost."""
        folder = tmp_path_factory.mktemp("any")
        with (
            PredictionLogger(model="m", version="1", spool=folder, text=["note"]) as logger,
            bound_contextvars(**context),
        ):
            logger.log(features, prediction=prediction)
        [(event, line)] = predictions(folder)
        check_event(event, line)

    def test_values_stand_where_the_contract_says(self, tmp_path, logger):
        """The kinds of docs/event.md, by example."""
        by_call(logger)
        [(event, _)] = predictions(tmp_path)
        held = event["driftlog"]
        numbers = {"int": 41, "decimal": 1.25, "np_float": 0.5, "enum_number": 0.5, "int_enum": 3}
        assert numbers == {name: held["num"][name] for name in numbers}
        assert {"nested.a.b": 1, "_": 1} == {
            name: held["num"][name] for name in ("nested.a.b", "_")
        }
        words = {
            "yes": "true",
            "no": "false",
            "np_bool": "true",
            "date": "2026-11-22",
            "enum": "gold",
            "code": "4711",
            "empty": "",
        }
        assert words == {name: held["cat"][name] for name in words}
        assert (["a", "b"], []) == (held["list"]["set"], held["list"]["empty_list"])
        assert ["empty_list"] == held["empty"]
        assert {"none", "pd_na", "pd_nat", "enum_null", "nested.a.c"} <= set(held["na"])
        assert {"nan", "inf", "minus_inf", "huge", "decimal_nan", "np_nan"} <= set(
            held["nonfinite"]
        )
        assert {"object", "bytes", "complex"} <= held["other"].keys()
        assert {"tokens": 5, "distinct": 5} == held["text"]["comment"]
        assert (["box", "empty"], 2) == (held["oov"]["note"], held["text"]["note"]["oov"])
        assert {
            "num": {"score": 0.5},
            "cat": {"label": "stay"},
            "list": {"top": ["a", "b"]},
            "na": ["gap"],
            "nonfinite": ["odd"],
        } == held["prediction"]


GOOD = {
    "prediction": {
        "@timestamp": "2026-11-22T04:15:03.123456Z",
        "event": {
            "id": "p-1",
            "kind": "event",
            "action": "prediction",
            "dataset": "driftlog.churn",
            "outcome": "success",
            "duration": 1,
        },
        "service": {"name": "churn", "version": "1", "environment": "tests"},
        "host": {"name": "h"},
        "trace": {"id": "t"},
        "span": {"id": "s"},
        "transaction": {"id": "x"},
        "labels": {"tenant": "acme"},
        "driftlog": {
            "model": {"name": "churn", "version": "7", "schema": "0123456789ab"},
            "num": {"age": 41.5},
            "cat": {"country": "DE"},
            "list": {"tags": ["a"], "none": []},
            "text": {
                "note": {"tokens": 2, "distinct": 2, "oov": 1},
                "comment": {"tokens": 1, "distinct": 1},
            },
            "tok": {"comment": ["a"]},
            "oov": {"note": ["box"]},
            "na": ["gone"],
            "nonfinite": ["ratio"],
            "empty": ["none"],
            "other": {"thing": "object"},
            "redacted": ["mail"],
            "truncated": ["country"],
            "prediction": {
                "num": {"score": 0.5},
                "cat": {"label": "stay"},
                "list": {"top": ["a"], "no": []},
                "na": ["gap"],
                "nonfinite": ["odd"],
                "empty": ["no"],
                "other": {"raw": "bytes"},
            },
        },
    },
}
GOOD["label"] = {
    **{key: GOOD["prediction"][key] for key in ("@timestamp", "service", "host")},
    "event": {"id": "l", "kind": "event", "action": "label", "dataset": "driftlog.churn"},
    "driftlog": {
        "model": {"name": "churn", "version": "7", "schema": "0123456789ab"},
        "label": {"id": "p-1", "num": {"value": 0.5}},
    },
}
GOOD["segment"] = {
    **{key: GOOD["prediction"][key] for key in ("@timestamp", "service", "host")},
    "event": {"id": "s", "kind": "event", "action": "segment", "dataset": "driftlog.churn"},
    "driftlog": {
        "model": {"name": "churn", "version": "7"},
        "segment": {"id": "01", "format": 1, "pid": 7},
    },
}


def paths(document, path=()):
    """Yield the path of every value in *document*."""
    pairs = document.items() if isinstance(document, Mapping) else ()
    for key, value in pairs:
        yield (*path, key)
        yield from paths(value, (*path, key))


def changed(document, path, value):
    """Return a copy of *document* with *value* at *path*."""
    document = copy.deepcopy(document)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


def line_of(document):
    """Return *document* as a line."""
    return json.dumps(document).encode() + b"\n"


def allowed(path, value):
    """Say whether one of the wrong values happens to be right at *path*."""
    place = path[-2] if len(path) > 1 else ""
    return (
        (place == "num" and value in (-1, 1.5) and value is not True)
        or (place in ("cat", "labels") and value == "")
        or (path[-2:] in LISTS and value == [])
        or (path == ("driftlog", "prediction") and value == {})
    )


LISTS = {("list", "none"), ("list", "no"), ("tok", "comment"), ("oov", "note")}
ALL_PATHS = [(action, path) for action, good in GOOD.items() for path in paths(good)]


class TestSpec:
    """The spec itself, on right and wrong documents."""

    @pytest.mark.parametrize("action", GOOD)
    def test_passes_a_right_document(self, action):
        """The examples that the wrong documents are made from are right."""
        check_event(GOOD[action], line_of(GOOD[action]))

    @pytest.mark.parametrize(("action", "path"), ALL_PATHS)
    @pytest.mark.parametrize("wrong", [None, True, -1, 1.5, "", [], [[]], {}, {"": 1}, {"x": {}}])
    def test_fails_a_wrong_type_anywhere(self, action, path, wrong):
        """No field takes a value of another type."""
        if allowed(path, wrong):
            return
        document = changed(GOOD[action], path, wrong)
        with pytest.raises(SpecError):
            check_event(document, line_of(document))

    @pytest.mark.parametrize(("action", "path"), ALL_PATHS)
    def test_fails_an_unknown_key_anywhere(self, action, path):
        """No object takes a key that docs/event.md does not name; feature names are free."""
        place = GOOD[action]
        for key in path:
            place = place[key]
        free = {"num", "cat", "list", "text", "tok", "oov", "other", "labels"}
        if not isinstance(place, dict) or (path[-1] in free and action == "prediction"):
            return
        document = changed(GOOD[action], (*path, "surprise"), "x")
        with pytest.raises(SpecError, match="surprise"):
            check_event(document, line_of(document))

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("@timestamp",), "2026-11-22T04:15:03Z"),
            (("@timestamp",), "2026-11-22T04:15:03.123456+00:00"),
            (("@timestamp",), "2026-13-22T04:15:03.123456Z"),
            (("event", "id"), " "),
            (("event", "outcome"), "ok"),
            (("event", "action"), "guess"),
            (("event", "dataset"), "driftlog.other"),
            (("event", "duration"), 2**63),
            (("driftlog", "num", "huge"), 10**400),
            (("driftlog", "num", "country"), 1),
            (("driftlog", "na"), ["age"]),
            (("driftlog", "na"), ["gone", "gone"]),
            (("driftlog", "redacted"), ["country"]),
            (("driftlog", "truncated"), ["stranger"]),
            (("driftlog", "cat", " "), "blank"),
            (("driftlog", "tok", "note"), ["box"]),
            (("driftlog", "oov", "comment"), ["box"]),
            (("driftlog", "tok", "stranger"), ["box"]),
            (("driftlog", "prediction", "na"), ["score"]),
            (("driftlog", "list", "tags"), []),
            (("driftlog", "empty"), ["none", "tags"]),
            (("driftlog", "prediction", "empty"), ["stranger"]),
        ],
    )
    def test_fails_a_wrong_value(self, path, value):
        """A value of the right type in the wrong form or place is wrong."""
        document = changed(GOOD["prediction"], path, value)
        with pytest.raises(SpecError):
            check_event(document, line_of(document))

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda line: line[:-1],
            lambda line: line + b"\n",
            lambda line: line.replace(b", ", b",\n", 1),
            lambda line: line.replace(b"41.5", b"NaN"),
            lambda line: line.replace(b"41.5", b"Infinity"),
            lambda line: line.replace(b"41.5", b"1e999"),
            lambda line: line.replace(b"41.5", b"41.6"),
            lambda line: line.replace(b'{"age": 41.5}', b'{"age": 41.5, "age": 41.5}'),
            lambda line: line.replace(b"DE", b"D\xff"),
            lambda line: line[: len(line) // 2] + b"\n",
            lambda _: b"[]\n",
            lambda _: b"",
        ],
    )
    def test_fails_a_wrong_line(self, spoil):
        """The bytes count as well as the document."""
        with pytest.raises(SpecError):
            check_event(GOOD["prediction"], spoil(line_of(GOOD["prediction"])))

    @pytest.mark.parametrize("action", GOOD)
    def test_fails_a_missing_field(self, action):
        """What every event has cannot be left out."""
        for path in (("@timestamp",), ("event", "id"), ("event", "kind"), ("driftlog", "model")):
            document = copy.deepcopy(GOOD[action])
            place = document
            for key in path[:-1]:
                place = place[key]
            del place[path[-1]]
            with pytest.raises(SpecError, match="missing"):
                check_event(document, line_of(document))

    def test_says_everything_at_once(self):
        """One failure names all that is wrong."""
        document = changed(GOOD["prediction"], ("event", "kind"), "signal")
        document = changed(document, ("driftlog", "num", "age"), "41")
        with pytest.raises(SpecError, match=r"(?s)kind.*num.*age"):
            check_event(document, line_of(document))
