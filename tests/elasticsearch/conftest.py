import json
import sys

import pytest
from elasticsearch import Elasticsearch

from driftlog import PredictionLogger
from driftlog_analyzers.cli import main


@pytest.fixture(scope="session")
def client(elasticsearch_url):
    """A plain client of the node."""
    with Elasticsearch(elasticsearch_url, request_timeout=60, max_retries=0) as connected:
        yield connected


@pytest.fixture
def driftlog(monkeypatch, capsys):
    """Run a command in this process; gives its exit code, stdout and stderr."""
    for name in ("URL", "API_KEY", "CA_CERTS"):
        monkeypatch.delenv(f"ELASTICSEARCH_{name}", raising=False)
    for name in ("NAMESPACE", "RETENTION"):
        monkeypatch.delenv(f"DRIFTLOG_{name}", raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["driftlog", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return run


@pytest.fixture
def setup(driftlog, elasticsearch_url, namespace):
    """Install everything for the test's namespace; gives what the command prints as JSON."""

    def run(*arguments):
        code, out, err = driftlog(
            "setup", "--url", elasticsearch_url, "--namespace", namespace, "--json", *arguments
        )
        assert (0, "") == (code, err)
        return json.loads(out)

    return run


@pytest.fixture
def ship(client, namespace, tmp_path):
    """Log events with the real logger and index its lines as they are; gives the stream's name."""
    stream = f"logs-driftlog.m-{namespace}"

    def run(*events, **settings):
        folder = tmp_path / f"spool-{len(list(tmp_path.iterdir()))}"
        with PredictionLogger(model="m", version="7", spool=folder, **settings) as logger:
            for features in events:
                logger.log(features, prediction={"score": 0.5, "label": "stay"}, duration=0.002)
        lines = [
            line for path in folder.glob("*.ndjson") for line in path.read_bytes().splitlines()
        ]
        documents = [json.loads(line) for line in lines if b'"action":"prediction"' in line]
        assert len(events) == len(documents)
        operations = [
            line
            for document in documents
            for line in ({"create": {"_id": document["event"]["id"]}}, document)
        ]
        answer = client.bulk(index=stream, operations=operations, refresh=True)
        assert [] == [item for item in answer["items"] if item["create"]["status"] != 201]
        return documents

    run.stream = stream
    return run
