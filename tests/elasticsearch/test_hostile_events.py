import json
import random
from collections import Counter

from driftlog_analyzers._elasticsearch._templates import EVENTS, Features, stream_requests
from tests.elasticsearch.asking import JSON, fields, having

HOSTILE = {
    "credit_score": "A+",
    "location": "Paris",
    "x.end": "soon",
    "pickup.location": 3,
    "source_ip": "not an address",
    "created": "2026-11-22",
    "a": 1,
    "a.b": 2,
    "a.b.c": "deep",
    "Age": 1,
    "age": "forty",
    "AGE": [1, 2],
    ".": 1,
    "..": 2,
    "a..b": 3,
    ".leading": 4,
    "trailing.": 5,
    "_id": 6,
    "@timestamp": "now",
    "na": 7,
    "driftlog.num.x": 8,
    "*": 9,
    "é ü😀": "ü",
    "": 10,
    "line\nbreak": "x\ny",
    "deep." * 40 + "end": 11,
    "tiny": 5e-324,
    "huge": 1.7e308,
    "big": 2**62,
    "nothing": None,
    "nan": float("nan"),
    "empty": [],
    "odd": object(),
    "long": "x" * 40_000,
}  # fmt: skip


def test_every_hostile_event_is_searchable(setup, ship, client):
    """Whatever features are called and hold, every event and every field of the envelope is indexed."""
    setup()
    twins = ship(HOSTILE, {name: f"now {i}" for i, name in enumerate(HOSTILE)}, {})
    events = len(twins)
    assert events == client.count(index=ship.stream)["count"]
    assert 0 == having(client, ship.stream, "_ignored")
    envelope = [
        f"event.{name}" for name in ("id", "kind", "action", "dataset", "outcome", "duration")
    ]
    envelope += [
        "@timestamp",
        "host.name",
        "service.name",
        "driftlog.model.name",
        "driftlog.model.version",
    ]
    envelope += ["driftlog.prediction.num.score", "driftlog.prediction.cat.label"]
    assert dict.fromkeys(envelope, events) == {f: having(client, ship.stream, f) for f in envelope}
    types = fields(client, ship.stream)
    for document in twins:
        for part, kind in (
            ("num", "double"),
            ("cat", "keyword"),
            ("list", "keyword"),
            ("other", "keyword"),
        ):
            for name, value in document["driftlog"].get(part, {}).items():
                if value == []:
                    continue
                field = f"driftlog.{part}.{name}"
                assert (field, kind) == (field, types.get(field))


def test_hostile_events_without_logsdb(ship, client, namespace):
    """On a cluster that has neither logsdb nor a failure store every event is as searchable."""
    old = Features(logsdb=False, failure_store=False)
    requests = {r.path: r.body for r in stream_requests(namespace, "90d", old)}
    component = requests[f"_component_template/{EVENTS}"]
    template = requests[f"_index_template/{EVENTS}-{namespace}"]
    # The component is every namespace's; here its content stands in the template.
    merged = {
        **template,
        "composed_of": [],
        "template": component["template"] | template["template"],
    }
    del merged["ignore_missing_component_templates"]
    client.perform_request("PUT", f"/_index_template/old-{namespace}", headers=JSON, body=merged)
    ship(HOSTILE, {name: f"now {i}" for i, name in enumerate(HOSTILE)}, {})
    assert 3 == having(client, ship.stream, "event.id")
    assert 0 == having(client, ship.stream, "_ignored")
    (settings,) = client.indices.get_settings(index=ship.stream).body.values()
    assert "mode" not in settings["settings"]["index"]


def test_a_misfit_is_told(setup, client, namespace):
    """An event that fits no mapping harms none of its neighbours, and its own reply says what became of it."""
    setup()
    good, bad = ({"@timestamp": f"{year}-11-22T04:15:03.123456Z"} for year in (2026, 1969))
    operations = [
        line
        for i, one in enumerate((good, bad, good))
        for line in ({"create": {"_id": str(i)}}, one)
    ]
    answer = client.bulk(index=f"logs-driftlog.m-{namespace}", operations=operations)
    first, odd, last = (item["create"] for item in answer["items"])
    assert (201, 201) == (first["status"], last["status"])
    assert "used" == odd.get("failure_store") or "before the epoch" in json.dumps(odd)


def test_random_names_and_values(setup, ship, client):
    """Whatever names and values come together, no event is refused and no value passed over."""
    setup()
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    letters = [".", "a", "B", "_", "*", "-", " ", "@", "é", "😀", "\n", "\x00", "\u2028", '"', "\\"]
    names = ["".join(rng.choices(letters, k=rng.randint(0, 12))) for _ in range(300)]
    values = [
        0,
        -1.5,
        2**70,
        "",
        "A+",
        "2026-11-22",
        True,
        None,
        float("inf"),
        [1, "x"],
        [],
        b"?",
        "é" * 5000,
    ]
    events = [{name: rng.choice(values) for name in rng.sample(names, 60)} for _ in range(30)]
    documents = ship(*events)
    assert len(events) == client.count(index=ship.stream)["count"]
    assert 0 == having(client, ship.stream, "_ignored")
    numbers = Counter(
        name for document in documents for name in document["driftlog"].get("num", {})
    )
    counts = {
        f"c{i}": {"value_count": {"field": f"driftlog.num.{name}"}}
        for i, name in enumerate(numbers)
    }
    found = client.search(index=ship.stream, size=0, aggregations=counts)["aggregations"]
    assert numbers == {name: found[f"c{i}"]["value"] for i, name in enumerate(numbers)}


def test_names_that_collide_elsewhere_stay_apart(setup, ship, client):
    """Names that ECS, dots or case would run together are features of their own, with their own values."""
    setup()
    ship(
        {
            "a": 1,
            "a.b": 2.5,
            "Age": 3,
            "age": 4,
            "credit_score": "A+",
            "location": "Paris",
            "x.end": 5,
        }
    )
    numbers = {"a": 1.0, "a.b": 2.5, "Age": 3.0, "age": 4.0, "x.end": 5.0}
    sums = {n: {"sum": {"field": f"driftlog.num.{n}"}} for n in numbers}
    aggregations = {f"s{i}": sums[name] for i, name in enumerate(numbers)}
    found = client.search(index=ship.stream, size=0, aggregations=aggregations)["aggregations"]
    assert numbers == {name: found[f"s{i}"]["value"] for i, name in enumerate(numbers)}
    for field, value in (("credit_score", "A+"), ("location", "Paris")):
        query = {"term": {f"driftlog.cat.{field}": value}}
        assert 1 == client.count(index=ship.stream, query=query)["count"]


def test_a_number_that_becomes_a_string(setup, ship, client):
    """A type flip lands in a field of its own; both values count."""
    setup()
    ship({"age": 41}, {"age": 3.7}, {"age": "41 years"})
    assert 2 == having(client, ship.stream, "driftlog.num.age")
    assert 1 == having(client, ship.stream, "driftlog.cat.age")
    greatest = {"max": {"max": {"field": "driftlog.num.age"}}}
    found = client.search(index=ship.stream, size=0, aggregations=greatest)["aggregations"]
    assert 41.0 == found["max"]["value"]


def test_a_long_string_is_found_by_its_cut_form(setup, ship, client):
    """40 kB are cut with a hash by the logger, and the cut value is present and countable."""
    setup()
    (document,) = ship({"long": "x" * 40_000})
    cut = document["driftlog"]["cat"]["long"]
    assert 1024 >= len(cut.encode())
    assert ["long"] == document["driftlog"]["truncated"]
    assert 1 == client.count(index=ship.stream, query={"term": {"driftlog.cat.long": cut}})["count"]
    assert 1 == having(client, ship.stream, "driftlog.truncated")


def test_two_thousand_features(setup, ship, client):
    """2,000 features are 2,000 fields; what lies past the limit is counted, and costs no event."""
    setup()
    wide = {f"f{i}": i if i % 2 else str(i) for i in range(2_000)}
    ship(wide, {f"g{i}": i for i in range(2_000)})
    assert 0 == having(client, ship.stream, "_ignored")
    named = [
        n for n in fields(client, ship.stream) if n.startswith(("driftlog.num.", "driftlog.cat."))
    ]
    assert 4_000 == len(named)
    (last,) = ship({f"h{i}": i for i in range(2_000)})
    assert 1 == having(client, ship.stream, "_ignored")
    assert 3 == client.count(index=ship.stream)["count"]
    query = {"term": {"event.id": last["event"]["id"]}}
    (hit,) = client.search(index=ship.stream, query=query)["hits"]["hits"]
    assert 2_000 == len(hit["_source"]["driftlog"]["num"])
    assert 3 == having(client, ship.stream, "driftlog.prediction.num.score")


def test_text_and_labels(setup, ship, client):
    """A text's counts are numbers and its tokens keywords; a label has fields of its own."""
    setup()
    ship({"comment": "good bad good"}, text=["comment"])
    label = {
        "@timestamp": "2026-11-22T04:15:03.123456Z",
        "event": {"id": "l1", "action": "label"},
        "driftlog": {"model": {"name": "m"}, "label": {"id": "e1", "num": {"value": 1}}},
        "tags": ["resent"],
    }
    client.create(index=ship.stream, id="l1", document=label, refresh=True)
    types = fields(client, ship.stream)
    assert {"tokens": "long", "distinct": "long"} == {
        name.rpartition(".")[2]: kind
        for name, kind in types.items()
        if name.startswith("driftlog.text.")
    }
    assert "keyword" == types["driftlog.tok.comment"]
    for field in ("driftlog.label.id", "driftlog.label.num.value", "tags"):
        assert 1 == having(client, ship.stream, field)


def test_microseconds_are_kept(setup, client, namespace):
    """Events that a microsecond parts are in order, and a window's bound cuts between them."""
    setup()
    stream = f"logs-driftlog.m-{namespace}"
    for i in range(3):
        document = {"@timestamp": f"2026-11-22T04:15:03.12345{i}Z", "event": {"id": str(i)}}
        client.create(index=stream, id=str(i), document=document, refresh=True)
    query = {"range": {"@timestamp": {"gte": "2026-11-22T04:15:03.123451Z"}}}
    hits = client.search(index=stream, query=query, sort=["@timestamp"])["hits"]["hits"]
    assert ["1", "2"] == [hit["_id"] for hit in hits]


def test_a_rollover_keeps_the_mapping(setup, ship, client):
    """The next backing index types the same features the same, whatever comes first."""
    setup()
    ship({"age": 41, "city": "Ulm"})
    before = fields(client, ship.stream)
    assert client.indices.rollover(alias=ship.stream)["rolled_over"]
    ship({"city": "2026-11-22", "age": 3.5})
    assert before == fields(client, ship.stream)
    assert 2 == len(client.indices.get_mapping(index=ship.stream).body)
    assert 2 == client.count(index=ship.stream)["count"]
