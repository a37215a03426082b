"""What would keep a set of saved objects from working in Kibana, each problem in a sentence. Pure.

The rules are those that Kibana 8.12 was seen to follow without a word: a reference that nothing satisfies makes a panel
load for ever, two panels with one id show one chart under both titles, a column out of order breaks its chart.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import Any

from driftlog_analyzers._kibana._check_lens import lens_problems
from driftlog_analyzers._kibana._objects import Json, SavedObject

PREFIX = "driftlog-"
COLUMNS = 48
VERSIONS: Mapping[str, tuple[str | None, str | None]] = {
    "dashboard": ("8.8.0", "8.9.0"),
    "index-pattern": ("8.8.0", "8.0.0"),
    "search": ("8.8.0", "8.0.0"),
    "tag": ("8.8.0", "8.0.0"),
    "links": ("8.8.0", None),
}
"""Core and type migration versions that Kibana 8.12 knows; of links it knows no type version."""
_BY_REFERENCE = frozenset({"links", "search"})
_DRILL = "drilldown:DASHBOARD_TO_DASHBOARD_DRILLDOWN"
_CONTROLS = {
    "optionsListControl": "optionsListDataView",
    "rangeSliderControl": "rangeSliderDataView",
}


def problems(objects: Sequence[SavedObject]) -> list[str]:
    """Everything that is wrong with a set of objects, sorted; nothing where it can be imported and works."""
    known = {(one.type, one.id) for one in objects}
    found = [f"{one.name}: {words}" for one in objects for words in _told(_of_object(one, known))]
    dashboards = [one for one in objects if one.type == "dashboard"]
    return sorted([*found, *_told(_shared_ids(dashboards))])


def _told(found: Iterator[str]) -> Iterator[str]:
    """Problems as they are found, the last one where something is built as Kibana builds nothing."""
    try:
        yield from found
    except KeyError as error:
        yield f"{error} is missing"
    except (AttributeError, TypeError, ValueError) as error:
        yield f"it is not built as Kibana builds it ({error})"


def _of_object(saved: SavedObject, known: set[tuple[str, str]]) -> Iterator[str]:
    body = saved.body
    if not saved.id.startswith(PREFIX):
        yield f"its id does not begin with {PREFIX}"
    versions = body.get("coreMigrationVersion"), body.get("typeMigrationVersion")
    if versions != VERSIONS.get(saved.type):
        yield f"its versions {versions} are not those of Kibana 8.12, {VERSIONS.get(saved.type)}"
    references = body.get("references", [])
    for one in references:
        if (one["type"], one["id"]) not in known:
            yield f"{one['name']} refers to {one['type']} {one['id']}, which is not in the set"
    names = [(one["type"], one["name"]) for one in references]
    wanted = _wanted(saved)
    yield from (f"{kind} {name} is not among its references" for kind, name in wanted - {*names})
    yield from (f"the reference {kind} {name} serves nothing" for kind, name in {*names} - wanted)
    yield from (
        f"the reference {name} is there twice" for (_, name), n in Counter(names).items() if n > 1
    )
    if saved.type == "dashboard":
        yield from _layout(_panels(saved))
        yield from chain.from_iterable(map(_of_panel, _panels(saved)))


def _wanted(saved: SavedObject) -> set[tuple[str, str]]:
    """Type and name of every reference that the object needs."""
    attributes = saved.body["attributes"]
    tag = {(r["type"], r["name"]) for r in saved.body.get("references", []) if r["type"] == "tag"}
    match saved.type:
        case "dashboard":
            panels = chain.from_iterable(map(_panel_references, _panels(saved)))
            return {*panels, *_control_references(attributes), *tag}
        case "search":
            return {("index-pattern", "kibanaSavedObjectMeta.searchSourceJSON.index"), *tag}
        case "links":
            named = (one.get("destinationRefName") for one in attributes["links"])
            return {("dashboard", name) for name in named if name}
    return set()


def _panel_references(panel: Json) -> Iterator[tuple[str, str]]:
    name = panel["panelIndex"]
    if "panelRefName" in panel:
        yield panel["type"], f"{name}:{panel['panelRefName']}"
    inner = panel["embeddableConfig"].get("attributes", {}).get("references", [])
    yield from ((one["type"], f"{name}:{one['name']}") for one in inner)
    for event in _events(panel):
        yield "dashboard", f"{name}:{_DRILL}:{event['eventId']}:dashboardId"


def _control_references(attributes: Json) -> Iterator[tuple[str, str]]:
    for name, control in attributes.get("controlGroupInput", {}).get("panelsJSON", {}).items():
        yield "index-pattern", f"controlGroup_{name}:{_CONTROLS[control['type']]}"


def _of_panel(panel: Json) -> Iterator[str]:
    name = panel["panelIndex"]
    if panel["gridData"]["i"] != name:
        yield f"panel {name} has another id in its grid"
    if panel["type"] in _BY_REFERENCE and panel.get("panelRefName") != f"panel_{name}":
        yield f"panel {name} does not name its object panel_{name}"
    if panel["type"] == "lens":
        problems = lens_problems(panel["embeddableConfig"]["attributes"])
        yield from (f"panel {name}: {words}" for words in problems)


def _layout(panels: Sequence[Json]) -> Iterator[str]:
    for panel in panels:
        at = panel["gridData"]
        if min(at["x"], at["y"]) < 0 or min(at["w"], at["h"]) < 1 or at["x"] + at["w"] > COLUMNS:
            yield f"panel {panel['panelIndex']} leaves the {COLUMNS} columns"
    for one, other in combinations(panels, 2):
        if _overlap(one["gridData"], other["gridData"]):
            yield f"panels {one['panelIndex']} and {other['panelIndex']} overlap"


def _overlap(a: Mapping[str, int], b: Mapping[str, int]) -> bool:
    beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
    above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
    return not (beside or above)


def _shared_ids(dashboards: Sequence[SavedObject]) -> Iterator[str]:
    """Ids of panels, controls and drilldowns that are there twice, whatever dashboards they are on."""
    ids: Counter[str] = Counter()
    for one in dashboards:
        controls: Mapping[str, Any] = one.body["attributes"]["controlGroupInput"]["panelsJSON"]
        ids.update(panel["panelIndex"] for panel in _panels(one))
        ids.update(event["eventId"] for panel in _panels(one) for event in _events(panel))
        ids.update(controls.keys())
        for name, control in controls.items():
            if control["explicitInput"]["id"] != name:
                yield f"{one.name}: control {name} calls itself {control['explicitInput']['id']}"
    yield from (f"the id {name} is there {n} times" for name, n in ids.items() if n > 1)


def _panels(dashboard: SavedObject) -> list[Json]:
    panels: list[Json] = dashboard.body["attributes"]["panelsJSON"]
    return panels


def _events(panel: Json) -> list[Json]:
    enhancements = panel["embeddableConfig"].get("enhancements", {})
    events: list[Json] = enhancements.get("dynamicActions", {}).get("events", [])
    return events
