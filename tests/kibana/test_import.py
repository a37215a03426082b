"""``driftlog dashboards`` against a server that answers as Kibana does."""

import json
import re
import shutil
import sys

import pytest

from driftlog_analyzers._kibana._objects import packed
from driftlog_analyzers.cli import main


@pytest.fixture
def driftlog(monkeypatch, capsys, kibana):
    """Run a command against the server; gives its exit code, stdout and stderr."""
    for name in ("API_KEY", "USERNAME", "PASSWORD", "SPACE", "CA_CERTS"):
        monkeypatch.delenv(f"KIBANA_{name}", raising=False)
    monkeypatch.setenv("KIBANA_URL", kibana.url)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["driftlog", "dashboards", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return run


def attributes(kibana, kind, name, space="default"):
    """The attributes of an object that the server keeps."""
    return kibana.objects[space, kind, name]["attributes"]


def test_everything_is_brought(driftlog, kibana, shipped):
    """All objects arrive as they are packed; a second time there is nothing to do."""
    code, out, err = driftlog("import")
    assert (0, "") == (code, err)
    assert f"{len(shipped)} objects made, 0 replaced, 0 as they were." in out
    assert f"Open {kibana.url}/app/dashboards#/view/driftlog-overview" in out
    assert len(shipped) == len(kibana.objects)
    for saved in shipped:
        assert packed(saved)["attributes"] == attributes(kibana, saved.type, saved.id)
    assert f"0 objects made, 0 replaced, {len(shipped)} as they were." in driftlog("import")[1]
    assert (0, "") == driftlog("diff")[::2]


def test_into_a_space(driftlog, kibana):
    """Another space gets its own copy, and the address leads there."""
    kibana.spaces.add("ml team")
    code, out, _ = driftlog("import", "--space", "ml team")
    assert (0, {"ml team"}) == (code, {space for space, _, _ in kibana.objects})
    assert "/s/ml%20team/app/dashboards#/view/driftlog-overview" in out


def test_a_space_that_does_not_exist(driftlog, kibana):
    """It is named, and nothing is made in it by accident."""
    code, _, err = driftlog("import", "--space", "nope")
    assert (1, {}) == (code, kibana.objects)
    assert "has no space 'nope'; create it, or name another with --space" in err


def changed(kibana):
    """People rename a dashboard."""
    attributes(kibana, "dashboard", "driftlog-text")["title"] = "Ours"


def test_what_people_changed_is_kept(driftlog, kibana, shipped):
    """A changed object is told with what changed and left as it is; the others are brought."""
    driftlog("import")
    changed(kibana)
    del kibana.objects["default", "tag", "driftlog-tag"]
    code, out, err = driftlog("import")
    assert (0, "Ours") == (code, attributes(kibana, "dashboard", "driftlog-text")["title"])
    assert f"1 objects made, 0 replaced, {len(shipped) - 2} as they were." in out
    assert "dashboard driftlog-text is otherwise there and was left so; --overwrite" in err
    assert "attributes.title: 'driftlog: Text' became 'Ours'" in err


def test_overwrite_replaces(driftlog, kibana, shipped):
    """Only what is otherwise is sent again."""
    driftlog("import")
    changed(kibana)
    code, out, _ = driftlog("import", "--overwrite", "--json")
    told = json.loads(out)
    assert (0, ["dashboard driftlog-text"]) == (code, told["replaced"])
    assert len(shipped) - 1 == len(told["same"])
    assert "driftlog: Text" == attributes(kibana, "dashboard", "driftlog-text")["title"]


def test_diff_says_what_is_otherwise(driftlog, kibana):
    """It ends with 1, so that a script can act on it."""
    driftlog("import")
    changed(kibana)
    del kibana.objects["default", "search", "driftlog-search-events"]
    code, out, err = driftlog("diff")
    assert (1, "") == (code, err)
    assert out.splitlines() == [
        "search driftlog-search-events: missing",
        "dashboard driftlog-text: changed",
        "  attributes.title: 'driftlog: Text' became 'Ours'",
    ]


def test_an_object_that_cannot_be_read(driftlog, kibana):
    """It is named, with what helps."""
    driftlog("import")
    attributes(kibana, "dashboard", "driftlog-text")["panelsJSON"] = "{"
    for command in ("diff", "import"):
        code, _, err = driftlog(command)
        assert (1, True) == (code, "gave dashboard driftlog-text, which cannot be read" in err)


def test_what_kibana_refuses_is_told_object_by_object(driftlog, kibana, shipped):
    """The rest is there, the reason is Kibana's, and the exit code is 1."""
    references = [{"type": "index-pattern", "id": "driftlog-profiles"}]
    kibana.rejects["dashboard", "driftlog-text"] = {
        "type": "missing_references",
        "references": references,
    }
    kibana.rejects["tag", "driftlog-tag"] = {"type": "unknown", "message": "no room"}
    code, out, err = driftlog("import")
    assert (1, len(shipped) - 2) == (code, len(kibana.objects))
    assert f"{len(shipped) - 2} objects made" in out
    assert (
        "dashboard driftlog-text was refused: it refers to what is not there: index-pattern" in err
    )
    assert "tag driftlog-tag was refused: no room" in err


def test_rules(driftlog, kibana):
    """Rules are made once; people's own actions on them are theirs, even where the rule is replaced."""
    code, out, _ = driftlog("import", "--rules")
    assert (0, 4) == (code, len(kibana.rules))
    rule = kibana.rules["default", "driftlog-alert-high"]
    assert (".es-query", "stackAlerts") == (rule["rule_type_id"], rule["consumer"])
    rule["actions"] = [{"id": "slack", "group": "query matched", "connector_type_id": ".slack"}]
    rule["name"] = "mine"
    assert "rule driftlog-alert-high: kept" in driftlog("import", "--rules")[1]
    assert "mine" == kibana.rules["default", "driftlog-alert-high"]["name"]
    assert "rule driftlog-alert-high: replaced" in driftlog("import", "--rules", "--overwrite")[1]
    after = kibana.rules["default", "driftlog-alert-high"]
    assert "driftlog: an active alert of severity high or critical" == after["name"]
    assert [{"id": "slack", "group": "query matched"}] == after["actions"]
    assert "rule driftlog-alert-any: made" in out


@pytest.mark.parametrize(
    ("names", "header"),
    [
        ({"API_KEY": "c2VjcmV0"}, "ApiKey c2VjcmV0"),
        ({"USERNAME": "ana", "PASSWORD": "p:w"}, "Basic YW5hOnA6dw=="),
        ({}, None),
    ],
)
def test_who_asks(driftlog, kibana, monkeypatch, names, header):
    """Key or password come from the variables, and every request has the header against forgery."""
    for name, value in names.items():
        monkeypatch.setenv(f"KIBANA_{name}", value)
    out = "".join(map(str, driftlog("import")))
    asked = kibana.requests
    assert {header} == {headers.get("authorization") for _, _, headers in asked}
    assert {"driftlog"} == {headers.get("kbn-xsrf") for _, _, headers in asked}
    assert not any(secret in out for secret in ("c2VjcmV0", "p:w"))


@pytest.mark.parametrize(
    ("version", "fits"), [("8.11.4", False), ("8.12.0", True), ("9.5.3", True)]
)
def test_versions(driftlog, kibana, version, fits):
    """A Kibana that is too old to draw the charts is told so before anything is sent."""
    kibana.version = version
    code, _, err = driftlog("import")
    assert (fits, fits) == (code == 0, bool(kibana.objects))
    assert fits or f"is {version}; the dashboards need 8.12 or later: upgrade it" in err


def test_not_ready(driftlog, kibana):
    """A Kibana that is still starting is waited for by whoever runs it, not taken for a refusal."""
    kibana.ready = False
    code, _, err = driftlog("import")
    assert (1, True) == (code, "is not ready yet; try again in a minute" in err)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            (401, {"message": "unable to authenticate"}),
            "does not know who asks (unable to authenticate)",
        ),
        ((403, {"message": "Unable to bulk_get dashboard"}), "may not do that in Kibana at"),
        ((413, {"message": "Payload too large"}), "refused (413: Payload too large)"),
        ((502, b"<html>bad gateway</html>"), "refused (502: <html>bad gateway</html>)"),
    ],
)
def test_refusals(driftlog, kibana, answer, words):
    """What stands in the way is one sentence with the next step, for every command that asks."""
    kibana.refuses = answer
    for command in ("import", "diff"):
        code, out, err = driftlog(command)
        assert (1, "") == (code, out)
        assert words in err
        assert 1 == len(err.splitlines())


def test_an_unreachable_kibana(driftlog):
    """It is named without a password."""
    code, _, err = driftlog("import", "--url", "http://u:secret@127.0.0.1:9")
    assert (1, True) == (code, "cannot be reached" in err)
    assert "secret" not in err


@pytest.mark.parametrize("key", ["c2Vj\ncmV0", "schlüssel€"])
def test_a_key_that_is_none(driftlog, kibana, monkeypatch, key):
    """A key that no header can hold is told without being shown, and nothing is sent."""
    monkeypatch.setenv("KIBANA_API_KEY", key)
    code, _, err = driftlog("import")
    assert (1, []) == (code, kibana.requests)
    assert "the API key of Kibana holds what no key does" in err
    assert key not in err


def test_a_key_from_a_file_with_a_line_break(driftlog, kibana, monkeypatch):
    """The line break at the end of a file is no part of the key."""
    monkeypatch.setenv("KIBANA_API_KEY", "c2VjcmV0\r\n")
    driftlog("import")
    assert {"ApiKey c2VjcmV0"} == {headers["authorization"] for _, _, headers in kibana.requests}


@pytest.mark.parametrize(
    "url", ["localhost:5601", "ftp://x", "nonsense", "http://[::1", "http://kibana:99999"]
)
def test_an_address_that_is_none(driftlog, url):
    """It is told before anything is sent."""
    code, _, err = driftlog("diff", "--url", url)
    assert (1, True) == (code, "is no address of a Kibana" in err)


def test_something_else_answers(driftlog, monkeypatch):
    """A server that is no Kibana is told apart."""
    monkeypatch.setattr("tests.kibana.fake_kibana._Handler._work", lambda *_: (200, b"hello"))
    code, _, err = driftlog("import")
    assert (1, True) == (code, "answers, but is no Kibana" in err)


def test_certificates_that_are_none(driftlog, tmp_path):
    """A file of certificates that cannot be used is named."""
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    code, _, err = driftlog("import", "--ca-certs", file)
    assert (1, True) == (code, f"the certificates in {file} cannot be used" in err)


def test_the_configuration_names_kibana(driftlog, kibana, monkeypatch, tmp_path):
    """Its address and space may stand in driftlog.toml."""
    monkeypatch.delenv("KIBANA_URL")
    assert 2 == driftlog("diff")[0]
    file = tmp_path / "driftlog.toml"
    file.write_text(f'[kibana]\nurl = "{kibana.url}"\nspace = "ml"\n')
    kibana.spaces.add("ml")
    assert 0 == driftlog("import", "--config", file)[0]
    assert {"ml"} == {space for space, _, _ in kibana.objects}


def test_export_is_what_kibanas_own_import_takes(driftlog, shipped, tmp_path):
    """An object a line, to a file or to stdout."""
    file = tmp_path / "x.ndjson"
    assert 0 == driftlog("export-ndjson", "--output", file)[0]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [packed(saved) for saved in shipped] == lines


def test_check(driftlog, tmp_path):
    """What is shipped has no problem; a copy that was edited by hand is told what is wrong, and ends with 1."""
    from driftlog_analyzers._kibana._folder import shipped_folder  # noqa: PLC0415 - for this test

    assert re.search(r"19 objects and 4 rules in .*: no problem", driftlog("check")[1])
    (tmp_path / "tag").mkdir()
    text = (shipped_folder() / "tag" / "driftlog-tag.json").read_text()
    (tmp_path / "tag" / "driftlog-tag.json").write_text(text.replace("\n", ""))
    code, _, err = driftlog("check", "--folder", tmp_path)
    assert (1, True) == (code, "is not printed with sorted keys" in err)


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("dashboard/driftlog-text", ('"gridData"', '"grid"'), "'gridData' is missing"),
        ("search/driftlog-search-events", ('"references": [', '"references": [{},'), "'type' is"),
        ("links/driftlog-links", ('"links": [', '"links": [3,'), "not built as Kibana builds it"),
        (
            "alerting/driftlog-alert-any",
            ('"params": {', '"params": 3, "x": {'),
            "its params are no",
        ),
    ],
)
def test_check_of_what_is_built_otherwise(driftlog, tmp_path, file, change, words):
    """A file that lacks what every such object has is named with what it lacks."""
    from driftlog_analyzers._kibana._folder import shipped_folder  # noqa: PLC0415 - for this test

    shutil.copytree(shipped_folder(), tmp_path / "own")
    path = tmp_path / "own" / f"{file}.json"
    path.write_text(path.read_text().replace(*change, 1))
    code, _, err = driftlog("check", "--folder", tmp_path / "own")
    assert (1, True) == (code, words in err)
    assert path.stem in err
