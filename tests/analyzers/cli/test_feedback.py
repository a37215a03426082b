import pytest

from tests.analyzers.spools import MODEL, write
from tests.contract.test_feedback import traffic

CONFIG = """
[models.churn.feedback]
output = "item"
input = "last_item"
entity = "user_id"
within = "{}"
"""


@pytest.fixture
def config(tmp_path):
    """A configuration that asks for the loop."""
    path = tmp_path / "driftlog.toml"
    path.write_text(CONFIG.format("2h"))
    return path


def test_feedback(driftlog, tmp_path, config):
    """A loop that begins is a finding where the configuration asks for it, and an alert."""
    spool = tmp_path / "spool"
    write(spool, traffic(3, 10, follows=lambda hour: 0.9 if hour == 8 else 0.1))
    made = driftlog("baseline", "--spool", spool, "--model", MODEL, "--to", "2026-03-02T06:00")
    assert 0 == made.code

    silent = driftlog("analyze", "--spool", spool, "--json").json
    found = driftlog("analyze", "--spool", spool, "--config", config, "--json").json

    assert "feedback" not in [alert["detector"] for alert in silent["alerts"]]
    hours = [
        n
        for n, window in enumerate(found["windows"])
        if "feedback" in [finding["detector"] for finding in window["findings"]]
    ]
    assert [8] == hours


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (CONFIG.format("100"), "'100' is no span of time; write one such as 1d"),
        (CONFIG.format("soon"), "soon"),
        (CONFIG.replace("entity", "user"), "entity"),
    ],
)
def test_bad_configuration(driftlog, config, text, sentence):
    """What is wrong with the table is said in one sentence."""
    config.write_text(text)

    done = driftlog("check-config", config)

    assert 1 == done.code
    assert sentence in done.err
