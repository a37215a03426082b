import random

from driftlog_analyzers._segments import Held, merge_names, total_versions
from driftlog_analyzers._spool_store import SpoolStore
from tests.analyzers.spools import MODEL, at, document, write, write_lines


def held(spool):
    """What the only segment holds of the model."""
    with SpoolStore(spool) as store:
        (segment,) = store.segments()
        return segment.models[MODEL]


def test_what_a_segment_holds(tmp_path):
    """Events, span, versions and every name by its section."""
    rows = [
        {
            "features": {"a": 1, "b": "x", "l": ["i"], "t": "some words", "n": None},
            "prediction": 0.5,
        },
        {"features": {"a": "one", "o": object(), "f": float("inf")}, "prediction": {"y": None}},
    ]
    write(tmp_path, rows, text=["t"])

    found = held(tmp_path)

    expected = {
        "num": {"a"},
        "cat": {"a", "b"},
        "list": {"l"},
        "text": {"t"},
        "tok": {"t"},
        "other": {"o"},
        "na": {"n"},
        "nonfinite": {"f"},
        "prediction.num": {"score"},
        "prediction.na": {"y"},
    }
    assert expected == found.names
    assert (2, {"7": 2}) == (found.events, found.versions)
    assert (at(0).timestamp() * 1e6, at(1 / 60).timestamp() * 1e6) == (found.first, found.last)


def test_many_shapes(tmp_path):
    """Names are found though every event has other ones."""
    chance = random.Random(6)
    docs = [document(n, num={f"f{chance.randrange(300)}": 1, f"g{n}": 2}) for n in range(300)]
    write_lines(tmp_path / "a.ndjson", docs)

    assert {n for d in docs for n in d["driftlog"]["num"]} == held(tmp_path).names["num"]


def test_known_segments_are_not_scanned_again(tmp_path, monkeypatch):
    """Only new and grown segments are scanned, and progress tells of all."""
    write(tmp_path, [{"a": 1}])
    with SpoolStore(tmp_path) as store:
        before = store.segments()
        monkeypatch.setattr(store._catalog, "_inspect", None)
        told = []
        assert before == store.segments(lambda done, total: told.append((done, total)))

    assert [(1, 1)] == told


def test_merging():
    """Names and versions of several segments add up."""
    names = [{"num": frozenset("a")}, {"num": frozenset("b"), "na": frozenset("c")}, {}]
    parts = [Held({}, 1, 0, 0, {"1": 2}), Held({}, 1, 0, 0, {"1": 1, "2": 5})]

    assert {"num": frozenset("ab"), "na": frozenset("c")} == merge_names(names)
    assert {"1": 3, "2": 5} == total_versions(parts)
