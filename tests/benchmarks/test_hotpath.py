"""The hot path's race: what it asks of workers, what it makes of their answers, what it writes."""

import json
import socket
import subprocess
import sys

import pytest
from benchmarks.hotpath import figures, report
from benchmarks.hotpath.race import Extent, Race
from benchmarks.hotpath.sink import sinks
from benchmarks.hotpath.subjects import FLOOR, HANDLER, LOG, OURS, PROCESSOR, Subject

TINY = Extent(2, 100, 0.05, 100, 0.1, 20, 20)


def test_the_race_measures_driftlog_beside_its_floor():
    """Ratios to the floor have targets, and each subject has figures and a growth."""
    with sinks(0.0) as ports:
        race = Race([FLOOR, LOG, HANDLER], ports, TINY)
        rows = race.rows()
    assert {} == race.left_out
    aimed = {(row["subject"], row["case"], row["target"]) for row in rows if row["unit"] == "x"}
    assert aimed == {
        (LOG.name, "1 thread", 1.6),
        (LOG.name, "4 threads", 1.5),
        (HANDLER.name, "1 thread", 3.0),
        (HANDLER.name, "4 threads", 3.0),
    }
    grown = {row["subject"]: row["target"] for row in rows if row["metric"] == "RSS growth"}
    assert {FLOOR.name: None, LOG.name: 10.0, HANDLER.name: 10.0} == grown


def test_one_that_fails_is_left_out_and_why_is_said(tmp_path):
    """The others' figures stay; the reason stands in both files."""
    with sinks(0.0) as ports:
        race = Race([FLOOR, Subject("nobody", "nothing")], ports, TINY)
        rows = race.rows()
    assert {"nobody": "KeyError: 'nothing'"} == race.left_out
    page = report.write("race", "here", rows, tmp_path, race.left_out).read_text()
    kept = json.loads((tmp_path / "race.json").read_text())
    assert [{"subject": "nobody", "reason": "KeyError: 'nothing'"}] == kept["left_out"]
    assert "Left out: nobody, KeyError: 'nothing'." in page
    assert {FLOOR.name} == {row["subject"] for row in kept["rows"]}


def test_ratios_are_of_each_round_by_itself():
    """Two subjects that a slow round slowed alike have the ratio of the other rounds."""
    row = figures.ratio("a", "case", "ratio", [2.0, 20.0, 2.2], [1.0, 10.0, 1.0], 2.1)
    assert (2.0, [2.0, 2.2]) == (row["value"], row["spread"])


@pytest.mark.parametrize(("value", "verdict"), [(1.5, "met"), (1.7, "**missed**")])
def test_a_target_is_met_from_below(tmp_path, value, verdict):
    """The table says so beside each."""
    row = figures.row("a", "case", "ratio", [value], "x", 1.6)
    assert f"| 1.6 | {verdict} |" in report.write("race", "here", [row], tmp_path, {}).read_text()


def test_all_of_driftlogs_subjects_log():
    """Each is called and measured in a process of its own."""
    job = {"what": "drained", "calls": 20, "seconds": 0.1}
    with sinks(0.0) as ports:
        found = {one.name: one.measure(ports, 60.0, job) for one in OURS}
    assert {20} == {one["calls"] for one in found.values()}


def test_a_subject_that_takes_too_long_is_ended():
    """The reason names the limit."""
    job = {"what": "paced", "calls": 1_000, "per_second": 1.0}
    with sinks(0.0) as ports, pytest.raises(RuntimeError, match="not done within 1 s"):
        PROCESSOR.measure(ports, 1.0, job)


def test_the_sinks_answer_swallow_and_are_closed():
    """A bulk request's items are answered one by one; the closed port refuses."""
    body = b'{"create":{"_id":"a"}}\n{"x":1}\n{"index":{"_index":"i"}}\n{"x":2}\n'
    request = b"POST /_bulk HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    with sinks(0.0) as ports:
        with socket.create_connection(("127.0.0.1", ports.http)) as one:
            one.sendall(request + body)
            answer = one.recv(10_000)
        with socket.create_connection(("127.0.0.1", ports.tcp)) as one:
            one.sendall(b"anything\n")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", ports.closed))
    items = json.loads(answer.partition(b"\r\n\r\n")[2])["items"]
    assert [
        {"create": {"_id": "a", "status": 201}},
        {"index": {"_id": "made", "status": 201}},
    ] == items


def test_a_batch_of_few_rows_is_raced(tmp_path):
    """The command writes both files of a part."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.hotpath",
        "batch",
        "--smoke",
        "--results",
        tmp_path,
    ]
    subprocess.run(command, check=True, capture_output=True)
    (aimed,) = [
        row for row in json.loads((tmp_path / "batch.json").read_text())["rows"] if row["target"]
    ]
    assert (1.5, "2,000 rows x 30") == (aimed["target"], aimed["case"])
