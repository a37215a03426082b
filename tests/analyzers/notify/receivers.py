"""Real receivers on loopback: an HTTP server that answers as told, and an SMTP server; both keep what arrives."""

import json
import socket
import threading
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller

DRIP = "drip"
HANG = "hang"
CUT = "cut"


@dataclass
class Arrived:
    """One request or mail.

    Attributes:
        key: its idempotency key.
        title: its subject.
        body: its text, or the JSON object as it was posted.
        headers: all of them.
    """

    key: str
    title: str
    body: object
    headers: object


class HttpReceiver:
    """Answers each request with the next of its answers, then with 200.

    `HANG` waits, `CUT` hangs up, `DRIP` never ends.
    """

    def __init__(self):
        self.arrived = []
        self.answers = []
        self.delay = 0.0
        self.path = "/hook"
        self._let_go = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                document = json.loads(content)
                title = document.get("title", "")
                body = document.get("message", document)
                key = self.headers["Idempotency-Key"]
                answer = receiver.answers.pop(0) if receiver.answers else 200
                receiver.arrived.append(Arrived(key, title, body, self.headers))
                time.sleep(receiver.delay)
                if answer == CUT:
                    self.connection.close()
                    return
                if answer == HANG:
                    receiver._let_go.wait(60)
                    return
                if answer == DRIP:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    while not receiver._let_go.wait(0.1):
                        self.wfile.write(b"X")
                    return
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def message_url(self):
        """For a route of messages."""
        return f"json://127.0.0.1:{self.port}{self.path}"

    @property
    def trigger_url(self):
        """For a trigger."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    @property
    def keys(self):
        """The idempotency keys, in the order in which they arrived."""
        return [one.key for one in self.arrived]

    def stop(self):
        """Be no more; what hangs is let go."""
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()


class MailReceiver:
    """An SMTP server that takes every mail."""

    def __init__(self):
        self.arrived = []
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802, ARG002 - aiosmtpd's hook
        """Keep one mail."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        texts = {
            part.get_content_type(): part.get_content()
            for part in mail.walk()
            if part.get_content_maintype() == "text"
        }
        self.arrived.append(Arrived(mail["Idempotency-Key"], mail["Subject"], texts, mail))
        return "250 taken"

    @property
    def url(self):
        """For a route."""
        return f"mailto://127.0.0.1:{self.port}?from=driftlog@example.com&to=ops@example.com"

    def stop(self):
        """Be no more."""
        self._controller.stop()


def free_port():
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(true, seconds=20):
    """Wait until something is so; it must come to be."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)
