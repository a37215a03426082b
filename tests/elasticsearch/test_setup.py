import json

from driftlog_analyzers._elasticsearch._names import STATE_KINDS, state_index
from tests.elasticsearch.asking import fields

KINDS = ("component_templates", "index_templates")


def test_installs_everything(setup, client, namespace):
    """Setup names what it put, and each of it is there."""
    found = setup("--retention", "36h")
    assert {"logsdb": True, "failure_store": True} == found["features"]
    assert [] == found["notes"]
    for path in found["paths"]:
        assert client.perform_request("GET", f"/{path}").body
    template = client.indices.get_index_template(name=f"driftlog-events-{namespace}").body
    inner = template["index_templates"][0]["index_template"]
    assert (501, "36h") == (inner["priority"], inner["template"]["lifecycle"]["data_retention"])
    assert {"enabled": True} == inner["template"]["data_stream_options"]["failure_store"]


def test_twice_is_once(setup, client, namespace):
    """A second run leaves every template and index exactly as the first did."""

    def state():
        templates = client.perform_request("GET", "/_component_template/driftlog-*").body
        more = client.perform_request("GET", "/_index_template/driftlog-*").body
        indices = client.indices.get(index=f"driftlog-*-{namespace}").body
        named = {t["name"]: t for t in [*templates[KINDS[0]], *more[KINDS[1]]]}
        dates = ("created_date_millis", "modified_date_millis", "created_date", "modified_date")
        return json.dumps([without(named, dates), indices], sort_keys=True)

    def without(value, names):
        if isinstance(value, dict):
            return {k: without(v, names) for k, v in value.items() if k not in names}
        return [without(v, names) for v in value] if isinstance(value, list) else value

    setup()
    first = state()
    setup()
    assert first == state()


def test_retention_stays(setup, client, namespace):
    """A setup that names no retention keeps the one there is; one that shortens it says so."""

    def kept():
        name = f"driftlog-events-{namespace}"
        (template,) = client.indices.get_index_template(name=name).body["index_templates"]
        return template["index_template"]["template"]["lifecycle"]["data_retention"]

    assert ("365d", []) == (setup("--retention", "365d")["retention"], setup()["notes"])
    assert ("365d", "365d") == (setup()["retention"], kept())
    shortened = setup("--retention", "30d")
    assert ["Until now the retention was 365d; what is older than 30d is deleted."] == (
        shortened["notes"]
    )
    assert ("30d", "30d") == (setup()["retention"], kept())


def test_without_a_retention_the_first_setup_takes_ours(setup):
    """Where nobody ever named one it is 90 days."""
    assert "90d" == setup()["retention"]


def test_retention_by_option_variable_or_file(setup, monkeypatch, tmp_path):
    """An option counts before the variable, and that before the file."""
    file = tmp_path / "driftlog.toml"
    file.write_text('[elasticsearch]\nretention = "11d"\n')
    config = ("--config", file)
    assert "11d" == setup(*config)["retention"]
    monkeypatch.setenv("DRIFTLOG_RETENTION", "12d")
    assert "12d" == setup(*config)["retention"]
    assert "13d" == setup(*config, "--retention", "13d")["retention"]


def test_a_template_that_keeps_for_ever(setup, driftlog, client, elasticsearch_url, namespace):
    """Somebody's change that keeps events for ever is not undone unless a retention is named."""
    setup()
    name = f"driftlog-events-{namespace}"
    (template,) = client.indices.get_index_template(name=name).body["index_templates"]
    body = template["index_template"] | {"template": {"lifecycle": {}}}
    body = {key: value for key, value in body.items() if "_date" not in key}
    client.indices.put_index_template(name=name, body=body)
    code, _, err = driftlog("setup", "--url", elasticsearch_url, "--namespace", namespace)
    assert (1, True) == (code, f"the template {name} was changed to keep events without end" in err)
    assert "14d" == setup("--retention", "14d")["retention"]


def test_a_foreign_stream_is_named(setup, ship, client, namespace):
    """A stream from before driftlog's templates is named with its rollover, after which it is ours."""
    foreign = f"foreign-{namespace}"
    client.indices.put_index_template(
        name=foreign, index_patterns=[ship.stream], data_stream={}, priority=1
    )
    ship({"age": 1})
    (note,) = setup()["notes"]
    client.indices.delete_index_template(name=foreign)
    rollover = f"POST /{ship.stream}/_rollover"
    assert (True, True) == (
        note.startswith(f"{ship.stream} was made without driftlog's templates"),
        note.endswith(f"run: {rollover}"),
    )
    method, path = rollover.split()
    headers = {"accept": "application/json", "content-type": "application/json"}
    client.perform_request(method, path, headers=headers)
    assert [f"{ship.stream} take a changed mapping with their next rollover."] == setup()["notes"]


def test_streams_that_are_there_are_named(setup, ship):
    """A later setup says what the streams that exist do and do not take over."""
    setup()
    ship({"age": 1})
    _, first, second = setup("--retention", "7d")["notes"]
    assert f"{ship.stream} take a changed mapping with their next rollover." == first
    assert f"{ship.stream} keep the retention they have (no handler found" in second
    assert second.endswith("new ones keep 7d.")


def test_a_heartbeat_is_typed(setup, client, namespace):
    """Numbers of heartbeats are numbers, strings keywords, whichever come first."""
    setup()
    stream = f"metrics-driftlog.shipper-{namespace}"
    for i, rate in enumerate((1, 2.5)):
        beat = {
            "@timestamp": "2026-11-22T04:15:03.123456Z",
            "event": {"kind": "metric"},
            "driftlog": {
                "shipper": {"rate": rate, "error": "2026-11-22", "more": {"spool full": 1}}
            },
        }
        client.create(index=stream, id=str(i), document=beat, refresh=True)
    aggregations = {"sum": {"sum": {"field": "driftlog.shipper.rate"}}}
    found = client.search(index=stream, size=0, aggregations=aggregations)["aggregations"]
    assert 3.5 == found["sum"]["value"]
    assert "keyword" == fields(client, stream)["driftlog.shipper.error"]


def test_state_indices_keep_what_they_do_not_index(setup, client, namespace):
    """A state document comes back whole; its known fields are typed, and unknown ones refuse nothing."""
    setup()
    body = {"deep": {"a": [1, "x", {"b": None}]}, "n": "not a number"}
    for kind in STATE_KINDS:
        index = state_index(kind, namespace)
        document = {
            "@timestamp": "2026-11-22T04:15:03.123456Z",
            "driftlog": {"unknown": body, "profile": body},
        }
        client.index(index=index, id="1", document=document)
        assert document == client.get(index=index, id="1")["_source"]
        assert not [name for name in fields(client, index) if "deep" in name or "unknown" in name]


def test_a_state_document_is_fenced(setup, client, namespace):
    """A write with an old sequence number is refused, which is what leases rest on."""
    setup()
    index = state_index("leases", namespace)
    lease = {"driftlog": {"lease": {"name": "m 1h", "holder": "a"}}}
    first = client.index(index=index, id="m", document=lease, op_type="create")
    fence = {"if_seq_no": first["_seq_no"], "if_primary_term": first["_primary_term"]}
    statuses = [
        client.options(ignore_status=409)
        .index(index=index, id="m", document=lease, **fence)
        .meta.status
        for _ in range(2)
    ]
    assert [200, 409] == statuses


def test_an_index_gets_new_fields(setup, client, namespace):
    """An index from an earlier version takes the fields that its template has got since."""
    index = state_index("alerts", namespace)
    setup()
    client.indices.delete(index=index)
    client.indices.create(index=index, mappings={"dynamic": False, "properties": {}})
    setup()
    assert "keyword" == fields(client, index).get("episode.id")


def test_another_template_of_our_priority(driftlog, client, elasticsearch_url, namespace):
    """Somebody's template at the same priority is named, with what to do about it."""
    name = f"theirs-{namespace}"
    patterns = [f"logs-driftlog.*-{namespace}"]
    client.indices.put_index_template(name=name, index_patterns=patterns, priority=501)
    try:
        code, _, err = driftlog("setup", "--url", elasticsearch_url, "--namespace", namespace)
    finally:
        client.indices.delete_index_template(name=name)
    assert 1 == code
    assert f"template {name} at {elasticsearch_url} has the priority 501" in err
    assert f"covers names that driftlog-events-{namespace} covers; give it another priority" in err


def test_another_template_above_ours(driftlog, client, elasticsearch_url, namespace):
    """Somebody's template that would win over ours is named before an event is lost to it."""
    name = f"theirs-{namespace}"
    patterns = [f"logs-*-{namespace}"]
    client.indices.put_index_template(
        name=name, index_patterns=patterns, priority=600, data_stream={}, template={}
    )
    try:
        code, _, err = driftlog("setup", "--url", elasticsearch_url, "--namespace", namespace)
    finally:
        client.indices.delete_index_template(name=name)
    assert 1 == code
    assert f"would get its mapping from the template {name}, whose priority is above" in err


def test_what_the_users_component_says(setup, ship, client):
    """Settings in the component template driftlog-custom reach the streams."""
    setup()
    body = {"settings": {"index.refresh_interval": "7s"}}
    client.cluster.put_component_template(name="driftlog-custom", template=body)
    try:
        ship({"age": 1})
        settings = client.indices.get_settings(index=ship.stream).body.popitem()[1]["settings"]
    finally:
        client.cluster.delete_component_template(name="driftlog-custom")
    assert "7s" == settings["index"]["refresh_interval"]


def test_dry_run_prints_what_is_put(driftlog, setup, namespace):
    """--dry-run needs no cluster and prints the bodies that a run puts, in that order."""
    code, out, err = driftlog("setup", "--dry-run", "--namespace", namespace, "--retention", "9d")
    assert (0, "") == (code, err)
    bodies = json.loads(out)
    assert [f"PUT /{path}" for path in setup()["paths"]] == list(bodies)
    assert '"data_retention": "9d"' in json.dumps(bodies)
