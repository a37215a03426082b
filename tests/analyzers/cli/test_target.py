"""What becomes of the baseline that is there when another is made."""

import pytest

from .conftest import ROLES

ROW = 'required = true\nnulls = "allowed"\nminimum'
EDITED = ROW.replace("allowed", "forbidden")
PLACE = ("--model", "m", "--version", "7", "--input", "train.csv", *ROLES)


@pytest.fixture
def edited(spool):
    """A baseline that somebody edited; its path."""
    path = spool / "analysis" / "baselines" / "m" / "7.toml"
    path.write_text(path.read_text().replace(ROW, EDITED, 1))
    return path


def test_an_unedited_one_is_replaced(driftlog, spool):
    """Whoever changed nothing loses nothing: the command may be run again, with --closed too."""
    for more in ((), (), ("--closed",), ("--closed",)):
        assert 0 == driftlog("baseline", "--spool", spool, *PLACE, *more).code


@pytest.mark.parametrize("making", [PLACE, ("--model", "m"), (*PLACE, "--closed")])
def test_an_edited_one_is_kept(driftlog, spool, edited, making):
    """A baseline that people edited is not replaced without their word, from a file or from the log."""
    before = edited.read_bytes()
    done = driftlog("baseline", "--spool", spool, *making)
    expected = (
        f"the baseline m 7 in {spool}/analysis/baselines was edited since it was made, or made with --closed"
        " (age); keep it, or replace it with --force"
    )
    assert (1, expected, before) == (done.code, done.sentence, edited.read_bytes())
    assert 0 == driftlog("baseline", "--spool", spool, *making, "--force").code
    assert EDITED not in edited.read_text()


def test_a_closed_one_is_an_edit(driftlog, spool):
    """What --closed says of all features somebody may have written: without it that would be lost."""
    assert 0 == driftlog("baseline", "--spool", spool, *PLACE, "--closed").code
    assert "made with --closed (plan)" in driftlog("baseline", "--spool", spool, *PLACE).sentence


def test_an_edited_output_file_is_kept(driftlog, spool, tmp_path):
    """A file that --output names is protected likewise."""
    making = ("baseline", "--spool", spool, *PLACE, "--output", "b.toml")
    assert [0, 0] == [driftlog(*making).code for _ in range(2)]
    file = tmp_path / "b.toml"
    file.write_text(file.read_text().replace(ROW, EDITED, 1))
    assert "the baseline m 7 in b.toml was edited since" in driftlog(*making).sentence
    assert 0 == driftlog(*making, "--force").code


def test_if_absent(driftlog, spool, edited):
    """With --if-absent whatever is there is kept, before any work, and that is said."""
    before = edited.read_bytes()
    making = ("baseline", "--spool", spool, "--model", "m", "--version", "7", "--if-absent")
    kept = driftlog(*making, "--input", "gone.csv")
    sentence = f"Baseline m 7 in {spool}/analysis/baselines is kept as it is.\n"
    assert (0, sentence, "") == (kept.code, kept.out, kept.err)
    assert (False, 2000) == tuple(driftlog(*making, "--json").json[k] for k in ("saved", "events"))
    assert before == edited.read_bytes()
    edited.unlink()
    assert driftlog(*making, "--json").json["saved"]


def test_one_that_cannot_be_read(driftlog, spool, edited):
    """What is there may hold edits even if it is broken: it is named, and --force replaces it."""
    edited.write_text(edited.read_text().replace('kind = "numeric"', 'knd = "numeric"', 1))
    for more in ((), ("--if-absent",)):
        done = driftlog("baseline", "--spool", spool, *PLACE, *more)
        assert (1, True) == (done.code, "--force replaces it" in done.err)
    assert 0 == driftlog("baseline", "--spool", spool, *PLACE, "--force").code
    assert 0 == driftlog("baseline", "--spool", spool, *PLACE).code


def test_load(driftlog, spool, edited, tmp_path):
    """A file is kept as it is in the place's home; an edited one there gives way to its own content or --force."""
    loading = ("baseline", "--load", edited, "--state", "mine", "--spool", spool)
    assert [0, 0] == [driftlog(*loading).code for _ in range(2)]
    home = tmp_path / "mine" / "baselines" / "m" / "7.toml"
    assert EDITED in home.read_text()
    edited.write_text(edited.read_text().replace(EDITED, ROW, 1))
    assert (
        "was edited since it was made, or made with --closed (age)" in driftlog(*loading).sentence
    )
    assert (0, False) == (driftlog(*loading, "--force").code, EDITED in home.read_text())


def test_a_broken_file_is_not_loaded(driftlog, spool, edited):
    """What is wrong with a file is said as analyze says it."""
    edited.write_text(edited.read_text().replace('kind = "numeric"', 'knd = "numeric"', 1))
    done = driftlog("baseline", "--load", edited, "--state", "mine", "--spool", spool)
    assert (1, True) == (done.code, "is unknown; did you mean kind?" in done.err)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--force", "--if-absent"), "give --force or --if-absent, not both"),
        (("--load", "b.toml", "--model", "m"), "a baseline is loaded as it is"),
        (("--load", "b.toml", "--closed"), "a baseline is loaded as it is"),
        (("--load", "b.toml", "--output", "c.toml"), "a baseline is loaded as it is"),
    ],
)
def test_options_that_do_not_go_together(driftlog, options, words):
    """Contradictions are wrong usage."""
    done = driftlog("baseline", "--spool", "spool", *options)
    assert (2, True) == (done.code, words in " ".join(done.err.split()))
