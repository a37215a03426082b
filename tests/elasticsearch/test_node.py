import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from tests.elasticsearch import home as homes
from tests.elasticsearch.module_info import loosen

ROOT = Path(__file__).parents[2]


def test_accepted_by_the_client(client):
    """The node answers as Elasticsearch does, so that the official client talks to it."""
    answer = client.cluster.health()
    assert ("Elasticsearch", False) == (
        answer.meta.headers["x-elastic-product"],
        answer["timed_out"],
    )


def test_one_home_for_all():
    """A second look for the home finds the first one's and downloads nothing."""
    assert homes.home() == homes.home()


def test_keeps_data_and_port_over_a_crash(own_node):
    """What was acknowledged before a kill is there after the next start, at the same address."""
    url = own_node.start().url
    with Elasticsearch(url) as client:
        client.index(index="kept", id="1", document={"a": 1})
    own_node.kill()
    assert url == own_node.start().url
    with Elasticsearch(url) as client:
        assert {"a": 1} == client.get(index="kept", id="1")["_source"]


def test_dies_with_its_starter(tmp_path):
    """A node whose starter is killed ends by itself."""
    script = (
        "import os, signal, sys; from pathlib import Path; from tests.elasticsearch.node import Node\n"
        f"node = Node(Path({str(tmp_path)!r})).start()\n"
        "print(node._process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=False, capture_output=True, text=True
    )
    pid = int(done.stdout)
    assert _ended(pid)


def _ended(pid, patience=30.0):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().split()[2] == "Z":
            return True
        time.sleep(0.1)
    os.kill(pid, 9)
    return False


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ((homes, "_runtimes", lambda: iter(())), "needs Java 21 or later"),
        ((homes.ctypes.util, "find_library", lambda _: None), "needs the library libzstd"),
        ((homes.shutil, "which", lambda _: None), "there is no mvn"),
    ],
)
def test_says_what_is_missing(monkeypatch, tmp_path, broken, sentence):
    """A machine that lacks something is told what in one sentence, and nothing half-built stays."""
    monkeypatch.setenv("DRIFTLOG_ELASTICSEARCH_CACHE", str(tmp_path))
    monkeypatch.setattr(*broken)
    with pytest.raises(homes.Missing, match=sentence):
        homes.home()
    assert ["build.lock"] == sorted(path.name for path in tmp_path.iterdir())


def test_loosened_twice_is_loosened_once():
    """Making a requirement static leaves everything else of the module as it was."""
    jar = next((homes.home() / "lib").glob("elasticsearch-entitlement-*.jar"))
    with zipfile.ZipFile(jar) as archive:
        data = archive.read("module-info.class")
    assert data == loosen(data, frozenset({"jdk.jlink", "jdk.jdi"}))
    assert 1 == sum(
        a != b for a, b in zip(data, loosen(data, frozenset({"java.desktop"})), strict=True)
    )


def test_two_processes_build_one_home(tmp_path):
    """Processes that need the home at the same time get the same one, built once."""
    script = "from tests.elasticsearch.home import home; print(home())"
    environment = os.environ | {"DRIFTLOG_ELASTICSEARCH_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", script]
    builders = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = {builder.communicate()[0].strip() for builder in builders}
    assert [0, 0] == [builder.returncode for builder in builders]
    (home,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert {str(home)} == said


@pytest.mark.parametrize(
    ("variable", "outcome"),
    [("UNUSED", "1 skipped"), ("CI", "1 error"), ("DRIFTLOG_REQUIRE_ELASTICSEARCH", "1 error")],
)
def test_skips_at_home_and_fails_in_ci(tmp_path, variable, outcome):
    """Without Maven a test is skipped with a sentence, but where the node is required it fails."""
    gone = {"CI", "DRIFTLOG_REQUIRE_ELASTICSEARCH", "ELASTICSEARCH_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in gone}
    environment |= {
        "PATH": "/nowhere",
        "DRIFTLOG_ELASTICSEARCH_CACHE": str(tmp_path),
        variable: "1",
    }
    test = "tests/elasticsearch/test_node.py::test_accepted_by_the_client"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    assert outcome in done.stdout.splitlines()[-1]
    assert "there is no mvn; install maven" in done.stdout
