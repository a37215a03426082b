import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.analyzers.notify.receivers import free_port
from tests.compose_file import ROOT, command, environment, substitute
from tests.guarded_node import Guard, guarded

pytest.importorskip("fastapi", reason="The example service needs fastapi.")
EXAMPLES = ROOT / "examples"
NOWHERE = "https://localhost:9"


@dataclass
class Compose:
    """docker-compose.yml's services as processes: their commands, with this machine's paths and ports."""

    folder: Path
    namespace: str
    elasticsearch: str = NOWHERE
    port: int = 0
    metrics: int = 0

    @property
    def replaced(self):
        """What the containers call otherwise."""
        return {
            "/usr/share/elasticsearch/config/driftlog": f"{self.folder}/elasticsearch",
            "/driftlog/": f"{self.folder}/",
            "/app/compose/driftlog.toml": f"{self.folder}/home/driftlog.toml",
            "/app": str(EXAMPLES),
            "https://elasticsearch:9200": self.elasticsearch,
            "https://localhost:9200": self.elasticsearch,
            "http://example:8000": f"http://localhost:{self.port}",
            "http://localhost:8000": f"http://localhost:{self.port}",
            "0.0.0.0": "127.0.0.1",
            ":9464": f"127.0.0.1:{self.metrics}",
        }

    def popen(self, service, *more, part="command", **options):
        """Start a service, or its health check, or what is to be executed in it."""
        words = (
            command(service, part, self.replaced)
            if isinstance(part, str)
            else [substitute(word, self.replaced) for word in part]
        )
        words = [str(self.folder) if word == "/driftlog" else word for word in words]
        path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        variables = environment(service, self.replaced) | {
            "PATH": path,
            "DRIFTLOG_NAMESPACE": self.namespace,
            "PYTHONUNBUFFERED": "1",
            "UVICORN_PORT": str(self.port),
        }
        return subprocess.Popen(
            [*words, *more], cwd=self.folder / "home", env=variables, text=True, **options
        )

    def run(self, service, *more, part="command"):
        """Run a service that ends."""
        pipe = subprocess.PIPE
        process = self.popen(service, *more, part=part, stdout=pipe, stderr=pipe)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    @contextmanager
    def running(self, service, **options):
        """Run a service that does not end, in a group of its own; stop it as compose does."""
        process = self.popen(service, start_new_session=True, **options)
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)
            if process.stdout:
                process.stdout.close()

    def wait_until_healthy(self, service):
        """Wait as compose does."""
        deadline = time.monotonic() + 60
        while self.run(service, part="healthcheck")[0]:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture
def services(tmp_path, namespace):
    """The compose file's services, their volumes empty."""
    volumes = ("ca", "elasticsearch", "kibana", "shipper", "analyzers", "spool", "home")
    for name in volumes:
        (tmp_path / name).mkdir()
    return Compose(tmp_path, namespace, port=free_port(), metrics=free_port())


@pytest.fixture
def secured(services):
    """Give a function that puts a node, guarded by the secrets that are made now, where the services look for it."""
    assert (0, "", "") == services.run("secrets")
    held = services.folder / "elasticsearch"
    password = (held / "password").read_text().strip()

    @contextmanager
    def enter(node):
        with guarded(node, password, held / "http.crt", held / "http.key") as guard:
            services.elasticsearch = guard.url
            yield guard

    return enter


def held(folder):
    """What is in the volumes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_secrets_are_made_once(services):
    """Password, certificate and key are there, for their owner's eyes only, and stay as they are."""
    assert (0, "", "") == services.run("secrets")
    made = held(services.folder)
    assert ["ca/ca.crt"] + [
        f"elasticsearch/{n}" for n in ("ca.crt", "http.crt", "http.key", "password")
    ] == sorted(made)
    assert made["elasticsearch/password"].strip().isalnum()
    assert {0o600} == {(services.folder / name).stat().st_mode & 0o777 for name in made}
    assert 0 == services.run("secrets")[0]
    assert made == held(services.folder)


def test_secrets_begun_are_made_anew(services):
    """A first start that was cut short leaves nothing half made."""
    (services.folder / "elasticsearch" / "password").write_text("")
    assert 0 == services.run("secrets")[0]
    assert (services.folder / "elasticsearch" / "password").read_text().strip()


def test_keys_are_made_once(services, secured, elasticsearch_url):
    """Set-up gives each service its key, keeps those that are good, and replaces those that are not."""
    with secured(elasticsearch_url) as guard:
        code, out, err = services.run("setup")
        assert (0, "") == (code, err)
        assert services.namespace in out
        made = ["driftlog setup", "driftlog shipper", "driftlog analyzers", "kibana"]
        assert made == guard.names
        keys = {k: v for k, v in held(services.folder).items() if not k.startswith(("ca/", "elas"))}
        assert ["analyzers/api-key", "kibana/kibana.yml", "shipper/api-key"] == sorted(keys)
        assert not any(value.decode() in out for value in keys.values())
        assert guard.name("ApiKey apikey-2")
        assert guard.name("ApiKey apikey-1") is None  # the administrator's, of no use any more
        settings = json.loads(keys["kibana/kibana.yml"])
        assert "bearer-4" == settings.pop("elasticsearch.serviceAccountToken")
        assert [64, 64] == [len(key) for key in settings.values()]

        assert 0 == services.run("setup")[0]
        assert [*made, "driftlog setup"] == guard.names
        assert keys == {name: (services.folder / name).read_bytes() for name in keys}
        guard.forget()
        assert 0 == services.run("setup")[0]
        assert [*made, "driftlog setup", *made] == guard.names


def test_set_up_fails_in_one_sentence(services, secured):
    """Without Elasticsearch, or with another password, set-up ends and no key is left half made."""
    code, _, err = services.run("setup")
    assert (1, 1) == (code, err.count("\n"))
    assert f"{NOWHERE} gave no key" in err
    with secured("http://localhost:9"):
        (services.folder / "elasticsearch" / "password").write_text("wrong")
        code, _, err = services.run("setup")
    assert (1, 1) == (code, err.count("\n"))
    assert "does not open https://localhost" in err
    assert [] == list((services.folder / "shipper").iterdir())


@pytest.mark.skipif(not shutil.which("curl"), reason="The image's health check is curl.")
def test_elasticsearch_is_healthy_when_the_password_opens_it(services, secured, elasticsearch_url):
    """The health check enters with the password over TLS; without Elasticsearch it fails."""
    assert 0 != services.run("elasticsearch", part="healthcheck")[0]
    with secured(elasticsearch_url) as guard:
        assert (0, "", "") == services.run("elasticsearch", part="healthcheck")
    assert [("elastic", "GET", "/_cluster/health")] == guard.seen


def test_the_whole(services, secured, elasticsearch_url):
    """Claims go through service, spool and shipper to the node; the new app's faults become alerts."""
    told = (EXAMPLES / "compose" / "driftlog.toml").read_text()
    assert told.count('"5m"') == 1
    quick = told.replace('"5m"', '"1m"') + '[schedule]\nevery = "5s"\nlag_least = "1s"\n'
    quick += "[alerts]\ndelay = 1\n"
    (services.folder / "home" / "driftlog.toml").write_text(quick)
    with secured(elasticsearch_url) as guard:
        assert 0 == services.run("setup")[0]
        assert (0, "") == services.run("baseline")[::2]
        with services.running("example"):
            services.wait_until_healthy("example")
            some = ("--count", "200", "--rate", "1000", "--healthy", "0")
            assert (0, "", "") == services.run("traffic", *some)
            with services.running("shipper") as shipper:
                wait_until_shipped(services.folder / "spool")
            assert 0 == shipper.returncode
            assert "indexed" in services.run("shipper", part=documented("shipper"))[1]
        events = [
            json.loads(line)
            for file in (services.folder / "spool").glob("*.ndjson")
            for line in file.read_text().splitlines()
        ]
        actions = [event["event"]["action"] for event in events]
        assert (200, 20) == (actions.count("prediction"), actions.count("label"))
        with services.running("analyzers") as analyzers:
            listed = wait_until_listed(services, analyzers, "na_spike", "unseen_category")
        assert 0 == analyzers.returncode
    assert "account_age_days: nulls rose" in listed
    assert re.search(r"unseen_category +reason", listed)
    assert {("driftlog analyzers", "GET", "/")} == refusals(
        guard
    )  # its version, which may stay unknown


def documented(service):
    """What the examples' README executes in a service."""
    page = (EXAMPLES / "README.md").read_text()
    (line,) = re.findall(rf"^docker compose exec {service} (.*)", page, re.MULTILINE)
    return shlex.split(line)


def wait_until_shipped(spool):
    """Wait until the shipper says that all is sent."""
    asked = [sys.executable, "-c", "from driftlog._main import main; main()", "status", "--json"]
    deadline = time.monotonic() + 60
    while True:
        told = json.loads(subprocess.check_output([*asked, "--spool", spool]))["spools"][0]
        if told["indexed"] and not told["unsent"]:
            return
        assert time.monotonic() < deadline, told
        time.sleep(0.2)


def wait_until_listed(services, analyzers, *detectors):
    """The list of alerts once these detectors have some: a minute until the window closes, and time to spare."""
    deadline = time.monotonic() + 150
    while True:
        listed = services.run("analyzers", part=documented("analyzers"))[1]
        if all(name in listed for name in detectors):
            return listed
        assert analyzers.poll() is None
        assert time.monotonic() < deadline, listed
        time.sleep(1)


def refusals(guard: Guard):
    """What the keys asked for and may not."""
    return {
        who for who in guard.seen if not who[2].startswith("/_security") and not guard.may(*who)
    }
