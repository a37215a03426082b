"""What docs/elasticsearch.md says of shipping is run as it stands there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import driftlog
from driftlog._upload import Upload, read_status, ship

PAGE = (Path(__file__).parents[3] / "docs" / "elasticsearch.md").read_text()
SECTION = PAGE.partition("\n## Ship\n")[2].partition("\n## ")[0]
BAD = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "no number"}}


def example(language):
    """Give the one example in a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    return found


def environment(url):
    """Give the variables under which the examples run."""
    return {"ELASTICSEARCH_URL": url, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}


def test_a_service_that_ships_its_own_spool(fake, tmp_path):
    """The example logs an event, and what its end had no time for the command sends."""
    (tmp_path / "service.py").write_text(example("python"))
    subprocess.run(
        [sys.executable, "service.py"], cwd=tmp_path, env=environment(fake.url), check=True
    )
    spool = tmp_path / "spool"
    # How much a busy machine sends in half a second is not promised, that none is lost is.
    ship(spool, Upload(url=fake.url), until_empty=True)
    assert (1, 0) == (len(fake.copies()), read_status(spool).unsent.events)
    (event,) = (json.loads(line) for _, line in fake.copies())
    assert {"age": 41.0} == event["driftlog"]["num"]


@pytest.mark.skipif(not shutil.which("jq"), reason="the example needs jq; install it")
def test_sending_the_quarantine_again(fake, tmp_path):
    """What was refused arrives when the cause is gone, each event once, in the stream of its model."""
    spool = tmp_path / "spool"
    logged = {}
    for model in ("churn", "risk"):
        with driftlog.PredictionLogger(model=model, version="7", spool=spool) as logger:
            logged[model] = [logger.log({"name": f'"{n}" \\ é'}) for n in range(3)]
    fake.item = lambda *_: BAD
    ship(spool, Upload(url=fake.url), until_empty=True)
    for file in (spool / "upload" / "quarantine").iterdir():
        file.write_bytes(file.read_bytes() * 2)  # as after a kill, which may keep an event twice
    assert [] == fake.copies()

    fake.item = lambda *_: None
    subprocess.run(
        ["sh", "-ec", example("sh")], cwd=tmp_path, env=environment(fake.url), check=True
    )
    for model, ids in logged.items():
        there = [json.loads(line) for _, line in fake.copies(f"logs-driftlog.{model}-default")]
        assert sorted(ids) == sorted(event["event"]["id"] for event in there)
        assert {f'"{n}" \\ é' for n in range(3)} == {
            one["driftlog"]["cat"]["name"] for one in there
        }


def test_the_heartbeat_holds_what_is_said(fake, spool, log):
    """Every field of a heartbeat is named."""
    log(3)
    ship(spool, Upload(url=fake.url, heartbeat=0.01), until_empty=True)
    for _, document in fake.heartbeats:
        named = set(re.findall(r"`([\w.]+)`", SECTION))
        assert set() == set(document["driftlog"]["shipper"]) - named
