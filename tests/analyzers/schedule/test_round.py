from dataclasses import replace

import pytest

from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._reference import profile_spec
from driftlog_analyzers._schedule._round import run_once
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers.errors import BaselineError, StoreError
from tests.analyzers.schedule.sites import (
    DAY,
    HOUR,
    baseline_of,
    evaluations,
    log_hours,
    run,
    site,
    windows,
)
from tests.analyzers.spools import MODEL, at


@pytest.fixture
def spool(tmp_path):
    """Twelve hours of events; `gone` is gone in hours 8 and 9."""
    log_hours(tmp_path / "spool", range(12), gone=(8, 9))
    return tmp_path / "spool"


@pytest.fixture
def baseline(spool):
    """The first six hours."""
    return baseline_of(spool)


@pytest.fixture
def state(tmp_path):
    """Where the state is kept."""
    return tmp_path / "state.sqlite"


def test_windows_that_are_over_are_evaluated_each_once(spool, baseline, state):
    """A first run evaluates what is closed, oldest first; the next one only what was closed since."""
    assert (11, 0) == windows(run(spool, baseline, 11.5))
    assert (0, 0) == windows(run(spool, baseline, 11.9))
    assert (1, 0) == windows(run(spool, baseline, 12.5))
    assert [at(n) for n in range(12)] == [e.window.start for e in evaluations(state)]


def test_a_window_waits_for_the_ingest_lag(spool, baseline):
    """A window that ended less than the least lag ago is not closed yet."""
    assert (11, 0) == windows(run(spool, baseline, 12.01))
    assert (1, 0) == windows(run(spool, baseline, 12.02))


def test_same_as_an_analysis(spool, baseline, state, tmp_path):
    """Run window by window, the state is that of one analysis over all."""
    for hours in range(1, 13):
        run(spool, baseline, hours + 0.5)
    with SpoolStore(spool) as store, StateFile(tmp_path / "one.sqlite") as one:
        expected = analyze(store, baseline, one, HOUR, end=at(12), now=at(12.5))
        episodes = one.episodes(MODEL, size=HOUR)
        profiles = list(one.profiles(MODEL, HOUR))
    with StateFile(state) as ours:
        assert expected == list(ours.evaluations(MODEL, HOUR))
        assert episodes == ours.episodes(MODEL, size=HOUR)
        assert [p.events for _, _, p in profiles] == [
            p.events for _, _, p in ours.profiles(MODEL, HOUR)
        ]


@pytest.mark.parametrize("late", [2, 7, 8, 10])
def test_late_events_revise_their_window_alone(spool, baseline, state, tmp_path, late):
    """Late events give their window the next revision, equal to a recomputation; the others stay as they were."""
    run(spool, baseline, 12.5)
    log_hours(spool, [late], per_hour=30, seed=9)

    report = run(spool, baseline, 12.6)

    assert (1, 1) == windows(report)
    found = evaluations(state)
    assert [2 if n == late else 1 for n in range(12)] == [e.revision for e in found]
    with SpoolStore(spool) as store, StateFile(tmp_path / "anew.sqlite") as anew:
        fresh = analyze(store, baseline, anew, HOUR, end=at(12), now=at(12.6))
        profiles = {w: p for w, _, p in anew.profiles(MODEL, HOUR)}
    assert [e.results for e in fresh] == [e.results for e in found]
    with StateFile(state) as file:
        for window, _, profile in file.profiles(MODEL, HOUR):
            for name, feature in profile.features.items():
                other = profiles[window].features[name]
                assert (other.present, other.nulls, other.numbers) == (
                    feature.present,
                    feature.nulls,
                    feature.numbers,
                )
                if feature.numeric:
                    assert other.numeric.bins == feature.numeric.bins
                assert other.categorical == feature.categorical
        assert fold(found, EpisodeSettings()) == file.episodes(MODEL, size=HOUR)


def test_an_event_before_all_makes_its_window(spool, baseline, state):
    """An event that is older than every evaluated window has its window evaluated."""
    run(spool, baseline, 12.5)
    log_hours(spool, [-3], per_hour=30, seed=9)

    assert (1, 0) == windows(run(spool, baseline, 12.6))
    assert at(-3) == evaluations(state)[0].window.start


def test_a_stopped_host_catches_up(spool, baseline, state):
    """After a pause all windows are evaluated, oldest first, the empty ones included."""
    run(spool, baseline, 3.5)
    order = []
    report = run(spool, baseline, 20.5, after=lambda *_: order.append("after"))

    assert (17, 0) == windows(report)
    assert ["after"] == order
    assert [60] * 12 + [0] * 8 == [e.events for e in evaluations(state)]


def test_events_from_the_future_close_nothing(spool, baseline):
    """An event that claims to be from tomorrow leaves open windows open."""
    log_hours(spool, [40], per_hour=1)
    assert (12, 0) == windows(run(spool, baseline, 12.5))


def test_a_clock_set_back_does_nothing_and_forward_again_goes_on(spool, baseline):
    """Time that jumps back finds nothing due, and what was evaluated is not evaluated again."""
    run(spool, baseline, 8.5)
    assert (0, 0) == windows(run(spool, baseline, 5.5))
    assert (1, 0) == windows(run(spool, baseline, 9.5))


def test_days_are_merged_from_hours(tmp_path):
    """A day's profile is that of its stored hours, equal to a scan of its events; the store is not asked."""
    spool = tmp_path / "spool"
    log_hours(spool, range(50), per_hour=30)
    baseline = baseline_of(spool, 24)
    asked = []

    with site(spool, baseline, 49, models={MODEL: {"windows": ["1h", "1d"]}}) as there:
        profiles = there.store.profiles
        there.store.profiles = lambda spec, some: asked.extend(some) or profiles(spec, some)
        report = run_once(there, lambda: False)
        days = list(there.home.profiles(MODEL, DAY))
        scanned = list(profiles(profile_spec(baseline), [window for window, _, _ in days]))

    assert {} == report.failures
    assert {HOUR.duration} == {w.end - w.start for w in asked}
    assert 2 == len(days)
    for (_, _, merged), direct in zip(days, scanned, strict=True):
        assert (direct.events, direct.versions, direct.schemas) == (
            merged.events,
            merged.versions,
            merged.schemas,
        )
        for name, one in direct.features.items():
            other = merged.features[name]
            assert one.categorical == other.categorical
            if one.numeric:
                assert one.numeric.bins == other.numeric.bins
                assert one.numeric.mean == pytest.approx(other.numeric.mean, rel=1e-9)
                assert one.numeric.m2 == pytest.approx(other.numeric.m2, rel=1e-9)


def test_events_that_left_the_store_are_told(spool, baseline, state):
    """Windows whose events were gone before an analyzer came back are a finding, and are not taken for silence."""
    run(spool, baseline, 3.5)
    for path in spool.glob("*.ndjson"):
        path.unlink()
    log_hours(spool, range(40, 44))

    report = run(spool, baseline, 44.5)

    (done,) = report.done.values()
    assert 37 == done.missed
    found = evaluations(state)
    assert [at(n) for n in (0, 1, 2, 40, 41, 42, 43)] == [e.window.start for e in found]
    told = [(r.detector, r.feature, r.effect) for e in found for r in e.findings]
    assert [("monitor", "windows.missed", 37.0)] == told


def test_events_that_left_the_store_are_told_once_a_window_is_closed(spool, baseline, state):
    """Back within the first window with events, an analyzer waits for its end, and takes nothing for silence."""
    run(spool, baseline, 3.5)
    for path in spool.glob("*.ndjson"):
        path.unlink()
    log_hours(spool, range(40, 44))

    assert (0, 0) == windows(run(spool, baseline, 40.5))
    assert (0, 0) == windows(run(spool, baseline, 40.6))
    assert (1, 0) == windows(run(spool, baseline, 41.5))

    found = evaluations(state)
    assert [at(n) for n in (0, 1, 2, 40)] == [e.window.start for e in found]
    assert ["windows.missed"] == [r.feature for e in found for r in e.findings]


def test_late_events_of_a_window_that_a_grown_lag_would_keep_open(spool, baseline, state):
    """A window that is evaluated is revised also where the ingest lag has grown beyond its end since."""
    run(spool, baseline, 12.5)
    log_hours(spool, [11], per_hour=30, seed=9)

    assert (1, 1) == windows(run(spool, baseline, 12.6, schedule={"lag_least": "1h"}))
    assert 90 == evaluations(state)[11].events


def test_late_events_after_a_first_run_that_was_cut_off(spool, baseline, state):
    """Events that come between a first run that was cut off and the next one revise the windows that were done."""

    def cut(*_):
        raise StoreError("no room")

    with site(spool, baseline, 12.5, after=cut) as there:
        assert {MODEL: "no room"} == run_once(there, lambda: False).failures
    log_hours(spool, [4], per_hour=30, seed=9)

    assert (1, 1) == windows(run(spool, baseline, 12.6))
    assert 90 == evaluations(state)[4].events


def test_lost_segments_take_nothing_back(spool, baseline, state):
    """Segments that were deleted after their analysis leave what was found; a late event there does not undo it."""
    run(spool, baseline, 12.5)
    before = evaluations(state)
    for path in spool.glob("*.ndjson"):
        path.unlink()
    log_hours(spool, [5], per_hour=3)
    log_hours(spool, [12])

    assert (1, 0) == windows(run(spool, baseline, 13.5))
    assert before == evaluations(state)[:12]


def test_a_failing_model_keeps_no_other_waiting(spool, baseline):
    """A model whose baseline is lacking is reported; the next one is analyzed."""
    log_hours(spool, range(3), model="zebra")

    def find(model):
        if model == MODEL:
            raise BaselineError("it has none")
        return baseline_of(spool, 3, model="zebra")

    with site(spool, baseline, 12.5, models={}) as there:
        report = run_once(replace(there, baseline=find), lambda: False)
    assert {MODEL: "it has none"} == report.failures
    assert {"baseline": 1} == report.reasons
    assert (12, 0) == windows(report)
