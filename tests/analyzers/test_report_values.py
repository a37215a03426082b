import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric, WindowProfile
from driftlog_analyzers._report import _format
from driftlog_analyzers._report._evidence import MAX_POINTS, build_evidence
from driftlog_analyzers._report._svg import Frame, el, nice_top, time_axis
from driftlog_analyzers._window import Window

START = datetime(2026, 11, 8, tzinfo=UTC)


def windows(count):
    """Hours."""
    return [
        Window(START + timedelta(hours=i), START + timedelta(hours=i + 1)) for i in range(count)
    ]


def finding(kind, feature="f", **parts):
    """A finding with a condition of a kind."""
    condition = Condition(kind, feature, **parts)
    change = Change("v", 0.1, 0.2, 1, 2)
    return Result(
        "d", feature, Outcome.FINDING, "s", Severity.HIGH, changes=(change,), condition=condition
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1234, "1,234"),
        (0, "0"),
        (12.345, "12.3"),
        (0.00012, "0.00012"),
        (2.2e-9, "2.2e-9"),
        (1e20, "1e20"),
        (math.nan, "NaN"),
        (-math.inf, "-∞"),
    ],
)
def test_number(value, expected):
    """Numbers are short and have separators."""
    assert expected == _format.number(value)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.034, "3.4 %"),
        (0.00001, "< 0.01 %"),
        (0.0042, "0.42 %"),
        (0.99999, "> 99.9 %"),
    ],
)
def test_percent(share, expected):
    """Shares near 0 or 1 are not rounded to them."""
    assert expected == _format.percent(share)


@pytest.mark.parametrize(
    ("p_value", "expected"),
    [
        (None, ("none", "a rule decides, not a test")),
        (0.0, ("< 1e-12", "chance is practically excluded")),
        (0.001, ("0.001", "by chance about once in 1,000 tests")),
        (0.4, ("0.4", "chance alone could do this")),
    ],
)
def test_probability(p_value, expected):
    """A p-value comes with its meaning."""
    assert expected == _format.probability(p_value)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (1, "2026-11-08 00:00 to 01:00 UTC"),
        (24, "2026-11-08 00:00 to 24:00 UTC"),
        (30, "2026-11-08 00:00 to 2026-11-09 06:00 UTC"),
    ],
)
def test_span(hours, expected):
    """A span repeats the date only where it differs."""
    assert expected == _format.span(START, START + timedelta(hours=hours))


@given(st.text(), st.integers(2, 50))
def test_clip_is_bounded_and_printable(text, length):
    """A clipped text is no longer than asked, and can be written as UTF-8."""
    shown = _format.clip(text, length)
    assert len(shown) <= length
    shown.encode("utf-8")
    assert _format.clean(shown) == shown


@given(st.text(), st.integers(3, 50))
def test_squeeze_keeps_both_ends(text, length):
    """A squeezed text is no longer than asked, and begins and ends as the whole does."""
    shown = _format.squeeze(text, length)
    assert len(shown) <= length
    assert _format.clean(text)[: (length - 1) // 2] == shown[: (length - 1) // 2]
    assert _format.clean(text)[-1:] == shown[-1:]


@given(st.integers(1, 600), st.integers(1, 400_000), st.integers(1, 12))
def test_ticks_are_few_and_in_range(count, seconds, limit):
    """A time axis has between one mark and the limit, in order."""
    starts = [START + timedelta(seconds=i * seconds) for i in range(count)]
    marks = [index for index, _ in _format.ticks(starts, limit)]
    assert marks
    assert len(marks) <= limit
    assert sorted(set(marks)) == marks
    assert marks[-1] < count


def test_ticks_of_hours_stand_on_round_hours_and_days():
    """Two days of hours are marked every six hours, midnight by its date."""
    starts = [window.start for window in windows(48)]
    expected = [(0, "8 Nov"), (6, "06:00"), (12, "12:00"), (18, "18:00"), (24, "9 Nov")]
    assert expected == _format.ticks(starts, 9)[:5]


@given(st.lists(st.floats(0, 1e9), min_size=1), st.booleans())
def test_nice_top_holds_all_values(values, share):
    """An axis is never shorter than its values."""
    values = [min(value, 1.0) for value in values] if share else values
    assert nice_top(values, share=share) >= max(values) * 0.999


def test_elements_escape_text_and_attributes():
    """SVG pieces escape whatever they are given."""
    expected = '<text class="&#34;&gt;">&lt;script&gt;</text>'
    assert expected == el("text", "<script>", class_='">')


@pytest.mark.parametrize(
    ("kind", "feature", "expected"),
    [
        ("absent", FeatureProfile(numbers=70), 0.3),
        ("null", FeatureProfile(numbers=60, nulls=20), 0.25),
        ("nonfinite", FeatureProfile(numbers=60, nonfinite=20), 0.25),
        (
            "outside",
            FeatureProfile(numbers=50, numeric=Numeric(50, 0, 0, 0, 0, below=2, above=3)),
            0.1,
        ),
    ],
)
def test_trend_is_the_rate_of_the_condition(kind, feature, expected):
    """The line over time is the rate that the condition selects, beside the baseline's."""
    window = windows(1)[0]
    profile = WindowProfile(100, {"f": feature})
    evidence = build_evidence(finding(kind), profile, [(window, profile)], window, window)
    assert (expected,) == pytest.approx(evidence.trend.values)
    assert expected == pytest.approx(evidence.trend.before)
    assert (expected, expected) == pytest.approx(evidence.rates)


def test_trend_joins_windows_by_counts():
    """With more windows than points, rates are joined by their counts and not averaged."""
    many = windows(2 * MAX_POINTS)
    profiles = [
        (w, WindowProfile(10 if i % 2 else 90, {"f": FeatureProfile(numbers=90 * (i % 2 == 0))}))
        for i, w in enumerate(many)
    ]
    evidence = build_evidence(finding("absent"), profiles[0][1], profiles, many[401], many[-1])
    assert evidence.trend.per_point == 2
    assert {0.1} == set(evidence.trend.values)
    assert (evidence.trend.onset, evidence.trend.until) == (200, MAX_POINTS - 1)


def test_new_feature_is_plotted_by_its_presence():
    """A feature that the baseline does not know is shown by how many events carry it."""
    window = windows(1)[0]
    after = WindowProfile(100, {"f": FeatureProfile(strings=40)})
    result = finding("type", values=("string",))
    evidence = build_evidence(result, WindowProfile(100), [(window, after)], window, window)
    assert (
        evidence.trend.title,
        evidence.trend.values,
        evidence.trend.before,
    ) == ("Presence over time", (0.4,), 0.0)


def test_histogram_joins_bins_at_the_right_edges():
    """With many bins, neighbours are joined and the edges between them kept."""
    edges = tuple(float(i) for i in range(49))
    numbers = Numeric(50, 0, 0, 0, 0, edges, (1,) * 50)
    profile = WindowProfile(50, {"f": FeatureProfile(numbers=50, numeric=numbers)})
    window = windows(1)[0]
    plot = build_evidence(
        finding("outside"), profile, [(window, profile)], window, window
    ).histogram
    assert (len(plot.before), len(plot.edges)) == (17, 16)
    assert plot.edges[:2] == (2.0, 5.0)
    assert pytest.approx(sum(plot.after)) == 1.0
    assert (plot.before[0], plot.before[-1]) == (0.06, 0.04)


def test_evidence_without_the_window_is_still_given():
    """An alert whose window is not among the profiles keeps its changes."""
    here, elsewhere = windows(2)
    evidence = build_evidence(
        finding("values"), WindowProfile(), [(here, WindowProfile())], elsewhere, elsewhere
    )
    assert (evidence.trend, evidence.histogram, evidence.rates) == (None, None, None)
    assert len(evidence.bars) == 1


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("values", "f", ("v",)), 0.25),
        (Condition("values", "f"), 0.25),
        (Condition("any", "f"), 0.25),
        (Condition("type", "f", ("number",)), 0.2),
    ],
)
def test_values_and_types_are_plotted_by_share(condition, expected):
    """A moved value, one that fell, one that is stuck and another type are lines of their share."""
    window = windows(1)[0]
    values = Categorical({"v": 20, "w": 60})
    profile = WindowProfile(100, {"f": FeatureProfile(numbers=20, strings=80, categorical=values)})
    result = replace(finding("any"), condition=condition)
    evidence = build_evidence(result, profile, [(window, profile)], window, window)
    assert evidence.trend.values == pytest.approx((expected,))


def test_outputs_are_found_by_their_prefix():
    """An alert about an output reads the output's profile."""
    window = windows(1)[0]
    profile = WindowProfile(10, {}, {"score": FeatureProfile(numbers=8, nulls=2)})
    result = finding("null", "prediction.score")
    evidence = build_evidence(result, profile, [(window, profile)], window, window)
    assert evidence.rates == (0.2, 0.2)


def test_empty_histogram_is_not_drawn():
    """Numbers without a count in any bin have no histogram."""
    window = windows(1)[0]
    numbers = Numeric(5, 0, 0, 0, 0, (1.0, 2.0), (0, 0, 0))
    profile = WindowProfile(5, {"f": FeatureProfile(numbers=5, numeric=numbers)})
    evidence = build_evidence(finding("any"), profile, [(window, profile)], window, window)
    assert evidence.histogram is None


@given(
    st.lists(st.integers(0, 10**9), min_size=2, max_size=400, unique=True).map(sorted),
    st.integers(2, 12),
)
def test_several_windows_have_several_ticks(milliseconds, limit):
    """However short or uneven the span, so that a stretch of time can be read."""
    starts = [START + timedelta(milliseconds=count) for count in milliseconds]
    assert 2 <= len(_format.ticks(starts, limit)) <= limit


@pytest.mark.parametrize("step", [timedelta(milliseconds=290), timedelta(minutes=1)])
@pytest.mark.parametrize("count", [2, 7, 8, 13])
def test_labels_of_a_short_log_are_whole(step, count):
    """No tick's label leaves the plot or meets the next."""
    begin = START + timedelta(hours=11, minutes=22, microseconds=900_000)
    marks = _format.ticks([begin + i * step for i in range(count)], 7)
    axis = time_axis(Frame(58, 44, 474, 150), marks, count)
    ends = []
    for x, anchor, label in re.findall(
        r'<text x="([0-9.]+)" y="212" class="tick"(?: text-anchor="(end)")?>([^<]*)', axis
    ):
        left = float(x) - (6.5 * len(label) if anchor else 0)
        assert left >= max(ends, default=0)
        ends.append(left + 6.5 * len(label))
    assert len(ends) >= 2
    assert max(ends) <= 540


def test_ticks_of_nothing():
    """An axis without windows has no marks."""
    assert _format.ticks([]) == []
