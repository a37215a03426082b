from dataclasses import replace

import pytest

from driftlog_analyzers._finding import Severity
from driftlog_analyzers._incident import Cause, CauseKind
from driftlog_analyzers._notify import _apprise
from driftlog_analyzers._notify._digest import digest
from driftlog_analyzers._notify._sample import sample_incident, sample_intent, samples
from driftlog_analyzers._notify._templates import Templates
from driftlog_analyzers.errors import ConfigError

from .incidents import at, incident, route

FORMATS = ["text", "markdown", "html"]


def message(about, **settings):
    """What a route makes of one incident."""
    way = route(**settings)
    intent = replace(sample_intent(way, at(1)), incident=about)
    return Templates(way, "text").render(digest(way, [intent], " --spool 'a b'"))


@pytest.mark.parametrize("kind", FORMATS)
def test_driftlogs_own_say_everything(kind):
    """The default of each format tells model, severity, since, how much, features, link and command of all kinds."""
    way = route(format=kind, dashboard="https://kibana/d/{model}")
    everything, least = samples(way)
    text = Templates(way, "text").render(everything)
    body = text.body.replace("\\", "")
    for word in (
        "CRITICAL",
        "sample",
        "2026-03-02 14:00 UTC",
        "began together in features of bureau",
        "bureau_income vanished: it is absent from 100 % of 60 events (before: 2 %)",
        "https://kibana/d/sample",
        "driftlog alerts show ",
        everything.key,
        "new",
        "worse",
        "still open",
        "over",
        "withdrawn",
    ):
        assert word in body, word
    assert "[driftlog] 6 incidents, critical at worst, of sample" == text.subject
    assert "" == text.trouble
    assert "all events" in Templates(way, "text").render(least).subject


def test_commands_lead_to_the_same_place():
    """The command carries the options that lead to where the alert is."""
    assert "driftlog alerts show age-1 --spool 'a b'" in message(incident(1)).body


def test_markdown_is_escaped():
    """What was logged becomes no link, mention or heading."""
    body = message(incident(1, 1, "<!channel> [x](http://evil) *b* `c`"), format="markdown").body
    assert r"\<!channel\> \[x\](http://evil) \*b\* \`c\` moved" in body


def test_html_is_escaped():
    """What was logged becomes no element, whatever the template."""
    body = message(
        incident(1, 1, "<b>"), format="html", body="{{ digest.incidents[0].headline }}"
    ).body
    assert "churn: na_spike: &lt;b&gt;" in body


def test_a_subject_is_one_line():
    """Whatever a template makes, a subject is one line of bounded length."""
    subject = message(incident(1), subject="a\nb {{ 'x' * 1000 }}").subject
    assert subject.startswith("a b xxx")
    assert 200 == len(subject)


def test_long_digests_are_cut():
    """Of very many incidents the gravest are told, and how many more there are."""
    way = route()
    intents = [
        replace(sample_intent(way, at(n)), incident=incident(n, name=str(n))) for n in range(50)
    ]
    text = Templates(way, "text").render(digest(way, intents))
    assert "50 incidents" in text.subject
    assert "And 30 more incidents" in text.body


@pytest.mark.parametrize(
    ("template", "line", "what"),
    [
        ("{{ digest.severity }", 1, "unexpected '}'"),
        ("a\n{% for x in digest.incidents %}\n{{ x.id }}", 3, "Unexpected end of template"),
        ("a\n\n{{ digest.nothing }}", 3, "has no attribute 'nothing'"),
        ("{{ nothing }}", 1, "'nothing' is undefined"),
        (
            "{% for x in digest.incidents %}\n{{ x.alerts[0].colour }}{% endfor %}",
            2,
            "no attribute 'colour'",
        ),
        ("{{ 1 / 0 }}", 1, "division by zero"),
        ("{{ digest|frobnicate }}", 1, "No filter named 'frobnicate'"),
        ("{{ digest.__class__.__mro__ }}", 1, "unsafe"),
        ("{% include 'x' %}", 1, "no loader"),
    ],
)
def test_broken_templates_are_refused(tmp_path, template, line, what):
    """A template that cannot work is refused before anything is sent: which file, which line, what."""
    file = tmp_path / "body.j2"
    file.write_text(template)
    with pytest.raises(ConfigError) as error:
        Templates(route(body_file=str(file)), "text")
    assert str(error.value).startswith(f"{file}, line {line}: ")
    assert what in str(error.value)
    with pytest.raises(ConfigError, match=f"^subject, line {line}: "):
        Templates(route(subject=template), "text")


def test_missing_template(tmp_path):
    """A template file that is not there is named."""
    with pytest.raises(ConfigError, match=r"none\.j2 cannot be read \(No such file"):
        Templates(route(body_file=str(tmp_path / "none.j2")), "text")


def test_an_empty_template(tmp_path):
    """A file without a word would send messages without one."""
    (tmp_path / "body.j2").write_text(" \n")
    with pytest.raises(
        ConfigError, match=r"body\.j2 is empty; write the template, or leave it out"
    ):
        Templates(route(body_file=str(tmp_path / "body.j2")), "text")


def test_a_template_that_says_nothing():
    """Nobody would know of an incident by an empty message; driftlog's own words are sent, and that is told."""
    text = message(sample_incident(), body="{% if digest.severity == 'low' %}low{% endif %}")
    assert "a template of the route failed (it says nothing)" in text.trouble
    assert "bureau_income vanished" in text.body


def test_a_template_that_fails_later():
    """One that fails on real alerts only does not hold them back: driftlog's own words are sent, and that is told."""
    body = "{% if digest.severity == 'low' %}{{ digest.nothing }}{% endif %}"
    low = replace(sample_incident(), severity=Severity.LOW, cause=Cause(CauseKind.ALONE))
    text = message(low, body=body)
    assert "a template of the route failed" in text.trouble
    assert "bureau_income vanished" in text.body


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "markdown"),
        ("workflows://example.com/WorkflowID/Signature", "markdown"),
        ("mailto://localhost?from=a@example.com&to=b@example.com", "html"),
        ("pagerduty://A1BRTD4JD@TIiajkdnlazkcOXrIdevi7F", "text"),
        ("json://localhost", "text"),
    ],
)
def test_format_of_the_receiver(url, expected):
    """Each receiver gets what it likes best."""
    assert ("", expected) == (_apprise.problem(url), _apprise.format_of(url))
