import shlex
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from driftlog_analyzers.cli._review import login
from tests.analyzers.cli.conftest import START, write_rows

LATER = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


@pytest.fixture
def alert(driftlog, spool):
    """The id of the one alert there is: income vanished."""
    assert 0 == driftlog("analyze", "--spool", spool).code
    (found,) = driftlog("alerts", "list", "--spool", spool, "--json").json["alerts"]
    return found["id"]


@pytest.fixture
def alerts(driftlog, spool):
    """Run one of the alerts commands on the spool."""

    def run(*words):
        return driftlog("alerts", *words, "--spool", spool)

    return run


def features(done):
    """The features of the alerts that a list shows."""
    return [one["feature"] for one in done.json["alerts"]]


def test_every_action_tells_who_when_and_why(alerts, alert):
    """What people did stands in `show`, oldest first, with the login's name unless --by names another."""
    alerts("ack", alert[:6], "--by", "ann", "--reason", "on it")
    alerts("assign", alert, "--to", "bob")
    alerts("comment", alert, "--reason", "billing is slow", "--by", "bob")
    alerts("snooze", alert, "--until", LATER.isoformat(), "--by", "bob")
    shown = alerts("show", alert)
    reviews = [line.split("UTC  ", 1)[1] for line in shown.out.splitlines() if "UTC  " in line]
    assert [
        "acknowledged by ann: on it",
        f"assigned to bob by {login()}",
        "comment by bob: billing is slow",
        f"snoozed until {LATER:%Y-%m-%d %H:%M} UTC by bob",
    ] == reviews
    actions = alerts("show", alert, "--json").json["actions"]
    assert [("ack", "ann", "on it"), ("comment", "bob", "billing is slow")] == [
        (one["kind"], one["by"], one["reason"]) for one in (actions[0], actions[2])
    ]
    assert all(datetime.fromisoformat(one["at"]).tzinfo for one in actions)


def test_twice_is_once(alerts, alert):
    """An action that changes nothing says so and is not kept."""
    first, second = (alerts("ack", alert, "--by", name) for name in ("ann", "bob"))
    assert (0, 0) == (first.code, second.code)
    assert "acknowledged by ann" in first.out
    assert "1 alert was so already.\n" == second.out
    (kept,) = alerts("show", alert, "--json").json["actions"]
    assert "ann" == kept["by"]
    again = alerts("ack", alert, "--json").json
    assert {"actions": [], "unchanged": [alert]} == again


def test_filters(alerts, alert):
    """The list can be asked for features, detectors, severities, states and people."""
    assert alerts("assign", alert, "--to", "bob").code == 0
    shown = {
        "--feature": [("inc*", 1), ("age", 0)],
        "--detector": [("vanished", 1), ("range", 0)],
        "--severity": [("high", 1), ("critical", 1)],
        "--status": [("active", 1), ("inactive", 0)],
        "--since": [("2024-03-04T11:00", 1), ("2024-03-04T12:00", 0)],
        "--assignee": [("bob", 1), ("", 0)],
        "--model": [("m", 1), ("other", 0)],
    }
    for option, cases in shown.items():
        found = [len(features(alerts("list", option, value, "--json"))) for value, _ in cases]
        assert [count for _, count in cases] == found, option
    assert [1, 0] == [
        len(features(alerts("list", flag, "--json")))
        for flag in ("--unacknowledged", "--acknowledged")
    ]
    refused = alerts("list", "--severity", "bad")
    assert (2, True) == (refused.code, "none of info, low, medium, high, critical" in refused.err)


@pytest.mark.usefixtures("alert")
def test_no_alerts_of_a_model_that_nobody_analyzed(alerts):
    """A name that is mistyped does not pass for a model that is well."""
    done = alerts("list", "--model", "n")
    assert "No window of model 'n' was ever evaluated in" in done.err
    assert "" == alerts("list", "--model", "m", "--feature", "age").err


def test_resolved_until_it_is_bad_again(driftlog, alerts, alert, spool, tmp_path):
    """A resolved alert is open no more; a later bad hour opens it again."""
    assert (
        "resolved as a false alarm by ann" in alerts("resolve", alert, "--false", "--by", "ann").out
    )
    assert [] == features(alerts("list", "--json"))
    (closed,) = alerts("list", "--all", "--json").json["alerts"]
    assert ("resolved", False) == (closed["review"]["state"], closed["review"]["verdict"])
    more = write_rows(
        tmp_path / "more.csv", 60, seed=4, start=START + timedelta(hours=12), income=False
    )
    roles = ("--time", "when", "--text", "comment", "--prediction", "score")
    driftlog("log", more, "--spool", spool, "--model", "m", "--version", "7", *roles)
    driftlog("analyze", "--spool", spool)
    assert ["income"] == features(alerts("list", "--json"))


def test_what_somebody_closed_fails_no_run(driftlog, alerts, alert, spool):
    """`analyze` counts as open what `alerts list` does: nothing that was resolved."""
    command = ("analyze", "--spool", spool, "--fail-on-alert")
    assert 3 == driftlog(*command).code
    alerts("resolve", alert)
    done = driftlog(*command)
    assert (0, True) == (done.code, "No open alerts." in done.out)


def test_accept_amends_the_baseline_and_closes(driftlog, alerts, alert, spool):
    """What an alert shows is right from now on; the journal keeps who said so."""
    done = alerts("accept", alert, "--reason", "no longer asked for", "--by", "ann")
    assert (0, True) == (done.code, "m 7 amended: income required." in done.out)
    assert [] == features(alerts("list", "--json"))
    assert "accepted" == alerts("list", "--all", "--json").json["alerts"][0]["review"]["state"]
    assert "1 alert was so already.\n" == alerts("accept", alert).out
    assert [] == driftlog("analyze", "--spool", spool, "--json").json["alerts"]


@pytest.mark.usefixtures("spool")
def test_an_alert_that_no_constraint_accepts_stays(driftlog, tmp_path):
    """Where the baseline cannot be amended nothing is kept, and a sentence says what to do."""
    slow = write_rows(tmp_path / "slow.csv", 2000, seed=9)
    text = slow.read_text().replace("basic", "plus")
    slow.write_text(text)
    roles = ("--time", "when", "--text", "comment", "--prediction", "score")
    driftlog("log", slow, "--spool", tmp_path / "s", "--model", "m", "--version", "7", *roles)
    base = ("--model", "m", "--version", "7", "--input", "train.csv", *roles)
    driftlog("baseline", "--spool", tmp_path / "s", *base)
    driftlog("analyze", "--spool", tmp_path / "s", "--window", "1d")
    (found,) = driftlog(
        "alerts", "list", "--spool", tmp_path / "s", "--detector", "category_shift", "--json"
    ).json["alerts"]
    done = driftlog("alerts", "accept", found["id"], "--spool", tmp_path / "s")
    assert (1, True) == (done.code, "no constraint can accept it" in done.sentence)
    assert f"of category_shift about {found['feature']} rests" in done.sentence
    shown = driftlog("alerts", "show", found["id"], "--spool", tmp_path / "s", "--json").json
    assert [] == shown["actions"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("snooze", "{id}", "--until", "2020-01-01"), "2020-01-01 00:00 UTC has passed"),
        (("snooze", "{id}", "--until", "soon"), "'soon' is not an ISO 8601 time"),
        (("snooze", "{id}", "--until", "1000"), "'1000' is no time"),
        (("snooze", "{id}", "--until", "0001-01-01T00:00+05:00"), "is not an ISO 8601 time"),
        (("list", "--since", "9999-12-31T23:00-05:00"), "is not an ISO 8601 time"),
        (("ack", "zzz"), "begins with 'zzz'"),
        (("show", "zzz"), "begins with 'zzz'"),
    ],
)
def test_bad_input(alerts, alert, words, sentence):
    """What makes no sense is refused in a sentence and nothing is kept."""
    done = alerts(*(word.format(id=alert) for word in words))
    assert done.code in {1, 2}
    assert sentence in " ".join(done.err.replace("│", "").split())
    assert [] == alerts("show", alert, "--json").json["actions"]


def test_the_query_counts_what_the_alert_says(alerts, alert):
    """The SQL that `show` prints counts, run by DuckDB alone, the window's events and those without the feature."""
    shown = alerts("show", alert)
    sql = shown.out.partition("those that show it:\n")[2].partition("\n\n")[0]
    counted = duckdb.sql(sql.replace("\n", " ")).fetchall()
    latest = alerts("show", alert, "--json").json["latest"]
    assert [(latest["n"], latest["changes"][0]["after_count"])] == counted == [(60, 60)]


def test_show_names_events_with_what_they_hold(alerts, alert):
    """Beside the ids of events stands what they hold of the feature; without colour the bars have their figures."""
    shown = alerts("show", alert).out
    assert 3 == shown.count("(income absent)")
    assert "\x1b" not in shown
    (bar,) = [line for line in shown.splitlines() if line.startswith("        after")]
    assert bar.endswith("█ 1")


def test_the_link_leads_into_kibana(driftlog, alert, spool, tmp_path):
    """Where the configuration names Kibana, `show` links to the window's events."""
    (tmp_path / "d.toml").write_text('[kibana]\nurl = "https://k:5601/"\nspace = "ml ops"\n')
    shown = driftlog("alerts", "show", alert, "--spool", spool, "--config", "d.toml", "--json").json
    assert shown["kibana"].startswith(
        "https://k:5601/s/ml%20ops/app/discover#/?_g=(time:(from:'2024-03-04T11:00"
    )
    assert "FROM%20logs-driftlog.m-default%20%7C%20WHERE" in shown["kibana"]


def test_an_incident_is_reviewed_as_one(driftlog, billing):
    """Its id stands for all its alerts; the list tells its cause, and show its alerts."""
    (incident,) = driftlog("alerts", "list", "--incidents", *billing, "--json").json["incidents"]
    assert {"kind": "source", "value": "billing"} == incident["cause"]
    assert ["billing_due", "billing_paid"] == sorted(incident["features"])
    done = driftlog("alerts", "ack", incident["id"][:8], *billing, "--by", "ann")
    assert 2 == done.out.count("acknowledged by ann")
    shown = driftlog("alerts", "show", incident["id"], *billing).out
    assert "2 alerts of 2 features, source billing" in shown
    one = driftlog("alerts", "show", incident["alerts"][0], *billing).out
    assert f"incident  {incident['id']} (source billing), with 1 other alert" in one
    assert shown == driftlog("alerts", "show", incident["alerts"][0], "--incident", *billing).out
    listed = driftlog("alerts", "list", "--incident", incident["id"][:5], *billing, "--json").json
    assert 2 == len(listed["alerts"])
    table = driftlog("alerts", "list", "--incidents", *billing).out
    assert "source billing" in table


def test_an_incident_stands_for_its_open_alerts(driftlog, billing):
    """What one person resolved keeps their verdict when another resolves the rest; done with all, it is all of them."""
    (incident,) = driftlog("alerts", "list", "--incidents", *billing, "--json").json["incidents"]
    first, second = incident["alerts"]

    def resolve(name, verdict):
        done = driftlog("alerts", "resolve", name, verdict, *billing, "--json")
        return [action["alert"] for action in done.json["actions"]]

    assert [first] == resolve(first, "--true")
    assert [second] == resolve(incident["id"], "--false")
    assert [second] == resolve(incident["id"], "--true")


def test_silences(driftlog, alerts, alert, spool):
    """A silence is added, shows at the alert, overlaps with another in a sentence, and is removed."""
    place = ("--spool", spool)
    none = driftlog("silences", "list", *place)
    assert "No silences.\n" == none.out
    words = ("--feature", "inc*", "--to", "4h", "--reason", "move", "--by", "ann")
    first = driftlog("silences", "add", *words, *place)
    assert (0, "") == (first.code, first.err)
    (kept,) = driftlog("silences", "list", *place, "--json").json["silences"]
    assert first.out.startswith(f"{kept['id']}  ")
    (listed,) = alerts("list", "--json").json["alerts"]
    assert "(move, ann)" in listed["silenced"]
    assert "silenced" in alerts("list").out
    assert "(move, ann)" in alerts("show", alert).out
    second = driftlog("silences", "add", "--to", "2h", "--reason", "upgrade", *place)
    assert "Silences overlap" in second.err
    (one, _) = driftlog("silences", "list", *place, "--json").json["silences"]
    assert ("in force", "inc*", "move") == (one["now"], one["feature"], one["reason"])
    for silence in driftlog("silences", "list", *place, "--json").json["silences"]:
        assert 0 == driftlog("silences", "remove", silence["id"], *place).code
    assert alerts("list", "--json").json["alerts"][0]["silenced"] is None
    gone = driftlog("silences", "remove", one["id"], *place)
    assert (1, True) == (gone.code, "no silence has an id that begins with" in gone.sentence)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--reason", "x"), "hides faults for ever"),
        (("--reason", " ", "--to", "4h"), "a silence needs a reason"),
        (("--reason", "x", "--weekly", "never"), "'never' is no weekly schedule"),
        (("--reason", "x", "--weekly", "sun 02:00Z-04:00"), "is no weekly schedule"),
        (("--reason", "x", "--from", "2199-01-01", "--to", "2198-01-01"), "before it begins"),
    ],
)
def test_a_silence_that_makes_no_sense(driftlog, spool, words, sentence):
    """It is refused in a sentence and not kept."""
    done = driftlog("silences", "add", *words, "--spool", spool)
    assert (1, True) == (done.code, sentence in done.sentence)
    assert "No silences.\n" == driftlog("silences", "list", "--spool", spool).out


def test_a_configured_silence_is_taken_out_of_the_file(driftlog, spool, tmp_path):
    """It is listed with the others, and the command that removes others says where it stands."""
    (tmp_path / "d.toml").write_text(
        '[[silences]]\nreason = "r"\nweekly = "daily 00:00-00:00"\n'
        '[[silences]]\nreason = "s"\nweekly = "sun 00:00-00:00"\n'
    )
    place = ("--spool", spool, "--config", "d.toml")
    one, _ = driftlog("silences", "list", *place, "--json").json["silences"]
    assert (True, "in force") == (one["configured"], one["now"])
    done = driftlog("silences", "remove", one["id"], *place)
    assert (1, True) == (done.code, "take it out of the file" in done.sentence)
    checked = driftlog("check-config", "d.toml")
    assert "Silences overlap" in checked.err


def test_hints_are_commands(driftlog, alerts, alert):
    """What is printed to be run runs."""
    again = alerts("show", alert).out.rpartition("The same again: driftlog ")[2]
    assert 0 == driftlog(*shlex.split(again)).code
