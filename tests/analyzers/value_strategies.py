"""Hypothesis strategies for the value dataclasses that the analyzers pass around."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Change, Condition, Evaluation, Outcome, Result, Severity
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric, Text, WindowProfile
from driftlog_analyzers._window import Window

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)

names = st.text(max_size=6)
counts = st.integers(0, 10**12)
tables = st.dictionaries(names, counts, max_size=3)
floats = st.floats(allow_nan=False)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
windows = st.builds(
    lambda a, b, first, last: Window(min(a, b), max(a, b), first, last),
    moments,
    moments,
    names,
    names,
)
numerics = st.builds(
    Numeric,
    n=st.integers(1, 10**9),
    mean=floats,
    m2=floats,
    minimum=floats,
    maximum=floats,
    edges=st.lists(floats, max_size=3).map(tuple),
    bins=st.lists(counts, max_size=3).map(tuple),
    below=counts,
    above=counts,
)
features = st.builds(
    FeatureProfile,
    numbers=counts,
    strings=counts,
    others=tables,
    nulls=counts,
    numeric=st.none() | numerics,
    categorical=st.none() | st.builds(Categorical, tables, counts, counts),
    text=st.none()
    | st.builds(Text, counts, counts, counts, counts, counts, counts, tables, counts),
)
profiles = st.builds(
    WindowProfile,
    events=counts,
    features=st.dictionaries(names, features, max_size=3),
    predictions=st.dictionaries(names, features, max_size=1),
    versions=tables,
    outcomes=tables,
    duration=st.none() | numerics,
    first=st.none() | moments,
    last=st.none() | moments,
)
results = st.builds(
    Result,
    detector=names,
    feature=names,
    outcome=st.sampled_from(Outcome),
    summary=names,
    severity=st.sampled_from(Severity),
    n=counts,
    effect=floats,
    p_value=st.none() | floats,
    changes=st.lists(st.builds(Change, names, floats, floats, counts, counts), max_size=2).map(
        tuple
    ),
    statistics=st.dictionaries(names, floats, max_size=2),
    condition=st.none()
    | st.builds(Condition, names, names, st.lists(names, max_size=2).map(tuple), floats, floats),
    events=st.lists(names, max_size=2).map(tuple),
)
evaluations = st.builds(
    Evaluation,
    model=names,
    window=windows,
    events=counts,
    baseline=names,
    results=st.lists(results, max_size=3).map(tuple),
    checked=counts,
    revision=st.integers(1, 9),
)
episodes = st.builds(
    Episode,
    id=st.text("0123456789abcdef", min_size=16, max_size=16),
    model=names,
    detector=names,
    feature=names,
    status=st.sampled_from(Status),
    severity=st.sampled_from(Severity),
    opened=windows,
    last=windows,
    raised=st.none() | windows,
    closed=st.none() | windows,
    windows=counts,
    good=counts,
    peak=floats,
    first=results,
    latest=results,
)


def hour(number: int) -> Window:
    """The `number`-th hour after a Monday's midnight."""
    start = MIDNIGHT + timedelta(hours=number)
    return Window(start, start + timedelta(hours=1))


def finding(
    feature: str = "age",
    *,
    detector: str = "na_spike",
    severity: Severity = Severity.HIGH,
    effect: float = 0.1,
    summary: str = "it moved",
) -> Result:
    """A finding that alerts unless its severity says otherwise."""
    return Result(
        detector, feature, Outcome.FINDING, summary, severity=severity, n=100, effect=effect
    )


def insufficient(feature: str = "age", *, detector: str = "na_spike") -> Result:
    """An answer of a detector that knows too little."""
    return Result(detector, feature, Outcome.INSUFFICIENT, "too few")


def evaluation(
    number: int, *results: Result, model: str = "churn", events: int = 100, revision: int = 1
) -> Evaluation:
    """The evaluation of the `number`-th hour."""
    return Evaluation(model, hour(number), events, "churn 7", results, 40, revision)
