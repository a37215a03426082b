"""A server that answers as it is told: for what the reduced node cannot show."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PRODUCT = {"X-Elastic-Product": "Elasticsearch"}

Answer = tuple[int, object]
Script = Callable[[str], Answer | None]
"""From path to status and body (JSON, or text as it is); None for ``200 {}``."""


@contextmanager
def scripted(script: Script, headers: dict[str, str] = PRODUCT) -> Iterator[tuple[str, list[str]]]:
    """Serve the script; gives the URL and the list of requests so far."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            path = self.path.partition("?")[0]
            seen.append(f"{self.command} {path}")
            status, body = script(path) or (200, {})
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            kind = "text/html" if isinstance(body, str) else "application/json"
            sent = {"content-type": kind, "content-length": str(len(data)), **headers}
            for name, value in sent.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_POST = do_HEAD = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()
