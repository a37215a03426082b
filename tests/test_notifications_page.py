"""The examples of docs/notifications.md are what driftlog reads and writes."""

import json
import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from driftlog_analyzers._config import load_config
from driftlog_analyzers._notify._digest import AlertLine, Digest, IncidentPart, digest
from driftlog_analyzers._notify._intent import State
from driftlog_analyzers._notify._routes import Route
from driftlog_analyzers._notify._sample import sample_intent
from driftlog_analyzers._notify._senders import senders
from driftlog_analyzers._notify._templates import Templates

PAGE = (Path(__file__).parents[1] / "docs" / "notifications.md").read_text()
SECRETS = {
    "OPS_SLACK": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops",
    "SCIENTISTS_SLACK": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "PLATFORM_TEAMS": "workflows://example.com/workflow/signature",
    "RETRAIN_URL": "https://ci:token@ci.example.com/pipelines/retrain",
}


def blocks(language):
    """The examples in one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", blocks("toml"))
def test_every_route_is_one(example, tmp_path):
    """Each example is read, and each of its receivers is known."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "pagerduty").write_text("pagerduty://A1BRTD4JD@TIiajkdnlazkcOXrIdevi7F")
    file = tmp_path / "driftlog.toml"
    file.write_text(example)
    routes = load_config(file).routes
    assert example.count("[[routes]]") == len(senders(routes, SECRETS))


def test_the_template_works():
    """The template of the page is one."""
    (example,) = blocks("jinja")
    route = Route(name="a", url="json://localhost", body=example)
    text = Templates(route, "text").render(digest(route, [sample_intent(route, datetime.now(UTC))]))
    assert "critical new: sample: vanished: sample, since 2026-03-02 14:00 UTC" in text.body
    assert "" == text.trouble


def test_the_triggers_body():
    """A trigger's body has the keys that the page shows, no more and no fewer."""
    (example,) = blocks("json")
    shown = json.loads(example)
    route = Route(name="a", kind="trigger", url="http://localhost")
    sent = digest(route, [sample_intent(route, datetime.now(UTC))]).document()
    assert shown.keys() == sent.keys()
    assert shown["incident"].keys() == sent["incident"].keys()
    (shown_finding,), (sent_finding,) = shown["incident"]["findings"], sent["incident"]["findings"]
    assert shown_finding.keys() == sent_finding.keys()
    assert shown_finding["changes"][0].keys() == sent_finding["changes"][0].keys()


def test_everything_is_named():
    """Every setting of a route, every state, and everything that templates have stands on the page."""
    names = [*Route.model_fields, *State]
    for kind in (Digest, IncidentPart, AlertLine):
        names += [field.name for field in fields(kind) if field.name != "intents"]
    assert [] == [name for name in names if f"`{name}`" not in PAGE]
