from dataclasses import replace

import pytest

from driftlog_analyzers import _analysis
from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._baseline_file import load_baseline, save_baseline
from driftlog_analyzers._calibrating import calibrated
from driftlog_analyzers._calibration import Mode, calibrate, slot_of
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import CountSize, Window, parse_size
from driftlog_analyzers.errors import BaselineError
from tests.analyzers.rhythms import day, flat, growing, log_days, weekly
from tests.analyzers.spools import BEGIN, MODEL

SIZE = parse_size("8h")
LEARNED, FAULT, DAYS = 42, 49, 56
TRAFFIC = {Mode.WHOLE: flat, Mode.WEEKLY: weekly, Mode.TRAILING: growing}


def learned(store, size=SIZE, *, days=LEARNED, **more):
    """A baseline of the first days, calibrated by them."""
    baseline = baseline_from_store(store, model=MODEL, version="7", end=day(days))
    return calibrated(store, baseline, size, **{"end": day(days)} | more)


@pytest.fixture(scope="module", params=list(Mode))
def faulty(request, tmp_path_factory):
    """Six weeks of a kind of traffic, a quiet one, and one with a fault: mode, baseline, evaluations."""
    folder = tmp_path_factory.mktemp(request.param)
    log_days(folder / "spool", TRAFFIC[request.param], DAYS, faulty=FAULT)
    with SpoolStore(folder / "spool") as store, StateFile(folder / "state") as state:
        baseline = learned(store)
        return request.param, baseline, analyze(store, baseline, state, SIZE)


def test_the_mode_is_that_of_the_traffic(faulty):
    """Flat traffic is compared with all of it, a weekly rhythm with its hour, growth with the time before."""
    mode, baseline, _ = faulty

    assert mode == baseline.calibration(SIZE).mode


def test_quiet_windows_are_quiet(faulty):
    """In no mode more than two of a hundred and fifty windows without the fault alert, but for numbers out of range.

    What is allowed stays the baseline's until people amend it: growth beyond its range is told.
    """
    _, _, evaluations = faulty
    before = [e for e in evaluations if e.window.end <= day(FAULT)]

    assert 3 * FAULT == len(before)
    assert sum(any(r.detector != "range" for r in e.findings) for e in before) <= 2


def test_a_fault_is_found_at_once_and_as_long_as_it_lasts(faulty):
    """Nulls in every event are found in the first window, and in each of the week's."""
    _, _, evaluations = faulty
    after = [e for e in evaluations if e.window.start >= day(FAULT)]

    found = [{(r.detector, r.feature) for r in e.findings} for e in after]

    assert 3 * (DAYS - FAULT) == len(found)
    assert all(("na_spike", "amount") in one for one in found)


def test_a_shift_of_categories_is_found_in_every_mode(faulty):
    """Web and app change places: found within two windows on days when they differ."""
    _, _, evaluations = faulty
    first = [e for e in evaluations if e.window.start >= day(FAULT)][:2]

    assert any(
        r.feature == "channel" and r.detector == "category_shift" for e in first for r in e.findings
    )


def test_the_evaluation_says_what_it_was_compared_with(faulty):
    """The baseline's name goes with the mode in words."""
    mode, _, evaluations = faulty
    words = {
        Mode.WHOLE: "the whole reference",
        Mode.WEEKLY: "the same hour of the week",
        Mode.TRAILING: "the windows before",
    }

    assert evaluations[-1].baseline.startswith(f"{MODEL} 7 beside {words[mode]} (")


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A spool of growing traffic without a fault, but for a week of silence."""
    return log_days(tmp_path_factory.mktemp("grown") / "spool", growing, DAYS, silent=range(44, 47))


def test_a_gap_is_passed_over(grown, tmp_path):
    """After three silent days the windows before the gap are what is compared with."""
    with SpoolStore(grown) as store, StateFile(tmp_path / "state") as state:
        evaluations = analyze(store, learned(store), state, SIZE)

    after = [e for e in evaluations if e.window.start >= day(47)]
    moved = [r for e in after for r in e.findings if r.feature and r.detector != "range"]
    assert 27 == len(after)
    assert len(moved) <= 1


@pytest.mark.parametrize("size", [SIZE, CountSize(50)])
def test_a_killed_analysis_goes_on_to_the_same_results(grown, tmp_path, monkeypatch, size):
    """Ended after any chunk and started again, it finds the same as in one go."""
    with SpoolStore(grown) as store:
        baseline = learned(store, size)
        assert Mode.TRAILING is baseline.calibration(size).mode
        with StateFile(tmp_path / "once") as state:
            expected = analyze(store, baseline, state, size)
        monkeypatch.setattr(_analysis, "_CHUNK", 25)
        with StateFile(tmp_path / "killed") as state:
            with pytest.raises(KeyboardInterrupt):
                analyze(store, baseline, state, size, progress=_killing(50))
            actual = analyze(store, baseline, state, size)

    assert len(expected) > 100
    assert list(map(_said, expected)) == list(map(_said, actual))


def _said(evaluation):
    """All that is said, but for means, whose last digit depends on how segments were read."""
    results = [
        (r.detector, r.feature, r.outcome, r.severity, r.effect, r.p_value, r.changes)
        for r in evaluation.results
    ]
    return evaluation.window, evaluation.revision, evaluation.baseline, results


def _killing(windows):
    def progress(done, _):
        if done >= windows:
            raise KeyboardInterrupt

    return progress


def test_the_reference_itself_counts_as_quiet(grown):
    """Its windows are never left out for what was found there; those with a fault can be, by name."""
    without = (Window(day(10), day(12)),)
    with SpoolStore(grown) as store:
        every = learned(store).calibration(SIZE)
        fewer = learned(store, without=without).calibration(SIZE)

    assert (3 * LEARNED - 1, 3 * LEARNED - 1 - 6) == (every.windows, fewer.windows) or (
        3 * LEARNED,
        3 * LEARNED - 6,
    ) == (every.windows, fewer.windows)
    assert without == fewer.without


def test_a_fault_in_the_reference_is_named(tmp_path):
    """The windows of the reference that alert most are said, so that they can be left out."""

    def broken(number):
        return (0.95, 9.0) if 20 <= number < 20.3 else flat(number)

    log_days(tmp_path, broken, LEARNED)
    with SpoolStore(tmp_path) as store:
        loud = learned(store).calibration(SIZE).loudest

    assert Window(day(20), day(20) + SIZE.duration) in [one.window for one in loud]


def test_a_baseline_keeps_its_calibrations(grown, tmp_path):
    """Through its files nothing is lost, and another size stands beside the first."""
    with SpoolStore(grown) as store:
        once = learned(store)
        both = calibrated(store, once, parse_size("1d"), end=day(LEARNED))
    save_baseline(both, tmp_path / "b.toml")

    assert both.calibrations == load_baseline(tmp_path / "b.toml").calibrations
    assert ["8h", "1d"] == [found.size for found in both.calibrations]
    assert once.calibration(SIZE) == both.calibration(SIZE)


def test_too_few_windows(grown):
    """Six days are too few to learn from days, and that is said with what to do."""
    with SpoolStore(grown) as store, pytest.raises(BaselineError) as raised:
        learned(store, parse_size("1d"), days=6)

    assert (
        f"the log holds 5 windows of 1d with 20 events or more from {BEGIN:%Y-%m-%d %H:%M:%S} to "
        f"{day(6):%Y-%m-%d %H:%M:%S} UTC; at least 8 are needed: name a longer stretch without faults, or "
        "smaller windows"
    ).replace("holds 5", "holds 6") == str(raised.value)


def test_a_reference_from_elsewhere(grown):
    """Training data have no times: the stretch of the log must be named."""
    with SpoolStore(grown) as store:
        baseline = baseline_from_store(store, model=MODEL, version="7", end=day(LEARNED))
        timeless = replace(
            baseline,
            source="train.csv",
            profile=replace(baseline.profile, first=None, last=None),
        )
        with pytest.raises(
            BaselineError, match="name a stretch of the log without faults by --from and --to"
        ):
            calibrated(store, timeless, SIZE)
        found = calibrated(store, timeless, SIZE, start=day(0), end=day(LEARNED))
        elsewhere = replace(
            baseline, profile=replace(baseline.profile, first=day(900), last=day(999))
        )
        with pytest.raises(BaselineError, match="the log holds 0 windows of 8h"):
            calibrated(store, elsewhere, SIZE)

    assert found.calibration(SIZE).windows


def test_windows_of_another_version_are_not_learned_from(grown):
    """Where the reference names its version, the windows of others say nothing about it."""
    with SpoolStore(grown) as store:
        baseline = baseline_from_store(store, model=MODEL, version="7", end=day(LEARNED))
        other = replace(baseline, profile=replace(baseline.profile, versions={"6": 1}))
        with pytest.raises(BaselineError, match="the log holds 0 windows"):
            calibrated(store, other, SIZE)


def test_an_open_window_is_not_judged_by_whole_ones(tmp_path):
    """While it is open only what never moved is a finding; once it has ended, the shift of categories is one, too."""
    log_days(tmp_path / "spool", flat, DAYS, faulty=FAULT)
    end = day(FAULT) + SIZE.duration
    with SpoolStore(tmp_path / "spool") as store, StateFile(tmp_path / "state") as state:
        baseline = learned(store)
        opened, ended = (
            analyze(store, baseline, state, SIZE, start=day(FAULT), end=end, now=now)[0]
            for now in (end - SIZE.duration / 2, end)
        )

    assert "na_spike" in {r.detector for r in opened.findings}
    assert ", open)" in opened.baseline
    assert ("category_shift", "channel") not in {(r.detector, r.feature) for r in opened.findings}
    assert ("category_shift", "channel") in {(r.detector, r.feature) for r in ended.findings}


class Silent:
    """Detectors that say nothing."""

    def beside(self, *_):
        """Of no feature."""
        return {}

    after = beside


def test_numbers_of_events_have_a_floor():
    """What is said of them counts in whatever mode, as any feature's effect does."""
    windows = [Window(day(n), day(n + 1)) for n in range(30)]
    moved = [{"volume.": (0.1 * (n % 4), False)} for n in range(30)]

    found = calibrate(
        parse_size("1d"), windows, [WindowProfile(events=60)] * 30, Silent(), 1.0, counted=moved
    )

    assert 0.3 < found.floor("volume", "") < 3.0


def test_slots():
    """Weekday and hour name a slot."""
    assert "0 00" == slot_of(Window(BEGIN, BEGIN + SIZE.duration))
