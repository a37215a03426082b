from .conftest import write_rows


def test_the_demo_finds_every_fault_soon_after_its_onset(process, tmp_path):
    """Each by the detector made for it, with few other alerts, and the report is there."""
    done = process("demo", "--output", "d", "--json")

    result = done.json
    found = {fault["feature"]: fault["detector"] for fault in result["faults"]}
    expected = {
        "income": "vanished",
        "age": "na_spike",
        "plan": "category_shift",
        "comment": "oov_rate",
    }
    assert (0, "", expected) == (done.code, done.err, found)
    assert max(fault["events"] for fault in result["faults"]) < 800
    assert 60_000 < result["events"] < 80_000
    assert len(result["other_alerts"]) <= result["feature_windows"] / 1000
    assert 10_000 < (tmp_path / result["report"]).stat().st_size < 2_000_000


def test_the_demo_plays_with_the_users_file(driftlog, tmp_path):
    """Faults on top of the second half are found, and the commands that lead on work."""
    file = write_rows(tmp_path / "mine.csv", 4000, seed=11)
    done = driftlog("demo", "--input", file, "--time", "when", "--text", "comment", "--output", "d")
    listed = driftlog("alerts", "list", "--spool", "d/spool", "--json").json["alerts"]

    assert 0 == done.code
    table = {line.split()[0]: line for line in done.out.splitlines() if " vanishes" in line}
    assert " vanished " in table["age"]
    assert "new words arrive" in done.out
    assert "not found" not in done.out
    assert {"age", "comment"} <= {alert["feature"] for alert in listed}


def test_the_demo_prints_what_to_run_next(driftlog, tmp_path):
    """The commands name the spool and an alert."""
    file = write_rows(tmp_path / "mine.csv", 2000, seed=12)
    done = driftlog("demo", "--input", file, "--time", "when", "--output", "d")
    command = next(line for line in done.out.splitlines() if "alerts show" in line)

    assert 0 == driftlog(*command.split()[1:]).code
    assert "  driftlog alerts list --spool d/spool" in done.out.splitlines()
