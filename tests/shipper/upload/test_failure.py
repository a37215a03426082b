import socket
import ssl
import threading

import pytest

from driftlog._upload._bulk import Sender
from driftlog._upload._failure import no_answer
from driftlog._upload._settings import Upload


def reply(url, timeout=5.0):
    """Give what asking a URL comes to."""
    sender = Sender(Upload(url=url, timeout=timeout))
    try:
        return sender.mapping("logs-x-y")
    finally:
        sender.close()


def test_nobody_listens():
    """A refused connection is told in the system's words."""
    found = reply("http://127.0.0.1:9")
    expected = "no answer (Connection refused); check the URL, and that Elasticsearch is running"
    assert (0, False, expected) == (found.status, found.lasting, found.body)


@pytest.mark.parametrize(
    ("number", "lasting"), [(socket.EAI_NONAME, True), (socket.EAI_AGAIN, False)]
)
def test_no_such_host(monkeypatch, number, lasting):
    """A name that nobody knows lasts; a name service that is away does not."""

    def unknown(*_, **__):
        raise socket.gaierror(number, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = reply("http://nowhere.invalid")
    assert lasting == found.lasting
    assert (
        "no such host (Name or service not known); check the URL and the name service" == found.body
    )


@pytest.fixture
def listener():
    """Give a port on which somebody takes connections and does as told."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.mark.parametrize(
    ("scheme", "answer", "words", "lasting"),
    [
        ("http", b"", "no answer (the connection was closed)", False),
        ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "no secure connection (", True),
    ],
)
def test_hung_up(listener, scheme, answer, words, lasting):
    """A connection that is closed, or does not speak TLS, is told in plain words."""

    def serve():
        connection, _ = listener.accept()
        connection.recv(1)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    found = reply(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}")
    thread.join()
    assert (True, lasting) == (str(found.body).startswith(words), found.lasting), found.body
    assert not {"<", "HTTPConnection", "Errno", "_ssl.c"} & set(str(found.body).split())


def test_silence(listener):
    """A server that says nothing takes too long."""
    found = reply(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.2)
    assert "no answer (it takes too long)" in found.body


def test_a_certificate_that_is_not_trusted():
    """A certificate is told by what is wrong with it."""
    error = ssl.SSLCertVerificationError(
        1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"
    )
    error.verify_message = "self-signed certificate"
    words, lasting = no_answer(error)
    assert ("no secure connection (self-signed certificate)", True) == (
        words.partition(";")[0],
        lasting,
    )


def test_a_loop_of_causes():
    """Causes that name each other are no trap."""
    one, two = ValueError("one"), ValueError("two")
    one.__context__, two.__context__ = two, one
    assert "the connection was closed" in no_answer(one)[0]
