import random
import re
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import zstandard

from driftlog import PredictionLogger
from driftlog_analyzers import _catalog
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._rows import open_rows
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._store import FeatureSpec, ProfileSpec, QualitySpec
from driftlog_analyzers._table import Roles, frame_table
from driftlog_analyzers._window import CountSize, TimeSize, Window
from driftlog_analyzers.errors import StoreError
from tests.analyzers.spools import (
    BEGIN,
    EVERYTHING,
    HOUR,
    MODEL,
    assert_equal_profiles,
    at,
    document,
    documents,
    expected_profile,
    segments,
    write,
    write_lines,
)

HOURS = TimeSize(HOUR)
MINUTE = timedelta(minutes=1)
SPEC = ProfileSpec(MODEL, {"x": FeatureSpec(edges=(10.0, 50.0))})


def profiles(spool, windows, spec=SPEC):
    """The profiles of a spool's windows."""
    with SpoolStore(spool) as store:
        return list(store.profiles(spec, windows))


def numbers(count, start=0):
    """Rows of one number and one category."""
    return [{"x": n, "c": f"v{n % 3}"} for n in range(start, start + count)]


def members(docs, window):
    """Ids of the documents in a window."""
    return [d["event"]["id"] for d in docs if expected_profile([d], window).events]


class TestWindowsByTime:
    """Windows of equal duration."""

    def test_cover_the_log_with_empty_ones(self, tmp_path):
        """Windows run from the first event to the last, those without events included."""
        write(tmp_path, [{"features": {"x": 1}, "timestamp": at(h)} for h in (0.5, 3)])

        with SpoolStore(tmp_path) as store:
            windows = store.windows(MODEL, HOURS)
            counts = store.counts(MODEL, windows)

        assert [Window(at(n), at(n + 1)) for n in range(4)] == list(windows)
        assert [1, 0, 0, 1] == counts

    @pytest.mark.parametrize("size", [HOURS, TimeSize(7 * HOUR), TimeSize(timedelta(days=366))])
    def test_odd_times(self, tmp_path, size):
        """Events in year 1, 1970, year 9999 and beyond make no windows but their own."""
        odd = ["0001-01-01T00:00:00Z", "1970-01-01T05:00:00Z", "9999-12-31T23:59:59.5Z"]
        docs = [document(n, hours=n) for n in range(0, 30, 5)]
        docs += [document(40 + n) | {"@timestamp": text} for n, text in enumerate(odd)]
        beyond = document(50) | {"@timestamp": "12026-01-01T00:00:00Z"}
        write_lines(tmp_path / "a.ndjson", [*docs[:4], beyond])
        write_lines(tmp_path / "b.ndjson", docs[4:])

        with SpoolStore(tmp_path) as store:
            windows = store.windows(MODEL, size)
            counts = store.counts(MODEL, windows)

        assert len(docs) == sum(counts)
        assert len(windows) < 40_000
        assert sorted(windows) == list(windows)
        assert all(w.start < w.end for w in windows)
        if size == HOURS:
            assert [1, 1, *([1, 0, 0, 0, 0] * 6)[:-4], 1] == counts

    def test_a_long_silence_is_left_out(self, tmp_path):
        """Up to 10,000 empty windows in a row are there, more are not; from and to are no exception."""
        hours = (0, 10_001, 20_003)
        write_lines(tmp_path / "a.ndjson", [document(n, hours=h) for n, h in enumerate(hours)])

        with SpoolStore(tmp_path) as store:
            windows = store.windows(MODEL, HOURS)
            later = store.windows(MODEL, HOURS, at(-10_001), at(20_004 + 10_000))

        assert [*map(at, range(10_002)), at(20_003)] == [w.start for w in windows]
        assert at(0) == later[0].start
        assert at(20_004 + 9_999) == later[-1].start

    def test_between_from_and_to(self, tmp_path):
        """From and to bound the windows, beyond the log's own events too."""
        write(tmp_path, numbers(10))

        with SpoolStore(tmp_path) as store:
            windows = store.windows(MODEL, HOURS, at(-2), at(3))
            counts = store.counts(MODEL, windows)

        assert [at(n) for n in range(-2, 3)] == [w.start for w in windows]
        assert [0, 0, 10, 0, 0] == counts

    def test_are_half_open(self, tmp_path):
        """An event at a window's end belongs to the next one."""
        write(tmp_path, [{"features": {"x": h}, "timestamp": at(h)} for h in (0, 1, 2)])
        windows = [Window(at(0), at(1)), Window(at(1), at(2))]

        found = profiles(tmp_path, windows)

        assert [0.0, 1.0] == [p.features["x"].numeric.mean for p in found]
        assert [1, 1] == [p.events for p in found]

    @pytest.mark.parametrize("order", [(0, 1, 2, 5), (5, 0, 2), (3,), (7, 9), (4, 3, 2, 1, 0)])
    def test_any_selection_in_any_order(self, tmp_path, order):
        """Windows may be asked for with gaps and in any order, and are answered in that order."""
        write(tmp_path, [{"features": {"x": n}, "timestamp": at(n / 4)} for n in range(30)])
        windows = [Window(at(n), at(n + 1)) for n in order]

        docs = documents(tmp_path)
        for window, actual in zip(windows, profiles(tmp_path, windows), strict=True):
            assert_equal_profiles(expected_profile(docs, window, SPEC.features), actual)

    def test_of_different_widths(self, tmp_path):
        """Windows that share no grid are told apart all the same."""
        write(tmp_path, numbers(200))
        windows = [Window(at(0), at(1)), Window(at(1), at(1.7)), Window(at(2), at(3.1))]

        assert [60, 42, 66] == [p.events for p in profiles(tmp_path, windows)]

    def test_before_1970(self, tmp_path):
        """Events before 1970 fall into their windows."""
        old = datetime(1969, 12, 31, 22, 30, tzinfo=UTC)
        write(tmp_path, [{"features": {"x": 1}, "timestamp": old + n * HOUR} for n in range(3)])

        with SpoolStore(tmp_path) as store:
            assert [1, 1, 1] == store.counts(MODEL, store.windows(MODEL, HOURS))


class TestWindowsByCount:
    """Windows of equal numbers of events."""

    @pytest.mark.parametrize("count", [1, 3, 7, 20, 21])
    def test_hold_exactly_so_many(self, tmp_path, count):
        """Each holds the next events by time and id; what is left over belongs to none."""
        moments = [at(random.Random(4).randrange(5)) for _ in range(20)]
        write(tmp_path, [{"features": {"x": 1}, "timestamp": moment} for moment in moments])
        order = sorted(documents(tmp_path), key=lambda d: (d["@timestamp"], d["event"]["id"]))

        with SpoolStore(tmp_path) as store:
            windows = store.windows(MODEL, CountSize(count))
            events = [p.events for p in store.profiles(SPEC, windows)]
            counts = store.counts(MODEL, windows)

        assert [count] * (20 // count) == events == counts
        for n, window in enumerate(windows):
            expected = [d["event"]["id"] for d in order[n * count : (n + 1) * count]]
            assert sorted(expected) == sorted(members(order, window))

    def test_ties_in_time_are_split_by_id(self, tmp_path):
        """Events of one moment fall into several windows, in the order of their ids."""
        docs = [document(n, hours=0, num={"x": n}) for n in range(10)]
        write_lines(tmp_path / "a.ndjson", docs[::-1])

        with SpoolStore(tmp_path) as store:
            windows = store.windows(MODEL, CountSize(4))
            means = [p.features["x"].numeric.mean for p in store.profiles(SPEC, windows)]

        assert [1.5, 5.5] == means

    def test_equal_ids_stay_together(self, tmp_path):
        """Events with equal time and id cannot be told apart, so no window is cut between them twice."""
        docs = [document(1, hours=0, num={"x": 1}) for _ in range(3)]
        write_lines(tmp_path / "a.ndjson", [*docs, document(2, hours=1, num={"x": 2})])

        with SpoolStore(tmp_path) as store:
            (window,) = store.windows(MODEL, CountSize(3))
            assert [3] == [p.events for p in store.profiles(SPEC, [window])]

    def test_between_from_and_to(self, tmp_path):
        """Only events from start to before end are counted off."""
        write(tmp_path, numbers(60))

        with SpoolStore(tmp_path) as store:
            windows = store.windows(MODEL, CountSize(10), BEGIN + 5 * MINUTE, BEGIN + 30 * MINUTE)
            found = [p.features["x"].numeric for p in store.profiles(SPEC, windows)]

        assert [(5, 14), (15, 24)] == [(n.minimum, n.maximum) for n in found]

    def test_many_at_once(self, tmp_path):
        """Over several segments and groups, windows by count hold what they say."""
        for n in range(4):
            write(tmp_path, numbers(25, n))

        with SpoolStore(tmp_path) as store:
            windows = store.windows(MODEL, CountSize(6))
            assert [6] * 16 == [p.events for p in store.profiles(SPEC, windows)]


class TestTimes:
    """What a timestamp means."""

    def test_offsets_are_instants(self, tmp_path):
        """A foreign writer's offset is heeded; a time without zone is UTC."""
        stamps = ("2026-03-02T01:30:00+02:00", "2026-03-01T23:45:00Z", "2026-03-01T23:50:00")
        docs = [document(n) | {"@timestamp": stamp} for n, stamp in enumerate(stamps)]
        write_lines(tmp_path / "a.ndjson", docs)

        with SpoolStore(tmp_path) as store:
            extent = store.extent(MODEL)
            counts = store.counts(MODEL, [Window(at(-1), at(0)), Window(at(0), at(9))])

        assert at(-0.5) == extent.first
        assert [3, 0] == counts

    def test_local_zone_does_not_matter(self, tmp_path, monkeypatch):
        """The machine's zone changes nothing."""
        docs = [document(0) | {"@timestamp": "2026-03-02T00:00:00"}]
        write_lines(tmp_path / "a.ndjson", docs)
        monkeypatch.setenv("TZ", "Asia/Tokyo")

        with SpoolStore(tmp_path) as store:
            assert BEGIN == store.extent(MODEL).first


class TestSegments:
    """How events are spread over files."""

    def test_order_does_not_matter(self, tmp_path):
        """Events in any order over any number of segments give one profile."""
        docs = [document(n, num={"x": n}, cat={"c": f"v{n % 4}"}) for n in range(200)]
        write_lines(tmp_path / "one" / "a.ndjson", docs)
        random.Random(5).shuffle(docs)
        for n in range(7):
            write_lines(tmp_path / "many" / f"{n}.ndjson", docs[n::7])
        windows = [Window(at(n), at(n + 1)) for n in range(4)]

        for one, other in zip(
            profiles(tmp_path / "one", windows), profiles(tmp_path / "many", windows), strict=True
        ):
            assert_equal_profiles(one, other)

    @pytest.mark.parametrize("by", [HOURS, CountSize(15)])
    def test_groups_change_nothing(self, tmp_path, monkeypatch, by):
        """Merged from many small groups of segments or read in one, the profiles are equal."""
        for n in range(6):
            rows = [
                {"features": row, "timestamp": at(n + i / 20)} for i, row in enumerate(numbers(20))
            ]
            write(tmp_path, rows)
        with SpoolStore(tmp_path) as store:
            windows = store.windows(MODEL, by)
            big = list(store.profiles(SPEC, windows))
        monkeypatch.setattr(_catalog, "GROUP_EVENTS", 10)

        with SpoolStore(tmp_path) as store:
            assert len(list(store._catalog.groups(MODEL, windows))) > 3
            small = list(store.profiles(SPEC, windows))
            assert [p.events for p in big] == store.counts(MODEL, windows)

        for one, other in zip(big, small, strict=True):
            assert_equal_profiles(one, other)

    def test_several_models(self, tmp_path):
        """Models of one spool are kept apart, though a name of one is another's in capitals."""
        docs = [document(n, model="a", num={"Age": n}) for n in range(10)]
        docs += [document(n, model="b", num={"age": -n}, cat={"Age": "old"}) for n in range(20)]
        write_lines(tmp_path / "x.ndjson", docs)
        write(tmp_path, numbers(5), model='it\'s "c"')

        with SpoolStore(tmp_path) as store:
            assert ("a", "b", 'it\'s "c"') == store.models()
            assert [10, 20, 5] == [store.extent(model).events for model in store.models()]
            for model in ("a", "b"):
                (actual,) = store.profiles(ProfileSpec(model), [EVERYTHING])
                mine = [d for d in docs if d["driftlog"]["model"]["name"] == model]
                assert_equal_profiles(expected_profile(mine), actual)

    def test_compressed(self, tmp_path):
        """A segment compressed by zstd counts as the plain one does."""
        write(tmp_path / "plain", numbers(300))
        (plain,) = segments(tmp_path / "plain")
        (tmp_path / "packed").mkdir()
        packed = zstandard.ZstdCompressor().compress(plain.read_bytes())
        (tmp_path / "packed" / f"{plain.name}.zst").write_bytes(packed)
        windows = [Window(at(n), at(n + 1)) for n in range(5)]

        for one, other in zip(
            profiles(tmp_path / "plain", windows),
            profiles(tmp_path / "packed", windows),
            strict=True,
        ):
            assert_equal_profiles(one, other)

    def test_growing(self, tmp_path):
        """What a live segment gained, new features too, is there at the next call."""
        with (
            PredictionLogger(model=MODEL, version="7", spool=tmp_path) as logger,
            SpoolStore(tmp_path) as store,
        ):
            for number in range(1, 4):
                logger.log({f"f{number}": 1}, timestamp=BEGIN)
                (profile,) = store.profiles(SPEC, [EVERYTHING])
                assert number == store.extent(MODEL).events == profile.events
                assert {f"f{n}" for n in range(1, number + 1)} == set(profile.features)

    @pytest.mark.parametrize("name", ["a[1]", "a*b?", "event=3", "it's", 'qu"ote', "sp ace", "ü"])
    def test_folder_names(self, tmp_path, name):
        """What the spool's folder is called does not matter."""
        (tmp_path / "aXb").mkdir()
        write(tmp_path / "aXb", numbers(5))
        spool = tmp_path / name / "event=7"
        write(spool, numbers(3))

        with SpoolStore(spool) as store:
            (profile,) = store.profiles(SPEC, [EVERYTHING])

        assert 3 == profile.events


class TestEmpty:
    """Spools with nothing to analyze."""

    def check_nothing(self, spool):
        """Every question has an empty answer."""
        window = Window(at(0), at(1))
        with SpoolStore(spool) as store:
            assert () == store.models()
            assert store.extent(MODEL) is None
            assert () == store.windows(MODEL, HOURS) == store.windows(MODEL, CountSize(3))
            assert [0] == store.counts(MODEL, [window])
            assert [0] == [p.events for p in store.profiles(SPEC, [window])]
            assert [[()]] == store.examples(MODEL, [window], [[Condition("any", "x")]])
            assert ({}, {}) == store.edges(MODEL, window)
            assert {} == store.vocabulary(MODEL, window)
            assert [] == list(store.profiles(SPEC, []))

    def test_empty_folder(self, tmp_path):
        """A folder without segments holds nothing."""
        self.check_nothing(tmp_path)

    def test_empty_file(self, tmp_path):
        """A segment that was made and not yet written holds nothing."""
        (tmp_path / "a.ndjson").touch()
        self.check_nothing(tmp_path)

    def test_labels_only(self, tmp_path):
        """Labels are no predictions, and no damage."""
        with PredictionLogger(model=MODEL, version="7", spool=tmp_path) as logger:
            logger.log_label("some", 1.0)
        self.check_nothing(tmp_path)
        with SpoolStore(tmp_path) as store:
            assert [0] == [segment.damaged for segment in store.segments()]

    def test_missing(self, tmp_path):
        """A missing folder is named, and what to name instead."""
        with pytest.raises(StoreError, match=re.escape(f"{tmp_path}/no; name the folder")):
            SpoolStore(tmp_path / "no")


class TestUnreadable:
    """Segments that cannot be read at all."""

    def test_a_folder_for_a_segment(self, tmp_path):
        """A folder that is called like a segment is named, with what to do."""
        write(tmp_path, numbers(3))
        (tmp_path / "x.ndjson").mkdir()

        with (
            SpoolStore(tmp_path) as store,
            pytest.raises(StoreError, match=r"x\.ndjson.*run again"),
        ):
            store.extent(MODEL)

    def test_a_dangling_link(self, tmp_path):
        """So is a link to nowhere."""
        write(tmp_path, numbers(3))
        (tmp_path / "x.ndjson").symlink_to(tmp_path / "gone")

        with (
            SpoolStore(tmp_path) as store,
            pytest.raises(StoreError, match=r"x\.ndjson.*run again"),
        ):
            store.extent(MODEL)

    @pytest.mark.parametrize(
        "call", ["profiles", "counts", "edges", "windows", "examples", "quality"]
    )
    def test_gone_while_reading(self, tmp_path, monkeypatch, call):
        """A segment that goes between the look at the folder and the scan ends in a sentence."""
        write(tmp_path, numbers(3))
        calls = {
            "profiles": lambda store: list(store.profiles(SPEC, [EVERYTHING])),
            "counts": lambda store: store.counts(MODEL, [EVERYTHING]),
            "edges": lambda store: store.edges(MODEL, EVERYTHING),
            "windows": lambda store: store.windows(MODEL, CountSize(2)),
            "examples": lambda store: store.examples(
                MODEL, [EVERYTHING], [[Condition("any", "x")]]
            ),
            "quality": lambda store: list(store.quality(QualitySpec(MODEL), [EVERYTHING])),
        }
        with SpoolStore(tmp_path) as store:
            known = store.segments()
            monkeypatch.setattr(store._catalog, "segments", lambda: known)
            known[0].path.unlink()
            with pytest.raises(StoreError, match="run again"):
                calls[call](store)

    def test_deleted_between_calls(self, tmp_path):
        """A segment that the logger's size cap removed is no longer counted."""
        write(tmp_path, numbers(3))
        write(tmp_path, numbers(4))

        with SpoolStore(tmp_path) as store:
            assert 7 == store.extent(MODEL).events
            segments(tmp_path)[0].unlink()
            assert 4 == store.extent(MODEL).events


def test_labels_in_a_damaged_segment(tmp_path):
    """Labels beside damaged lines are read from the clean copy; one whose value is of a wrong type is none."""
    (one, other) = write(tmp_path / "spool", [{"features": {}, "prediction": 0.5}] * 2)
    found = [document(9, label={"id": one, "num": {"value": 1}})]
    found.append(document(9, label={"id": other, "num": {"value": "one"}}))
    for doc in found:
        doc["event"]["action"] = "label"
    write_lines(tmp_path / "spool" / "labels.ndjson", [found[0], b'{"cut', found[1]])

    with SpoolStore(tmp_path / "spool") as store:
        (quality,) = store.quality(QualitySpec(MODEL), [EVERYTHING])

        assert (2, 1, -0.5) == (quality.predictions, quality.labelled, quality.deviation.error)
        assert 1 == len(store.damage)


def test_nothing_is_drawn_on_stdout(tmp_path):
    """DuckDB's progress bar is off on every connection, so that it never breaks what is printed."""
    write(tmp_path, numbers(5))
    (tmp_path / "rows.csv").write_text("x\n1\n")
    asked = "SELECT current_setting('enable_progress_bar')"

    with (
        SpoolStore(tmp_path) as store,
        open_rows(tmp_path / "rows.csv") as rows,
        frame_table(pd.DataFrame({"x": [1]}), Roles()) as table,
    ):
        for connection in (store._connection, rows.connection, table.connection):
            assert (False,) == connection.execute(asked).fetchone()
            assert (False,) == connection.cursor().execute(asked).fetchone()
