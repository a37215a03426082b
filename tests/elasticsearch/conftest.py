import json
import sys

import pytest
from elasticsearch import Elasticsearch

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
    monkeypatch.delenv("DRIFTLOG_NAMESPACE", raising=False)

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
