import pytest

from tests.contract.test_shadow import log, requests


@pytest.fixture
def spool(tmp_path):
    """Two versions on the same requests."""
    log(tmp_path / "spool", list(requests(5, 1000)))
    return tmp_path / "spool"


def test_compare_models(driftlog, spool):
    """Agreement, difference, shift and slices are told on the terminal and as JSON."""
    asked = ("compare-models", "--spool", spool, "--live", "7", "--shadow", "8")
    asked += ("--segment", "country")

    table, found = driftlog(*asked), driftlog(*asked, "--json").json

    assert 0 == table.code
    for words in (
        "800 requests answered by both, joined by trace id",
        "same label",
        "mean of shadow",
    ):
        assert words in table.out
    assert (800, 100, True) == (found["joined"], found["live_requests"] - 800, found["enough"])
    assert 0.8 < found["agreement"] < 1
    assert ["JP"] == [one["value"] for one in found["slices"] if one["stands_out"]]


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("--shadow", "7"), 2, "another version"),
        (("--shadow", "9"), 1, "its versions: 7, 8"),
        (("--shadow", "8", "--by", "id"), 1, "join them --by trace"),
        (("--shadow", "8", "--segment", "n"), 1, "name one of: country"),
    ],
)
def test_bad_input(driftlog, spool, options, code, sentence):
    """What cannot be compared is said in one sentence."""
    done = driftlog("compare-models", "--spool", spool, "--live", "7", *options)

    assert code == done.code
    assert sentence in done.err
