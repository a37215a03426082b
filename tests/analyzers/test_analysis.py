import random
import subprocess
import sys

import pytest

from driftlog import PredictionLogger
from driftlog_analyzers import _analysis, _evaluating
from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._finding import Outcome
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import CountSize
from tests.analyzers.spools import BEGIN, HOUR, MODEL, at, document, write_lines
from tests.analyzers.state_helpers import HOUR as HOURS
from tests.analyzers.state_helpers import ROOT, rows

PER_HOUR = 120
COUNTS = CountSize(100)


def log_hours(folder, hours, *, per_hour=PER_HOUR, seed=3, change=lambda _, row: row):
    """Log some hours of events with a daily-rhythm-free service; `change` breaks rows of an hour."""
    chance = random.Random(seed)
    with PredictionLogger(model=MODEL, version="7", spool=folder) as logger:
        for hour in hours:
            for n in range(per_hour):
                row = {
                    "x": chance.gauss(0, 1),
                    "c": chance.choice("abc"),
                    "gone": chance.random(),
                }
                logger.log(change(hour, row), timestamp=at(hour + n / per_hour))


def breaking(*bad):
    """A change that makes feature `gone` vanish in these hours."""

    def change(hour, row):
        return {k: v for k, v in row.items() if k != "gone" or hour not in bad}

    return change


@pytest.fixture
def spool(tmp_path):
    """Forty hours; `gone` is gone in hours 20 to 22 and 30."""
    log_hours(tmp_path / "spool", range(40), change=breaking(20, 21, 22, 30))
    return tmp_path / "spool"


@pytest.fixture
def baseline(spool):
    """The first ten hours."""
    return baseline_of(spool)


def baseline_of(folder, hours=10):
    """A baseline of the first hours."""
    with SpoolStore(folder) as store:
        return baseline_from_store(store, model=MODEL, version="7", end=at(hours))


def run(spool, baseline, state, size=HOURS, **options):
    """One run; gives the evaluations and how many windows were evaluated."""
    told = []
    with SpoolStore(spool) as store, StateFile(state) as file:
        found = analyze(
            store, baseline, file, size, progress=lambda done, _: told.append(done), **options
        )
        assert fold(
            file.evaluations(MODEL, size), options.get("episodes") or EpisodeSettings()
        ) == (file.episodes(MODEL, size=size))
    return found, told[-1] if told else 0


def bad_hours(evaluations, feature="gone"):
    """The hours in which a feature alerts."""
    return [
        (e.window.start - BEGIN) // HOUR
        for e in evaluations
        if any(r.feature == feature for r in e.findings)
    ]


def state_of(path):
    """What a state file holds, whatever the order it was written in."""
    return {name: sorted(row[1:] for row in table) for name, table in rows(path).items()}


def test_finds_what_was_broken(spool, baseline, tmp_path):
    """The vanished feature is found in its hours, with events that show it, and nowhere else."""
    found, evaluated = run(spool, baseline, tmp_path / "state.db")

    assert 40 == evaluated == len(found)
    assert [20, 21, 22, 30] == bad_hours(found)
    assert all(len(r.events) == 3 for e in found for r in e.findings if r.condition)


def test_second_run_does_nothing(spool, baseline, tmp_path):
    """Without new events a run evaluates nothing and changes no row."""
    first, _ = run(spool, baseline, tmp_path / "state.db")
    before = rows(tmp_path / "state.db")

    second, evaluated = run(spool, baseline, tmp_path / "state.db")

    assert (0, first, before) == (evaluated, second, rows(tmp_path / "state.db"))


def test_second_run_by_count_does_nothing(spool, baseline, tmp_path):
    """Nor does it for windows by count."""
    first, evaluated = run(spool, baseline, tmp_path / "state.db", COUNTS)
    assert 48 == evaluated
    assert (first, 0) == run(spool, baseline, tmp_path / "state.db", COUNTS)


def test_late_events_revise_their_window_only(spool, baseline, tmp_path):
    """Late events bring their window a next revision and fold the alerts anew."""
    state = tmp_path / "state.db"
    first, _ = run(spool, baseline, state)
    late = [5, 25]
    log_hours(spool, late, per_hour=100, seed=9, change=breaking(25))

    second, evaluated = run(spool, baseline, state)

    assert 2 == evaluated
    for before, after in zip(first, second, strict=True):
        hour = (before.window.start - BEGIN) // HOUR
        if hour in late:
            assert (2, before.events + 100) == (after.revision, after.events)
        else:
            assert before == after
    assert [20, 21, 22, 25, 30] == bad_hours(second)


def test_new_events_cost_their_windows_only(spool, baseline, tmp_path):
    """A longer log brings its new windows, and the last one that was open once more."""
    run(spool, baseline, tmp_path / "state.db")
    log_hours(spool, range(40, 45), seed=4)

    _, evaluated = run(spool, baseline, tmp_path / "state.db")

    assert 6 == evaluated


def test_late_events_move_windows_by_count(spool, baseline, tmp_path):
    """Windows by count whose bounds moved are replaced, not kept beside the new ones."""
    run(spool, baseline, tmp_path / "state.db", COUNTS)
    log_hours(spool, [5], per_hour=37, seed=9)

    found, _ = run(spool, baseline, tmp_path / "state.db", COUNTS)
    fresh, _ = run(spool, baseline, tmp_path / "fresh.db", COUNTS)

    with StateFile(tmp_path / "state.db") as file:
        assert found == list(file.evaluations(MODEL, COUNTS))
        assert [e.window for e in found] == [w for w, _, _ in file.profiles(MODEL, COUNTS)]
    assert [e.window for e in fresh] == [e.window for e in found]


@pytest.mark.parametrize(
    "settings", [Settings(budget=2.0), Settings(ignored=frozenset("x")), Settings(min_events=500)]
)
def test_changed_settings_evaluate_again(spool, baseline, tmp_path, settings):
    """Other settings answer anew, without a revision: the events are the same."""
    run(spool, baseline, tmp_path / "state.db")

    found, evaluated = run(spool, baseline, tmp_path / "state.db", settings=settings)

    assert 40 == evaluated
    assert {1} == {e.revision for e in found}
    assert (found, 0) == run(spool, baseline, tmp_path / "state.db", settings=settings)


def test_changed_baseline_evaluates_again(spool, baseline, tmp_path):
    """So does another baseline."""
    run(spool, baseline, tmp_path / "state.db")

    _, evaluated = run(spool, baseline_of(spool, 5), tmp_path / "state.db")

    assert 40 == evaluated


@pytest.mark.parametrize("fails_after", [0, 1, 2, 3])
@pytest.mark.parametrize("part", ["scanning", "episodes"])
def test_crash_between_chunks(  # noqa: PLR0917 - fixtures
    spool, baseline, tmp_path, monkeypatch, fails_after, part
):
    """A crash leaves whole windows with their alerts; the next run completes to the same state."""
    monkeypatch.setattr(_analysis, "_CHUNK", 11)
    run(spool, baseline, tmp_path / "whole.db")
    module, name = {
        "scanning": (_evaluating, "_with_examples"),
        "episodes": (_analysis, "carry_on"),
    }[part]
    real, calls = getattr(module, name), []

    def failing(*arguments):
        calls.append(1)
        if len(calls) > fails_after:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, failing)
        with pytest.raises(KeyboardInterrupt):
            run(spool, baseline, tmp_path / "state.db")
    with StateFile(tmp_path / "state.db") as file:
        kept = list(file.evaluations(MODEL, HOURS))
        assert 11 * fails_after == len(kept) == len(list(file.profiles(MODEL, HOURS)))
        assert fold(kept, EpisodeSettings()) == file.episodes(MODEL, size=HOURS)

    run(spool, baseline, tmp_path / "state.db")

    assert state_of(tmp_path / "whole.db") == state_of(tmp_path / "state.db")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("half", [21, 20, 30])
def test_halves_make_the_same_alerts(spool, baseline, tmp_path, order, half):
    """Two runs over parts of the range, in either order, give the alerts of one run over all."""
    run(spool, baseline, tmp_path / "one.db", start=at(0), end=at(40))
    parts = [(at(0), at(half)), (at(half), at(40))]

    for n in order:
        run(spool, baseline, tmp_path / "two.db", start=parts[n][0], end=parts[n][1])

    with StateFile(tmp_path / "one.db") as one, StateFile(tmp_path / "two.db") as two:
        assert [(e.id, e.status, e.opened, e.last, e.windows) for e in one.episodes(MODEL)] == [
            (e.id, e.status, e.opened, e.last, e.windows) for e in two.episodes(MODEL)
        ]


def test_delay_and_quiet(spool, baseline, tmp_path):
    """When alerts begin and end is as the settings say."""
    with SpoolStore(spool) as store, StateFile(tmp_path / "state.db") as file:
        analyze(store, baseline, file, HOURS, episodes=EpisodeSettings(delay=2, quiet=3))
        raised = [e for e in file.episodes(MODEL) if e.feature == "gone" and e.raised]

    assert [(at(20), at(21), at(25))] == [
        (e.opened.start, e.raised.start, e.closed.start) for e in raised
    ]


def volumes(evaluations):
    """Results of the volume detector that are not ok, by hour."""
    return {
        (e.window.start - BEGIN) // HOUR: r.outcome
        for e in evaluations
        for r in e.results
        if r.detector == "volume"
    }


def log_weeks(folder, days, silent=(), last=PER_HOUR):
    """Log whole days; some hours are silent, the last hour has fewer events."""
    hours = [h for h in range(24 * days) if h not in silent]
    log_hours(folder, hours[:-1], per_hour=30)
    log_hours(folder, hours[-1:], per_hour=last)


class TestVolume:
    """How many events there are."""

    def test_last_window_is_not_judged(self, tmp_path):
        """The log's last window may still be filling; a later window that follows it closes it."""
        log_weeks(tmp_path / "spool", 10, last=2)
        baseline = baseline_of(tmp_path / "spool", 48)
        found, _ = run(tmp_path / "spool", baseline, tmp_path / "state.db")
        assert 239 not in volumes(found)

        log_hours(tmp_path / "spool", [240], per_hour=30)
        found, evaluated = run(tmp_path / "spool", baseline, tmp_path / "state.db")

        assert 2 == evaluated
        assert Outcome.FINDING == volumes(found)[239]

    def test_last_window_is_judged_once_the_clock_says_so(self, tmp_path):
        """With the time at hand the last window is judged when it has closed, once."""
        log_weeks(tmp_path / "spool", 10, last=2)
        baseline = baseline_of(tmp_path / "spool", 48)
        state = tmp_path / "state.db"
        run(tmp_path / "spool", baseline, state, now=at(239.5))

        found, evaluated = run(tmp_path / "spool", baseline, state, now=at(240))

        assert 1 == evaluated
        assert Outcome.FINDING == volumes(found)[239]
        assert (found, 0) == run(tmp_path / "spool", baseline, state, now=at(241))

    def test_silence_in_the_middle(self, tmp_path):
        """A window without events between others is a finding."""
        log_weeks(tmp_path / "spool", 10, silent=(200, 201))
        baseline = baseline_of(tmp_path / "spool", 48)

        found, _ = run(tmp_path / "spool", baseline, tmp_path / "state.db")

        bad = [hour for hour, outcome in volumes(found).items() if outcome is Outcome.FINDING]
        assert [200, 201] == bad

    def test_silence_at_the_end(self, tmp_path):
        """With an end given, the windows after the last event are silent."""
        log_weeks(tmp_path / "spool", 10, last=30)
        baseline = baseline_of(tmp_path / "spool", 48)

        found, _ = run(
            tmp_path / "spool", baseline, tmp_path / "state.db", end=at(242), now=at(242)
        )

        bad = [hour for hour, outcome in volumes(found).items() if outcome is Outcome.FINDING]
        assert [240, 241] == bad


def test_nothing_to_analyze(tmp_path, baseline):
    """A log without events of the model has no windows."""
    (tmp_path / "empty").mkdir()

    assert ([], 0) == run(tmp_path / "empty", baseline, tmp_path / "state.db")


def test_too_few_events(tmp_path, baseline):
    """A window with fewer events than the minimum says so and judges nothing."""
    log_hours(tmp_path / "few", [0], per_hour=7)

    (found,), _ = run(tmp_path / "few", baseline, tmp_path / "state.db")

    assert [Outcome.INSUFFICIENT] == [r.outcome for r in found.results]


def test_memory_is_flat(tmp_path):
    """Analyzing five times the events takes little more memory."""
    small, large = tmp_path / "small", tmp_path / "large"
    log_hours(small, range(10), per_hour=2000)
    log_hours(large, range(50), per_hour=2000)

    used = [_peak(small, tmp_path / "a.db"), _peak(large, tmp_path / "b.db")]

    assert used[1] < 1.3 * used[0], used


def _peak(spool, state):
    program = f"""
import resource
from datetime import timedelta
from pathlib import Path
from driftlog_analyzers import SpoolStore, StateFile, TimeSize, analyze, baseline_from_store
with SpoolStore({str(spool)!r}) as store, StateFile(Path({str(state)!r})) as file:
    extent = store.extent("churn")
    baseline = baseline_from_store(
        store, model="churn", version="7", end=extent.first + timedelta(hours=5)
    )
    analyze(store, baseline, file, TimeSize(timedelta(hours=1)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return int(done.stdout)


def test_odd_times_cost_a_window_each(tmp_path):
    """Events stamped year 1, 1970 and 9999 are analysed beside the others."""
    log_hours(tmp_path / "spool", range(12))
    baseline = baseline_of(tmp_path / "spool")
    odd = ("0001-01-01T00:00:01Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
    lines = [document(n, num={"x": 1}) | {"@timestamp": text} for n, text in enumerate(odd)]
    write_lines(tmp_path / "spool" / "odd.ndjson", lines)

    with (
        SpoolStore(tmp_path / "spool") as store,
        StateFile(tmp_path / "state.sqlite") as state,
    ):
        made = analyze(store, baseline, state, HOURS)

    assert [1, 1, *[PER_HOUR] * 12, 1] == [evaluation.events for evaluation in made]
