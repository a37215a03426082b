"""``driftlog notify`` against real receivers and a real state file."""

import re

import pytest

from driftlog_analyzers._notify._deliver import deliver
from driftlog_analyzers._notify._file_home import NotificationFile
from driftlog_analyzers._notify._intent import State
from driftlog_analyzers._notify._notify import notify
from driftlog_analyzers._notify._outbox import claimed
from driftlog_analyzers._notify._senders import senders
from tests.analyzers.notify.conftest import http, mail
from tests.analyzers.notify.incidents import CHURN, at, incident, route, trigger
from tests.analyzers.notify.receivers import DRIP

__all__ = ["http", "mail"]


@pytest.fixture
def configured(tmp_path, http, mail):
    """A configuration with a mail, a web hook and a trigger."""
    file = tmp_path / "driftlog.toml"
    file.write_text(
        f"""
        spool = "spool"
        [[routes]]
        name = "mail"
        url = "{mail.url}"
        [[routes]]
        name = "hook"
        url_env = "HOOK"
        [[routes]]
        name = "retrain"
        kind = "trigger"
        url = "{http.trigger_url}"
        """
    )
    return file


@pytest.fixture
def state(tmp_path):
    """The state file of a spool."""
    return tmp_path / "spool" / "analysis" / "state.sqlite"


class TestTest:
    """``driftlog notify test``."""

    def test_sends(self, driftlog, configured, http, mail, monkeypatch):
        """Each route of messages gets one that says it is a test; a trigger is called by name only."""
        monkeypatch.setenv("HOOK", http.message_url)
        done = driftlog("notify", "test", "--config", configured)
        assert (0, "mail: sent\nhook: sent\n") == (done.code, done.out)
        assert "retrain is a trigger and is not called; --route retrain calls it." in done.err
        assert "This is a test" in mail.arrived[0].body["text/html"]
        assert "This is a test" in http.arrived[0].body
        done = driftlog("notify", "test", "--route", "retrain", "--config", configured, "--json")
        assert {"routes": {"retrain": {"answer": "sent", "detail": ""}}} == done.json
        assert "sample" == http.arrived[1].body["incident"]["model"]

    def test_says_what_became_of_it(self, driftlog, configured, http, monkeypatch):
        """A receiver that refuses is told with its status, and the exit code says so; no secret is shown."""
        monkeypatch.setenv("HOOK", http.message_url.replace("//", "//user:hunter2@"))
        http.answers = [403]
        done = driftlog("notify", "test", "--config", configured)
        assert 1 == done.code
        assert "mail: sent\nhook: not sent: the receiver answered with HTTP 403\n" == done.out
        assert "hunter2" not in done.err

    @pytest.mark.parametrize("name", ["hook", "retrain"])
    def test_a_receiver_that_drips(self, process, configured, http, name):
        """One that never comes to the end of its answer holds no process up."""
        text = configured.read_text().replace(f'"{name}"', f'"{name}"\ntimeout = "1s"')
        configured.write_text(text.replace('url_env = "HOOK"', f'url = "{http.message_url}"'))
        http.answers = [DRIP]
        done = process("notify", "test", "--route", name, "--config", configured, timeout=60)
        assert (1, f"{name}: not sent: the receiver did not answer in time\n") == (
            done.code,
            done.out,
        )

    def test_not_there(self, driftlog, configured):
        """No routes, an unknown route and a missing secret are said in a sentence."""
        done = driftlog("notify", "test")
        assert (1, "there are no routes; add [[routes]] to a file and name it with --config") == (
            done.code,
            done.sentence,
        )
        done = driftlog("notify", "test", "--route", "mial", "--config", configured)
        assert "there is no route 'mial'; did you mean mail?" == done.sentence
        done = driftlog("notify", "test", "--config", configured)
        assert (
            "route hook: the variable HOOK is not set; let it hold the receiver's URL"
            == done.sentence
        )


def test_check_config(driftlog, configured, monkeypatch, tmp_path):
    """Secrets that are missing and templates that are broken are told before anything runs, all at once."""
    monkeypatch.setenv("HOOK", "json://127.0.0.1")
    done = driftlog("check-config", configured)
    assert 0 == done.code
    assert "route hook: tells the URL that the variable HOOK holds" in done.out
    monkeypatch.delenv("HOOK")
    (tmp_path / "body.j2").write_text("fine\n{{ digest.nothing }}")
    text = configured.read_text().replace('name = "mail"', 'name = "mail"\nbody_file = "body.j2"')
    configured.write_text(text)
    done = driftlog("check-config", configured)
    assert 1 == done.code
    assert "the routes have 2 problems:" == done.sentence
    assert f"route mail: {tmp_path / 'body.j2'}, line 2: " in done.err
    assert "route hook: the variable HOOK is not set" in done.err


class TestList:
    """``driftlog notify list`` and ``retry``."""

    @pytest.fixture(autouse=True)
    def untold(self, state, http):
        """One message that was sent, one that was given up, and a call whose fate is unknown."""
        ways = (route("hook", url=http.message_url), trigger("retrain", http.trigger_url))
        with NotificationFile(state) as home:
            notify([incident(1)], home, ways[:1], place=CHURN, now=at(1))
            deliver(home, senders(ways, {}), at(1))
            http.answers = [410]
            over = incident(1, closed=3)
            notify([over, incident(3, 3, "x")], home, ways, place=CHURN, now=at(3))
            waiting = [i for i in home.waiting() if i.trigger]
            home.replace(claimed(waiting, "t", at(3), ways[1]))
            deliver(home, senders(ways, {}), at(4))

    def test_list(self, driftlog):
        """What was told is listed by state, the newest first, with what went wrong."""
        done = driftlog("notify", "list", "--spool", "spool")
        assert 0 == done.code
        lines = done.out.splitlines()
        assert "1 sent, 2 undelivered, 1 unknown" == lines[-1]
        assert "the receiver is gone (HTTP 410)" in done.out
        done = driftlog("notify", "list", "--spool", "spool", "--status", "unknown", "--json")
        assert {"sent": 1, "undelivered": 2, "unknown": 1} == done.json["counts"]
        (one,) = done.json["notifications"]
        assert ("retrain", True, "opened", "churn", "1h") == tuple(
            one[name] for name in ("route", "trigger", "kind", "model", "window")
        )

    def test_bad_status(self, driftlog):
        """A state that there is not is refused."""
        assert 2 == driftlog("notify", "list", "--spool", "spool", "--status", "lost").code

    def test_status(self, driftlog):
        """``driftlog status`` names what did not arrive."""
        done = driftlog("status", "--spool", "spool")
        assert "Notifications: 2 undelivered, 1 unknown; see: driftlog notify list" in done.out
        counts = driftlog("status", "--spool", "spool", "--json").json["spools"][0]["notifications"]
        assert {"sent": 1, "undelivered": 2, "unknown": 1} == counts

    def test_status_of_a_damaged_state(self, driftlog, state):
        """A state file that cannot be read does not stop the account of the spool, and is the error at its end."""
        state.write_text("nonsense" * 1000)
        done = driftlog("status", "--spool", "spool")
        assert (1, True) == (done.code, "is not a state file of driftlog" in done.sentence)
        assert re.search(r"accepted +0", done.out)

        done = driftlog("status", "--spool", "spool", "--json")
        assert (1, [], 0) == (done.code, done.json["analyzers"], done.json["spools"][0]["accepted"])

    def test_retry(self, driftlog, state, http):
        """What was given up waits again, and goes out under the same key with the next delivery."""
        listed = driftlog("notify", "list", "--spool", "spool", "--status", "unknown", "--json")
        (one,) = listed.json["notifications"]
        done = driftlog("notify", "retry", one["id"][:8], "--spool", "spool")
        assert (0, f"{one['id']} waits for the next run, on route retrain.\n") == (
            done.code,
            done.out,
        )
        with NotificationFile(state) as home:
            deliver(home, senders([trigger("retrain", http.trigger_url)], {}), at(9999999 // 60))
            assert State.SENT is home.find(one["id"]).state
        assert one["id"] == http.keys[-1]
        done = driftlog("notify", "retry", one["id"], "--spool", "spool")
        assert done.sentence.startswith(f"notification {one['id']} is sent; only what is")
        assert "no notification in" in driftlog("notify", "retry", "x", "--spool", "spool").sentence


def test_nothing_there(driftlog, state):
    """Without a state file there is no analysis; without notifications there are none."""
    assert driftlog("notify", "list", "--spool", "spool").sentence.startswith(
        "there is no analysis"
    )
    with NotificationFile(state):
        pass
    assert "No notifications.\n" == driftlog("notify", "list", "--spool", "spool").out
