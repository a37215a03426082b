"""What is shipped, as files and as Kibana takes it."""

import json
import re
from copy import deepcopy
from dataclasses import replace

import pytest

from driftlog_analyzers._kibana._check import problems
from driftlog_analyzers._kibana._compare import State, compared
from driftlog_analyzers._kibana._folder import shipped_folder
from driftlog_analyzers._kibana._objects import load, ndjson, packed, unpacked, written
from driftlog_analyzers._kibana._rules import load_rules, rule_problems
from driftlog_analyzers.errors import InputError
from tests.kibana import lens

BOARDS = ("overview", "alerts-review", "feature", "text", "predictions", "pipeline")


def one(shipped, kind, name):
    """An object of the shipped ones, to be changed."""
    (found,) = (o for o in shipped if (o.type, o.id) == (kind, f"driftlog-{name}"))
    return replace(found, body=deepcopy(found.body))


def with_one(shipped, changed):
    """The shipped objects with one of them changed."""
    return [changed if (o.type, o.id) == (changed.type, changed.id) else o for o in shipped]


def test_what_is_there(shipped):
    """Six dashboards, their pages, the data views, the searches and a tag."""
    assert {f"driftlog-{name}" for name in BOARDS} == {
        o.id for o in shipped if o.type == "dashboard"
    }
    kinds = {kind: sum(o.type == kind for o in shipped) for kind in ("index-pattern", "search")}
    assert {"index-pattern": 7, "search": 4} == kinds
    assert [] == problems(shipped)


def test_files_are_printed_one_way(shipped):
    """A file is its object with sorted keys, so that a review shows what changed and nothing else."""
    for saved in shipped:
        path = shipped_folder() / saved.type / f"{saved.id}.json"
        assert written(saved.body) == path.read_text(encoding="utf-8")


def test_packing_is_undone_by_unpacking(shipped):
    """Kibana gets its strings of JSON, and what it gives back is the file again."""
    for saved in shipped:
        assert saved == unpacked(packed(saved))
    board = packed(one(shipped, "dashboard", "overview"))["attributes"]
    for text in (
        board["panelsJSON"],
        board["optionsJSON"],
        board["controlGroupInput"]["panelsJSON"],
    ):
        assert isinstance(text, str)
        json.loads(text)


def test_a_line_an_object(shipped):
    """The import's lines are the objects, those first that others refer to."""
    lines = [json.loads(line) for line in ndjson(shipped).splitlines()]
    assert [(o.type, o.id) for o in shipped] == [(line["type"], line["id"]) for line in lines]
    kinds = [line["type"] for line in lines]
    assert kinds.index("dashboard") > kinds.index("search") > kinds.index("index-pattern")


def test_every_page_has_help_links_and_controls(shipped):
    """Each dashboard can be read without a manual, and leads to the others."""
    for board in (o for o in shipped if o.type == "dashboard"):
        attributes = board.body["attributes"]
        types = [panel["type"] for panel in attributes["panelsJSON"]]
        assert (1, 1) == (types.count("links"), types.count("visualization"))
        assert attributes["controlGroupInput"]["panelsJSON"]
        assert attributes["timeRestore"]
        tags = [r["id"] for r in board.body["references"] if r["type"] == "tag"]
        assert ["driftlog-tag"] == tags


def test_titles(shipped):
    """Every chart has a title that fits its width, or one large number that its label names."""
    for panel in lens.panels(shipped):
        title, width = panel["title"], panel["gridData"]["w"]
        assert len(title) <= 2.8 * width
        kind = panel["embeddableConfig"]["attributes"]["visualizationType"]
        assert bool(title) == (kind != "lnsMetric")


def test_severities_have_one_colour_each(shipped):
    """Wherever severities split a chart, each has the colour that it has elsewhere, and all are named."""
    found = set()
    for panel in lens.panels(shipped):
        columns = [c for layer in lens.layers(panel) for c in layer.columns.values()]
        if not any(c.get("sourceField") == "severity" and c["isBucketed"] for c in columns):
            continue
        visualization = panel["embeddableConfig"]["attributes"]["state"]["visualization"]
        for layer in visualization["layers"]:
            given = layer["colorMapping"]["assignments"]
            found.add(tuple((g["rule"]["values"][0], g["color"]["colorCode"]) for g in given))
    ((*colours,),) = found
    assert ["critical", "high", "medium", "low", "info"] == [name for name, _ in colours]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: b["panelsJSON"][3]["gridData"].update(x=45), "leaves the 48 columns"),
        (lambda b: b["panelsJSON"][3]["gridData"].update(x=0), "overlap"),
        (lambda b: b["panelsJSON"][3]["gridData"].update(i="other"), "another id in its grid"),
        (lambda b: layer(b, 8)["columnOrder"].pop(), "does not list each column once"),
        (lambda b: layer(b, 8)["columnOrder"].reverse(), "a bucket stands behind a metric"),
        (lambda b: vis(b, 8).update(valueAccessor="zz"), "zz is drawn and is no column"),
        (lambda b: vis(b, 8).update(layerId="l9"), "layer l9 is drawn and has no columns"),
        (lambda b: swap(layer(b, 8)["columnOrder"]), "a split stands behind the time"),
        (
            lambda b: layer(b, 8)["columns"]["f"]["params"]["orderBy"].update(columnId="q"),
            "q is no column",
        ),
        (
            lambda b: b["panelsJSON"][8]["embeddableConfig"]["attributes"]["references"].pop(),
            "not among its references",
        ),
    ],
)
def test_a_broken_dashboard_is_told(shipped, change, words):
    """What keeps a chart from being drawn is found without a Kibana."""
    board = one(shipped, "dashboard", "overview")
    change(board.body["attributes"])
    found = problems(with_one(shipped, board))
    assert any(words in problem for problem in found), found


def vis(board, number):
    """How a panel of a dashboard is drawn."""
    panel = board["panelsJSON"][number]["embeddableConfig"]["attributes"]
    return panel["state"]["visualization"]


def layer(board, number):
    """The first layer of a panel."""
    panel = board["panelsJSON"][number]["embeddableConfig"]["attributes"]
    return panel["state"]["datasourceStates"]["formBased"]["layers"]["l1"]


def swap(order):
    """Exchange the first two."""
    order[0], order[1] = order[1], order[0]


def test_broken_sets_are_told(shipped):
    """A reference to nothing, a reference that serves nothing, a strange version, an id that is there twice."""
    search = one(shipped, "search", "search-events")
    search.body["references"][0]["id"] = "driftlog-nothing"
    search.body["references"].append({"type": "lens", "id": "driftlog-x", "name": "y"})
    search.body["typeMigrationVersion"] = "8.10.0"
    text = one(shipped, "dashboard", "text")
    text.body["attributes"]["panelsJSON"][0]["panelIndex"] = "driftlog-overview-p01"
    found = "\n".join(problems(with_one(with_one(shipped, search), text)))
    for words in (
        "refers to index-pattern driftlog-nothing, which is not in the set",
        "the reference lens y serves nothing",
        "its versions ('8.8.0', '8.10.0') are not those of Kibana 8.12",
        "the id driftlog-overview-p01 is there 2 times",
    ):
        assert words in found


class TestCompared:
    """What Kibana has against what is shipped."""

    def standing(self, shipped, body):
        """How the tag stands if Kibana has this of it."""
        tag = one(shipped, "tag", "tag")
        (found,) = compared([tag], {("tag", tag.id): replace(tag, body=body)} if body else {})
        return found.state, found.differences

    def test_missing_and_same(self, shipped):
        """What Kibana adds by itself is no difference."""
        body = one(shipped, "tag", "tag").body
        added = body | {"managed": False, "updated_at": "2026", "typeMigrationVersion": "10.2.0"}
        added["attributes"] = body["attributes"] | {"new": True}
        assert (State.MISSING, ()) == self.standing(shipped, None)
        assert (State.SAME, ()) == self.standing(shipped, added)

    def test_changed(self, shipped):
        """What people changed is told with both values."""
        body = one(shipped, "tag", "tag").body
        body["attributes"]["color"] = "#000000"
        words = "attributes.color: '#00bfb3' became '#000000'"
        assert (State.CHANGED, (words,)) == self.standing(shipped, body)

    def test_panels_by_their_ids(self, shipped):
        """A panel that was taken out, and one that was added, are named; others are held against their namesakes."""
        board = one(shipped, "dashboard", "text")
        panels = board.body["attributes"]["panelsJSON"]
        gone = panels.pop(2)
        panels.append(gone | {"panelIndex": "mine"})
        theirs = {("dashboard", board.id): board}
        (found,) = compared([one(shipped, "dashboard", "text")], theirs)
        told = [d for d in found.differences if "panelsJSON" in d]
        where = "attributes.panelsJSON"
        assert [f"{where}[driftlog-text-p03]: gone", f"{where}[mine]: added"] == told


class TestFiles:
    """Folders that cannot be used."""

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("{", "is no JSON"),
            ("[]", "is no JSON object"),
            ('{"type": "tag", "id": "other", "attributes": {}}', "says that it is tag other"),
            ('{"type": "tag", "id": "x"}', "it needs attributes"),
        ],
    )
    def test_a_bad_file(self, tmp_path, text, words):
        """A file is named with what is wrong."""
        (tmp_path / "tag").mkdir()
        (tmp_path / "tag" / "x.json").write_text(text)
        with pytest.raises(InputError, match=words):
            load(tmp_path)

    def test_an_empty_folder(self, tmp_path):
        """A folder without objects is told."""
        with pytest.raises(InputError, match="holds no dashboards"):
            load(tmp_path)

    def test_a_bad_rule(self, tmp_path):
        """A rule that lacks what Kibana asks for is told."""
        (tmp_path / "alerting").mkdir()
        (tmp_path / "alerting" / "x.json").write_text('{"name": "x"}')
        with pytest.raises(InputError, match="it lacks consumer, params, rule_type_id, schedule"):
            load_rules(tmp_path)


def test_rules_need_a_basic_licence_only():
    """Each rule is of a kind that every licence has, and sends to nobody until people say to whom."""
    rules = load_rules(shipped_folder())
    assert {"driftlog-alert-any", "driftlog-alert-high"} <= rules.keys()
    for name, body in rules.items():
        assert [] == list(rule_problems(name, body))
        query = json.loads(body["params"]["esQuery"])
        assert "query" in query
    paid = {"rule_type_id": "xpack.ml.anomaly_detection_alert", "actions": [{"id": "mine"}]}
    assert 2 == len(list(rule_problems("x", paid)))


def test_marks_are_not_lost_to_the_query_of_their_panel(shipped):
    """Kibana asks for the marks under the panel's own query, too, which names fields that alerts do not have."""
    marked = [panel for panel in lens.panels(shipped) if [*lens.annotations(panel)]]
    assert len(marked) > 1
    for panel in marked:
        assert {""} == {layer.query for layer in lens.layers(panel)}, panel["panelIndex"]


def test_a_link_in_a_help_panel_leads_where_it_says(shipped):
    """What is linked by its address, which Kibana does not check, is shipped."""
    kinds = {"#": "dashboard", "discover#": "search"}
    known = {(one.type, one.id) for one in shipped}
    boards = [one.body["attributes"]["panelsJSON"] for one in shipped if one.type == "dashboard"]
    linked = re.findall(r"\[(\w[^]]*)\]\((\w*#)/view/([\w-]+)\)", json.dumps(boards))
    assert len(linked) > 3
    assert [] == [place for place in linked if (kinds[place[1]], place[2]) not in known]
    assert [] == [place for place in linked if place[0].startswith("Discover")]
