"""From the log to a message: ``driftlog run`` and ``driftlog analyze --notify`` with a real receiver."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from driftlog import PredictionLogger
from tests.analyzers.notify.conftest import http

__all__ = ["http"]

HOURS, GOOD, BAD = 14, 8, 11
PER_HOUR = 60


@pytest.fixture
def service(tmp_path):
    """Logs hours of a service that began 14 hours ago; in some of them ten features of one source are missing."""
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS)
    chance = random.Random(3)

    def log(*hours, gone=()):
        with PredictionLogger(model="churn", version="7", spool=tmp_path / "spool") as logger:
            for hour in hours:
                for n in range(PER_HOUR):
                    row = {"x": chance.gauss(0, 1)}
                    if hour not in gone:
                        row |= {f"billing_{k}": chance.random() for k in range(10)}
                    at = begin + timedelta(hours=hour + n / PER_HOUR)
                    logger.log(row, timestamp=at)
        return begin

    return log


@pytest.fixture
def place(tmp_path, service, driftlog, http):
    """A configuration with a route, a baseline of good hours, and the hours in which features vanished."""
    begin = service(*range(BAD), gone=range(GOOD, BAD))
    file = tmp_path / "driftlog.toml"
    file.write_text(f"""
        spool = "spool"
        [models.churn]
        window = "1h"
        [[routes]]
        name = "hook"
        url = "{http.message_url}"
        """)
    end = begin + timedelta(hours=GOOD)
    done = driftlog("baseline", "--config", file, "--to", f"{end:%Y-%m-%dT%H:%M}")
    assert 0 == done.code
    return file


def test_an_incident_is_told_once(driftlog, place, service, http):
    """Ten features that vanish together are one message; nothing is repeated; the end is told, too."""
    assert 0 == driftlog("run", "--once", "--config", place).code
    assert 1 == len(http.arrived)
    body = http.arrived[0].body
    assert "churn" in body
    assert "billing_0" in body
    assert "billing" in body
    assert 0 == driftlog("run", "--once", "--config", place).code
    assert 1 == len(http.arrived)

    service(*range(BAD, HOURS - 1))
    assert 0 == driftlog("run", "--once", "--config", place).code
    assert 2 == len(http.arrived)
    assert ", over: churn: vanished" in http.arrived[1].body


def test_acknowledged_is_left_alone(driftlog, place, http):
    """What was acknowledged before anybody was told sends nothing, and what people resolve has ended."""
    assert 0 == driftlog("analyze", "--config", place).code
    (incident,) = driftlog("alerts", "list", "--incidents", "--config", place, "--json").json[
        "incidents"
    ]
    assert 0 == driftlog("alerts", "ack", incident["id"], "--config", place).code
    assert 0 == driftlog("analyze", "--notify", "--config", place).code
    assert [] == http.arrived
    assert 0 == driftlog("alerts", "unack", incident["id"], "--config", place).code
    assert 0 == driftlog("analyze", "--notify", "--config", place).code
    assert 1 == len(http.arrived)
    assert 0 == driftlog("alerts", "resolve", incident["id"], "--config", place).code
    assert 0 == driftlog("analyze", "--notify", "--config", place).code
    assert 2 == len(http.arrived)


def test_silenced_says_nothing(driftlog, place, http):
    """A silence keeps the message back, and the alert is there all the same."""
    place.write_text(
        place.read_text()
        + """
        [[silences]]
        feature = "billing_*"
        from = 2020-01-01T00:00:00Z
        to = 2100-01-01T00:00:00Z
        reason = "billing moves house"
        by = "ada"
        """
    )
    assert 0 == driftlog("run", "--once", "--config", place).code
    assert [] == http.arrived
    assert 10 == len(driftlog("alerts", "list", "--config", place, "--json").json["alerts"])


def test_over_after_a_silence(driftlog, place, service, http):
    """An incident that was told, and whose last bad hours lie in a silence, is told as over when that is past."""
    assert 0 == driftlog("run", "--once", "--config", place).code
    assert 1 == len(http.arrived)
    begin = service(*range(BAD, HOURS - 1))
    until = begin + timedelta(hours=BAD)
    place.write_text(
        place.read_text()
        + f"""
        [[silences]]
        feature = "billing_*"
        from = {begin:%Y-%m-%dT%H:%M:%SZ}
        to = {until:%Y-%m-%dT%H:%M:%SZ}
        reason = "billing moves house"
        by = "ada"
        """
    )
    for _ in range(2):
        assert 0 == driftlog("run", "--once", "--config", place).code
        assert 2 == len(http.arrived)
    assert ", over: churn: vanished" in http.arrived[1].body


def test_nobody_to_tell(driftlog, place):
    """Without routes there is nothing to notify by, and the sentence says what to do."""
    place.write_text(place.read_text().partition("[[routes]]")[0])
    done = driftlog("analyze", "--notify", "--config", place)
    assert 0 != done.code
    assert "there is nobody to tell: the configuration has no routes" in done.err
