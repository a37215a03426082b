import random
from datetime import timedelta

import pytest

from driftlog_analyzers._finding import Condition
from driftlog_analyzers._store import FeatureSpec, ProfileSpec
from driftlog_analyzers._window import CountSize, TimeSize, Window
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
    write,
    write_lines,
)
from tests.analyzers.test_conditions import CONDITIONS
from tests.analyzers.test_spool_store import members, numbers

HOURS = TimeSize(HOUR)
MINUTE = timedelta(minutes=1)
SPEC = ProfileSpec(MODEL, {"x": FeatureSpec(edges=(10.0, 50.0))})


class TestByTime:
    """Windows of equal duration."""

    def test_cover_the_log_with_empty_ones(self, tmp_path, opened):
        """Windows run from the first event to the last, those without events included."""
        write(tmp_path, [{"features": {"x": 1}, "timestamp": at(h)} for h in (0.5, 3)])
        store = opened(tmp_path)

        windows = store.windows(MODEL, HOURS)

        assert [Window(at(n), at(n + 1)) for n in range(4)] == list(windows)
        assert [1, 0, 0, 1] == store.counts(MODEL, windows)
        assert [1, 0, 0, 1] == [p.events for p in store.profiles(SPEC, windows)]

    def test_between_from_and_to(self, tmp_path, opened):
        """From and to bound the windows, beyond the log's own events too."""
        write(tmp_path, numbers(10))
        store = opened(tmp_path)

        windows = store.windows(MODEL, HOURS, at(-2), at(3))

        assert [at(n) for n in range(-2, 3)] == [w.start for w in windows]
        assert [0, 0, 10, 0, 0] == store.counts(MODEL, windows)

    def test_are_half_open_to_the_microsecond(self, tmp_path, opened):
        """An event at a window's end belongs to the next one, one a microsecond before does not."""
        step = timedelta(microseconds=1)
        moments = (at(0), at(1) - step, at(1), at(2) - step, at(2))
        write(tmp_path, [{"features": {"x": 1}, "timestamp": moment} for moment in moments])

        store = opened(tmp_path)

        assert [2, 2, 1] == store.counts(MODEL, [Window(at(n), at(n + 1)) for n in range(3)])

    @pytest.mark.parametrize("order", [(0, 1, 2, 5), (5, 0, 2), (3,), (7, 9), (4, 3, 2, 1, 0)])
    def test_any_selection_in_any_order(self, tmp_path, opened, order):
        """Windows may be asked for with gaps and in any order, and are answered in that order."""
        write(tmp_path, [{"features": {"x": n}, "timestamp": at(n / 4)} for n in range(30)])
        windows = [Window(at(n), at(n + 1)) for n in order]
        store = opened(tmp_path)

        docs = documents(tmp_path)
        for window, actual in zip(windows, store.profiles(SPEC, windows), strict=True):
            assert_equal_profiles(expected_profile(docs, window, SPEC.features), actual)
        assert [p.events for p in store.profiles(SPEC, windows)] == store.counts(MODEL, windows)

    def test_beyond_the_times_that_can_be_indexed(self, tmp_path, opened):
        """Windows may begin before 1970 and end after 2262."""
        write(tmp_path, numbers(3))
        store = opened(tmp_path)

        for first, last, events in ((1, 9999, 3), (1, 1950, 0), (2300, 9999, 0)):
            window = Window(at(0).replace(year=first), at(0).replace(year=last))
            assert [events] == store.counts(MODEL, [window])

    @pytest.mark.parametrize("seconds", [1, 7, 3600])
    def test_very_long_gaps_are_left_out(self, tmp_path, opened, seconds):
        """Two events years apart have the windows that they lie in, not the millions between."""
        moments = (at(0.5), at(0.5) + 3 * timedelta(seconds=seconds), at(400_000))
        write(tmp_path, [{"features": {"x": 1}, "timestamp": moment} for moment in moments])
        store = opened(tmp_path)
        size = TimeSize(timedelta(seconds=seconds))

        windows = store.windows(MODEL, size)

        floors = [size.floor(moment) for moment in moments]
        inner = [floors[0] + n * size.duration for n in range(4)]
        assert [*inner, floors[2]] == [window.start for window in windows]
        assert [1, 0, 0, 1, 1] == store.counts(MODEL, windows)

    def test_one_event_of_long_ago(self, tmp_path, opened):
        """An event of a broken clock in 1971 makes one window, not the millions until today."""
        old = BEGIN.replace(year=1971)
        moments = (old, at(0), at(0) + 4 * MINUTE, at(2))
        write(tmp_path, [{"features": {"x": 1}, "timestamp": moment} for moment in moments])
        store = opened(tmp_path)
        size = TimeSize(5 * MINUTE)

        windows = store.windows(MODEL, size)

        assert [old, *(at(n / 12) for n in range(25))] == [window.start for window in windows]
        assert [1, 2, *[0] * 23, 1] == store.counts(MODEL, windows)
        assert windows == store.windows(MODEL, size, at(-500_000), at(500_000))

    def test_more_than_one_search_can_count(self, tmp_path, opened):
        """A thousand windows and more are all counted."""
        write(tmp_path, numbers(40))
        store = opened(tmp_path)

        windows = store.windows(MODEL, TimeSize(timedelta(seconds=2)))

        assert [1 if n % 30 == 0 else 0 for n in range(1171)] == store.counts(MODEL, windows)


class TestByCount:
    """Windows of equal numbers of events."""

    @pytest.mark.parametrize("count", [1, 3, 7, 20, 21])
    def test_hold_exactly_so_many(self, tmp_path, opened, count):
        """Each holds the next events by time and id; what is left over belongs to none."""
        moments = [at(random.Random(4).randrange(5)) for _ in range(20)]
        write(tmp_path, [{"features": {"x": 1}, "timestamp": moment} for moment in moments])
        order = sorted(documents(tmp_path), key=lambda d: (d["@timestamp"], d["event"]["id"]))
        store = opened(tmp_path)

        windows = store.windows(MODEL, CountSize(count))

        assert [count] * (20 // count) == [p.events for p in store.profiles(SPEC, windows)]
        assert [count] * (20 // count) == store.counts(MODEL, windows)
        for n, window in enumerate(windows):
            expected = [d["event"]["id"] for d in order[n * count : (n + 1) * count]]
            assert sorted(expected) == sorted(members(order, window))

    def test_ties_in_time_are_split_by_id(self, tmp_path, opened):
        """Events of one moment fall into several windows, in the order of their ids."""
        docs = [document(n, hours=0, num={"x": n}) for n in range(10)]
        write_lines(tmp_path / "a.ndjson", [_dataset(doc) for doc in docs[::-1]])
        store = opened(tmp_path)

        windows = store.windows(MODEL, CountSize(4))

        assert [1.5, 5.5] == [p.features["x"].numeric.mean for p in store.profiles(SPEC, windows)]

    def test_equal_ids_stay_together(self, tmp_path, opened):
        """Events that were given one id are events of their own, and lie in one window."""
        docs = [document(1, hours=0, num={"x": 1}) for _ in range(3)]
        docs.append(document(2, hours=1, num={"x": 2}))
        write_lines(tmp_path / "a.ndjson", [_dataset(doc) for doc in docs])
        store = opened(tmp_path)

        (window,) = store.windows(MODEL, CountSize(3))

        assert [3] == [p.events for p in store.profiles(SPEC, [window])]

    def test_between_from_and_to(self, tmp_path, opened):
        """Only events from start to before end are counted off."""
        write(tmp_path, numbers(60))
        store = opened(tmp_path)

        windows = store.windows(MODEL, CountSize(10), BEGIN + 5 * MINUTE, BEGIN + 30 * MINUTE)

        found = [p.features["x"].numeric for p in store.profiles(SPEC, windows)]
        assert [(5, 14), (15, 24)] == [(n.minimum, n.maximum) for n in found]
        assert () == store.windows(MODEL, CountSize(1), at(-5), at(-4))

    def test_one_moment_with_very_many_events(self, tmp_path, opened):
        """Boundaries are found among more events of one moment than a search can skip."""
        rows = [{"features": {"x": n % 7}, "timestamp": BEGIN} for n in range(21_000)]
        write(tmp_path, rows)
        store = opened(tmp_path)

        windows = store.windows(MODEL, CountSize(5_000))

        assert [5_000] * 4 == store.counts(MODEL, windows)


class TestExamples:
    """Events that show a finding."""

    def test_satisfy_their_condition(self, tmp_path, opened):
        """For every kind of condition and window, the ids are the smallest of those that show it."""
        print("seed", 8)
        chance = random.Random(8)
        nothing = object()
        kinds = (nothing, None, float("nan"), "s", ["l"], [], object(), 0.1, 0.7, 9)
        rows = []
        for _ in range(240):
            row = {"x": chance.choice(kinds), "c'": chance.choice(("a", "b", "it's"))}
            words = chance.choice(("some words", "new words", "odd"))
            row |= {"l": chance.choices("pqr", k=2), "t": words}
            rows.append({k: v for k, v in row.items() if v is not nothing})
        write(tmp_path, rows, text=["t"])
        windows = [Window(at(n), at(n + 1)) for n in range(4)]
        asked = [CONDITIONS, CONDITIONS[:3], (), CONDITIONS[::-1]]

        found = opened(tmp_path).examples(
            MODEL, windows, [[c for c, _ in group] for group in asked], 4
        )

        docs = documents(tmp_path)
        for window, group, answers in zip(windows, asked, found, strict=True):
            inside = [d for d in docs if expected_profile([d], window).events]
            for (_, shows), ids in zip(group, answers, strict=True):
                expected = sorted(d["event"]["id"] for d in inside if shows(d["driftlog"]))
                assert expected[:4] == list(ids)

    def test_by_count(self, tmp_path, opened):
        """Windows by count name their own events."""
        ids = write(tmp_path, numbers(9))
        store = opened(tmp_path)

        windows = store.windows(MODEL, CountSize(3))

        found = store.examples(MODEL, windows, [[Condition("any", "x")]] * 3, 9)
        assert [[tuple(ids[n : n + 3])] for n in (0, 3, 6)] == found


def test_extent(tmp_path, opened):
    """The first and the last time to the microsecond, and the versions."""
    last = at(5) + timedelta(microseconds=123_457)
    write(tmp_path, [{"x": 1}], version="1")
    write(tmp_path, [{"features": {"x": 1}, "timestamp": last}] * 2, version="2")

    extent = opened(tmp_path).extent(MODEL)

    assert (3, BEGIN, last, {"1": 1, "2": 2}) == (
        extent.events,
        extent.first,
        extent.last,
        dict(extent.versions),
    )


def test_nothing_of_the_model_left(tmp_path, opened):
    """A log without a prediction of the model answers every question with nothing."""
    write(tmp_path, [{"x": 1}], model="Churn")  # makes the stream that churn's events would go to
    store = opened(tmp_path)
    hour = Window(at(0), at(1))

    assert store.extent(MODEL) is None
    assert () == store.windows(MODEL, HOURS) == store.windows(MODEL, CountSize(3))
    assert [0] == store.counts(MODEL, [hour])
    assert [0] == [p.events for p in store.profiles(SPEC, [hour])]
    assert [[()]] == store.examples(MODEL, [hour], [[Condition("any", "x")]])
    assert ({}, {}) == store.edges(MODEL, EVERYTHING)
    assert {} == store.vocabulary(MODEL, EVERYTHING)
    assert [] == list(store.profiles(SPEC, []))


def _dataset(doc):
    """The document of a foreign writer that names the dataset."""
    return doc | {"event": doc["event"] | {"dataset": f"driftlog.{MODEL}"}}


def test_of_one_version(tmp_path, opened):
    """Edges, vocabulary and profile may be of one model version only."""
    write(tmp_path, [{"x": n, "t": "old"} for n in range(5)], version="7", text=["t"])
    write(tmp_path, [{"x": 100, "t": "new"}] * 3, version="8", text=["t"])
    store = opened(tmp_path)

    (profile,) = store.profiles(ProfileSpec(MODEL, version="8"), [EVERYTHING])

    assert ({"8": 3}, 100.0) == (profile.versions, profile.features["x"].numeric.minimum)
    assert {"t": {"new": 3}} == store.vocabulary(MODEL, EVERYTHING, "8")
    assert pytest.approx(4.0, rel=1e-6) == store.edges(MODEL, EVERYTHING, "7")[0]["x"][-1]
    assert {"t": {"old": 5, "new": 3}} == store.vocabulary(MODEL, EVERYTHING)
