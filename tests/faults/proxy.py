"""A proxy before a real Elasticsearch that spoils bulk requests and replies on demand."""

import gzip
import http.client
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What to do with one bulk request.

    Attributes:
        forward: whether Elasticsearch gets it.
        items: results by place in the request, of events that Elasticsearch does not get.
        then: called after that.
        seconds: waited after that.
        alter: changes the reply.
        status: answered in place of Elasticsearch's own reply, with body and headers.
        body: as above.
        headers: as above.
        hang_up: whether the connection is closed without any answer.
    """

    forward: bool = False
    items: dict[int, dict] = field(default_factory=dict)
    then: Callable[[], object] = lambda: None
    seconds: float = 0.0
    alter: Callable[[bytes], bytes] = lambda reply: reply
    status: int | None = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False


class FaultyProxy:
    """The proxy; ``url`` says where it listens.

    Attributes:
        script: faults for the next bulk requests, one each.
        standing: gives the fault for any other bulk request, by its body; None for none.
        bulks: number of bulk requests so far.
    """

    def __init__(self, target):
        self.target = urlsplit(target)
        self.script = deque()
        self.standing = lambda _body: None
        self.bulks = 0
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def ask(self, path, body, method="POST"):
        """Send a request on to Elasticsearch; give status and reply."""
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=60)
        try:
            connection.request(method, path, body, {"content-type": "application/x-ndjson"})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy = None

    def log_message(self, *_):
        """Keep quiet."""

    def handle(self):
        """A client that does not wait is no news."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def do_GET(self):
        """Send a question on."""
        self._answer(*self.proxy.ask(self.path, None, "GET"))

    def do_POST(self):
        """Send a request on, or do what is to be done with it."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        fault = None
        if "/_bulk" in self.path:
            self.proxy.bulks += 1
            script = self.proxy.script
            fault = script.popleft() if script else self.proxy.standing(body)
        if fault is None:
            return self._answer(*self.proxy.ask(self.path, body))
        return self._spoil(fault, body)

    def _spoil(self, fault, body):
        status, reply = self._forward(fault, body) if fault.forward else (200, b"")
        fault.then()
        time.sleep(fault.seconds)
        if fault.hang_up:
            self.close_connection = True
            return None
        if fault.status is not None:
            status, reply = fault.status, fault.body
        return self._answer(status, fault.alter(reply), fault.headers)

    def _forward(self, fault, body):
        """Send on what is not answered here, and put the answers together."""
        if not fault.items:
            return self.proxy.ask(self.path, body)
        lines = body.splitlines(keepends=True)
        pairs = list(zip(lines[::2], lines[1::2], strict=True))
        rest = [pair for place, pair in enumerate(pairs) if place not in fault.items]
        _, reply = self.proxy.ask(self.path, b"".join(line for pair in rest for line in pair))
        items = iter(json.loads(reply)["items"])
        whole = [
            {"create": {"_id": json.loads(action)["create"]["_id"], **fault.items[place]}}
            if place in fault.items
            else next(items)
            for place, (action, _) in enumerate(pairs)
        ]
        return 200, json.dumps({"errors": True, "items": whole}).encode()

    def _answer(self, status, body, headers=None):
        self.send_response(status)
        usual = {"content-type": "application/json", "X-elastic-product": "Elasticsearch"}
        for name, value in (usual | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
