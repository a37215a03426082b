import pytest

from driftlog_analyzers._notify._file_home import NotificationFile

from .receivers import HttpReceiver, MailReceiver


@pytest.fixture
def http():
    """An HTTP server on loopback."""
    receiver = HttpReceiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def mail():
    """An SMTP server on loopback."""
    receiver = MailReceiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def home(tmp_path):
    """Notifications in a state file."""
    with NotificationFile(tmp_path / "state.sqlite") as opened:
        yield opened
