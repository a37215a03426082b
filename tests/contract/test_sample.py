"""Samples of events, and what is said of how features go together, on both stores."""

import random

from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import CountSize, TimeSize
from tests.analyzers.spools import (
    EVERYTHING,
    HOUR,
    MODEL,
    documents,
    inside,
    write,
)
from tests.analyzers.test_scan import mixed_rows

HUNDREDS = CountSize(500)


def values(doc, names):
    """The strings and numbers of an event."""
    parts = doc["driftlog"]
    numbers = {name: float(value) for name, value in parts.get("num", {}).items()}
    return tuple(numbers.get(n, parts.get("cat", {}).get(n)) for n in names)


def test_small_windows_are_taken_whole(tmp_path, opened):
    """Where a window holds no more events than are wanted, each of them comes once, with its values."""
    write(tmp_path, mixed_rows(5, 300))
    docs = documents(tmp_path)
    names = sorted({n for d in docs for s in ("num", "cat") for n in d["driftlog"].get(s, ())})
    store = opened(tmp_path)

    for size in (TimeSize(HOUR), CountSize(70)):
        windows = store.windows(MODEL, size)
        samples = list(store.sample(MODEL, windows, [*names, "no such"], 5_000))
        assert len(windows) == len(samples)
        for window, rows in zip(windows, samples, strict=True):
            mine = [values(d, [*names, "no such"]) for d in docs if inside(d, window)]
            assert sorted(map(repr, mine)) == sorted(map(repr, rows))


def test_the_same_events_each_time(tmp_path, opened):
    """Of more events some are chosen, always the same ones, evenly over the window."""
    write(tmp_path, [{"n": n} for n in range(2_000)])
    store = opened(tmp_path)

    (first,), (again,) = (list(store.sample(MODEL, [EVERYTHING], ["n"], 400)) for _ in range(2))
    (version,) = store.sample(MODEL, [EVERYTHING], ["n"], 400, "8")

    assert 400 == len(first) == len(set(first))
    assert first == again
    assert 800 < sum(n for (n,) in first) / 400 < 1_200
    assert [] == version


def rows(seed, count, *, apart=False):
    """Events of two features that say the same; or, each as before, have nothing to do with each other."""
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(count):
        level = chance.randrange(4)
        other = chance.randrange(4) if apart else level
        yield {"level": f"l{level}", "size": other + chance.random()}


def test_what_no_margin_shows(tmp_path, opened):
    """Two features that lose each other are found in their window, though neither moved; the rest is quiet."""
    write(tmp_path / "spool", [*rows(1, 1500), *rows(2, 500, apart=True), *rows(3, 500)])
    store = opened(tmp_path / "spool")
    windows = store.windows(MODEL, HUNDREDS)
    made = baseline_from_store(
        store, model=MODEL, version="7", end=windows[3].start, multivariate=True
    )
    with StateFile(tmp_path / "state.sqlite") as state:
        found = analyze(store, made, state, HUNDREDS)

    told = [[(r.detector, r.feature) for r in e.findings] for e in found]
    assert [[], [], [], [("multivariate", "level × size")], []] == told
    assert found[3].findings[0].summary.startswith("level and size no longer go together")
