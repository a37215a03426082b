"""An Elasticsearch made of a dictionary, speaking HTTP on loopback, that fails on demand.

It knows what a data stream knows: an ``_id`` is unique in one backing index, and ``rollover``
begins the next. Steps put into ``script`` are taken by the next bulk requests, one each.
"""

import gzip
import json
import re
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PAIR = re.compile(rb'\{"create":\{"_id":"([^"]*)"\}\}\n([^\n]*)\n')
_LIMIT = 100 << 20
_REFUSAL = b'{"error":{"type":"x_content_parse_exception","reason":"duplicate field"}}'


@dataclass
class Step:
    """What to do with one bulk request instead of the ordinary.

    ``status`` and ``body`` are answered as they are, after ``seconds``; ``index`` says whether the
    events are taken all the same, before that. ``how`` is one of: answer, reset, drop reply, short, reordered, cut.
    """

    how: str = "answer"
    status: int = 200
    body: bytes | None = None
    headers: dict = field(default_factory=dict)
    index: bool = False
    product: bool = True
    seconds: float = 0.0


class FakeElasticsearch:
    """The server; ``url`` says where."""

    def __init__(self):
        self.script = deque()
        self.always = None
        self.item = lambda _stream, _id, _line: None
        self.refuse = lambda _data: False
        self.max_bytes = _LIMIT
        self.delay = 0.0
        self.requests = []
        self.meta = {"managed_by": "driftlog"}
        self.heartbeats = []
        self._copies = defaultdict(list)
        self._backing = defaultdict(dict)
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def streams(self):
        """The names of the streams that hold something."""
        return sorted(self._copies)

    def copies(self, stream=None):
        """Every raw copy, (id, line), in the order of arrival."""
        if stream is None:
            return [copy for copies in self._copies.values() for copy in copies]
        return list(self._copies[stream])

    def rollover(self):
        """Begin new backing indices: what was created before can be created once more."""
        with self._lock:
            self._backing.clear()

    def take(self, stream, data):
        """Create what a bulk body holds; give the items of the reply."""
        with self._lock:
            return [self._create(stream, name.decode(), line) for name, line in _PAIR.findall(data)]

    def _create(self, stream, name, line):
        special = self.item(stream, name, line)
        if special is not None:
            return {"create": {"_index": stream, "_id": name, **special}}
        if name in self._backing[stream]:
            error = {"type": "version_conflict_engine_exception", "reason": f"[{name}]: exists"}
            return {"create": {"_index": stream, "_id": name, "status": 409, "error": error}}
        if not _is_json(line):
            error = {"type": "document_parsing_exception", "reason": "failed to parse"}
            return {"create": {"_index": stream, "_id": name, "status": 400, "error": error}}
        self._backing[stream][name] = True
        self._copies[stream].append((name, line))
        return {"create": {"_index": stream, "_id": name, "status": 201}}


def _is_json(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake = None

    def log_message(self, *_):
        """Keep quiet."""

    def handle(self):
        """A client that was killed is no news."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def do_GET(self):
        """Say whose mapping a stream has."""
        stream = self.path[1:].partition("/")[0]
        body = {f".ds-{stream}-2026.11.22-000001": {"mappings": {"_meta": self.fake.meta}}}
        self._answer(200, json.dumps(body).encode())

    def do_POST(self):
        """Answer a bulk request or a single create."""
        size = int(self.headers["content-length"])
        if "/_bulk" not in self.path:
            self.fake.heartbeats.append((self.path, json.loads(self.rfile.read(size))))
            return self._answer(201, b'{"result":"created"}')
        step = self.fake.script.popleft() if self.fake.script else self.fake.always
        if step and step.how == "reset":
            self.rfile.read(min(size, 1000))
            return self._hang_up()
        data = self.rfile.read(size)
        if self.headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        stream = self.path[1:].partition("/")[0]
        self.fake.requests.append((stream, len(data), time.monotonic()))
        if step is None and len(data) > self.fake.max_bytes:
            step = Step(status=413, body=b"", product=False)
        if step is None and self.fake.refuse(data):
            step = Step(status=400, body=_REFUSAL)
        return self._act(step, stream, data)

    def _act(self, step, stream, data):
        if step is None:
            time.sleep(self.fake.delay)
            return self._answer(200, _reply(self.fake.take(stream, data)))
        if step.how == "answer":
            if step.index:
                self.fake.take(stream, data)
            time.sleep(step.seconds)
            return self._answer(step.status, step.body or b"", step.headers, product=step.product)
        items = self.fake.take(stream, data)
        if step.how == "drop reply":
            return self._hang_up()
        if step.how == "short":
            return self._answer(200, _reply(items[:-1]))
        if step.how == "reordered":
            return self._answer(200, _reply(items[::-1]))
        return self._answer(200, _reply(items)[:-10])

    def _hang_up(self):
        self.close_connection = True
        self.connection.close()

    def _answer(self, status, body, headers=None, *, product=True):
        self.send_response(status)
        if product:
            self.send_header("X-elastic-product", "Elasticsearch")
        for name, value in ({"content-type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _reply(items):
    errors = any("error" in item["create"] for item in items)
    return json.dumps({"errors": errors, "took": 1, "items": items}).encode()
