import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from driftlog import PredictionLogger
from driftlog_analyzers import InputError, Settings, SpoolStore, compare
from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._finding import Change, Outcome
from driftlog_analyzers._reference import baseline_from_frame, profile_spec
from driftlog_analyzers._table import Roles
from driftlog_analyzers._window import Window
from tests.analyzers.cases import random_source

START = datetime(2026, 3, 2, tzinfo=UTC)
TAGS = (["a", "b"], ["b"], [], ["c", "d", "e"])
WORDS = [
    "the",
    "model",
    "was",
    "late",
    "and",
    "the",
    "price",
    "rose",
    "again",
    "today",
    "so",
    "we",
    "wait",
]


def plain(rng, n):
    """Rows with a column of every data type that pandas users have."""
    age = rng.integers(18, 90, n)
    income = np.where(rng.random(n) < 0.05, np.nan, rng.normal(50_000, 9_000, n))
    color = rng.choice(["red", "green", "blue"], n, p=[0.6, 0.3, 0.1])
    flag = rng.random(n) < 0.3
    missing = rng.random(n) < 0.1
    days = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 5, n), unit="D")
    return pd.DataFrame(
        {
            "age": age,
            "income": income,
            "color": color,
            "category": pd.Categorical(color),
            "grade": pd.Categorical(rng.integers(1, 4, n)),
            "flag": flag,
            "day": days,
            "zoned": days.tz_localize("UTC"),
            "nullable": pd.array(np.where(missing, None, age), dtype="Int64"),
            "maybe": pd.array(np.where(missing, None, flag), dtype="boolean"),
            "word": pd.array(np.where(missing, None, color), dtype="string"),
            "nothing": np.full(n, np.nan),
            "none": pd.Series([None] * n, dtype="object"),
            "constant": 1.0,
            "float32": rng.normal(0, 1, n).astype("float32"),
            "tags": [TAGS[i] for i in rng.integers(0, len(TAGS), n)],
            "mixed": [[1.5, "x", None, True, Decimal(2)][i] for i in rng.integers(0, 5, n)],
            "comment": [" ".join(rng.choice(WORDS, 6)) for _ in range(n)],
        }
    )


@pytest.fixture(scope="module")
def reference():
    """Two thousand good rows."""
    return plain(random_source(1), 2000)


@pytest.fixture
def current():
    """Five hundred more rows of the same source."""
    return plain(random_source(2), 500)


def found(comparison):
    """Detector and feature of the findings."""
    return {(finding.detector, finding.feature) for finding in comparison.findings}


def against(reference, current, **options):
    """Compare with the text column named."""
    return compare(reference, current, text=["comment"], **options)


def test_equal_frames(reference):
    """A frame beside itself gives nothing, not even a notice."""
    same = against(reference, reference)

    assert ((), (), ()) == (same.findings, same.notices, same.insufficient)


@pytest.mark.parametrize("n", [20, 100, 2000])
def test_parts_of_a_frame(reference, n):
    """The first rows of a frame beside all of it give no finding."""
    assert () == against(reference, reference.head(n)).findings


def test_same_source(reference, current):
    """Other rows of the same source give no finding."""
    assert () == against(reference, current).findings


def test_few_rows(reference):
    """Nineteen rows are too few, and that is the answer."""
    comparison = against(reference, reference.head(19))

    assert ["19 events, at least 20 are needed"] == [r.summary for r in comparison.insufficient]
    assert () == comparison.findings


FAULTS = {
    "missing column": (
        lambda frame: frame.drop(columns="age"),
        {("vanished", "age")},
    ),
    "extra column": (
        lambda frame: frame.assign(extra=1),
        {("new_feature", "extra")},
    ),
    "nulls": (
        lambda frame: frame.assign(income=frame["income"].where(frame.index % 2 == 0)),
        {("na_spike", "income")},
    ),
    "all null": (
        lambda frame: frame.assign(income=np.nan),
        {("na_spike", "income")},
    ),
    "infinity": (
        lambda frame: frame.assign(income=frame["income"].where(frame.index % 10 != 0, math.inf)),
        {("nonfinite", "income")},
    ),
    "type": (
        lambda frame: frame.assign(age=[str(age) for age in frame["age"]]),
        {("type_change", "age")},
    ),
    "unit": (
        lambda frame: frame.assign(income=frame["income"] * 100),
        {("range", "income"), ("numeric_shift", "income")},
    ),
    "stuck": (
        lambda frame: frame.assign(age=44),
        {("stuck", "age"), ("numeric_shift", "age")},
    ),
    "share": (
        lambda frame: frame.assign(color=frame["color"].where(frame.index % 5 != 0, "blue")),
        {("category_shift", "color")},
    ),
    "new value": (
        lambda frame: frame.assign(word=frame["word"].where(frame.index % 10 != 0, "pink")),
        {("unseen_category", "word"), ("category_shift", "word")},
    ),
    "new day": (
        lambda frame: frame.assign(day=frame["day"] + pd.Timedelta(days=365)),
        {("unseen_category", "day"), ("category_shift", "day")},
    ),
    "words": (
        lambda frame: frame.assign(comment=[f"{text} zot" for text in frame["comment"]]),
        {("oov_rate", "comment"), ("text_length", "comment")},
    ),
    "list": (
        lambda frame: frame.assign(tags=[[*tags, "z"] for tags in frame["tags"]]),
        {("unseen_category", "tags"), ("category_shift", "tags")},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults(reference, current, fault):
    """Each fault of a frame is found by feature and kind, and nothing else is."""
    change, expected = FAULTS[fault]

    assert expected == found(against(reference, change(current)))


def test_nan_is_null(reference, current):
    """NaN is how pandas writes a missing value: a null with its counts, and not non-finite."""
    current["age"] = current["age"].astype(float).where(current.index % 4 != 0)
    comparison = against(reference, current)

    assert {("na_spike", "age")} == found(comparison)
    assert (Change("null", 0.0, 0.25, 0, 125),) == comparison.findings[0].changes


def test_numbers_as_categories(reference, current):
    """Numbers that are named as categories are compared as such."""
    current["age"] = 200
    comparison = against(reference, current, categorical=["age"])

    assert {"stuck", "unseen_category", "category_shift"} == {d for d, _ in found(comparison)}


def test_ignored_columns(reference, current):
    """An ignored column may be missing from the current frame and hold anything."""
    assert () == against(reference, current.drop(columns="age"), ignore=["age"]).findings
    assert () == against(reference, current.assign(age="x"), ignore=["age"]).findings


def test_closed(reference, current):
    """With closed domains one new value is a finding."""
    current.loc[7, "color"] = "pink"

    assert set() == found(against(reference, current))
    assert {("unseen_category", "color")} == found(against(reference, current, closed=True))


def test_settings(reference, current):
    """Settings are heeded."""
    settings = Settings(disabled=frozenset({"vanished"}))

    assert () == against(reference, current.drop(columns="age"), settings=settings).findings


def test_text_column_that_vanished(reference, current):
    """A text column that the current frame lacks has vanished."""
    assert {("vanished", "comment")} == found(against(reference, current.drop(columns="comment")))


def test_names_that_are_no_strings():
    """Columns may be numbered, and the index may be anything."""
    values = random_source(3).normal(size=(200, 3))
    frame = pd.DataFrame(values, index=[5] * 200)

    assert {("vanished", "1")} == found(compare(frame, frame.drop(columns=1)))


@pytest.mark.parametrize(
    ("left", "right", "sentence"),
    [
        (pd.DataFrame(), pd.DataFrame({"a": [1]}), "no rows or no columns"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": []}), "no rows or no columns"),
        (pd.DataFrame({"b": [1]}), pd.DataFrame({"a": [1]}), "no column 'a'"),
    ],
)
def test_unusable_frames(left, right, sentence):
    """An empty frame, and a reference without a named column, are refused with one sentence."""
    with pytest.raises(InputError, match=sentence):
        compare(left, right, text=["a"])


def test_frames_are_not_changed(reference, current):
    """Both frames are as they were."""
    left, right = reference.copy(deep=True), current.copy(deep=True)
    against(reference, current)

    pd.testing.assert_frame_equal(left, reference)
    pd.testing.assert_frame_equal(right, current)


def test_to_frame(reference, current):
    """The table has a row per finding and notice, the gravest first."""
    current = current.drop(columns="age").assign(extra=1)
    table = against(reference, current).to_frame()

    expected = [
        ("critical", "age", "vanished", 0.0, 1.0),
        ("low", "extra", "new_feature", 0.0, 1.0),
    ]
    columns = ["severity", "feature", "detector", "before", "after"]
    assert expected == list(table[columns].itertuples(index=False, name=None))
    assert [500, 500] == table["n"].tolist()


def test_notebook(reference, current):
    """A notebook shows every sentence in full, and names as text."""
    name = "<b>" + "long " * 30 + "</b>"
    comparison = against(reference, current.assign(**{name: 1}))
    html = comparison._repr_html_()

    assert name.replace("<", "&lt;").replace(">", "&gt;") + " is new: a number in 100 %" in html
    assert "<b>" not in html


def test_notebook_without_findings(reference):
    """Where nothing was found the notebook says of how much."""
    comparison = against(reference, reference)

    assert f"<p>No finding in {len(comparison.results):,} results.</p>" == comparison._repr_html_()
    assert [] == comparison.to_frame().to_dict("records")


def logged(frame, folder):
    """The frame's rows through the real logger, a second apart, as a service would log them."""
    with PredictionLogger(
        model="frame",
        version="reference",
        spool=folder,
        text={"comment"},
        nan="null",
    ) as logger:
        for i, row in enumerate(frame.to_dict("records")):
            assert logger.log(row, timestamp=START + timedelta(seconds=i))


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_the_log_says_the_same(tmp_path, reference, current, fault):
    """Rows that were logged one by one give the results that their frame gives."""
    if fault:
        current = FAULTS[fault][0](current)
    logged(current, tmp_path / "spool")
    baseline = baseline_from_frame(
        reference, model="frame", version="reference", roles=Roles(text=frozenset({"comment"}))
    )
    with SpoolStore(tmp_path / "spool") as store:
        window = Window(START, START + timedelta(hours=1))
        (profile,) = store.profiles(profile_spec(baseline), [window])
    expected = against(reference, current).results

    # A frame has neither versions nor outcomes nor times.
    apart = frozenset({"deployment", "error_rate"})
    actual = evaluate(replace(profile, first=None), baseline, Settings(disabled=apart))

    assert words(expected) == words(actual)
    assert pytest.approx(figures(expected), rel=1e-9, abs=1e-12) == figures(actual)


def words(results):
    """Everything of the results but what rounding may change, in the order of names."""
    plain_ones = [replace(r, effect=0.0, p_value=None, statistics={}) for r in results]
    return sorted(plain_ones, key=lambda r: (r.feature, r.detector))


def figures(results):
    """What rounding may change, by detector, feature and name."""
    return {
        (r.detector, r.feature, name): value
        for r in results
        for name, value in {"effect": r.effect, "p": r.p_value or 0.0, **r.statistics}.items()
    }


def test_outcomes(reference, current):
    """Every result is one of three answers, and findings and notices are disjoint."""
    comparison = against(reference, current.assign(age=1000))

    assert {r.outcome for r in comparison.results} <= set(Outcome)
    assert not set(map(id, comparison.findings)) & set(map(id, comparison.notices))


@pytest.mark.parametrize(
    "column",
    [pd.Series([1 + 2j] * 30), pd.Series(pd.period_range("2026-01", periods=30, freq="M"))],
    ids=["complex", "period"],
)
def test_a_column_of_a_type_that_no_logger_writes_is_named(column):
    """Complex numbers and periods get one sentence with the frame's types, not a traceback of DuckDB."""
    frame = pd.DataFrame({"x": column})

    with pytest.raises(InputError, match=str(column.dtype).split("[")[0]):
        compare(frame, frame)
