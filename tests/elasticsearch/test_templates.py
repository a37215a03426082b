import json

import pytest

from driftlog._strings import MAX_BYTES
from driftlog_analyzers._elasticsearch._bodies import requests
from driftlog_analyzers._elasticsearch._names import (
    STATE_KINDS,
    check_namespace,
    check_retention,
    events_pattern,
)
from driftlog_analyzers._elasticsearch._templates import Features
from driftlog_analyzers.errors import ConfigError
from tests.shipper import event_spec

ALL = [Features(a, b) for a in (True, False) for b in (True, False)]


def mappings(value):
    """Every mapping of a field in a body."""
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value
        for inner in value.values():
            yield from mappings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from mappings(inner)


@pytest.mark.parametrize("features", ALL)
def test_bodies_are_json_and_always_the_same(features):
    """Equal arguments give equal JSON, so that a second set-up changes nothing."""
    first, second = (
        [(r.path, json.dumps(r.body)) for r in requests("prod", "90d", features)] for _ in range(2)
    )
    assert first == second
    assert len(first) == len({path for path, _ in first})


def test_a_body_is_nobodys_alias():
    """Changing one body leaves the next call's bodies alone."""
    before = json.dumps([r.body for r in requests("prod", "90d", Features())])
    for request in requests("prod", "90d", Features()):
        for field in mappings(request.body):
            field["type"] = "changed"
    assert before == json.dumps([r.body for r in requests("prod", "90d", Features())])


def test_no_string_of_the_shipper_is_passed_over():
    """Every keyword holds at least what the logger cuts strings to."""
    keywords = [
        field
        for request in requests("prod", "90d", Features())
        for field in mappings(request.body)
        if field["type"] == "keyword"
    ]
    assert keywords
    assert all(field["ignore_above"] >= MAX_BYTES for field in keywords)


def test_every_place_of_the_event_document_is_mapped():
    """What docs/event.md allows in a prediction has a field, be it fixed or open to any feature."""
    component = requests("prod", "90d", Features())[0].body
    properties = component["template"]["mappings"]["properties"]
    required, optional = event_spec._common({"driftlog": {"model": {"name": "m"}}}, "prediction")
    assert set() == {*required, *optional} - {*properties}
    assert set() == {*event_spec._BODIES["prediction"][1]} - {*properties["driftlog"]["properties"]}
    outputs = properties["driftlog"]["properties"]["prediction"]["properties"]
    assert {*event_spec._OUTPUTS} == {*outputs}


@pytest.mark.parametrize("features", ALL)
def test_an_index_template_is_ours_alone(features):
    """Templates stand above the built-in ones, name no ECS component, and cover only our names."""
    for request in requests("prod", "90d", features):
        if request.path.startswith("_index_template"):
            (pattern,) = request.body["index_patterns"]
            assert 501 == request.body["priority"]
            assert "@" not in json.dumps(request.body.get("composed_of", []))
            assert pattern.startswith(("logs-driftlog.", "metrics-driftlog.", "driftlog-"))
    assert "logs-driftlog.*-prod" == events_pattern("prod")
    paths = [request.path for request in requests("prod", "90d", features)]
    assert {f"driftlog-{kind}-prod" for kind in STATE_KINDS} <= set(paths)


@pytest.mark.parametrize("features", ALL)
def test_a_feature_that_is_missing_is_not_mentioned(features):
    """What a cluster has not does not stand in what it is sent."""
    text = json.dumps([request.body for request in requests("prod", "90d", features)])
    assert (features.logsdb, features.failure_store) == ("logsdb" in text, "failure_store" in text)


@pytest.mark.parametrize(
    "name", ["", "a-b", "Prod", "a b", "a*", "x" * 101, "é" * 51, "a,b", "a:b", "a#"]
)
def test_no_such_namespace(name):
    """A namespace that no data stream can end with is refused in a sentence that names it."""
    with pytest.raises(ConfigError, match="namespace"):
        check_namespace(name)


@pytest.mark.parametrize("name", ["default", "prod_2", "é" * 50])
def test_a_namespace(name):
    """What a data stream can end with is accepted."""
    check_namespace(name)


@pytest.mark.parametrize("text", ["", "90", "0d", "-1d", "1w", "90 d", "1.5d", "9999999999d"])
def test_no_such_retention(text):
    """A retention that Elasticsearch does not read is refused."""
    with pytest.raises(ConfigError, match="retention"):
        check_retention(text)
