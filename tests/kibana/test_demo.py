"""``driftlog demo --store elasticsearch``, and what it says of itself."""

import sys
from datetime import UTC, datetime
from functools import partial

import pytest

from driftlog_analyzers._demo._beats import ANALYZERS, SHIPPER, beats
from driftlog_analyzers._demo._live import Play
from driftlog_analyzers.cli import main
from tests.kibana.mapping import installed


@pytest.fixture
def demo(monkeypatch, capsys, tmp_path):
    """Run the demo of a single day; gives exit code, stdout and stderr."""
    short = partial(Play, days=1, per_hour=40)
    monkeypatch.setattr("driftlog_analyzers._demo._live.Play", short)
    output = ("--output", tmp_path / "demo", "--store", "elasticsearch")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["driftlog", "demo", *map(str, (*output, *arguments))])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return run


def test_it_plays_until_now(demo, elasticsearch_url, namespace, client, tmp_path):
    """The commands that it names lead to the cluster, where its events end within the hour."""
    code, out, err = demo("--url", elasticsearch_url, "--namespace", namespace)
    assert (0, "") == (code, err)
    assert "income vanishes" in out
    assert f"alerts list --store elasticsearch --url {elasticsearch_url} --namespace" in out
    assert "driftlog dashboards import" in out
    assert (tmp_path / "demo" / "report.html").is_file()
    newest = {"newest": {"max": {"field": "@timestamp"}}}
    query = {"term": {"event.action": "prediction"}}
    index = f"logs-driftlog.churn-{namespace}"
    found = client.search(index=index, size=0, query=query, aggregations=newest)["aggregations"]
    ago = datetime.now(UTC).timestamp() - found["newest"]["value"] / 1000
    assert 0 < ago < 2 * 3600


def test_own_files_are_for_the_spool(demo, elasticsearch_url, tmp_path):
    """A file of one's own is not played there: its times are not now."""
    code, _, err = demo("--url", elasticsearch_url, "--input", tmp_path / "x.csv")
    assert (2, True) == (code, "it plays the simulated service alone" in err)


def test_its_heartbeats_have_the_fields_of_real_ones():
    """What the demo says for shipper and analyzer stands in the mapping, and its account adds up."""
    fields = installed()["driftlog-fields-default"]
    last = {}
    for dataset, document in beats(Play(datetime(2026, 11, 27, tzinfo=UTC), days=2)):
        last[dataset] = document
        assert set() == leaves(document) - fields.keys()
    assert {SHIPPER, ANALYZERS} == last.keys()
    told = last[SHIPPER]["driftlog"]["shipper"]
    parts = ("indexed", "duplicate", "quarantined", "dropped", "unsent")
    assert told["accepted"] == sum(told[part] for part in parts) > 1000


def leaves(value, path=""):
    """The fields of a document, lists looked into."""
    if isinstance(value, dict):
        return {
            f for name, inner in value.items() for f in leaves(inner, f"{path}.{name}".strip("."))
        }
    if isinstance(value, list):
        return {field for inner in value for field in leaves(inner, path)}
    return {path}
