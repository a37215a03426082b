import subprocess
import sys

import pytest

from driftlog._upload import Upload, connect
from driftlog.errors import SettingsError


def test_tries_once():
    """The client sends a request once: trying again is our own business."""
    client = connect("http://127.0.0.1:9")
    assert (0, False) == (client._max_retries, client._retry_on_timeout)
    client.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost", "http://localhost:9200"),
        ("https://localhost", "https://localhost:443"),
        ("https://es.example.org/path", "https://es.example.org:443/path"),
        ("http://[::1]", "http://[::1]:9200"),
        ("http://localhost:1234", "http://localhost:1234"),
    ],
)
def test_the_usual_ports(url, expected):
    """A URL without a port has the usual one."""
    client = connect(url)
    (node,) = client.transport.node_pool.all()
    assert expected == node.base_url
    client.close()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"url": "https://user:secret@"}, "such as https://localhost:9200"),
        ({"url": "https://x", "api_key": "two\nlines"}, "not the encoded form"),
        ({"url": "https://x", "ca_certs": "/no/such/file"}, "cannot be read"),
    ],
)
def test_bad_settings(settings, sentence):
    """What cannot work is said in a sentence, without secrets."""
    with pytest.raises(SettingsError, match=sentence) as caught:
        connect(**settings)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"timeout": 0},
        {"batch_events": 0},
        {"batch_bytes": -1},
        {"poll": 0.0},
        {"keep": -1.0},
        {"heartbeat": float("nan")},
        {"namespace": ""},
        {"namespace": "Prod"},
        {"namespace": "a-b"},
    ],
)
def test_bad_upload(settings):
    """An Upload that makes no sense is refused."""
    with pytest.raises(SettingsError, match="Upload"):
        Upload(url="http://localhost", **settings)


def test_no_secret_in_sight():
    """The key is not in what an Upload prints."""
    assert "c2VjcmV0" not in repr(Upload(url="http://u:c2VjcmV0@h", api_key="c2VjcmV0"))


def test_loads_the_client_late():
    """The package does not load the Elasticsearch client, nor does `import driftlog` load either."""
    code = (
        "import sys, driftlog; assert 'driftlog._upload' not in sys.modules;"
        "import driftlog._upload; assert not {'elasticsearch', 'elastic_transport', 'urllib3'} & set(sys.modules)"
    )
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_without_the_client():
    """Without the client it says what to install."""
    code = (
        "import sys; sys.modules['elasticsearch'] = None\n"
        "from driftlog._upload import connect\n"
        "from driftlog import ShipperError\n"
        "try: connect('http://localhost')\n"
        "except ShipperError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "pip install 'driftlog[upload]'" in done.stdout
