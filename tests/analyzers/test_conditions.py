import random

from driftlog_analyzers._finding import Condition
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._window import CountSize, Window
from tests.analyzers.spools import MODEL, at, documents, expected_profile, write

SECTIONS = ("num", "cat", "list", "other", "na", "nonfinite")
CONDITIONS = (
    (Condition("absent", "x"), lambda d: not any("x" in d.get(s, ()) for s in SECTIONS)),
    (Condition("absent", "never"), lambda _: True),
    (Condition("null", "x"), lambda d: "x" in d.get("na", ())),
    (Condition("nonfinite", "x"), lambda d: "x" in d.get("nonfinite", ())),
    (Condition("values", "c'", ("a", "it's")), lambda d: d["cat"].get("c'") in {"a", "it's"}),
    (Condition("values", "l", ("p",)), lambda d: "p" in d["list"]["l"]),
    (Condition("unknown_tokens", "t", ("new", "odd")), lambda d: {"new", "odd"} & set(d["tok"]["t"])),
    (Condition("outside", "x", low=0.5), lambda d: d.get("num", {}).get("x", 1) < 0.5),
    (Condition("outside", "x", high=5), lambda d: d.get("num", {}).get("x", 1) > 5),
    (Condition("outside", "x", low=0.5, high=5), lambda d: not 0.5 <= d.get("num", {}).get("x", 1) <= 5),
    (Condition("outside", "x"), lambda _: False),
    (Condition("type", "x", ("string", "object")), lambda d: "x" in d.get("cat", ()) or "x" in d.get("other", ())),
    (Condition("type", "x", ("number",)), lambda d: "x" in d.get("num", ())),
    (Condition("type", "x", ("list",)), lambda d: "x" in d.get("list", ())),
    (Condition("type", "t", ("text",)), lambda d: "t" in d["text"]),
    (Condition("values", "c'"), lambda _: False),
    (Condition("any", ""), lambda _: True),
)  # fmt: skip


class TestExamples:
    """Events that show a finding."""

    def test_satisfy_their_condition(self, tmp_path):
        """For every kind of condition and window, the ids are the smallest of those that show it."""
        chance = random.Random(8)
        nothing = object()
        kinds = (nothing, None, float("nan"), "s", ["l"], object(), 0.1, 0.7, 9)
        rows = []
        for _ in range(240):
            row = {"x": chance.choice(kinds), "c'": chance.choice(("a", "b", "it's"))}
            row |= {
                "l": chance.choices("pqr", k=2),
                "t": chance.choice(("some words", "new words", "odd")),
            }
            rows.append({k: v for k, v in row.items() if v is not nothing})
        write(tmp_path, rows, text=["t"])
        windows = [Window(at(n), at(n + 1)) for n in range(4)]
        asked = [CONDITIONS, CONDITIONS[:3], (), CONDITIONS[::-1]]

        with SpoolStore(tmp_path) as store:
            found = store.examples(MODEL, windows, [[c for c, _ in group] for group in asked], 4)

        docs = documents(tmp_path)
        for window, group, answers in zip(windows, asked, found, strict=True):
            inside = [d for d in docs if expected_profile([d], window).events]
            for (_, shows), ids in zip(group, answers, strict=True):
                expected = sorted(d["event"]["id"] for d in inside if shows(d["driftlog"]))
                assert expected[:4] == list(ids)

    def test_by_count(self, tmp_path):
        """Windows by count name their own events."""
        ids = write(tmp_path, [{"x": n} for n in range(9)])

        with SpoolStore(tmp_path) as store:
            windows = store.windows(MODEL, CountSize(3))
            found = store.examples(MODEL, windows, [[Condition("any", "x")]] * 3, 9)

        assert [[tuple(ids[n : n + 3])] for n in (0, 3, 6)] == found
