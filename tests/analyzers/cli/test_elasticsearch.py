"""The main job on a real node: the same commands, the same answers as on the spool."""

import csv
import re
import shlex
from pathlib import Path

import orjson
import pytest
from elasticsearch import Elasticsearch

from driftlog import PredictionLogger
from tests.acceptance.replayed import real
from tests.analyzers.rhythms import growing, log_days
from tests.analyzers.spools import MODEL

from .conftest import ROLES, START

ROOT = Path(__file__).parents[3]
ROWS = 2_000
PASSWORD = "hunter2hunter2"


@pytest.fixture
def refresh(elasticsearch_url, namespace):
    """Make what was indexed searchable now."""

    def run():
        with Elasticsearch(elasticsearch_url, max_retries=0) as client:
            client.indices.refresh(index=f"*-{namespace}", expand_wildcards="all")

    return run


@pytest.fixture
def there(elasticsearch_url, namespace):
    """Options that lead to the test's namespace."""
    return ("--store", "elasticsearch", "--url", elasticsearch_url, "--namespace", namespace)


@pytest.fixture
def ship(driftlog, process, there, refresh):
    """Set the namespace up and carry a spool there."""

    def run(spool):
        assert 0 == driftlog("setup", *there[2:]).code
        done = process("ship", "--spool", spool, *there[2:], "--once")
        assert (0, "") == (done.code, done.err)
        refresh()

    return run


def bikes(folder):
    """Public data as a service's traffic: training rows, and rows of which the last third is broken."""
    with real("bike_sharing/hour.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in {"instant", "dteday"}]
    rows = rows[:: len(rows) // (2 * ROWS)]
    logged = [dict(row) for row in rows[1::2]]
    for row in logged[2 * len(logged) // 3 :]:
        row["hum"] = float(row["hum"]) * 100
        row["windspeed"] = ""
    for name, some in {"train": rows[::2], "traffic": logged}.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, names, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(some)


def flat(value, path=""):
    """Every leaf of a JSON document by its path, figures without their last digits.

    In a sentence they are left out: a mean's last bit decides how it is rounded there.
    """
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return {at: leaf for key, part in parts for at, leaf in flat(part, f"{path}/{key}").items()}
    if isinstance(value, str) and path.endswith("summary"):
        value = re.sub(r"\d+\.\d+", "…", value)
    return {path: float(f"{value:.8g}") if isinstance(value, float) else value}


def test_real_data_is_judged_as_in_the_spool(driftlog, ship, there, tmp_path):
    """Baseline, findings, alerts and evidence are those of the spool; a second run changes nothing."""
    bikes(tmp_path)
    options = ("--model", "bike", "--version", "3")
    roles = ("--categorical", "season", "--categorical", "weathersit")
    start = ("--start", START.isoformat(), "--every", "1m")
    logged = driftlog("log", "traffic.csv", "--spool", "spool", *options, *roles, *start)
    assert 0 == logged.code
    ship("spool")
    answers = []
    for place in (("--spool", "spool"), there):
        made = driftlog("baseline", *place, *options, "--input", "train.csv", *roles, "--json")
        assert (0, "") == (made.code, made.err)
        analyze = ("analyze", *place, "--window", "4h", "--json")
        first = driftlog(*analyze)
        listed = driftlog("alerts", "list", *place, "--json").json
        again = driftlog(*analyze)
        assert (0, "", first.json) == (again.code, again.err, again.json)
        shown = driftlog("alerts", "show", listed["alerts"][0]["id"][:8], *place, "--json").json
        assert shown.pop("query")[:4] in {"GET ", "SELE"}  # of each store its own
        report = driftlog("report", *place, "--output", "r.html", "--json").json
        built = {name: made.json[name] for name in ("events", "features", "version")}
        answers.append([built, first.json, listed, shown, report["windows"]])
        page = (tmp_path / "r.html").read_text()
        assert ("hum" in page, "windspeed" in page) == (True, True)

    spool, elastic = answers
    assert {"hum", "windspeed"} <= {alert["feature"] for alert in spool[2]["alerts"]}
    assert set() == set(flat(spool).items()) ^ set(flat(elastic).items())


def test_calibrate_as_on_the_spool(driftlog, ship, there, tmp_path):
    """Growing traffic calibrates alike, is kept with the baseline there, and analyze judges and speaks by it."""
    log_days(tmp_path / "spool", growing, 56, faulty=49)
    ship("spool")
    answers = []
    for place in (("--spool", "spool"), there):
        assert 0 == driftlog("baseline", *place, "--to", "2026-04-13").code
        done = driftlog("calibrate", *place, "--window", "8h", "--json")
        assert (0, "") == (done.code, done.err)
        learned = {name: value for name, value in done.json.items() if name != "path"}
        alerts = driftlog("analyze", *place, "--window", "8h", "--json").json["alerts"]
        shown = driftlog("alerts", "show", alerts[0]["id"], *place).out
        assert f"beside    {MODEL} 7 beside the windows before\n" in shown
        answers.append([learned, alerts])

    spool, elastic = answers
    assert ("trailing", {"amount"}) == (spool[0]["mode"], {alert["feature"] for alert in spool[1]})
    assert set() == set(flat(spool).items()) ^ set(flat(elastic).items())


def test_the_state_may_stay_in_a_folder(driftlog, spool, ship, there, tmp_path):
    """With --state a key that only reads events does: baselines and alerts are files."""
    ship(spool)
    state = ("--state", spool / "analysis")
    done = driftlog("analyze", *there, *state, "--json")
    assert (0, "", ["income"]) == (
        done.code,
        done.err,
        [alert["feature"] for alert in done.json["alerts"]],
    )
    listed = driftlog("alerts", "list", *there, *state)
    assert f"Evidence: driftlog alerts show ID {shlex.join(there)} --state {state[1]}\n" in (
        listed.out
    )
    on_file = driftlog("analyze", "--spool", spool, "--json").json
    assert flat(on_file) == flat(done.json)
    assert 0 == driftlog("report", *there, *state).code
    assert "income" in (tmp_path / "report.html").read_text()


def test_a_baseline_from_the_stream_is_reviewed_as_a_file(driftlog, spool, ship, there, tmp_path):
    """Good hours of the stream become a file with --output; edited, it decides with --baseline."""
    ship(spool)
    span = ("--from", START.isoformat(), "--to", "2024-03-04T08:00")
    made = driftlog("baseline", *there, *span, "--output", "b.toml", "--json")
    assert ("m", "7", 480, "b.toml") == tuple(
        made.json[name] for name in ("model", "version", "events", "path")
    )
    analyze = ("analyze", *there, "--state", "mine", "--baseline", "b.toml", "--json")
    assert ["income"] == [alert["feature"] for alert in driftlog(*analyze).json["alerts"]]
    text = (tmp_path / "b.toml").read_text()
    (tmp_path / "b.toml").write_text(text.replace("required = true", "required = false"))
    edited = driftlog(*analyze)
    assert (0, "", []) == (edited.code, edited.err, edited.json["alerts"])


def test_the_same_again_works_word_for_word(driftlog, spool, ship, there):
    """What `alerts show` prints to be run finds the finding again, and so do all other hints."""
    ship(spool)
    missing = driftlog("analyze", *there)
    hint = f"driftlog baseline --model m --input FILE {shlex.join(there)}"
    url, namespace = there[3], there[5]
    expected = (
        f"model 'm' has no baseline in Elasticsearch at {url}, namespace {namespace};"
        f" make one with: {hint}"
    )
    assert (1, expected) == (missing.code, missing.sentence)
    nothing = driftlog("alerts", "list", *there)
    assert (1, f"run: driftlog analyze {shlex.join(there)}") == (
        nothing.code,
        nothing.sentence.rpartition("; ")[2],
    )

    words = shlex.split(hint.replace("FILE", "train.csv"))
    made = driftlog(*words[1:], "--version", "7", *ROLES)
    assert (0, True) == (made.code, "--baseline PATH" in made.out.splitlines()[-1])
    analyzed = driftlog("analyze", *there)
    evidence = analyzed.out.rpartition("Evidence: driftlog ")[2]
    (alert,) = driftlog("alerts", "list", *there, "--json").json["alerts"]
    shown = driftlog(*shlex.split(evidence.replace("ID", alert["id"])))
    again = driftlog(*shlex.split(shown.out.rpartition("The same again: driftlog ")[2]), "--json")
    assert (0, 0, 1) == (analyzed.code, again.code, len(again.json["windows"]))
    assert ["income"] == [finding["feature"] for finding in again.json["windows"][0]["findings"]]


@pytest.mark.usefixtures("spool")
def test_a_configuration_leads_there(driftlog, process, there, refresh, tmp_path):
    """setup, ship, status and analyze take everything from one file, and --store may say otherwise."""
    url, namespace = there[3], there[5]
    (tmp_path / "driftlog.toml").write_text(
        f'store = "elasticsearch"\nspool = "spool"\nstate = "spool/analysis/state.sqlite"\n'
        f'[elasticsearch]\nurl = "{url}"\nnamespace = "{namespace}"\n'
    )
    config = ("--config", "driftlog.toml")
    assert f"namespace {namespace}:" in driftlog("setup", *config).out
    shipped = process("ship", *config, "--once")
    assert (0, "") == (shipped.code, shipped.err)
    refresh()
    (status,) = driftlog("status", *config, "--json").json["spools"]
    assert (720, 0) == (status["indexed"], status["unsent"])
    done = driftlog("analyze", *config)
    assert (0, "") == (done.code, done.err)
    assert f"Evidence: driftlog alerts show ID {' '.join(config)}\n" in done.out
    local = driftlog("analyze", *config, "--store", "spool")
    assert (0, f"alerts show ID --store spool {' '.join(config)}\n") == (
        local.code,
        local.out.rpartition("driftlog ")[2],
    )


def test_variables_lead_there(driftlog, spool, ship, there, monkeypatch):
    """All that an option says a variable may say, and an option wins over it."""
    ship(spool)
    for name, value in {
        "DRIFTLOG_STORE": "elasticsearch",
        "DRIFTLOG_SPOOL": "/no/such/folder",
        "ELASTICSEARCH_URL": there[3],
        "DRIFTLOG_NAMESPACE": there[5],
    }.items():
        monkeypatch.setenv(name, value)
    state = ("--state", spool / "analysis")
    assert 12 == len(driftlog("analyze", *state, "--json").json["windows"])
    other = driftlog("analyze", *state, "--namespace", f"{there[5]}x")
    assert f"namespace {there[5]}x holds no events yet; ship a spool" in other.sentence
    monkeypatch.setenv("ELASTICSEARCH_URL", there[3].replace("//", f"//elastic:{PASSWORD}@"))
    named = f"--store elasticsearch --namespace {there[5]} --state {state[1]}"
    listed = driftlog("alerts", "list", *state)
    assert f"Evidence: driftlog alerts show ID {named}\n" in listed.out
    set_up = driftlog("setup")
    assert f"at {there[3]} has, for namespace {there[5]}:" in set_up.out
    monkeypatch.setenv("ELASTICSEARCH_URL", "http://127.0.0.1:1")
    assert 0 == driftlog("analyze", *state, "--url", there[3]).code


def test_what_is_not_there_is_said(driftlog, spool, ship, there):
    """No setup, no event, another model, no window: a sentence each, with the next step."""
    url, namespace = there[3], there[5]
    place = f"Elasticsearch at {url}, namespace {namespace}"
    setup = f"run: driftlog setup --url {url} --namespace {namespace}"
    for command in ("analyze", "alerts list", "alerts show x", "report", "baseline"):
        done = driftlog(*command.split(), *there)
        assert (1, f"{place}, is not set up for driftlog (an index is missing); {setup}") == (
            done.code,
            done.sentence,
        )
    assert 0 == driftlog("setup", *there[2:]).code
    done = driftlog("analyze", *there)
    ending = f"driftlog ship --spool DIR --url {url} --namespace {namespace}"
    assert f"{place} holds no events yet; ship a spool: {ending}" == done.sentence
    ship(spool)
    state = ("--state", spool / "analysis")
    done = driftlog("analyze", *there, *state, "--model", "x")
    assert f"{place} holds no events of model 'x', only of: m" == done.sentence
    done = driftlog("analyze", *there, *state, "--window", "1000")
    expected = f"{place} holds no full window of 1000 events there; its 720 events of model 'm'"
    assert (1, True) == (done.code, done.sentence.startswith(expected))


def test_edits_go_there_and_stay(driftlog, ship, spool, there, elasticsearch_url):
    """An edited file is kept there with --load; made anew, the baseline neither counts nor overwrites it."""
    ship(spool)
    making = ("baseline", *there, "--model", "m", "--version", "7", "--input", "train.csv", *ROLES)
    assert [0, 0] == [driftlog(*making).code for _ in range(2)]
    with Elasticsearch(elasticsearch_url, max_retries=0) as client:
        hits = client.search(index=f"driftlog-baselines-{there[5]}")["hits"]["hits"]
    assert [1] == [hit["_source"]["driftlog"]["revision"] for hit in hits]

    assert 0 == driftlog(*making, "--output", "b.toml").code
    file = spool.parent / "b.toml"
    file.write_text(file.read_text().replace("required = true", "required = false"))
    assert 0 == driftlog("baseline", "--load", "b.toml", *there).code
    analyzed = driftlog("analyze", *there, "--json")
    assert (0, "", []) == (analyzed.code, analyzed.err, analyzed.json["alerts"])
    refused = driftlog(*making)
    assert (1, True) == (
        refused.code,
        "was edited since it was made, or made with --closed (age, " in refused.err,
    )
    kept = driftlog(*making, "--if-absent")
    assert (0, True) == (kept.code, kept.out.endswith("is kept as it is.\n"))
    assert 0 == driftlog(*making, "--force").code
    assert ["income"] == [
        a["feature"] for a in driftlog("analyze", *there, "--json").json["alerts"]
    ]


def test_a_foreign_stream_is_warned_of(driftlog, there, spool, elasticsearch_url):
    """Events that were shipped before setup are judged with a caution that names the rollover."""
    stream = f"logs-driftlog.m-{there[5]}"
    name = f"foreign-{there[5]}"
    keywords = {"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}
    mappings = {"dynamic_templates": [keywords]}
    with Elasticsearch(elasticsearch_url, max_retries=0) as client:
        client.indices.put_index_template(
            name=name,
            index_patterns=[stream],
            data_stream={},
            priority=1,
            template={"mappings": mappings},
        )
        lines = [line for path in spool.glob("*.ndjson") for line in path.read_bytes().splitlines()]
        rows = [orjson.loads(line) for line in lines if b'"action":"prediction"' in line]
        operations = [part for row in rows for part in ({"create": {}}, row)]
        assert not client.bulk(index=stream, operations=operations, refresh=True)["errors"]
        assert 0 == driftlog("setup", *there[2:]).code
        client.indices.delete_index_template(name=name)
    state = ("--state", spool / "analysis")
    for command in (("analyze",), ("baseline", "--output", "b.toml")):
        done = driftlog(*command, *there, *state)
        caution = f"Caution: {stream} was made without driftlog's templates"
        assert (True, True) == (done.err.startswith(caution), f"/{stream}/_rollover." in done.err)


def test_the_page_s_python(driftlog, ship, spool, there, capsys):
    """The example of docs/elasticsearch.md runs, and tells of each window what its labels say."""
    lines = [line for path in spool.glob("*.ndjson") for line in path.read_bytes().splitlines()]
    rows = [orjson.loads(line) for line in lines if b'"action":"prediction"' in line]
    with PredictionLogger(model="m", version="7", spool=spool) as logger:
        for row in sorted(rows, key=lambda row: row["@timestamp"])[:90]:
            logger.log_label(
                row["event"]["id"], row["driftlog"]["prediction"]["num"]["score"] + 0.25
            )
    ship(spool)
    made = ("baseline", *there, "--model", "m", "--version", "7", "--input", "train.csv", *ROLES)
    assert 0 == driftlog(*made).code
    page = (ROOT / "docs" / "elasticsearch.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (code,) = [block for block in blocks if "ElasticsearchStore(" in block]
    for word, ours in {
        "http://localhost:9200": there[3],
        '"default"': repr(there[5]),
        "churn": "m",
    }.items():
        assert word in code
        code = code.replace(word, ours)
    capsys.readouterr()
    exec(compile(code, "docs/elasticsearch.md", "exec"), {})
    printed = [line.split()[-2:] for line in capsys.readouterr().out.splitlines()]
    assert [["60", "0.25"], ["30", "0.25"], ["0", "None"]] == [
        [n, mae if mae == "None" else f"{float(mae):.4g}"] for n, mae in printed[:3]
    ]


def test_alerts_are_reviewed_there(driftlog, spool, ship, there, elasticsearch_url):
    """What people do is kept in the cluster, and the search that `show` prints counts what the alert says."""
    ship(spool)
    driftlog("baseline", *there, "--model", "m", "--version", "7", "--input", "train.csv", *ROLES)
    assert 0 == driftlog("analyze", *there).code
    (alert,) = driftlog("alerts", "list", *there, "--json").json["alerts"]
    acked = driftlog("alerts", "ack", alert["id"][:8], *there, "--by", "ann", "--reason", "on it")
    assert (0, "") == (acked.code, acked.err)
    driftlog("alerts", "assign", alert["incident"]["id"], *there, "--to", "bob")
    shown = driftlog("alerts", "show", alert["id"], *there, "--json").json
    assert ("acknowledged", "bob") == (shown["review"]["state"], shown["review"]["assignee"])
    assert ["ack", "assign"] == [action["kind"] for action in shown["actions"]]

    head, body = shown["query"].split("\n")
    with Elasticsearch(elasticsearch_url, max_retries=0) as client:
        answer = client.search(index=head.split()[1].split("/")[0], **orjson.loads(body))
    counted = answer["hits"]["total"]["value"], answer["aggregations"]["showing"]["doc_count"]
    assert (shown["latest"]["n"], shown["latest"]["changes"][0]["after_count"]) == counted
    assert (60, 60) == counted

    silenced = driftlog("silences", "add", "--to", "4h", "--reason", "move", *there)
    assert (0, "") == (silenced.code, silenced.err)
    assert 1 == len(driftlog("silences", "list", *there, "--json").json["silences"])
    accepted = driftlog("alerts", "accept", alert["id"], *there)
    assert (0, True) == (accepted.code, "income required" in accepted.out)
    assert [] == driftlog("analyze", *there, "--json").json["alerts"]
