"""The race with the peers: its windows, who judges what, what is kept, and what the tables say of it."""

import json
import subprocess
import sys
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest
from benchmarks.detection import parts
from benchmarks.detection import race as running
from benchmarks.detection.faults import every_fault
from benchmarks.detection.parts import Extent
from benchmarks.detection.peers import PEERS, WORKERS
from benchmarks.detection.race import Ours, plainly, race, write_round
from benchmarks.detection.race_table import tables
from benchmarks.detection.rounds import CLEAN, LEVELS, RUNS, of_split
from benchmarks.detection.standings import (
    Judged,
    Said,
    Standing,
    Verdict,
    judged,
    load,
    pairs,
    rates,
    save,
)
from benchmarks.detection.subject import Alert
from benchmarks.detection.targets import SIZES
from tests.benchmarks.conftest import SEED

RUNS_OF = {
    "vanishes: key absent": 1,
    "NA rate: × 5": 2,
    "swapped columns: like types": 1,
    "type change: number as string": RUNS + 1,
}


@pytest.fixture(scope="module")
def asked(source):
    """A round on windows that the made table's pool can fill."""
    bank = replace(source, name="bank", pool=pd.concat([source.pool] * 3, ignore_index=True))
    return of_split(bank, SEED, 0, RUNS_OF)


def test_a_round_is_the_same_whenever_it_is_prepared(source, asked):
    """The fingerprint is of the windows, which the seed and the round's number determine."""
    bank = replace(source, name="bank", pool=pd.concat([source.pool] * 3, ignore_index=True))
    assert asked.fingerprint == of_split(bank, SEED, 0, RUNS_OF).fingerprint
    assert asked.fingerprint != of_split(bank, SEED, 1, RUNS_OF).fingerprint
    assert asked.fingerprint != of_split(bank, SEED + 1, 0, RUNS_OF).fingerprint


def test_a_window_stays_as_it_is_where_another_fault_comes_or_goes(source, asked):
    """Each window has a seed of its own."""
    bank = replace(source, name="bank", pool=pd.concat([source.pool] * 3, ignore_index=True))
    fewer = of_split(bank, SEED, 0, {"NA rate: × 5": 2})
    for before, after in zip(asked.lots[:2], fewer.lots[:2], strict=True):
        pd.testing.assert_frame_equal(before.rows[after.rows.columns], after.rows)


def test_every_fault_has_its_runs_at_every_size_beside_the_clean_windows(asked):
    """Cells come to what was asked."""
    counted: dict[tuple[str, int], int] = {}
    for lot in asked.lots:
        for task in lot.tasks:
            counted[task.case, lot.size] = counted.get((task.case, lot.size), 0) + 1
    runs = RUNS_OF | {CLEAN: RUNS}
    assert {(case, size): n for case, n in runs.items() for size in SIZES} == counted


def test_a_window_is_the_clean_one_but_for_the_touched_columns(asked):
    """An absent key is a column less, and cannot be judged apart from the others."""
    for lot in asked.lots:
        for task in lot.tasks:
            whole = task.whole(asked.names)
            untouched = [name for name in asked.names if name not in task.touched]
            assert {name: name for name in untouched} == {n: whole[n] for n in untouched}
            assert set(whole.values()) <= set(lot.rows.columns)
            absent = task.case == "vanishes: key absent"
            assert len(whole) == len(asked.names) - absent
            assert task.apart == (task.case not in {CLEAN, "vanishes: key absent"})


def test_a_rounds_files_hold_its_windows(asked, tmp_path):
    """What the peers read is what driftlog judges in memory."""
    write_round(asked, tmp_path)
    with duckdb.connect() as connection:
        for n, lot in enumerate(asked.lots):
            read = connection.read_parquet(str(tmp_path / f"{n}.parquet")).df()
            pd.testing.assert_frame_equal(lot.rows, read, check_dtype=False)


def test_driftlog_says_of_a_lots_windows_what_it_says_of_each_in_plain_use(asked, tmp_path):
    """Shown both ways, in the first round of each data set."""
    found = Ours().judge(asked, tmp_path)["driftlog"]
    both_ways = sum(len(lot.tasks) for lot in asked.lots if plainly(asked, lot))
    assert both_ways == 5
    assert (both_ways, both_ways) == found.alike
    marks = {(case, size): m for case, size, m in found.found}
    assert marks["vanishes: key absent", 500] == "1"
    assert marks["type change: number as string", 5_000] == "1" * (RUNS + 1)


def verdicts(asked, alerts, error=None):
    """The same alerts on every window."""
    said = Said(frozenset(alerts), error, 0.5)
    return [Verdict(lot, task, said, said) for lot in asked.lots for task in lot.tasks]


def test_a_round_is_counted_by_case_and_size(asked):
    """Alerts on clean windows are false, an alert on the touched feature is a detection, an exception is none."""
    one = asked.names[0]
    found = judged(asked, verdicts(asked, [Alert(one), Alert(one, "again")]))
    assert [(size, RUNS, RUNS * len(asked.names)) for size in SIZES] == found.clean
    hits = {(case, size): marks.count("1") for case, size, marks in found.found}
    touched = sum(t.touched == (one,) for lot in asked.lots for t in lot.tasks if lot.size == 500)
    swaps = sum(one in t.touched for lot in asked.lots for t in lot.tasks if lot.size == 500)
    assert swaps >= touched
    assert swaps + RUNS == sum(hits[key] for key in hits if key[1] == 500)
    raised = judged(asked, verdicts(asked, [], "ValueError: no"))
    assert raised.errors == {"ValueError": asked.windows}
    assert all(set(marks) == {"x"} for _, _, marks in raised.found)
    assert raised.alike == (asked.windows, asked.windows)


def made(number: int, marks: str, fingerprint: str = "") -> Judged:
    """A round of windows of 500 with one fault."""
    fault, clean = "NA rate: × 2", [(500, 0, 900)]
    found = [(CLEAN, 500, "0"), (fault, 500, marks)]
    return Judged(
        1, number, "bank", fingerprint or f"f{number}", found, clean, {}, (1, 1), (0.5, 1)
    )


def test_a_standing_is_kept_as_it_was_and_a_round_judged_anew_takes_its_place(tmp_path):
    """Each subject has a file, driftlog comes first."""
    standing = Standing("peer, default", ("peer==1",), None, [made(0, "10"), made(1, "11")])
    standing.add(made(0, "00", "other windows"))
    save(tmp_path, standing)
    save(tmp_path, Standing("driftlog"))
    assert ["driftlog", "peer, default"] == list(load(tmp_path))
    (rate,) = [
        r for (case, _), r in rates(load(tmp_path)["peer, default"]).items() if case != CLEAN
    ]
    assert (2, 4) == (rate.hits, rate.n)
    assert ["f1", "other windows"] == [
        one.fingerprint for one in load(tmp_path)["peer, default"].rounds
    ]


def test_subjects_are_paired_on_the_windows_that_both_have_judged():
    """A round of other windows is left out, whatever its number."""
    first = Standing("peer, default", rounds=[made(0, "110x"), made(1, "11"), made(2, "11")])
    second = Standing("driftlog", rounds=[made(0, "1011"), made(1, "11", "anew")])
    pair = pairs(first, second)["NA rate: × 2", 500]
    assert (4, 1, 1, 2) == (pair.n, pair.both, pair.first, pair.second)


class Someone:
    """An entrant that finds nothing, and tells what it was asked."""

    def __init__(self, name: str, dies_in: int | None = None) -> None:
        self.subjects = (name,)
        self.spent = 0.0
        self.asked: list[int] = []
        self._dies_in = dies_in

    def judge(self, asked, _folder, /):
        """Note the round."""
        if asked.number == self._dies_in:
            raise EOFError
        self.asked.append(asked.number)
        return {self.subjects[0]: judged(asked, verdicts(asked, []))}

    def stop(self) -> None:
        """Nothing to let go."""


def run(monkeypatch, asked, entrants, standings, *, seconds=float("inf"), until=float("inf")):
    """Three rounds; what was told."""
    told: list[str] = []
    monkeypatch.setattr(
        running,
        "prepared",
        lambda seed, number: replace(asked, seed=seed, number=number, fingerprint=f"f{number}"),
    )
    race(
        entrants,
        standings,
        seed=1,
        rounds=3,
        seconds=seconds,
        until=until,
        report=lambda text, _: told.append(text),
    )
    return told


def test_a_race_is_extended_by_the_rounds_that_a_subject_lacks(monkeypatch, asked):
    """What is there stays; a round of other windows is judged anew."""
    entrant = Someone("peer, default")
    standings = {
        "peer, default": Standing("peer, default", rounds=[made(0, "1"), made(1, "1", "old")])
    }
    told = run(monkeypatch, asked, [entrant], standings)
    assert [1, 2] == entrant.asked
    assert ["f0", "f1", "f2"] == [one.fingerprint for one in standings["peer, default"].rounds]
    title = f"race: peer, round 1 (bank): {asked.windows} windows of {len(asked.names)} columns"
    assert told[0].startswith(title)


def test_a_peer_whose_process_ends_leaves_the_race_and_the_others_go_on(monkeypatch, asked):
    """Its rounds so far stay."""
    one, other = Someone("one, default", dies_in=1), Someone("other, default")
    standings = {name: Standing(name) for name in ("one, default", "other, default")}
    told = run(monkeypatch, asked, [one, other], standings)
    assert ([0], [0, 1, 2]) == (one.asked, other.asked)
    assert 1 == len(standings["one, default"].rounds)
    assert 1 == sum("its process has ended" in text for text in told)


def test_no_round_begins_after_the_time_is_up(monkeypatch, asked):
    """Neither a peer's own seconds nor those of the race."""
    spent, fresh = Someone("spent, default"), Someone("fresh, default")
    spent.spent = 2.0
    standings = {name: Standing(name) for name in ("spent, default", "fresh, default")}
    run(monkeypatch, asked, [spent, fresh], standings, seconds=1.0)
    assert ([], [0, 1, 2]) == (spent.asked, fresh.asked)
    assert [] == run(monkeypatch, asked, [Someone("late")], {"late": Standing("late")}, until=0.0)


def test_subjects_keep_their_standing_while_others_are_judged_anew(monkeypatch, tmp_path):
    """Driftlog begins anew, a peer only where its packages are others; who is not asked is left alone."""
    monkeypatch.setattr(parts, "RACE", tmp_path)
    monkeypatch.setattr(parts, "installed", lambda peer: f"no {peer.name}")
    evidently = next(peer for peer in PEERS if peer.name == "evidently")
    packages = (*evidently.packages, *evidently.alone)
    for name, made_of in {
        "driftlog": (),
        "evidently, default": packages,
        "evidently, best": ("evidently==0",),
        "tfdv, best": ("tfdv==0",),
    }.items():
        save(tmp_path, Standing(name, made_of, None, [made(0, "11")]))
    extent = Extent(1, 1, 0, 1.0, ("driftlog", "evidently"), float("inf"))
    parts.run_race(extent)
    found = load(tmp_path)
    assert {
        "driftlog": 1,
        "evidently, best": 0,
        "evidently, default": 1,
        "tfdv, best": 1,
    } == {name: len(one.rounds) for name, one in found.items()}
    assert "no evidently" == found["evidently, default"].missing
    assert None is found["tfdv, best"].missing


def test_the_tables_show_the_runs_and_the_peer_that_was_ahead():
    """On the same windows, with the test of the difference; not a peer with surely more false alerts."""
    noisy = made(0, "11111111")
    noisy.clean = [(500, 9, 900)]
    standings = {
        "driftlog": Standing("driftlog", rounds=[made(0, "10000000")]),
        "noisy, default": Standing("noisy, default", rounds=[noisy]),
        "peer, best": Standing("peer, best", rounds=[made(0, "11111111")]),
        "peer, default": Standing("peer, default", rounds=[made(0, "01111110")]),
        "gone, default": Standing("gone, default", missing="no wheel"),
    }
    text = tables(standings)
    ahead = [line for line in text.splitlines() if line.startswith("- ")]
    found = "6 of 8, driftlog 1 (6 found by it alone, 1 by driftlog alone; p = 0.062)"
    assert [f"- peer, default, NA rate: × 2, 500: {found}"] == ahead
    assert "Not there: gone, default: no wheel." in text
    assert "driftlog has not judged these windows yet." in tables(
        {"peer, best": standings["peer, best"]}
    )
    assert "| noisy, default | 1 | 8 to 8 (fewer than 200) | 0.500 | 1 of 1 | none |" in text
    assert "| NA rate: × 2 | .12 (8) | 1 (8) | 1 (8) | .75 (8) |" in text
    assert "| 500 | 0.0 (900) | 10.0 (900) | 0.0 (900) | 0.0 (900) |" in text


def test_nothing_is_said_of_a_race_that_has_not_run():
    """No empty tables."""
    assert tables({"driftlog": Standing("driftlog")}) == ""


def test_the_levels_are_faults():
    """None is misspelt."""
    assert {fault.key for fault in every_fault()} >= LEVELS


WORKER = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from lines import serve
import pandas
pandas.read_parquet = pandas.read_json  # only the peers' environments read Parquet
class Means:
    def __init__(self, reference):
        print("noise on standard output")
        self.reference, self.looks = reference, 0
    def look(self, window):
        self.looks += 1
        return window.mean()
    def alerts(self, setting, seen, names):
        factor = {"default": 2, "best": 1}[setting]
        return [name for name in names if seen[name] > factor * self.reference[name].mean()]
    def plain(self, setting, window):
        return [setting, str(self.looks)]
serve(Means)
"""


def test_a_worker_answers_each_window_for_each_setting_and_its_own_exceptions(tmp_path):
    """It looks once for all settings, its prints do not mix with its answers, and an exception is an answer."""
    frames = {"reference": {"a": [1.0, 2.0], "b": [1.0, 2.0]}, "rows": {"a": [2.0], "f~b": [9.0]}}
    for name, frame in frames.items():
        pd.DataFrame(frame).to_json(tmp_path / name)
    whole = {"a": "a", "b": "f~b"}
    views = [
        {"columns": {"b": "f~b"}, "names": ["b"], "plain": False},
        {"columns": whole, "names": ["a", "b"], "plain": False},
        {"columns": {"a": "a"}, "names": ["a", "b"], "plain": False},
        {"columns": whole, "names": [], "plain": True},
    ]
    job = {name: str(tmp_path / name) for name in frames} | {"views": views}
    done = subprocess.run(
        [sys.executable, "-c", WORKER, WORKERS, "default", "best"],
        input=json.dumps(job) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    answers = list(map(json.loads, done.stdout.splitlines()))
    absent = "KeyError: 'b'"
    assert [
        (["b"], None),
        (["b"], None),
        (["b"], None),
        (["a", "b"], None),
        ([], absent),
        ([], absent),
        (["default", "3"], None),
        (["best", "3"], None),
    ] == [(answer["alerts"], answer["error"]) for answer in answers]
    assert all(answer["seconds"] >= 0 for answer in answers)
    assert np.all([set(answer) == {"alerts", "error", "seconds"} for answer in answers])
