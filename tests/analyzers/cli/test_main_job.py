import re
import shlex
import subprocess
import sys
import time
from importlib import metadata

import pytest

from driftlog_analyzers import _catalog

from .conftest import ROLES, START, write_rows

HOUR = "2024-03-04T10:00:00+00:00"


def test_help_is_fast_and_needs_no_heavy_module(process):
    """The help comes without pandas, scipy, DuckDB, pydantic or the Elasticsearch client."""
    code = (
        "import sys; from driftlog_analyzers.cli._app import application; application()\n"
        "heavy = {'pandas', 'scipy', 'duckdb', 'pydantic', 'numpy', 'elasticsearch', 'driftlog._upload'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "[]\n" == done.stdout

    begun = time.monotonic()
    shown = process("--help")
    assert (0, "", True) == (shown.code, shown.err, time.monotonic() - begun < 5)
    commands = re.findall(r"^  ([a-z][a-z-]+)  ", shown.out, re.MULTILINE)
    expected = (
        "demo log calibrate analyze run across report skew compare-models ship status check-config setup"
        " baseline alerts silences notify dashboards"
    )
    assert expected.split() == commands


def test_a_log_says_what_it_wrote(driftlog, tmp_path):
    """Rows, span and segments are counted, for people and for machines."""
    file = write_rows(tmp_path / "a.csv", 50, seed=1)
    done = driftlog("log", file, "--spool", tmp_path / "spool", "--model", "m", *ROLES, "--json")

    expected = {
        "rows": 50,
        "accepted": 50,
        "dropped": {},
        "changed": {},
        "first": "2024-03-04T00:00:00+00:00",
        "last": "2024-03-04T00:49:00+00:00",
        "segments": 1,
        "spool": str(tmp_path / "spool"),
    }
    assert (0, expected) == (done.code, done.json)
    assert "Reading when as timestamps with an offset.\n" == done.err


def test_a_log_without_time_column_follows_the_beat(driftlog, tmp_path):
    """--start and --every make the times up, and it is said."""
    file = write_rows(tmp_path / "a.csv", 3, seed=1)
    where = ("--spool", tmp_path / "spool", "--model", "m")
    done = driftlog("log", file, *where, "--start", "2024-01-01", "--every", "5m", "--json")

    assert ("2024-01-01T00:00:00+00:00", "2024-01-01T00:10:00+00:00") == (
        done.json["first"],
        done.json["last"],
    )
    assert "No time column: event times are made up (--start, --every).\n" == done.err


def test_a_log_is_continued_after_the_rows_that_are_written(driftlog, tmp_path):
    """--limit and --skip cut the file in two without loss, overlap or another time."""
    file = write_rows(tmp_path / "a.csv", 30, seed=1)
    where = ("log", file, "--model", "m", "--start", "2024-01-01", "--json")
    whole = driftlog(*where, "--spool", "whole").json
    first = driftlog(*where, "--spool", "parts", "--limit", 12).json
    rest = driftlog(*where, "--spool", "parts", "--skip", 12).json

    assert (12, 18) == (first["rows"], rest["rows"])
    assert (whole["first"], whole["last"]) == (first["first"], rest["last"])
    assert "2024-01-01T00:00:12+00:00" == rest["first"]
    assert 2 == driftlog(*where, "--spool", "parts", "--skip", 30).code


def test_analysis_finds_the_vanished_feature(driftlog, spool):
    """Windows, findings and the open alert are the one JSON object on stdout."""
    done = driftlog("analyze", "--spool", spool, "--window", "1h", "--json")

    result = done.json
    found = [
        (window["start"], finding["detector"], finding["feature"])
        for window in result["windows"]
        for finding in window["findings"]
    ]
    assert (0, "", "m", "m 7", 12) == (
        done.code,
        done.err,
        result["model"],
        result["baseline"],
        len(result["windows"]),
    )
    assert [
        (HOUR, "vanished", "income"),
        ("2024-03-04T11:00:00+00:00", "vanished", "income"),
    ] == found
    assert [("vanished", "income", "active")] == [
        (alert["detector"], alert["feature"], alert["status"]) for alert in result["alerts"]
    ]


def test_what_one_command_learned_of_segments_the_next_does_not_look_for(
    driftlog, spool, monkeypatch
):
    """What is in a segment is remembered beside the state: the second analysis inspects nothing."""
    asked, real, looked = (
        ("analyze", "--spool", spool, "--window", "1h", "--json"),
        _catalog.inspect,
        [],
    )

    def inspect(connection, path, *, strict):
        looked.append(path.name)
        return real(connection, path, strict=strict)

    monkeypatch.setattr(_catalog, "inspect", inspect)
    first = driftlog(*asked).json
    assert looked
    looked.clear()
    assert first["alerts"] == driftlog(*asked).json["alerts"]
    assert [] == looked


def test_open_alerts_fail_the_run_where_asked(process, spool):
    """--fail-on-alert exits with 3, and only it."""
    command = ("analyze", "--spool", spool)

    assert [0, 3] == [process(*command).code, process(*command, "--fail-on-alert").code]


def test_windows_are_told_worst_first_and_once(driftlog, spool):
    """A finding that goes on is told in its first window only."""
    done = driftlog("analyze", "--spool", spool)

    assert (
        "2024-03-04 10:00:00 to 2024-03-04 11:00:00 UTC, 60 events\n"
        "  critical  vanished: income vanished: it is absent from 100 % of 60 events"
        " (before: 0 %)\n"
        "  … the same in 1 more window\n"
    ) in done.out
    assert "12 windows, 2 with findings." in done.out


def test_alerts_are_listed_and_shown_with_evidence(driftlog, spool):
    """The list names the alert; showing it gives sentence, changes, figures, events and bars."""
    driftlog("analyze", "--spool", spool)
    listed = driftlog("alerts", "list", "--spool", spool)
    (alert,) = driftlog("alerts", "list", "--spool", spool, "--json").json["alerts"]
    shown = driftlog("alerts", "show", alert["id"][:6], "--spool", spool)
    values = driftlog("alerts", "show", alert["id"], "--spool", spool, "--json").json

    assert (alert["id"][:8] in listed.out, "vanished" in listed.out) == (True, True)
    assert "CRITICAL  income vanished: it is absent from 100 % of 60 events" in shown.out
    for part in ("n = 60, effect = 1, p", "count before", "█" * 32, "events    "):
        assert part in shown.out
    assert ("vanished", 60, 2) == (values["detector"], values["latest"]["n"], values["windows"])


def test_alerts_tell_the_size_of_their_windows(driftlog, spool):
    """One fault seen in windows of two sizes is two alerts, told apart by the size."""
    first = driftlog("analyze", "--spool", spool, "--window", "1h")
    driftlog("analyze", "--spool", spool, "--window", "100")
    values = driftlog("alerts", "list", "--spool", spool, "--json").json["alerts"]
    listed = driftlog("alerts", "list", "--spool", spool)
    shown = driftlog("alerts", "show", values[0]["id"], "--spool", spool).out

    assert {"1h", "100 events"} == {alert["window"] for alert in values}
    assert (True, True) == ("1h" in listed.out, "100 events" in listed.out)
    assert ("1 open alert:" in first.out, values[0]["window"] in shown) == (True, True)


def test_hints_lead_to_the_same_place(driftlog, spool, tmp_path):
    """What a command prints to be run next names the spool, the state and the configuration."""
    (tmp_path / "driftlog.toml").write_text("[models.m]\n")
    place = ("--spool", spool, "--state", "my state", "--config", "driftlog.toml")
    options = f" --spool {spool} --state 'my state' --config driftlog.toml"
    missing = driftlog("analyze", *place)
    assert f"make one with: driftlog baseline --model m --input FILE{options}" in missing.sentence
    assert f"run: driftlog analyze{options}" in driftlog("alerts", "list", *place).sentence
    assert f"run: driftlog analyze{options}" in driftlog("report", *place).sentence

    driftlog("baseline", *place, "--model", "m", "--input", tmp_path / "train.csv", *ROLES)
    analyzed, listed = driftlog("analyze", *place), driftlog("alerts", "list", *place)
    for done in (analyzed, listed):
        assert f"Evidence: driftlog alerts show ID{options}\n" in done.out
    (alert,) = driftlog("alerts", "list", *place, "--json").json["alerts"]
    shown = driftlog("alerts", "show", alert["id"], *place).out
    again = shlex.split(shown.partition("The same again: driftlog ")[2])
    assert ("analyze", 0, 1) == (
        again[0],
        (done := driftlog(*again, "--json")).code,
        len(done.json["windows"]),
    )


def test_the_version_is_told(driftlog):
    """It is that of the installed distribution."""
    assert f"driftlog {metadata.version('driftlog')}\n" == driftlog("--version").out


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], 1),
        (["--all"], 1),
        (["--status", "active"], 1),
        (["--status", "inactive"], 0),
        (["--model", "other"], 0),
    ],
)
def test_alerts_are_filtered(driftlog, spool, options, expected):
    """By model and by status."""
    driftlog("analyze", "--spool", spool)

    listed = driftlog("alerts", "list", "--spool", spool, "--json", *options).json
    assert expected == len(listed["alerts"])


def test_the_report_is_one_file(driftlog, spool, tmp_path):
    """It holds the alert and is said where it is."""
    driftlog("analyze", "--spool", spool)
    done = driftlog("report", "--spool", spool, "--output", tmp_path / "r.html", "--json")

    page = (tmp_path / "r.html").read_text()
    assert {
        "report": str(tmp_path / "r.html"),
        "bytes": len(page.encode()),
        "windows": 12,
    } == done.json
    assert ("income" in page, "http://" in page.replace("http://www.w3.org", "")) == (True, False)


def test_the_report_says_where_the_baseline_is_another(driftlog, spool, tmp_path):
    """One that was made after the analysis, until that is run again; the version chooses one."""
    driftlog("analyze", "--spool", spool)
    assert "" == driftlog("report", "--spool", spool).err
    newer = ("--version", "8", "--input", tmp_path / "good.csv", *ROLES)
    made = driftlog("baseline", "--spool", spool, "--model", "m", *newer)
    assert (0, "") == (made.code, made.err)
    done = driftlog("report", "--spool", spool, "--version", "8")

    said = (
        "12 of 12 windows were judged with another baseline, or other settings, than m 8 shown here"
    )
    command = "driftlog analyze --model m --window 1h --version 8"
    expected = f"Caution: {said}; bring them up to date with: {command} --spool {spool}\n"
    assert (0, expected) == (done.code, done.err)
    assert said in (tmp_path / "report.html").read_text()
    assert "" == driftlog("report", "--spool", spool, "--version", "7").err
    driftlog("analyze", "--spool", spool, "--version", "8")
    assert "" == driftlog("report", "--spool", spool, "--version", "8").err
    assert "Caution" not in (tmp_path / "report.html").read_text()


def test_a_baseline_from_the_log_is_built_and_used(driftlog, spool):
    """Good hours serve as the reference, under the version that they were logged with."""
    made = driftlog(
        "baseline",
        "--spool",
        spool,
        "--from",
        START.isoformat(),
        "--to",
        "2024-03-04T08:00",
        "--json",
    )
    done = driftlog("analyze", "--spool", spool, "--window", "1h", "--json")

    assert ("m", "7", 480) == (made.json["model"], made.json["version"], made.json["events"])
    assert ["income"] == [alert["feature"] for alert in done.json["alerts"]]


def test_a_baseline_is_shown_as_a_table(driftlog, tmp_path):
    """Each feature with its kind, nulls and range or values; times and outputs are none."""
    file = write_rows(tmp_path / "a.csv", 500, seed=1)
    done = driftlog("baseline", "--spool", tmp_path / "s", "--model", "m", "--input", file, *ROLES)

    kinds = {"age": "numeric", "comment": "text", "income": "numeric", "plan": "categorical"}
    rows = {line.split()[0]: line.split()[1] for line in done.out.splitlines()[1:6]}
    assert {"feature": "kind", **kinds} == rows
    assert (
        f"Saved as {tmp_path / 's/analysis/baselines/m/1.toml'}; edit its constraints" in done.out
    )


def test_the_spool_may_come_from_the_environment_or_the_configuration(
    driftlog, spool, tmp_path, monkeypatch
):
    """--spool, DRIFTLOG_SPOOL and spool in --config lead to the same place."""
    (tmp_path / "driftlog.toml").write_text('spool = "spool"\n[models.m]\nwindow = "2h"\n')
    by_config = driftlog("analyze", "--config", "driftlog.toml", "--json").json
    monkeypatch.setenv("DRIFTLOG_SPOOL", str(spool))
    by_environment = driftlog("analyze", "--json").json

    assert (6, 12) == (len(by_config["windows"]), len(by_environment["windows"]))


def test_windows_may_be_counts(driftlog, spool):
    """A number is a number of events."""
    done = driftlog("analyze", "--spool", spool, "--window", "100", "--json")

    assert [100] * 7 == [window["events"] for window in done.json["windows"]]


def test_a_configuration_is_checked(driftlog, tmp_path):
    """A good one is told; a bad one is refused with every problem."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('[models.m]\nwindow = "15m"\n')
    bad.write_text('spol = "x"\n[detection]\nmin_events = 0\n')

    fine, wrong = driftlog("check-config", good), driftlog("check-config", bad)
    assert (0, f"{good} is ok.", True) == (fine.code, fine.out.splitlines()[0], "15m" in fine.out)
    assert (1, "", True, True) == (
        wrong.code,
        wrong.out,
        "spol is unknown; did you mean spool?" in wrong.err,
        "detection.min_events" in wrong.err,
    )
