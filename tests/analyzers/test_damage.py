"""Damaged lines as findings of the windows that they stand in."""

import shutil

import pytest

from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._damage import Damaged
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import CountSize, Window
from tests.analyzers.spools import MODEL, at, document, segments, write_lines
from tests.analyzers.state_helpers import HOUR as HOURS
from tests.analyzers.test_analysis import PER_HOUR, baseline_of, log_hours

JUNK = b"Starting server on port 8080"


def event(hours, number=0):
    """A prediction at a time."""
    return document(number, hours=hours, num={"x": 1})


def windows(*hours):
    """The windows of these hours."""
    return [Window(at(hour), at(hour + 1)) for hour in hours]


def damaged(folder, asked, model=MODEL):
    """Damaged lines by window, without where they are."""
    with SpoolStore(folder) as store:
        return [dict(one.reasons) for one in store.damaged(model, asked)]


class TestWhere:
    """Which window damaged lines belong to."""

    def test_beside_the_prediction_before(self, tmp_path):
        """A line belongs to the window of the prediction before it; the first lines to that of the first one."""
        lines = [JUNK, event(0.5, 1), b"7", JUNK, event(1.5, 2), event(0.9, 3), JUNK]
        write_lines(tmp_path / "a.ndjson", lines)

        assert [{"foreign": 3, "not an object": 1}, {}] == damaged(tmp_path, windows(0, 1))
        assert [{}, {"foreign": 3, "not an object": 1}] == damaged(tmp_path, windows(1, 0))
        assert [{}] == damaged(tmp_path, windows(7))

    def test_by_count(self, tmp_path):
        """Windows by count that part events of one moment part the lines beside them."""
        write_lines(
            tmp_path / "a.ndjson", [event(0, 1), JUNK, event(0, 2), JUNK, JUNK, event(0, 3)]
        )

        with SpoolStore(tmp_path) as store:
            asked = store.windows(MODEL, CountSize(1))
            found = [one.lines for one in store.damaged(MODEL, asked)]

        assert [1, 2, 0] == found

    def test_a_segment_without_predictions(self, tmp_path):
        """Where a service wrote nothing but its first line, the others are of that moment."""
        log_hours(tmp_path, [0])
        header = segments(tmp_path)[0].read_bytes().splitlines()[0]
        other = tmp_path / "spool"
        other.mkdir()
        write_lines(other / "a.ndjson", [JUNK, header, JUNK])
        with SpoolStore(other) as store:
            long = Window(at(0), at(24 * 3650))
            assert [{"foreign": 2}] == [dict(d.reasons) for d in store.damaged(MODEL, [long])]

    def test_nothing_good_at_all(self, tmp_path):
        """Lines with no event beside them are of no window."""
        write_lines(tmp_path / "a.ndjson", [event(0.5)])
        write_lines(tmp_path / "b.ndjson", [JUNK] * 9)

        assert [{}] == damaged(tmp_path, windows(0))

    def test_of_another_model(self, tmp_path):
        """A segment's damage is told to the models whose predictions it holds."""
        write_lines(tmp_path / "a.ndjson", [event(0.5), JUNK])
        write_lines(tmp_path / "b.ndjson", [document(1, hours=0.5, model="other"), JUNK, JUNK])

        assert [{"foreign": 1}] == damaged(tmp_path, windows(0))
        assert [{"foreign": 2}] == damaged(tmp_path, windows(0), "other")

    def test_set_aside(self, tmp_path):
        """It says where the lines were set aside."""
        write_lines(tmp_path / "a.ndjson", [event(0.5), JUNK])

        with SpoolStore(tmp_path) as store:
            assert [Damaged({"foreign": 1}, str(tmp_path / "aside"))] == list(
                store.damaged(MODEL, windows(0))
            )


@pytest.fixture
def spool(tmp_path):
    """Twenty hours in one segment each."""
    for hour in range(20):
        log_hours(tmp_path / "spool", [hour], seed=hour)
    return tmp_path / "spool"


def append(spool, hour, count):
    """Write foreign lines to the end of an hour's segment."""
    path = segments(spool)[hour]
    path.write_bytes(path.read_bytes() + (JUNK + b"\n") * count)


def analyzed(spool, state, **options):
    """Revision and findings by hour, and the alerts."""
    baseline = baseline_of(spool)
    with SpoolStore(spool) as store, StateFile(state) as file:
        found = analyze(store, baseline, file, HOURS, **options)
        told = [(e.revision, [r.detector for r in e.findings]) for e in found]
        return told, [e for e in file.episodes(MODEL, size=HOURS) if e.raised]


class TestFindings:
    """From damaged lines to alerts."""

    def test_a_finding_in_its_hour(self, spool, tmp_path):
        """Many damaged lines are an alert of their hour; a few in each hour are none."""
        for hour in range(20):
            append(spool, hour, 9)
        append(spool, 15, 30)

        found, (alert,) = analyzed(spool, tmp_path / "state.db")

        assert [15] == [n for n, (_, names) in enumerate(found) if names]
        assert ("log_damage", "", at(15)) == (alert.detector, alert.feature, alert.opened.start)
        share = 39 / (39 + PER_HOUR)
        assert share == alert.peak
        assert str(spool / "aside") in alert.summary

    def test_lines_that_came_later(self, spool, tmp_path):
        """Damaged lines without new events have their window judged again; others stay as they are."""
        analyzed(spool, tmp_path / "state.db")
        append(spool, 15, 30)

        found, _ = analyzed(spool, tmp_path / "state.db")
        again, _ = analyzed(spool, tmp_path / "state.db")

        expected = [(1, [])] * 15 + [(2, ["log_damage"])] + [(1, [])] * 4
        assert expected == found == again

    def test_left_out(self, spool, tmp_path):
        """Whoever does not want to hear of it disables the detector."""
        append(spool, 15, 30)
        settings = Settings(disabled=frozenset({"log_damage"}))

        found, alerts = analyzed(spool, tmp_path / "state.db", settings=settings)

        assert ([], set()) == (alerts, {name for _, names in found for name in names})

    def test_a_lower_threshold(self, spool, tmp_path):
        """A threshold by people counts instead of the floor."""
        append(spool, 15, 3)
        settings = Settings(thresholds={"log_damage": 0.02})

        _, (alert,) = analyzed(spool, tmp_path / "state.db", settings=settings)

        assert at(15) == alert.opened.start

    def test_only_damage_from_a_moment_on(self, spool, tmp_path):
        """A service that writes nothing but rubbish from some hour on is told in the hour in which it began."""
        for path in segments(spool)[16:]:
            shutil.move(path, tmp_path)
        append(spool, 15, 5_000)

        _, (alert,) = analyzed(spool, tmp_path / "state.db")

        assert ("log_damage", at(15), "high") == (
            alert.detector,
            alert.opened.start,
            alert.severity,
        )
