"""``driftlog calibrate``, what is said after it, and baselines that are compared and amended."""

import shlex

import pytest

from driftlog_analyzers._baseline_file import load_baseline
from tests.analyzers.rhythms import flat, growing, log_days
from tests.analyzers.spools import MODEL

WINDOW = ("--window", "8h")


@pytest.fixture
def spool(tmp_path, driftlog):
    """Growing traffic with a fault in its last week, and a baseline of six weeks of it."""
    folder = log_days(tmp_path / "spool", growing, 56, faulty=49)
    assert 0 == driftlog("baseline", "--spool", folder, "--to", "2026-04-13").code
    return folder


def path_of(spool):
    """Where the baseline is."""
    return spool / "analysis" / "baselines" / MODEL / "7.toml"


def test_calibrate_analyze_and_show(spool, driftlog):
    """The mode is said by calibrate, kept with the baseline, and said again in the alert's evidence."""
    told = driftlog("calibrate", "--spool", spool, *WINDOW)
    analyzed = driftlog("analyze", "--spool", spool, *WINDOW, "--json").json
    nulls = next(a for a in analyzed["alerts"] if a["detector"] == "na_spike")
    shown = driftlog("alerts", "show", nulls["id"], "--spool", spool)

    assert (0, True) == (told.code, "Windows are compared with the windows before." in told.out)
    assert "2026-04-20" == nulls["opened"]["start"][:10]
    assert f"beside    {MODEL} 7 beside the windows before\n" in shown.out


def test_uncalibrated_growth_is_said_once_with_what_to_do(spool, driftlog):
    """The reference's own windows are not alike: one sentence says so, and the command in it ends that."""
    told = driftlog("analyze", "--spool", spool, *WINDOW)
    command = f"driftlog calibrate --model {MODEL} --window 8h --spool {spool}"

    assert "differ among themselves by more than chance explains" in told.out
    assert f"Have it learned how far is usual: {command}\n" in told.out
    assert 0 == driftlog(*shlex.split(command)[1:]).code
    assert "" == driftlog("analyze", "--spool", spool, *WINDOW, "--json").json["hint"]


def test_traffic_without_rhythm_needs_no_calibration(tmp_path, driftlog):
    """A fault beside a reference whose windows are alike is told without the sentence."""
    folder = log_days(tmp_path / "spool", flat, 56, faulty=49)
    driftlog("baseline", "--spool", folder, "--to", "2026-04-13")
    analyzed = driftlog("analyze", "--spool", folder, *WINDOW, "--json").json

    assert analyzed["alerts"]
    assert "" == analyzed["hint"]


def test_calibrate_as_json(spool, driftlog):
    """Machines get the mode, the floors, the expected alerts and the windows that alert most."""
    values = driftlog(
        "calibrate", "--spool", spool, *WINDOW, "--without", "2026-03-10/2026-03-11", "--json"
    ).json

    assert "trailing" == values["mode"]
    assert 20 < values["windows"] <= 123
    assert {"whole", "hour_of_week", "trailing"} == values["alerts_per_1000_without"].keys()
    assert values["spreads"]["numeric_shift.amount"]["floor"] > 0
    assert ["2026-03-10"] == [one["start"][:10] for one in values["without"]]
    assert "trailing" == load_baseline(path_of(spool)).calibrations[0].mode


@pytest.mark.parametrize("text", ["2026-03-10", "a/b"])
def test_a_stretch_that_is_none(spool, driftlog, text):
    """Anything but two times is refused as wrong usage."""
    done = driftlog("calibrate", "--spool", spool, "--without", text)

    assert (2, True) == (done.code, "--without" in done.err)


def test_too_few_windows_are_one_sentence(spool, driftlog):
    """Six weeks are too few to learn from weeks."""
    done = driftlog("calibrate", "--spool", spool, "--window", "1w")

    assert 1 == done.code
    assert "at least 8 are needed: name a longer stretch" in done.sentence


def test_calibration_keeps_what_people_wrote(spool, driftlog):
    """Comments and left-out keys of the TOML survive, and the constraint that people wrote counts."""
    path = path_of(spool)
    text = path.read_text().replace(
        "[features.channel]", "# sales asked for this\n[features.channel]"
    )
    path.write_text(text)

    assert 0 == driftlog("calibrate", "--spool", spool, *WINDOW).code
    assert text == path.read_text()


def test_accept_an_alert(spool, driftlog):
    """Null was forbidden; accepting the alert writes that one line anew, prints it, and the alert's rule is gone."""
    path = path_of(spool)
    before = path.read_text().replace(
        'kind = "numeric"\nrequired = true\nnulls = "allowed"',
        'kind = "numeric" # in EUR\nrequired = true\nnulls = "forbidden"',
    )
    path.write_text(before)
    analyzed = driftlog("analyze", "--spool", spool, *WINDOW, "--json").json
    nulls = next(a for a in analyzed["alerts"] if a["detector"] == "na_spike")

    done = driftlog("baseline", "accept", nulls["id"], "--spool", spool)

    assert 0 == done.code, done.err
    assert before.replace('"forbidden"\nminimum', '"allowed"\nminimum') == path.read_text()
    assert ["amount", "nulls", "forbidden", "allowed"] in [
        line.split() for line in done.out.splitlines()
    ]


def test_accept_what_no_constraint_can(spool, driftlog):
    """A shift of categories needs a new baseline, and the file stays."""
    analyzed = driftlog("analyze", "--spool", spool, *WINDOW, "--json").json
    shift = next(a for a in analyzed["alerts"] if a["detector"] == "category_shift")
    before = path_of(spool).read_text()

    done = driftlog("baseline", "accept", shift["id"], "--spool", spool)

    assert (1, before) == (done.code, path_of(spool).read_text())
    assert "make a new baseline of good events" in done.sentence


def test_diff_of_two_baselines(spool, driftlog, tmp_path):
    """Constraints and shares that two stretches of the log differ in; two of the same say the same."""
    for name, end in (("a.toml", "2026-03-09"), ("b.toml", "2026-04-13")):
        driftlog("baseline", "--spool", spool, "--to", end, "--output", tmp_path / name)

    text = driftlog("baseline", "diff", "a.toml", "b.toml")
    values = driftlog("baseline", "diff", "a.toml", "b.toml", "--json").json
    same = driftlog("baseline", "diff", "a.toml", "a.toml")

    keys = {(one["feature"], one["what"]) for one in values["differences"]}
    assert {("amount", "maximum"), ("amount", "mean"), ("channel", "share of 'web'")} <= keys
    assert (0, True) == (text.code, f"{len(keys)} differences." in text.out)
    assert (0, True) == (same.code, "The two say the same." in same.out)


def test_a_baseline_made_again_keeps_its_calibration(spool, driftlog):
    """Of the same events it is kept without a word; of others it is dropped, and one sentence says so."""
    driftlog("calibrate", "--spool", spool, *WINDOW)
    kept = load_baseline(path_of(spool)).calibrations

    same = driftlog("baseline", "--spool", spool, "--to", "2026-04-13", "--force")
    assert ("", kept) == (same.err, load_baseline(path_of(spool)).calibrations)

    other = driftlog("baseline", "--spool", spool, "--to", "2026-04-12")
    assert () == load_baseline(path_of(spool)).calibrations
    assert (
        f"The calibration of baseline {MODEL} 7 for windows of 8h was of another reference and is dropped;"
        f" learn it anew with: driftlog calibrate --model {MODEL} --window 8h --spool {spool}\n"
    ) == other.err


def test_a_calibrated_file_that_is_made_again(spool, driftlog, tmp_path):
    """With --output it is the file that is looked at, and that the sentence names."""
    file = tmp_path / "a.toml"
    make = ("baseline", "--spool", spool, "--output", file)
    driftlog(*make, "--to", "2026-04-13")
    driftlog("calibrate", "--spool", spool, *WINDOW, "--baseline", file)

    assert "" == driftlog(*make, "--to", "2026-04-13").err
    assert 1 == len(load_baseline(file).calibrations)
    told = driftlog(*make, "--to", "2026-04-12").err
    assert f"calibrate --model {MODEL} --baseline {file} --window 8h" in told
