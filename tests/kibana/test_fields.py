"""Whatever a chart, control, search or format names is there, with the type that it needs, before any data is."""

from itertools import chain

import pytest

from tests.kibana import kql, lens
from tests.kibana.mapping import installed

TEXTS, DATES = {"keyword"}, {"date", "date_nanos"}
NUMBERS = {"long", "double"}
FLAGS = {"boolean"}
GROUPED = TEXTS | NUMBERS | DATES | FLAGS
NEEDED = {
    "terms": GROUPED,
    "date_histogram": DATES,
    "max": NUMBERS | DATES,
    "min": NUMBERS | DATES,
    "sum": NUMBERS,
    "average": NUMBERS,
    "unique_count": GROUPED,
    "last_value": GROUPED,
}
KINDS = {"string": TEXTS, "number": NUMBERS, "date": DATES, "boolean": FLAGS}
FORMATS = {
    "percent": NUMBERS,
    "number": NUMBERS,
    "bytes": NUMBERS,
    "duration": NUMBERS,
    "date": DATES,
}
OF_EVERY_INDEX = {"_ignored": "keyword", "_id": "keyword"}
INDICES = installed()


@pytest.fixture(scope="session")
def views(shipped):
    """Types of the fields of each data view; an index that lacks a field has not the last word."""
    found = {}
    for one in shipped:
        if one.type == "index-pattern":
            names = lens.matching(one.body["attributes"]["title"], INDICES)
            found[one.id] = [INDICES[name] for name in names]
    return found


def types(views, view, field):
    """Every type that a field has in a data view."""
    if field in OF_EVERY_INDEX:
        return {OF_EVERY_INDEX[field]}
    return {fields[field] for fields in views[view] if field in fields}


def lacking(views, asked):
    """What of (where, view, field, types) is not there or has another type."""
    found = [
        (where, view, field, types(views, view, field), kinds)
        for where, view, field, kinds in asked
    ]
    return [(w, v, f, sorted(has)) for w, v, f, has, kinds in found if not has or not has <= kinds]


def test_every_view_covers_something_that_setup_makes(views):
    """No data view is without an index, however empty the cluster is."""
    assert [] == [view for view, covered in views.items() if not covered]
    for view in ("driftlog-events", "driftlog-shipper", "driftlog-analyzers"):
        assert INDICES["driftlog-fields-default"] in views[view]


def test_the_index_of_fields_has_those_of_every_stream():
    """Dashboards over a stream that is not there yet find each field, with the same type."""
    fields = INDICES["driftlog-fields-default"]
    streams = [found for name, found in INDICES.items() if name.startswith(("logs-", "metrics-"))]
    assert 3 == len(streams)
    for stream in streams:
        assert stream.items() <= fields.items()


def test_columns(shipped, views):
    """Every column of every chart has a field that its operation can work on."""
    columns = [
        (layer, name, layer.columns[name])
        for panel in lens.panels(shipped)
        for layer in lens.layers(panel)
        for name in layer.order
        if "sourceField" in layer.columns[name]
        and layer.columns[name]["sourceField"] != "___records___"
    ]
    assert len(columns) > 200
    asked = [
        (f"{layer.panel} {name}", layer.view, column["sourceField"], needed(column))
        for layer, name, column in columns
    ]
    assert [] == lacking(views, asked)


def needed(column):
    """The types of a field that a column can work on: those of its operation that give the type it says it has."""
    types = NEEDED[column["operationType"]]
    grouped = column["operationType"] in {"terms", "unique_count"}
    return types if grouped else types & KINDS[column["dataType"]]


def test_queries(shipped, views):
    """Every field that a panel's query, a column's filter or a mark's query names is there."""
    asked = []
    for panel in lens.panels(shipped):
        for layer in lens.layers(panel):
            filters = [c["filter"]["query"] for c in layer.columns.values() if "filter" in c]
            for text in (layer.query, *filters):
                asked += [(layer.panel, layer.view, field, GROUPED) for field in kql.fields(text)]
        for view, mark in lens.annotations(panel):
            asked += [(mark["id"], view, f, GROUPED) for f in kql.fields(mark["filter"]["query"])]
            asked.append((mark["id"], view, mark["timeField"], DATES))
            asked += [
                (mark["id"], view, f, TEXTS) for f in (mark["textField"], *mark["extraFields"])
            ]
    assert [] == lacking(views, asked)


def test_controls(shipped, views):
    """Every control lists the values of a keyword."""
    asked = []
    for one in shipped:
        if one.type != "dashboard":
            continue
        targets = {r["name"]: r["id"] for r in one.body["references"]}
        for name, control in one.body["attributes"]["controlGroupInput"]["panelsJSON"].items():
            view = targets[f"controlGroup_{name}:optionsListDataView"]
            asked.append((name, view, control["explicitInput"]["fieldName"], TEXTS))
    assert len(asked) > 15
    assert [] == lacking(views, asked)


def test_no_control_empties_the_other_charts_of_its_page(shipped, views):
    """Charts lack no field of a control beside them, unless it hides what is picked: a choice would leave nothing."""
    searched = {
        one.id: reference["id"]
        for one in shipped
        for reference in one.body["references"]
        if one.type == "search" and reference["type"] == "index-pattern"
    }
    asked = []
    for one in (one for one in shipped if one.type == "dashboard"):
        shown = [r for r in one.body["references"] if not r["name"].startswith("controlGroup_")]
        over = {searched.get(r["id"], r["id"]) for r in shown} & views.keys()
        for control in one.body["attributes"]["controlGroupInput"]["panelsJSON"].values():
            chosen = control["explicitInput"]
            if not chosen["exclude"]:
                asked += [(one.id, view, chosen["fieldName"], TEXTS) for view in over]
    assert len(asked) > 30
    assert [] == lacking(views, asked)


def test_searches(shipped, views):
    """Every column and every field of the query of a saved search is there."""
    asked = []
    for one in (one for one in shipped if one.type == "search"):
        attributes = one.body["attributes"]
        (view,) = (r["id"] for r in one.body["references"] if r["type"] == "index-pattern")
        text = attributes["kibanaSavedObjectMeta"]["searchSourceJSON"]["query"]["query"]
        columns = {*attributes["columns"], *attributes["grid"]["columns"], *kql.fields(text)}
        asked += [(one.id, view, field, GROUPED) for field in columns]
    assert [] == lacking(views, asked)


def test_labels_formats_and_descriptions(shipped, views):
    """A data view labels and formats only what is there, each field by a format for its type."""
    asked = []
    for one in (one for one in shipped if one.type == "index-pattern"):
        attributes = one.body["attributes"]
        asked += [(one.id, one.id, field, GROUPED | {"text"}) for field in attributes["fieldAttrs"]]
        for field, form in attributes["fieldFormatMap"].items():
            asked.append((one.id, one.id, field, FORMATS.get(form["id"], TEXTS)))
        asked.append((one.id, one.id, attributes["timeFieldName"], DATES))
    assert len(asked) > 100
    assert [] == lacking(views, asked)


def test_a_shared_field_has_one_type(views):
    """Within a data view no field has two types, which Kibana would show as a conflict."""
    for covered in views.values():
        for field in set(chain.from_iterable(covered)):
            assert 1 == len({fields[field] for fields in covered if field in fields}), field
