import os
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

from .conftest import ROLES, write_rows


@contextmanager
def tmpfs(folder, options):
    """A small file system of its own, or a skip where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a tmpfs is not permitted here, so a full disk cannot be shown")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize(
    "case",
    [
        ("missing.csv", None, "missing.csv does not exist; name a CSV or Parquet file"),
        ("empty.csv", b"", "empty.csv is empty; a header line and at least one row are needed"),
        ("image.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "image.csv is neither CSV nor Parquet"),
        ("latin.csv", "a\nfü\n".encode("latin1"), "latin.csv is not UTF-8; convert it"),
        ("a.jsonl", b'{"a": 1, "b": 2}\n{"a": 2, "b": 3}\n', "looks like JSON, not CSV or Parquet"),
        ("a.json", b'\n [\n{"a": 1}]\n', "looks like JSON, not CSV or Parquet"),
        ("prose.txt", b"It was a dark and stormy night\nand rained\n", "does not look like CSV"),
        ("short.txt", b"To be continued.\nSoon\n", "does not look like CSV"),
        ("torn.csv", b"a,b\n1,2\n3\n", "line 3 and the header differ in their number of cells"),
    ],
)
@pytest.mark.parametrize("command", ["log", "baseline", "demo"])
def test_an_unusable_file_is_named(driftlog, tmp_path, command, case):
    """One sentence, exit code 1, and nothing is logged."""
    name, content, problem = case
    if content is not None:
        (tmp_path / name).write_bytes(content)
    arguments = {
        "log": [name, "--spool", "spool", "--model", "m"],
        "baseline": ["--input", name, "--spool", "spool", "--model", "m"],
        "demo": ["--input", name, "--time", "a"],
    }[command]
    done = driftlog(command, *arguments)

    assert (1, "", True) == (done.code, done.out, problem in done.sentence)
    assert [] == list(tmp_path.rglob("*.ndjson"))


@pytest.mark.parametrize("header", ["age", '"age in years"', "\ufeffÄge", "age [years]"])
def test_a_single_column_is_a_table(driftlog, tmp_path, header):
    """Its header is a name; no separator is needed."""
    (tmp_path / "a.csv").write_text(f"{header}\n1\n2\n")
    done = driftlog("log", "a.csv", "--spool", "spool", "--model", "m", "--json")

    assert (0, 2) == (done.code, done.json["accepted"])


def test_a_real_process_says_it_in_one_sentence(process):
    """No traceback reaches the terminal."""
    done = process("log", "no.csv", "--spool", "spool", "--model", "m")

    expected = "driftlog: no.csv does not exist; name a CSV or Parquet file\n"
    assert (1, "", expected) == (done.code, done.out, done.err)


def test_a_time_that_does_not_parse_stops_before_the_first_line(driftlog, tmp_path):
    """Row and value are named, and the spool stays untouched."""
    (tmp_path / "a.csv").write_text("t,a\n2024-01-01,1\nyesterday,2\n")
    done = driftlog("log", "a.csv", "--spool", "spool", "--model", "m", "--time", "t")

    expected = (
        "a.csv, row 2: the time column 't' holds 'yesterday', which is not a time; "
        "give ISO 8601 times, dates, or seconds or milliseconds since 1970"
    )
    assert (1, expected) == (done.code, done.sentence)
    assert not (tmp_path / "spool").exists()


@pytest.mark.parametrize("command", ["log", "baseline", "demo"])
def test_a_column_that_is_not_there_is_named(driftlog, tmp_path, command):
    """With the columns that are."""
    (tmp_path / "a.csv").write_text("t,a\n2024-01-01,1\n")
    arguments = {
        "log": ["a.csv", "--spool", "spool", "--model", "m", "--text", "note"],
        "baseline": ["--input", "a.csv", "--spool", "spool", "--model", "m", "--text", "note"],
        "demo": ["--input", "a.csv", "--time", "t", "--text", "note"],
    }[command]
    done = driftlog(command, *arguments)

    assert (1, "a.csv has no column 'note'; its columns are: t, a") == (done.code, done.sentence)


@pytest.mark.parametrize("command", ["analyze", "report", "alerts list", "alerts show x"])
def test_a_missing_spool_is_named(driftlog, tmp_path, command):
    """Every reader says which folder is missing, and makes none."""
    done = driftlog(*command.split(), "--spool", tmp_path / "no")

    assert (1, "", True) == (done.code, done.out, str(tmp_path / "no") in done.sentence)
    assert [] == list(tmp_path.iterdir())


def test_an_empty_spool_names_the_next_step(driftlog, tmp_path):
    """It says how events get there."""
    (tmp_path / "spool").mkdir()
    done = driftlog("analyze", "--spool", "spool")

    assert (1, True) == (done.code, "holds no events yet; log some with" in done.sentence)


def test_no_spool_at_all_is_wrong_usage(driftlog):
    """The three ways to name one are told."""
    done = driftlog("analyze")

    assert (2, True) == (done.code, "--spool DIR, DRIFTLOG_SPOOL or spool in --config" in done.err)


def test_no_baseline_names_the_next_step(driftlog, tmp_path):
    """It says how one is made."""
    file = write_rows(tmp_path / "a.csv", 30, seed=1)
    driftlog("log", file, "--spool", "spool", "--model", "m", *ROLES)
    done = driftlog("analyze", "--spool", "spool")

    assert (1, True) == (done.code, "driftlog baseline --model m --input FILE" in done.sentence)


def test_a_baseline_for_another_model_is_refused(driftlog, spool, tmp_path):
    """Both models are named."""
    train = tmp_path / "train.csv"
    where = ("--spool", spool, "--model", "b", "--output", "b.toml")
    assert 0 == driftlog("baseline", *where, "--input", train, *ROLES).code
    done = driftlog("analyze", "--spool", spool, "--baseline", "b.toml")

    expected = "baseline b.toml is for model 'b', and the events are of 'm'; make one with"
    assert (1, True) == (done.code, done.sentence.startswith(expected))


def test_a_model_that_is_not_there_or_not_named_is_asked_for(driftlog, spool, tmp_path):
    """The models of the spool are listed."""
    driftlog("log", tmp_path / "train.csv", "--spool", spool, "--model", "b", *ROLES)
    unnamed = driftlog("analyze", "--spool", spool)
    unknown = driftlog("analyze", "--spool", spool, "--model", "c")

    assert [
        f"spool {spool} holds several models; name one with --model: b, m",
        f"spool {spool} holds no events of model 'c', only of: b, m",
    ] == [unnamed.sentence, unknown.sentence]


def test_damaged_lines_are_counted_set_aside_and_survived(driftlog, spool):
    """Torn, foreign, non-UTF-8 and zero-filled lines stop nothing; the good ones all count."""
    segment = min(spool.glob("*.ndjson"))
    lines = segment.read_bytes().splitlines(keepends=True)
    junk = [
        b'{"@timestamp":"2024-\n',
        b"\xff\xfe\xfd\n",
        b'{"level":"info"}\n',
        b"\x00" * 512 + b"\n",
    ]
    segment.write_bytes(b"".join([*lines[:5], *junk, *lines[5:]]))
    done = driftlog("analyze", "--spool", spool, "--json")

    assert (0, 720) == (done.code, sum(window["events"] for window in done.json["windows"]))
    assert f"{segment}: 4 damaged lines were skipped (" in done.err
    assert "set aside in " in done.err


def test_a_spool_of_nothing_but_damage_is_an_error(driftlog, tmp_path):
    """Nothing can be concluded from it, and that is said."""
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "a.ndjson").write_bytes(b"\x00" * 4096 + b"\nnot json\n")
    done = driftlog("analyze", "--spool", "spool")

    assert (1, True) == (done.code, "holds no events yet" in done.sentence)


def test_an_unknown_key_in_a_configuration_stops_every_command(driftlog, spool, tmp_path):
    """The key and the nearest known one are named."""
    (tmp_path / "driftlog.toml").write_text('[models.m]\nwindwo = "1h"\n')
    for command in ("analyze", "alerts list", "report"):
        done = driftlog(*command.split(), "--spool", spool, "--config", "driftlog.toml")
        assert (1, "driftlog.toml: models.m.windwo is unknown; did you mean window?") == (
            done.code,
            done.sentence,
        )


def test_a_window_below_the_minimum_is_named_and_the_others_are_judged(driftlog, spool):
    """Its count and the minimum are told."""
    done = driftlog("analyze", "--spool", spool, "--from", "2024-03-04T08:50", "--window", "7h")

    assert 0 == done.code
    short = driftlog("analyze", "--spool", spool, "--window", "19m")
    assert "events, fewer than the minimum of 20: not judged" in short.out


def test_nothing_but_windows_below_the_minimum_is_an_error(driftlog, spool):
    """Nothing was judged, so the run must not look fine."""
    done = driftlog("analyze", "--spool", spool, "--window", "10m")

    expected = "none of the 72 windows has the minimum of 20 events (the largest has 10)"
    assert (1, True) == (done.code, done.sentence.startswith(expected))


def test_a_count_that_no_window_reaches_is_an_error(driftlog, spool):
    """What the spool holds is told."""
    done = driftlog("analyze", "--spool", spool, "--window", "1000")

    expected = (
        f"spool {spool} holds no full window of 1000 events there; its 720 events of model 'm'"
    )
    assert (1, True) == (done.code, done.sentence.startswith(expected))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--window", "5 apples"], "window size '5 apples' is not understood"),
        (["--window", "0h"], "window size '0h' is empty"),
        (["--from", "yesterday"], "'yesterday' is not an ISO 8601 time"),
        (["--fail"], "No such option"),
    ],
)
def test_wrong_usage_exits_with_two(driftlog, spool, options, problem):
    """The option is named."""
    done = driftlog("analyze", "--spool", spool, *options)

    assert (2, "", True) == (done.code, done.out, problem in done.err)


def test_a_full_disk_is_said_with_the_number_of_rows_lost(process, tmp_path):
    """What was written is whole; the rest is counted by its reason, and the command fails."""
    file = write_rows(tmp_path / "a.csv", 2000, seed=1)
    with tmpfs(tmp_path / "disk", "size=256k") as disk:
        done = process("log", file, "--spool", disk / "spool", "--model", "m", *ROLES, "--json")
        lines = [
            line for p in (disk / "spool").glob("*.ndjson") for line in p.read_bytes().splitlines()
        ]

    written = len(lines) - 1
    assert (1, 2000, written) == (done.code, done.json["rows"], done.json["accepted"])
    assert {"disk full": 2000 - written} == done.json["dropped"]
    assert (
        f"{2000 - written:,} of 2,000 rows were not written to {disk}/spool (disk full)" in done.err
    )
    assert done.sentence.endswith(f"log the rest with the same command and --skip {written}")


def test_an_older_report_survives_a_full_disk(process, spool, tmp_path):
    """The new one is written beside it, and what there is of it is removed."""
    process("analyze", "--spool", spool)
    with tmpfs(tmp_path / "disk", "size=16k") as disk:
        (disk / "r.html").write_text("good")
        done = process("report", "--spool", spool, "--output", disk / "r.html")
        kept = [(path.name, path.read_text()) for path in disk.iterdir()]

    expected = f"report {disk}/r.html cannot be written: No space left on device"
    assert (1, expected) == (done.code, done.sentence)
    assert [("r.html", "good")] == kept


def test_a_read_only_spool_is_said(process, tmp_path):
    """Logging fails with the number of rows; analysis works with the state elsewhere."""
    file = write_rows(tmp_path / "a.csv", 200, seed=1)
    with tmpfs(tmp_path / "disk", "size=4m") as disk:
        common = ("--spool", disk / "spool", "--model", "m")
        process("log", file, *common, *ROLES)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        logged = process("log", file, *common, *ROLES)
        state = ("--state", tmp_path / "state")
        lacking = process("analyze", *common)
        refused = process("baseline", *common, "--input", file, *ROLES)
        elsewhere = process("baseline", *common, "--input", file, "--output", "b.toml", *ROLES)
        made = process("baseline", *common, "--input", file, *ROLES, *state)
        analyzed = process("analyze", *common, *state)

    expected = f"200 of 200 rows were not written to {disk}/spool (spool not writable); make room"
    assert (1, True) == (logged.code, logged.sentence.startswith(expected))
    assert (1, True) == (
        refused.code,
        "cannot be written (read-only); name another place with --output PATH, or with --state DIR"
        in refused.sentence,
    )
    assert (1, True) == (lacking.code, "both times with --state DIR" in lacking.sentence)
    assert 0 == elsewhere.code
    assert (0, 0, "") == (made.code, analyzed.code, analyzed.err)


def test_a_demo_does_not_overwrite_what_is_no_demo(driftlog, tmp_path):
    """A folder with other things is refused and left as it is."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("42")
    done = driftlog("demo", "--output", "mine")

    expected = "mine exists and is no demo's folder; name another with --output"
    assert (1, expected) == (done.code, done.sentence)
    assert ["thesis.txt"] == [path.name for path in (tmp_path / "mine").iterdir()]


def test_a_demo_of_a_short_file_is_refused(driftlog, tmp_path):
    """It says how many rows are needed."""
    write_rows(tmp_path / "a.csv", 100, seed=1)
    done = driftlog("demo", "--input", "a.csv", "--time", "when")

    assert (1, "a.csv has 100 rows; the demo needs 400 at the least") == (done.code, done.sentence)


def test_an_unknown_alert_is_named(driftlog, spool):
    """It says where the ids are."""
    driftlog("analyze", "--spool", spool)
    done = driftlog("alerts", "show", "zzz", "--spool", spool)

    assert (1, True) == (done.code, "begins with 'zzz'" in done.sentence)


def test_alerts_before_any_analysis_name_the_next_step(driftlog, spool):
    """It says what to run."""
    done = driftlog("alerts", "list", "--spool", spool)

    expected = f"there is no analysis in {spool}/analysis; run: driftlog analyze --spool {spool}"
    assert (1, expected) == (done.code, done.sentence)


def changed(file, statement, *values):
    """Change a state file as no driftlog would."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(statement, values)


def test_a_damaged_row_is_one_sentence(driftlog, process, spool):
    """Whatever row it is and whoever reads it: no traceback, not even after the sentence."""
    driftlog("analyze", "--spool", spool)
    file, now = (
        spool / "analysis" / "state.sqlite",
        f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f+00:00}",
    )
    changed(file, "INSERT INTO beat VALUES ('x', ?, '{')", now)
    changed(file, "INSERT INTO notification VALUES ('a','r','m','1h','t','sent',?,NULL,1,'{')", now)
    changed(file, "INSERT INTO action VALUES ('silences', 1, ?, '{')", now)
    damaged = f"driftlog: state file {file} is damaged; move it away and analyze again: the spool has the events\n"
    for command in (("status",), ("notify", "list"), ("silences", "list"), ("alerts", "list")):
        done = process(*command, "--spool", spool)
        assert (1, damaged) == (done.code, done.err), command
    changed(file, "UPDATE notification SET state = 'no such'")
    assert "is damaged" in driftlog("notify", "list", "--spool", spool).sentence


def test_a_state_file_without_a_table_is_said(driftlog, spool):
    """It is another state than a file in use, and has another remedy."""
    driftlog("analyze", "--spool", spool)
    changed(spool / "analysis" / "state.sqlite", "DROP TABLE episode")
    done = driftlog("alerts", "list", "--spool", spool)

    assert 1 == done.code
    assert "state.sqlite is not whole (no such table: episode); move it away" in done.sentence


def test_a_logged_value_does_not_drive_the_terminal(driftlog, tmp_path):
    """Control characters in values are written out."""
    rows = "".join(f"2024-01-01T00:00:{row % 60:02},x\n" for row in range(60))
    (tmp_path / "a.csv").write_text("t,plan\n" + rows)
    (tmp_path / "b.csv").write_text("t,plan\n" + rows.replace("x", "\x1b[31mred"))
    driftlog("baseline", "--spool", "s", "--model", "m", "--input", "a.csv", "--ignore", "t")
    driftlog("log", "b.csv", "--spool", "s", "--model", "m", "--time", "t")
    done = driftlog("analyze", "--spool", "s")

    assert (0, True, False) == (done.code, "\\x1b[31mred" in done.out, "\x1b" in done.out)


def test_a_spool_that_is_a_file_is_said(driftlog, tmp_path):
    """Nothing can be written there, and the command fails."""
    write_rows(tmp_path / "a.csv", 30, seed=1)
    (tmp_path / "spool").write_text("not a folder")
    logged = driftlog("log", "a.csv", "--spool", "spool", "--model", "m", *ROLES)
    analyzed = driftlog("analyze", "--spool", "spool")

    assert (1, True) == (logged.code, "30 of 30 rows were not written to spool" in logged.sentence)
    assert (1, True) == (analyzed.code, "spool" in analyzed.sentence)


def test_a_terminal_without_unicode_still_gets_its_answer(process, spool):
    """What its encoding has not is written out."""
    analyzed = process("analyze", "--spool", spool, env={"PYTHONIOENCODING": "ascii"})

    assert (0, True) == (analyzed.code, r"\u2026 the same in" in analyzed.out)
