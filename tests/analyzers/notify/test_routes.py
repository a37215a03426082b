from datetime import timedelta

import pytest

from driftlog_analyzers._config import describe, load_config
from driftlog_analyzers._notify._senders import senders
from driftlog_analyzers.errors import ConfigError

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
FULL = """
[[routes]]
name = "ops"
url_env = "OPS_URL"
models = ["churn*"]
severity = "high"
detectors = ["vanished", "*_shift"]
segments = ["country=*"]
grew = false
resolved = false
remind = "never"
interval = "15m"
give_up = "2d"
timeout = "5s"
format = "markdown"
subject = "{{ digest.severity }}"
body_file = "body.j2"
dashboard = "https://kibana/{model}"

[[routes]]
name = "retrain"
kind = "trigger"
url = "https://ci.example.com/retrain"
"""


@pytest.fixture
def load(tmp_path):
    """A function that reads a configuration."""

    def load(text):
        path = tmp_path / "driftlog.toml"
        path.write_text(text)
        return load_config(path)

    return load


@pytest.fixture
def problem(load):
    """A function that gives what is wrong with one route's settings."""

    def problem(settings):
        with pytest.raises(ConfigError) as error:
            load(f"[[routes]]\n{settings}")
        return str(error.value).partition(": ")[2]

    return problem


def test_all_settings(load, tmp_path):
    """Every setting is read; files are beside the configuration."""
    config = load(FULL)
    ops, retrain = config.routes
    assert (timedelta(minutes=15), None) == (ops.interval, ops.remind)
    assert tmp_path / "body.j2" == ops.body_file
    assert ("trigger", timedelta(days=1)) == (retrain.kind, retrain.remind)
    assert (
        (
            "route ops: tells the URL that the variable OPS_URL holds of severity high and above of models"
            " churn*; never reminds"
        ),
        (
            "route retrain: calls https://ci.example.com/retrain, once an incident, severity low and above of"
            " models *"
        ),
    ) == describe(config)[-2:]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ('url = "json://h"', "routes.0.name is missing; add it"),
        (
            'name = "a"',
            (
                "routes.0: it leads nowhere; add url_env, the variable that holds the receiver's URL, or url_file, or"
                " url where that holds no secret"
            ),
        ),
        (
            'name = "a"\nurl = "json://h"\nurl_env = "X"',
            "routes.0: it has url and url_env; keep one of them",
        ),
        ('name = "a"\nurl = "jsn://h"', "routes.0: there is no receiver 'jsn'; did you mean json?"),
        (
            'name = "a"\nurl = "q9x7://h"',
            "routes.0: there is no receiver 'q9x7'; Apprise's documentation lists those there are",
        ),
        (
            'name = "a"\nurl = "ops@example.com"',
            "routes.0: a receiver's url begins with a scheme such as slack://, mailtos:// or json://",
        ),
        (
            'name = "a"\nurl = "slack://x"',
            "routes.0: the slack:// url is not complete or not right; see its page in Apprise's documentation",
        ),
        (
            f'name = "a"\nurl = "{SLACK}"',
            "routes.0: url holds a secret; put it into a variable and name that: url_env",
        ),
        (
            'name = "a"\nurl = "json://user:hunter2@h"',
            "routes.0: url holds a secret; put it into a variable and name that: url_env",
        ),
        (
            'name = "a"\nkind = "trigger"\nurl = "https://ci:hunter2@h"',
            "routes.0: url holds a password; put it into a variable and name that: url_env",
        ),
        (
            'name = "a"\nkind = "trigger"\nurl = "json://h"',
            "routes.0: a trigger's url begins with http:// or https:// and names a host",
        ),
        (
            'name = "a"\nkind = "trigger"\nurl = "https://h"\nremind = "1d"',
            "routes.0: a trigger has no remind; leave that out",
        ),
        (
            'name = "a"\nkind = "tigger"\nurl = "json://h"',
            "routes.0.kind is 'tigger'; it should be 'message' or 'trigger'",
        ),
        (
            'name = "a"\nurl = "json://h"\nmodels = ["a[b"]',
            "routes.0.models.0: pattern 'a[b' has a bracket without its other half; write [[] for [",
        ),
        (
            'name = "a"\nurl = "json://h"\nmodels = []',
            "routes.0.models: it is empty, so nothing would ever fit; leave it out for everything",
        ),
        (
            'name = "a"\nurl = "json://h"\ndetectors = ["vanish"]',
            "routes: route a: no detector fits 'vanish'; did you mean vanished?",
        ),
        (
            'name = "a"\nurl = "json://h"\nseverity = "hig"',
            "routes.0.severity: there is no severity 'hig'; did you mean high?",
        ),
        (
            'name = "a"\nurl = "json://h"\nremind = "soon"',
            "routes.0.remind: 'soon' is no span of time; write one such as 15m or 1d",
        ),
        (
            'name = "a"\nurl = "json://h"\nremind = 3',
            "routes.0.remind: 3 is no span of time; write one such as 15m or 1d",
        ),
        (
            'name = "a"\nurl = "json://h"\nremindd = "1d"',
            "routes.0.remindd is unknown; did you mean remind?",
        ),
        (
            'name = "a"\nurl = "json://h"\nbody = "x"\nbody_file = "y"',
            "routes.0: it has body and body_file; keep one of them",
        ),
        ('name = "a"\nurl_env = 7', "routes.0.url_env: it should be a text in quotes"),
        (
            'name = "a"\nurl_env = "slack://hunter2/B/C"',
            "routes.0.url_env: it should be the name of the variable that holds the URL",
        ),
        (
            'name = "a"\nurl_env = "X"\nkind = "slack://hunter2/B/C"',
            "routes.0.kind: it should be 'message' or 'trigger'",
        ),
        (
            'name = "a"\nurl = "json://h"\n[[routes]]\nname = "a"\nurl = "json://h"',
            "routes: several routes are named a; give each its own name",
        ),
    ],
)
def test_refused(problem, settings, sentence):
    """What makes no sense is said in one sentence; no secret is repeated."""
    found = problem(settings)
    assert sentence == found
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[routes]\nname = "a"\nurl = "slack://hunter2/B/C"', "routes: it should be a list"),
        ('routes = ["slack://hunter2/B/C"]', "routes.0: it should be a table"),
    ],
)
def test_a_url_is_not_repeated_wherever_it_stands(load, text, sentence):
    """Whoever forgets a bracket does not find the secret in the log of a pipeline."""
    with pytest.raises(ConfigError) as error:
        load(text)
    assert str(error.value).endswith(f"driftlog.toml: {sentence}")


def test_told_with_the_others(load):
    """All problems of a file are told at once, those of routes among them."""
    with pytest.raises(ConfigError) as error:
        load('spol = "x"\n[[routes]]\nname = "a"\nurl = "jsn://h"\n[[routes]]\nurl_env = "X"')
    assert 4 == len(str(error.value).splitlines())


class TestSecrets:
    """URLs that are not in the file."""

    def test_from_a_variable_and_a_file(self, load, tmp_path):
        """A URL may be in a variable, or in a file beside the configuration."""
        (tmp_path / "slack").write_text(f"{SLACK}\n")
        config = load('[[routes]]\nname="a"\nurl_env="A"\n[[routes]]\nname="b"\nurl_file="slack"')
        found = senders(config.routes, {"A": "json://user:hunter2@h"})
        assert ["Receiver('a')", "Receiver('b')"] == [repr(sender) for sender in found]

    def test_missing_or_wrong(self, load, tmp_path):
        """Each that is missing or wrong is named by where it should be, never by what is there."""
        (tmp_path / "empty").write_text("\n")
        names = ("unset", "wrong", "call")
        routes = [f'[[routes]]\nname = "{name}"\nurl_env = "{name.upper()}"' for name in names]
        routes[2] += '\nkind = "trigger"'
        routes += [
            f'[[routes]]\nname = "{name}"\nurl_file = "{name}"' for name in ("gone", "empty")
        ]
        config = load("\n".join(routes))
        with pytest.raises(ConfigError) as error:
            senders(config.routes, {"WRONG": "hunter2", "CALL": "hunter2://x"})
        assert [
            "the routes have 5 problems:",
            "route unset: the variable UNSET is not set; let it hold the receiver's URL",
            (
                "route wrong: the variable WRONG: a receiver's url begins with a scheme such as slack://, mailtos://"
                " or json://"
            ),
            "route call: the variable CALL: a trigger's url begins with http:// or https:// and names a host",
            (
                f"route gone: url_file {tmp_path / 'gone'} cannot be read (No such file or directory); check the path"
                " and its permissions"
            ),
            f"route empty: url_file {tmp_path / 'empty'} is empty; let it hold the receiver's URL",
        ] == [line.strip() for line in str(error.value).splitlines()]
