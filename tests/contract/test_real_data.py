import math
from datetime import timedelta

import pandas as pd
import pytest

from driftlog import PredictionLogger
from driftlog_analyzers import StateFile, analyze, baseline_from_store
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._reference import profile_spec
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._window import CountSize, TimeSize, Window
from tests.acceptance.replayed import real
from tests.analyzers.spools import BEGIN, MODEL, assert_equal_profiles, at
from tests.contract.shipping import ship

ROWS = 3_000
SETS = {
    "bank_marketing/bank-additional-full.csv": {"sep": ";"},
    "bike_sharing/hour.csv": {},
    "chicago_taxi_tfdv/train.csv": {},
    "hotel_bookings/hotel_bookings.csv.gz": {},
    "sotu/sotu_sentences_1900_2020.csv": {},
}


def spool_of(name, folder):
    """Rows of a public data set in their order, evenly spread, one a minute; the last third is disturbed."""
    frame = pd.read_csv(real(name), **SETS[name])
    frame = frame.iloc[:: max(1, len(frame) // ROWS)].head(ROWS).reset_index(drop=True)
    last = frame.index >= len(frame) * 2 // 3
    first = frame.select_dtypes("number").columns[0]
    frame[first] = frame[first].where(~last, frame[first] * 100)
    frame.loc[last, frame.columns[1]] = None
    times = [BEGIN + n * timedelta(minutes=1) for n in range(len(frame))]
    scores = [math.sin(n) for n in range(len(frame))]
    texts = [name for name in ("text",) if name in frame]
    with PredictionLogger(model=MODEL, version="7", spool=folder, text=texts) as logger:
        assert len(frame) == logger.log_batch(frame, scores, timestamps=times)
    return folder


@pytest.fixture(scope="module", params=SETS)
def both(request, tmp_path_factory, client, templates):
    """One data set in a spool, and its stores."""
    folder = spool_of(request.param, tmp_path_factory.mktemp("real") / "spool")
    namespace = f"{templates}{list(SETS).index(request.param)}"
    assert ship(client, namespace, folder).keys() == {201}
    with SpoolStore(folder) as store:
        yield store, ElasticsearchStore(client, namespace)


def without_date(baseline):
    """What two baselines must share, but for rounding."""
    edges = {name: f.numeric.edges for name, f in baseline.profile.features.items() if f.numeric}
    return edges, baseline.constraints, baseline.vocabulary


def test_profiles(both):
    """Both stores give the same windows, baselines and profiles."""
    spool, elastic = both
    made = [baseline_from_store(s, model=MODEL, version="7", end=at(16)) for s in both]

    assert without_date(made[0]) == without_date(made[1])
    assert_equal_profiles(made[0].profile, made[1].profile)
    spec = profile_spec(made[0])
    for size in (TimeSize(timedelta(hours=12)), CountSize(700)):
        windows = spool.windows(MODEL, size)
        assert windows == elastic.windows(MODEL, size)
        assert spool.counts(MODEL, windows) == elastic.counts(MODEL, windows)
        pairs = zip(spool.profiles(spec, windows), elastic.profiles(spec, windows), strict=True)
        for one, other in pairs:
            assert_equal_profiles(one, other)


def test_moments_are_equal_to_nine_digits(both):
    """Means and second moments of all numbers differ by less than 1e-9 of themselves."""
    window = Window(at(0), at(1_000))
    spool, elastic = (
        next(iter(s.profiles(profile_spec(_baseline(both[0])), [window]))).features for s in both
    )

    for name, feature in spool.items():
        if feature.numeric:
            assert pytest.approx(feature.numeric.m2, rel=1e-9) == elastic[name].numeric.m2, name
            assert pytest.approx(feature.numeric.mean, rel=1e-9) == elastic[name].numeric.mean, name


def test_findings(both, tmp_path):
    """Both stores lead to the same findings with the same examples, in windows by time and by count."""
    baseline = _baseline(both[0])
    found = 0
    for n, size in enumerate((TimeSize(timedelta(hours=6)), CountSize(400))):
        told = []
        for store in both:
            with StateFile(tmp_path / f"{n}-{len(told)}") as state:
                told.append(analyze(store, baseline, state, size))
        for one, other in zip(*told, strict=True):
            assert [_told(r) for r in one.results] == [_told(r) for r in other.results]
            assert (one.window, one.events, one.checked) == (
                other.window,
                other.events,
                other.checked,
            )
        found += sum(len(evaluation.findings) for evaluation in told[0])
    assert found > 0


def _baseline(store):
    return baseline_from_store(store, model=MODEL, version="7", end=at(16))


def _told(result):
    """A result but for the last digits of its figures."""
    return (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.summary,
        result.n,
        float(f"{result.effect:.6g}"),
        [(c.value, c.before_count, c.after_count) for c in result.changes],
        result.condition,
        result.events,
    )
