"""Every chart is asked on a real node over the demo's data, and has something to show."""

from tests.kibana import kql, lens

NOTHING_WRONG = {"driftlog.shipper.error", "driftlog.analyzer.error", "driftlog.analyzer.behind"}
"""Fields that are empty as long as all is well."""


def titles(shipped):
    """The title of each data view."""
    return {o.id: o.body["attributes"]["title"] for o in shipped if o.type == "index-pattern"}


def test_every_column_of_every_chart_finds_something(shipped, played):
    """Each layer's buckets are not empty, and each of its metrics has a value in one of them."""
    namespace, client = played
    empty = []
    for layer in (layer for panel in lens.panels(shipped) for layer in lens.layers(panel)):
        if not layer.metrics:
            continue  # a fixed line
        found = client.search(
            index=lens.in_namespace(titles(shipped)[layer.view], namespace),
            size=0,
            query=kql.query(layer.query),
            aggregations=lens.aggregations(layer),
            ignore_unavailable=True,
        )
        told = dict.fromkeys(layer.metrics)
        for name, value in lens.values(layer, found["aggregations"]):
            told[name] = value if value is not None else told[name]
        empty += [
            (layer.panel, layer.name, name)
            for name, value in told.items()
            if value is None and layer.columns[name]["sourceField"] not in NOTHING_WRONG
        ]
    assert [] == empty


def test_every_mark_and_search_finds_something(shipped, played):
    """Annotations and saved searches have documents."""
    namespace, client = played
    asked = [
        (view, mark["filter"]["query"])
        for panel in lens.panels(shipped)
        for view, mark in lens.annotations(panel)
    ]
    for one in (one for one in shipped if one.type == "search"):
        (view,) = (r["id"] for r in one.body["references"] if r["type"] == "index-pattern")
        source = one.body["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"]
        asked.append((view, source["query"]["query"]))
    assert len(asked) > 4
    for view, text in asked:
        index = lens.in_namespace(titles(shipped)[view], namespace)
        count = client.count(index=index, query=kql.query(text), ignore_unavailable=True)["count"]
        assert count > 0, text


def test_every_control_offers_something(shipped, played):
    """Each list of options has one at the least."""
    namespace, client = played
    for one in (one for one in shipped if one.type == "dashboard"):
        targets = {r["name"]: r["id"] for r in one.body["references"]}
        for name, control in one.body["attributes"]["controlGroupInput"]["panelsJSON"].items():
            view = targets[f"controlGroup_{name}:optionsListDataView"]
            terms = {"terms": {"field": control["explicitInput"]["fieldName"]}}
            index = lens.in_namespace(titles(shipped)[view], namespace)
            found = client.search(
                index=index, size=0, aggregations={"o": terms}, ignore_unavailable=True
            )
            assert found["aggregations"]["o"]["buckets"], name


def test_nothing_is_an_error_where_nothing_is(shipped, played):
    """Each chart can be asked over indices that hold no document at all: the fields are there."""
    namespace, client = played
    fields = client.field_caps(index=f"driftlog-fields-{namespace}", fields="*")["fields"]
    for panel in lens.panels(shipped):
        for layer in lens.layers(panel):
            if layer.view in {"driftlog-events", "driftlog-shipper", "driftlog-analyzers"}:
                named = {c["sourceField"] for c in layer.columns.values() if "sourceField" in c}
                assert named - {"___records___"} <= fields.keys()
