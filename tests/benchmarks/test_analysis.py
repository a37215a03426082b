"""Race 5's table of features, its reading of a subject's lines, and its ratios."""

import json

import pytest
from benchmarks.analysis import race, tables
from benchmarks.analysis.columns import FAULTS, NULLS, features, frame
from benchmarks.analysis.subjects import COMPARE, NDJSON, SPOOL, SUBJECTS, Told, read

DRIFTED = frozenset(FAULTS)


def told(run: float, alerts: frozenset[str] = DRIFTED, trouble: str | None = None) -> Told:
    """Give a run of so many seconds."""
    return Told({"fit": 1.0, "run": run}, 100.0 * run, alerts, trouble)


def figures(rows: list[tables.Row]) -> dict[tuple[str, str, str], tables.Row]:
    """Give the rows by subject, case and metric."""
    return {(row["subject"], row["case"], row["metric"]): row for row in rows}


def test_features() -> None:
    """There are 50 features, of which 11 drift, and no other name does."""
    names = [feature.name for feature in features()]
    assert len(set(names)) == len(names) == 50
    assert len(FAULTS) == 11
    assert set(names) >= DRIFTED


def test_frames() -> None:
    """Frames are the same each time, and only the drifted features are of another distribution in the window."""
    reference, again, window = (frame(5_000, window=later) for later in (False, False, True))
    assert reference.equals(again)
    numbers = reference.select_dtypes("number").columns
    moved = {
        name
        for name in numbers
        if abs(window[name].mean() - reference[name].mean()) > 0.1 * reference[name].std()
        or not 0.8 < window[name].std() / reference[name].std() < 1.25
    }
    assert {name for name in DRIFTED if name.startswith("num")} == moved
    assert set(NULLS) == {name for name in reference if reference[name].isna().any()}


def test_types() -> None:
    """Numbers are floats and strings are strings, whether some are missing or not."""
    kinds = frame(2_000, window=True).dtypes.astype(str)
    assert {"float64"} == {
        kinds[n] for n in kinds.index if n[:3] == "num" or n in {"null_0", "null_1", "null_2"}
    }
    assert {"float64": 28, "str": 22} == kinds.value_counts().to_dict()


def test_told_to_the_end() -> None:
    """A run that came to its end has its phases, its peak and its alerts."""
    lines = [
        {"phase": "fit", "seconds": 1.5, "peak": 20.0},
        {"phase": "said", "seconds": 0.0, "peak": 30.0, "alerts": ["a"]},
    ]
    out = "\n".join(map(json.dumps, lines))
    assert Told({"fit": 1.5}, 30.0, frozenset({"a"})) == read(out, None)


def test_told_before_it_was_stopped() -> None:
    """A run that was stopped has the phases before, and half a line is none."""
    out = '{"phase": "fit", "seconds": 1.5, "peak": 20.0}\n{"phase": "ru'
    assert Told({"fit": 1.5}, 20.0, None, "stopped") == read(out, "stopped")


def test_silence_is_trouble() -> None:
    """A run that ends well and says nothing has failed."""
    assert read("", None).trouble == "failed: it said nothing"


def test_ratios_are_of_one_round() -> None:
    """The spool is held against the floor round by round, and its growth against its own."""
    runs: race.Runs = {
        (SPOOL.key, 100_000): [told(2.0), told(6.0)],
        (NDJSON.key, 100_000): [told(1.0), told(2.0)],
        (SPOOL.key, 1_000_000): [told(10.0), told(12.0)],
    }
    found = figures(tables.rows_of(runs, DRIFTED))
    floor = found[SPOOL.name, "100,000 rows", f"run, to {NDJSON.name}"]
    assert (2.5, [2.0, 3.0], 1.5) == (floor["value"], floor["spread"], floor["target"])
    growth = found[SPOOL.name, "1,000,000 rows", "run, to that of 100,000"]
    assert (3.5, [2.0, 5.0], 10.0) == (growth["value"], growth["spread"], growth["target"])


def test_missed_and_false() -> None:
    """Drifted features without alert are missed, alerts on others are false."""
    alerts = DRIFTED - {"num_00", "num_06"} | {"num_01"}
    found = figures(tables.rows_of({(COMPARE.key, 2_000): [told(1.0, alerts)]}, DRIFTED))
    assert found[COMPARE.name, "2,000 rows", "missed of 11"]["value"] == 2
    assert found[COMPARE.name, "2,000 rows", "falsely flagged of 39"]["value"] == 1


@pytest.mark.parametrize("key", ["evidently", "tfdv"])
def test_stopped_is_a_row_and_no_ratio(key: str) -> None:
    """A peer that was stopped says so, has no share of its time, and is not asked at larger sizes."""
    peer = next(subject for subject in SUBJECTS if subject.key == key)
    late = Told({"fit": 1.0}, 50.0, None, "stopped", 170.0)
    runs: race.Runs = {(COMPARE.key, 100_000): [told(1.0)], (key, 100_000): [late]}
    found = figures(tables.rows_of(runs, DRIFTED))
    assert found[peer.name, "100,000 rows", "stopped"]["value"] == 170.0
    assert not any("share of" in metric for _, _, metric in found)
    assert race.gave_up(runs, peer, 1_000_000)
    assert not race.gave_up(runs, COMPARE, 1_000_000)
