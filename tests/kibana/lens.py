"""Lens charts by value: their columns, and what Kibana would ask Elasticsearch for each.

``last_value`` asks with ``top_hits``: the tests' node lacks ``top_metrics``, which Kibana uses for single values.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.kibana import kql

NUMBERS = {
    "max": "max",
    "min": "min",
    "sum": "sum",
    "average": "avg",
    "unique_count": "cardinality",
}
_STEPS = {"auto": "3h"}


@dataclass(frozen=True)
class Layer:
    """One layer of a chart: the columns of one data view under one query."""

    panel: str
    name: str
    view: str
    query: str
    order: tuple
    columns: dict

    @property
    def buckets(self):
        """The columns that split."""
        return [name for name in self.order if self.columns[name]["isBucketed"]]

    @property
    def metrics(self):
        """The columns that count, fixed values left out."""
        return [n for n in self.order if n not in self.buckets and self.kind(n) != "static_value"]

    def kind(self, name):
        """The operation of a column."""
        return self.columns[name]["operationType"]


def panels(objects):
    """Every Lens panel of every dashboard."""
    dashboards = [
        one.body["attributes"]["panelsJSON"] for one in objects if one.type == "dashboard"
    ]
    return [panel for board in dashboards for panel in board if panel["type"] == "lens"]


def layers(panel):
    """The layers of a panel that have columns."""
    attributes = panel["embeddableConfig"]["attributes"]
    state = attributes["state"]
    views = {
        r["name"].removeprefix("indexpattern-datasource-layer-"): r["id"]
        for r in attributes["references"]
    }
    return [
        Layer(
            panel["panelIndex"],
            name,
            views[name],
            state["query"]["query"],
            tuple(layer["columnOrder"]),
            layer["columns"],
        )
        for name, layer in state["datasourceStates"]["formBased"]["layers"].items()
    ]


def annotations(panel):
    """Data view and marks of a panel."""
    attributes = panel["embeddableConfig"]["attributes"]
    views = {r["name"]: r["id"] for r in attributes["references"]}
    for layer in attributes["state"]["visualization"].get("layers", ()):
        for mark in layer.get("annotations", ()):
            yield views[f"xy-visualization-layer-{layer['layerId']}"], mark


def aggregations(layer):
    """The aggregations of a layer: each bucket within the one before, the metrics within the last."""
    inner = {name: _metric(layer.columns[name]) for name in layer.metrics}
    for name in reversed(layer.buckets):
        column = layer.columns[name]
        inner = {name: _bucket(column) | {"aggregations": inner}}
        by = column["params"].get("orderBy", {})
        if by.get("type") == "column":
            ranked = {by["columnId"]: _metric(layer.columns[by["columnId"]])}
            inner[name]["aggregations"] = ranked | inner[name]["aggregations"]
            path = _order(by["columnId"], layer.columns[by["columnId"]])
            inner[name]["terms"]["order"] = {path: column["params"]["orderDirection"]}
    return inner


def _bucket(column):
    field, params = column["sourceField"], column["params"]
    if column["operationType"] == "date_histogram":
        step = _STEPS.get(params["interval"], params["interval"])
        return {"date_histogram": {"field": field, "fixed_interval": step, "min_doc_count": 1}}
    assert column["operationType"] == "terms", column
    return {"terms": {"field": field, "size": params["size"]}}


def _metric(column):
    kind, field = column["operationType"], column["sourceField"]
    if kind == "count":
        inner = {"value_count": {"field": "_index"}}
    elif kind == "last_value":
        sort = [{column["params"]["sortField"]: "desc"}]
        inner = {
            "top_hits": {"size": 1, "sort": sort, "_source": False, "docvalue_fields": [field]}
        }
    else:
        inner = {NUMBERS[kind]: {"field": field}}
    asked = kql.query(column.get("filter", {}).get("query", ""))
    return {"filter": asked, "aggregations": {"value": inner}}


def _order(name, column):
    assert column["operationType"] != "last_value", "terms cannot be ordered by a last value here"
    return f"{name}>value"


def values(layer, found, names=None):
    """Every metric of a layer by its column, over all buckets of an answer."""
    names = layer.buckets if names is None else names
    if names:
        for bucket in found[names[0]]["buckets"]:
            yield from values(layer, bucket, names[1:])
        return
    for name in layer.metrics:
        yield name, _single(layer, name, found[name])


def _single(layer, name, found):
    if layer.kind(name) == "last_value":
        field = layer.columns[name]["sourceField"]
        hits = found["value"]["hits"]["hits"]
        return hits[0].get("fields", {}).get(field) if hits else None
    return found["value"]["value"] if found["doc_count"] else None


def in_namespace(title, namespace):
    """The indices of a data view in one namespace."""
    return ",".join(part.removesuffix("*") + namespace for part in title.split(","))


def matching(title, names):
    """The names that a data view covers."""
    return [name for name in names if any(fnmatchcase(name, part) for part in title.split(","))]
