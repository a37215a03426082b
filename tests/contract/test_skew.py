"""Training-serving skew: both stores against what was logged, and causes that are known."""

import csv
import math
import random

import numpy as np
import pytest

from driftlog import PredictionLogger
from driftlog_analyzers._elasticsearch import _values
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._logged import NONFINITE, NULL, Cell, listed
from driftlog_analyzers._offline import open_offline
from driftlog_analyzers._skewing import find_skew
from driftlog_analyzers.errors import InputError
from tests.analyzers.spools import MODEL, at, write
from tests.contract.shipping import ship, stream

ROWS = 300


def as_file(path, rows):
    """Write rows as a CSV file."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def features(seed=1):
    """Features of some events."""
    chance = random.Random(seed)
    return [
        {
            "num": round(chance.gauss(50, 20), 6),
            "cat": chance.choice(["Basic", "Plus", "Pro"]),
            "code": chance.choice(["007", "7", "12"]),
            "flag": chance.random() < 0.5,
            "some": chance.random() if chance.random() < 0.8 else None,
        }
        for _ in range(ROWS)
    ]


def skews(store, path, **options):
    """The report, and what it says by feature."""
    with open_offline(path, "id") as offline:
        report = find_skew(store, MODEL, offline, **options)
    return report, {one.feature: one for one in report.skews}


def test_values(tmp_path, opened):
    """Only the wanted events come, each kind of value as it was logged, absent ones left out."""
    every = {
        "n": 1.5,
        "s": "x",
        "l": ["b", "a", "b"],
        "e": [],
        "z": None,
        "f": math.inf,
        "o": object(),
        "a.b": 2,
        "t": "good bad good",
    }
    ids = write(tmp_path, [every, {"n": 2}, {"n": 3}], text=["t"])

    found = {
        one.id: one.cells
        for one in opened(tmp_path).values(MODEL, [ids[0], ids[1], "none"], [*every, "N", "more"])
    }

    assert {ids[0], ids[1]} == found.keys()
    assert {"n": Cell("number", 2.0)} == found[ids[1]]
    assert {
        "n": Cell("number", 1.5),
        "s": Cell("string", string="x"),
        "l": listed(["a", "b"]),
        "e": listed([]),
        "z": NULL,
        "f": NONFINITE,
        "o": Cell("other", string="object"),
        "a.b": Cell("number", 2.0),
        "t": Cell("text", 2.0),
    } == found[ids[0]]


def test_the_same_is_no_skew(tmp_path, opened):
    """A faithful recomputation, in a file without types, differs nowhere."""
    rows = features()
    ids = write(tmp_path / "spool", rows)
    path = as_file(tmp_path / "f.csv", [{"id": i} | row for i, row in zip(ids, rows, strict=True)])

    report, found = skews(opened(tmp_path / "spool"), path)

    assert () == report.found
    assert [0] * 5 == [one.mismatched for one in found.values()]
    assert {ROWS} == {one.n for one in found.values()}
    assert (ROWS, ROWS, 0, 0, 0) == (
        report.sampled,
        report.matched,
        report.not_in_log,
        report.not_in_file,
        report.repeated,
    )


def test_skews_and_their_causes(tmp_path, opened):
    """Each altered feature is found with its cause; the others are not."""
    rows = features()
    ids = write(tmp_path / "spool", rows)
    offline = []
    for name, row in zip(ids, rows, strict=True):
        changed = {"id": name} | row
        changed["num"] = row["num"] / 100
        changed["cat"] = row["cat"].upper()
        changed["some"] = -1 if row["some"] is None else row["some"]
        offline.append(changed)

    report, found = skews(opened(tmp_path / "spool"), as_file(tmp_path / "f.csv", offline))

    assert {"num", "cat", "some"} == {one.feature for one in report.found}
    assert "the log has 100 times the offline value" == found["num"].explanation
    assert "the casing differs" == found["cat"].explanation
    assert "offline there is -1 where the log has no value: a default?" == found["some"].explanation
    nulls = sum(row["some"] is None for row in rows)
    assert (nulls, 0) == (found["some"].not_logged, found["some"].different)
    assert 3 == len(found["num"].examples)


def test_lag(tmp_path, opened):
    """A value that is the entity's one before is told from other differences."""
    chance = random.Random(4)
    values = [chance.random() for _ in range(ROWS)]
    rows = [{"last": values[n - 2] if n >= 2 else 0.0} for n in range(ROWS)]
    ids = write(tmp_path / "spool", rows)
    told = [{"id": i, "who": n % 2, "last": values[n]} for n, i in enumerate(ids)]
    path = as_file(tmp_path / "f.csv", told)

    with open_offline(path, "id", ignored=["who"], entity="who") as offline:
        report = find_skew(opened(tmp_path / "spool"), MODEL, offline, entity="who")

    (skew,) = report.found
    assert "the log has the value of the row before: it lags" == skew.explanation


def test_sample_and_what_is_not_on_both_sides(tmp_path, opened):
    """A sample is the same each time; rows without event, events without row and columns without feature are told."""
    ids = write(tmp_path / "spool", [{"n": n} for n in range(400)])
    rows = [{"id": i, "n": n, "when": "2026"} for n, i in enumerate(ids[:300])]
    rows += [{"id": f"unknown-{n}", "n": 1, "when": ""} for n in range(100)]
    path = as_file(tmp_path / "f.csv", rows)
    store = opened(tmp_path / "spool")

    whole, _ = skews(store, path, sample=None)
    part, found = skews(store, path, sample=80)
    again, _ = skews(store, path, sample=80)

    assert (400, 300, 100, 100) == (
        whole.sampled,
        whole.matched,
        whole.not_in_log,
        whole.not_in_file,
    )
    assert ("when",) == whole.foreign
    assert part == again
    assert (80, found["n"].n) == (part.sampled, part.matched)
    assert 0 < part.not_in_log < 40
    assert abs(part.not_in_file - 100) < 60


def test_ids_of_several_events(tmp_path, opened):
    """Events that were given one id are counted and not compared."""
    write(tmp_path / "spool", [{"features": {"n": n}, "id": "same"} for n in (1, 2)])
    write(tmp_path / "spool", [{"features": {"n": 3}, "id": "own"}])
    path = as_file(tmp_path / "f.csv", [{"id": "same", "n": 1}, {"id": "own", "n": 3}])

    report, found = skews(opened(tmp_path / "spool"), path)

    assert (2, 1, 1) == (report.matched, report.repeated, found["n"].n)


def test_tolerance(tmp_path, opened):
    """A 32-bit float is the same value at the default tolerance, and named at none."""
    rows = [{"n": float(np.float32(0.1 + n))} for n in range(50)]
    ids = write(tmp_path / "spool", rows)
    path = as_file(tmp_path / "f.csv", [{"id": i, "n": 0.1 + n} for n, i in enumerate(ids)])
    store = opened(tmp_path / "spool")

    assert () == skews(store, path)[0].found
    (skew,) = skews(store, path, tolerance=0.0)[0].found
    assert "the log has 32-bit floats" == skew.explanation


def test_no_id_matches(tmp_path, opened):
    """A column that holds no ids of the log is said to be the wrong one."""
    write(tmp_path / "spool", [{"n": 1}])
    path = as_file(tmp_path / "f.csv", [{"id": "x", "n": 1}])

    with pytest.raises(InputError, match="no event of model 'churn' has one of the 1 ids"):
        skews(opened(tmp_path / "spool"), path)


def test_wide_events_and_many_ids(tmp_path, shipped, monkeypatch):
    """More features than a search may ask for, and more ids than one looks up, come whole."""
    monkeypatch.setattr(_values, "IDS", 7)
    names = [f"f{n:03}" for n in range(150)]
    ids = write(tmp_path, [dict.fromkeys(names, n) for n in range(20)])

    found = list(shipped(tmp_path).values(MODEL, ids, names))

    assert sorted(ids) == sorted(one.id for one in found)
    assert all(150 == len(one.cells) for one in found)


def test_copies_of_one_event(tmp_path, client, installed):
    """A second copy after a rollover is the same event."""
    ids = write(tmp_path, [{"n": n} for n in range(3)])
    ship(client, installed, tmp_path)
    client.indices.rollover(alias=stream(installed))
    ship(client, installed, tmp_path, resent=True)

    found = list(ElasticsearchStore(client, installed).values(MODEL, ids, ["n"]))

    assert sorted(ids) == sorted(one.id for one in found)


def test_several_segments(tmp_path, opened):
    """Events of one file may stand in several segments, with different features."""
    one = write(tmp_path / "spool", [{"a": 1}])
    with PredictionLogger(model=MODEL, version="8", spool=tmp_path / "spool") as logger:
        other = logger.log({"b": "x"}, timestamp=at(5))

    found = {
        event.id: dict(event.cells)
        for event in opened(tmp_path / "spool").values(MODEL, [*one, other], ["a", "b"])
    }

    assert {one[0]: {"a": Cell("number", 1.0)}, other: {"b": Cell("string", string="x")}} == found
