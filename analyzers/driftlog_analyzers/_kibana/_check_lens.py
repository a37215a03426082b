"""What would keep a Lens chart from being drawn, each problem in a few words. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from driftlog_analyzers._kibana._objects import Json

_ACCESSORS = frozenset(
    {
        "accessor",
        "breakdownByAccessor",
        "columnId",
        "forAccessor",
        "maxAccessor",
        "metricAccessor",
        "secondaryMetricAccessor",
        "splitAccessor",
        "tagAccessor",
        "trendlineBreakdownByAccessor",
        "trendlineMetricAccessor",
        "trendlineTimeAccessor",
        "valueAccessor",
        "xAccessor",
        "yAccessor",
    }
)
_LISTED = frozenset({"accessors", "metrics", "primaryGroups"})
_LAYER = "indexpattern-datasource-layer-"
_MARKS = "xy-visualization-layer-"


def lens_problems(attributes: Json) -> Iterator[str]:
    """What is wrong with a chart by value.

    Args:
        attributes: of the panel: ``references``, ``state`` and ``visualizationType``.
    """
    layers = attributes["state"]["datasourceStates"]["formBased"]["layers"]
    drawn = {*_drawn(attributes["state"]["visualization"])}
    marks = {layer for layer, kind in drawn if kind == "annotations"}
    data = {layer for layer, kind in drawn if kind != "annotations"}
    names = {one["name"] for one in attributes["references"]}
    wanted = {f"{_LAYER}{name}" for name in layers} | {f"{_MARKS}{name}" for name in marks}
    for name in sorted(wanted ^ names):
        yield f"{name} is {'not among' if name in wanted else 'too many in'} its references"
    for name in sorted(data ^ layers.keys()):
        yield f"layer {name} is {'drawn and has no columns' if name in data else 'not drawn'}"
    for name, layer in layers.items():
        yield from (f"layer {name}: {words}" for words in _of_layer(layer))
    columns = {name for layer in layers.values() for name in layer["columns"]}
    for name in sorted({*_named(attributes["state"]["visualization"])} - columns):
        yield f"{name} is drawn and is no column"


def _drawn(visualization: Json) -> Iterator[tuple[str, str]]:
    for layer in visualization.get("layers", [visualization]):
        yield layer["layerId"], layer.get("layerType", "data")
    if "trendlineLayerId" in visualization:
        yield visualization["trendlineLayerId"], "metricTrendline"


def _of_layer(layer: Json) -> Iterator[str]:
    columns, order = layer["columns"], layer["columnOrder"]
    if sorted(order) != sorted(columns):
        yield "columnOrder does not list each column once"
        return
    buckets = [columns[name]["isBucketed"] for name in order]
    if buckets != sorted(buckets, reverse=True):
        yield "a bucket stands behind a metric"
    kinds = [columns[name]["operationType"] for name in order if columns[name]["isBucketed"]]
    if "date_histogram" in kinds and "terms" in kinds[kinds.index("date_histogram") :]:
        yield "a split stands behind the time: its top values would be taken anew in each bucket"
    for name in order:
        yield from (f"column {name}: {words}" for words in _of_column(columns[name], columns))


def _of_column(column: Json, columns: Mapping[str, Json]) -> Iterator[str]:
    named = list(column.get("references", []))
    by = column["params"].get("orderBy", {}) if column["operationType"] == "terms" else {}
    if by.get("type") == "column":
        named.append(by["columnId"])
    yield from (f"{name} is no column" for name in named if name not in columns)
    if column["operationType"] == "formula" and not column["references"]:
        yield "a formula without its parts shows nothing"


def _named(value: Any) -> Iterator[str]:
    """The columns that a visualization names, wherever it does."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _ACCESSORS and isinstance(inner, str):
                yield inner
            elif key in _LISTED:
                yield from inner
            else:
                yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
