from datetime import UTC, datetime
from pathlib import Path

import pytest

from driftlog_analyzers._config import DETECTORS, Config, Monitor, describe, load_config
from driftlog_analyzers._episode import EpisodeSettings
from driftlog_analyzers._silence import Silence, parse_weekly
from driftlog_analyzers._window import CountSize, parse_size
from driftlog_analyzers.errors import ConfigError

FULL = """
spool = "log"
state = "/var/lib/driftlog/state.db"

[detection]
budget = 2
min_events = 50
disabled = ["volume", "stuck"]

[alerts]
delay = 2
quiet = 3

[models.churn]
window = 1000
baseline = "baselines/churn.toml"
version = "7"
text = ["comment"]
categorical = ["zip"]
ignore = ["request_id", "a.b"]

[models."team/fraud"]
window = "15m"
"""


@pytest.fixture
def write(tmp_path):
    """Writes a driftlog.toml."""

    def write(text):
        path = tmp_path / "driftlog.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_an_empty_file_has_the_defaults(write):
    """Nothing needs to be written down."""
    config = load_config(write(""))
    assert Config() == config
    assert (
        config.spool,
        config.state,
        config.detection.budget,
        config.detection.min_events,
    ) == (None, None, 1.0, 20)
    assert (EpisodeSettings(delay=None, quiet=2), DETECTORS) == (
        config.alerts,
        config.detection.enabled,
    )
    assert Monitor() == config.monitor("any model")


def test_every_key_is_a_typed_value(write, tmp_path):
    """Sizes, paths and lists arrive as values, and paths stand beside the file."""
    config = load_config(write(FULL))
    assert (tmp_path / "log", Path("/var/lib/driftlog/state.db")) == (config.spool, config.state)
    assert (2.0, 50, EpisodeSettings(2, 3)) == (
        config.detection.budget,
        config.detection.min_events,
        config.alerts,
    )
    assert set(DETECTORS) - {"volume", "stuck"} == set(config.detection.enabled)
    assert config.monitor("churn") == Monitor(
        window=CountSize(1000),
        baseline=tmp_path / "baselines/churn.toml",
        version="7",
        text=("comment",),
        categorical=("zip",),
        ignore=("request_id", "a.b"),
    )
    assert parse_size("15m") == config.monitor("team/fraud").window


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("spol = 'x'", "spol is unknown; did you mean spool?"),
        (
            "zzz = 1",
            (
                "zzz is unknown; known are store, spool, state, elasticsearch, detection, alerts, silences, kibana,"
                " schedule, models"
            ),
        ),
        ("state = 3", "state is 3; it should be a path in quotes"),
        ("store = 'disk'", "store is 'disk'; it should be 'spool' or 'elasticsearch'"),
        ("[elasticsearch]\nurls = 'x'", "elasticsearch.urls is unknown; did you mean url?"),
        (
            "[elasticsearch]\nurl = 'localhost'",
            "elasticsearch.url: Elasticsearch's URL is such as https://localhost:9200",
        ),
        (
            "[elasticsearch]\nnamespace = 'A-b'",
            "elasticsearch.namespace: namespace 'A-b' cannot end a data stream's name",
        ),
        (
            "[elasticsearch]\nretention = '90'",
            "elasticsearch.retention: retention '90' is not understood; write a time such as 90d",
        ),
        ("[elasticsearch]\nca_certs = 3", "elasticsearch.ca_certs: it should be a text in quotes"),
        ("alerts = 3", "alerts is 3; it should be a table"),
        ("models = 3", "models is 3; it should be a table"),
        ("models.churn = '1h'", "models.churn is '1h'; it should be a table"),
        ("[detection]\nbudget = 0", "detection.budget is 0; it should be greater than 0"),
        ("[detection]\nbudget = nan", "detection.budget is nan; it should be a finite number"),
        ("[detection]\nbudget = '1'", "detection.budget is '1'; it should be a valid number"),
        (
            "[detection]\nmin_events = 2.5",
            "detection.min_events is 2.5; it should be a valid integer",
        ),
        (
            "[detection]\nmin_event = 2",
            "detection.min_event is unknown; did you mean min_events?",
        ),
        (
            "[detection]\ndisabled = ['vanishd']",
            "detection.disabled.0: there is no detector 'vanishd'; did you mean vanished?",
        ),
        ("[detection]\ndisabled = 'range'", "detection.disabled is 'range'; it should be a list"),
        ("[alerts]\ndelay = 0", "alerts.delay is 0; it should be greater than or equal to 1"),
        ("[alerts]\nquiet = true", "alerts.quiet is True; it should be a valid integer"),
        ("[alerts]\nquit = 1", "alerts.quit is unknown; did you mean quiet?"),
        (
            "[models.'a b']\nwindow = '1x'",
            "models.\"a b\".window: window size '1x' is not understood",
        ),
        ("[models.churn]\nwindow = true", "models.churn.window: True is no window size"),
        ("[models.churn]\nwindow = 1.5", "models.churn.window: 1.5 is no window size"),
        ("[models.churn]\nversion = 7", "models.churn.version is 7; it should be a text in quotes"),
        ("[models.churn]\ntxt = []", "models.churn.txt is unknown; did you mean text?"),
        (
            "[models.churn]\ntext = ['a', 1]",
            "models.churn.text.1 is 1; it should be a text in quotes",
        ),
        (
            "[models.churn]\ntext = ['a']\nignore = ['b', 'a']",
            "models.churn: feature 'a' is in text and ignore; keep one of them",
        ),
    ],
)
def test_a_problem_is_one_sentence(write, text, problem):
    """The sentence names file, key, what is there and what should be."""
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert f"{path}: {problem}" == str(caught.value)[: len(f"{path}: {problem}")]
    assert "\n" not in str(caught.value)


def test_all_problems_at_once(write):
    """Problems of every table are listed together, one a line."""
    path = write("spol = 'x'\n[detection]\nbudget = -1\n[alerts]\nquiet = 0\n[models.a]\nwin = 1")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    first, *lines = str(caught.value).splitlines()
    assert f"{path} has 4 problems:" == first
    assert sorted(lines) == [
        "  alerts.quiet is 0; it should be greater than or equal to 1",
        "  detection.budget is -1; it should be greater than 0",
        "  models.a.win is unknown; did you mean window?",
        "  spol is unknown; did you mean spool?",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("spool = ", "is not valid TOML (Invalid value (at end of document)); correct that place"),
        ("a = 1\na = 2", "is not valid TOML (Cannot overwrite a value (at end of document))"),
        (b"spool = '\xff'", "is not UTF-8 text (byte 9); save it in that encoding"),
    ],
)
def test_what_is_no_toml(write, text, problem):
    """A file that is not TOML is refused with the place."""
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert f"{path} {problem}" == str(caught.value)[: len(f"{path} {problem}")]


def test_a_missing_file_and_a_folder(tmp_path):
    """What cannot be read is named with the reason."""
    for path, reason in (
        (tmp_path / "none.toml", "No such file or directory"),
        (tmp_path, "Is a directory"),
    ):
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        expected = f"{path} cannot be read ({reason}); check the path and its permissions"
        assert expected == str(caught.value)


def test_describe(write, tmp_path):
    """Each line says what would be done, for all models and for each."""
    store, everywhere, churn, fraud = describe(load_config(write(FULL)))
    assert store == f"events: spool {tmp_path}/log; state: /var/lib/driftlog/state.db"
    assert everywhere == (
        f"all models: {len(DETECTORS) - 2} of {len(DETECTORS)} detectors (not volume, stuck),"
        " on windows of 50 events or more;"
        " 2 false alerts per 1,000 clean feature-windows;"
        " an alert opens after 2 bad and closes after 3 good windows in a row,"
        " or 4 once it changed 4 times in 20"
    )
    assert churn == (
        f"churn: windows of 1000 events; baseline: {tmp_path}/baselines/churn.toml;"
        " text: comment; categorical: zip; ignored: request_id, a.b"
    )
    assert fraud == "team/fraud: windows of 15m; baseline: the newest"
    versioned = Config(models={"churn": Monitor(version="7")})
    assert describe(versioned)[2] == "churn: windows of 1h; baseline: of version 7"


ELASTICSEARCH = """
store = "elasticsearch"

[elasticsearch]
url = "https://es:9200"
namespace = "prod"
api_key_file = "secrets/key"
ca_certs = "/etc/ca.pem"
"""
SECRET = "c2VjcmV0OnNlY3JldA=="


def test_elasticsearch_is_a_section(write, tmp_path):
    """Paths stand beside the file; the key is read from its own file, without the newline."""
    config = load_config(write(ELASTICSEARCH))
    there = config.elasticsearch
    assert ("elasticsearch", "https://es:9200", "prod") == (
        config.store,
        there.url,
        there.namespace,
    )
    assert (tmp_path / "secrets/key", Path("/etc/ca.pem")) == (there.api_key_file, there.ca_certs)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/key").write_text(f"{SECRET}\n")
    assert SECRET == there.read_api_key()
    assert (None, None, "default") == (
        Config().elasticsearch.read_api_key(),
        Config().elasticsearch.url,
        Config().elasticsearch.namespace,
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            f"[elasticsearch]\napi_key = '{SECRET}'",
            "an API key does not belong into this file; put it into ELASTICSEARCH_API_KEY",
        ),
        (
            f"[elasticsearch]\nurl = 'https://elastic:{SECRET}@es:9200'",
            "elasticsearch.url: user and password do not belong into this file",
        ),
        (f"elasticsearch = 'https://u:{SECRET}@es'", "elasticsearch: it should be a table"),
        (
            f"[elasticsearch]\nurl = ['https://u:{SECRET}@es']",
            "elasticsearch.url: it should be a text in quotes",
        ),
        (
            f"[elasticsearch]\nurl = 'u:{SECRET}@es'",
            "elasticsearch.url: Elasticsearch's URL is such as https://localhost:9200",
        ),
        (f"[elasticsearch]\npassword = '{SECRET}'", "elasticsearch.password is unknown; known are"),
        (
            f"[elasticsearch]\napi_key_file = ['{SECRET}']",
            "elasticsearch.api_key_file: it should be a text in quotes",
        ),
        (f"[elasticsearch]\nurl = '{SECRET}", "is not valid TOML"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(write, text, problem):
    """Whatever is wrong with where it stands, the sentence does not hold it."""
    with pytest.raises(ConfigError) as caught:
        load_config(write(text))
    assert problem in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read (No such file or directory); check the path and its permissions"),
        (b" \n", "is empty; let it hold the encoded key"),
        (b"\xff\xfe", "is not text; let it hold the encoded key alone"),
    ],
)
def test_a_key_file_that_holds_no_key(write, tmp_path, content, problem):
    """What is wrong is said without its name, in whose place somebody may have put the key."""
    config = load_config(write(f"[elasticsearch]\napi_key_file = '{SECRET}'"))
    if content is not None:
        (tmp_path / SECRET).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        config.elasticsearch.read_api_key()
    expected = f"the file that elasticsearch.api_key_file names {problem}"
    assert (expected, None) == (str(caught.value), caught.value.__cause__)


def test_describe_elasticsearch(write):
    """The store is told with its URL and where its key is, and what is left to the command."""
    first = describe(load_config(write(ELASTICSEARCH)))[0]
    assert first == (
        "events: Elasticsearch at https://es:9200, namespace prod, with the API key in api_key_file"
    )
    bare = describe(load_config(write("store = 'elasticsearch'\nstate = '/s.db'")))[0]
    assert bare == (
        "events: Elasticsearch at the URL that --url or ELASTICSEARCH_URL names, namespace default,"
        " with the API key that ELASTICSEARCH_API_KEY holds, if any; state: /s.db"
    )
    unnamed = describe(Config())[0]
    assert unnamed == "events: spool that --spool or DRIFTLOG_SPOOL names"


SILENCES = """
[[silences]]
model = "churn"
feature = "billing_*"
from = 2026-12-01T00:00:00Z
to = "2026-12-02"
reason = "new billing system"
by = "ann"

[[silences]]
weekly = "sun 02:00-04:00"
timezone = "Europe/Berlin"
reason = "backup"
"""


def test_silences(write):
    """A silence names patterns, times or a weekly schedule, the reason and who says so."""
    config = load_config(write(SILENCES))
    first, last = (datetime(2026, 12, day, tzinfo=UTC) for day in (1, 2))
    assert (
        Silence("new billing system", "ann", "churn", "billing_*", "*", first, last),
        Silence("backup", "driftlog.toml", weekly=parse_weekly("sun 02:00-04:00", "Europe/Berlin")),
    ) == tuple(rule.value() for rule in config.silences)
    assert [
        (
            "silence: model churn, feature billing_* from 2026-12-01 00:00 UTC until 2026-12-02 00:00 UTC"
            " (new billing system, ann)"
        ),
        "silence: all alerts sun 02:00-04:00 Europe/Berlin (backup, driftlog.toml)",
    ] == [line for line in describe(config) if line.startswith("silence")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("silences = 1", "silences is 1; it should be a list"),
        ("[[silences]]\nto = 2026-01-01", "silences.0.reason is missing; add it"),
        (
            '[[silences]]\nreason = "r"',
            "silences.0: a silence without an end hides faults for ever; give it an end or a weekly schedule",
        ),
        (
            '[[silences]]\nreason = "r"\nto = 9999-12-31T23:00:00-05:00',
            "silences.0.to: 9999-12-31 23:00:00-05:00 is no time such as 2026-11-22T14:00:00Z",
        ),
        (
            '[[silences]]\nreason = "r"\nfrom = 2026-02-01\nto = 2026-01-01',
            (
                "silences.0: the silence ends at 2026-01-01 00:00 UTC, before it begins at 2026-02-01 00:00 UTC;"
                " exchange the two"
            ),
        ),
        (
            '[[silences]]\nreason = "r"\nto = "soon"',
            "silences.0.to: 'soon' is no time such as 2026-11-22T14:00:00Z",
        ),
        (
            '[[silences]]\nreason = "r"\nto = 2026-01-01\nfrm = 2026-01-01',
            "silences.0.frm is unknown; did you mean from?",
        ),
        (
            "[alerts]\nflapping = 1",
            "alerts.flapping: every fault changes once; write 0 for never, or 2 or more",
        ),
    ],
)
def test_a_problem_of_a_silence(write, text, sentence):
    """What is wrong with a silence is said in a sentence that names it."""
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert f"{path}: {sentence}" == str(caught.value)


def test_sources(write):
    """Sources of all models and of one are put together, the model's own first."""
    text = '[alerts.sources]\nbilling = ["b*"]\ngeo = ["g*"]\n[models.m.sources]\ngeo = ["city"]'
    config = load_config(write(text))
    assert {"billing": ("b*",), "geo": ("city",)} == config.episodes("m").sources
    assert {"billing": ("b*",), "geo": ("g*",)} == config.episodes("other").sources


def test_faulty_keys_hide_no_other_problem(write):
    """What is wrong with a whole table is told beside what is wrong with its keys, and with other tables."""
    path = write("""
        wat = 3
        [schedule]
        every = "never"
        lag_least = "2h"
        lag_most = "1h"
        [[routes]]
        name = "ops"
        severity = "loud"
        url = "nosuch://x"
        [[routes]]
        name = "b"
        """)
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    said = str(refused.value)
    assert "has 6 problems" in said
    for words in (
        "wat is unknown",
        "schedule.every: 'never'",
        "schedule: lag_least is above lag_most",
        "routes.0.severity: there is no severity 'loud'",
        "routes.0: there is no receiver 'nosuch'",
        "routes.1: it leads nowhere",
    ):
        assert words in said
