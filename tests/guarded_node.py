"""The guard that the tests' node lacks: TLS, a password, API keys and service tokens before a real node.

It knows of Elasticsearch's privileges only what the two kinds of key need; whatever else they ask for is refused.
"""

import base64
import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

_PASSED_ON = ("content-type", "content-encoding", "accept", "accept-encoding")
_ANSWERED = ("content-type", "content-encoding", "x-elastic-product", "location")
_APPENDS = re.compile(r"/(logs|metrics)-driftlog\.[^/]+/(_bulk|_create/[^/]+)$")
_LOOKS = re.compile(r"/(logs|metrics)-driftlog\.[^/]+/_mapping$")
_BEATS = re.compile(r"/metrics-driftlog\.analyzers-[^/]+/_create/[^/]+$")
_READS = re.compile(r"/_(search|count|field_caps|mapping|mget|msearch|pit|settings|resolve)\b")


class Guard:
    """Who may enter, and who did.

    Attributes:
        url: where it listens.
        names: of the keys and tokens that were made.
        seen: who asked for what: ``("driftlog shipper", "PUT", "/_bulk")``.
    """

    def __init__(self, password: str) -> None:
        basic = base64.b64encode(f"elastic:{password}".encode()).decode()
        self.url = ""
        self.names: list[str] = []
        self.seen: list[tuple[str, str, str]] = []
        self.bodies: dict[str, dict] = {}
        self._known = {f"Basic {basic}": "elastic"}

    def forget(self) -> None:
        """Lose every key and token, as with the data."""
        self._known = {key: name for key, name in self._known.items() if name == "elastic"}

    def name(self, credentials: str | None) -> str | None:
        """Whose credentials they are."""
        return self._known.get(credentials or "")

    def security(self, who: str, method: str, path: str, body: dict) -> tuple[int, object]:
        """Answer a request about security."""
        if path == "/_security/_authenticate":
            return 200, {"username": who}
        if who != "elastic":
            return _forbidden(who, path)
        if method == "DELETE":
            gone = [key for key in self._known if key.removeprefix("ApiKey ") in body["ids"]]
            for key in gone:
                del self._known[key]
            return 200, {"invalidated_api_keys": body["ids"]}
        if "/credential/token/" in path:
            value = self._remember("Bearer", "kibana")
            return 200, {
                "created": True,
                "token": {"name": path.rsplit("/", maxsplit=1)[-1], "value": value},
            }
        value = self._remember("ApiKey", body["name"])
        self.bodies[body["name"]] = body
        return 200, {"id": value, "name": body["name"], "encoded": value}

    def _remember(self, scheme: str, name: str) -> str:
        self.names.append(name)
        value = f"{scheme.lower()}-{len(self.names)}"
        self._known[f"{scheme} {value}"] = name
        return value

    @staticmethod
    def may(who: str, method: str, path: str) -> bool:
        """Whether a key's documented privileges suffice; only the administrators may do all."""
        if who == "driftlog shipper":
            return bool(_LOOKS.match(path) if method == "GET" else _APPENDS.match(path))
        if who == "driftlog analyzers":
            own = path.startswith("/driftlog-") or path == "/_bulk"
            return own or bool(_READS.search(path) or _BEATS.match(path))
        return who in {"elastic", "driftlog setup"}


def _forbidden(who: str, path: str) -> tuple[int, object]:
    reason = f"action [{path}] is unauthorized for API key of user [{who}]"
    return 403, {"error": {"type": "security_exception", "reason": reason}, "status": 403}


class _Server(ThreadingHTTPServer):
    def __init__(self, guard: Guard, node: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.guard = guard
        self.node = node


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _serve(self) -> None:
        guard = self.server.guard
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = unquote(self.path.partition("?")[0])
        who = guard.name(self.headers.get("authorization"))
        if who is None:
            error = {"type": "security_exception", "reason": "unable to authenticate"}
            self._answer(401, {"error": error, "status": 401})
            return
        guard.seen.append((who, self.command, path))
        if path.startswith("/_security/"):
            self._answer(*guard.security(who, self.command, path, json.loads(body or "{}")))
        elif not guard.may(who, self.command, path):
            self._answer(*_forbidden(who, path))
        else:
            self._pass_on(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _answer(self, status: int, document: object) -> None:
        headers = {"content-type": "application/json", "x-elastic-product": "Elasticsearch"}
        self._send(status, headers, json.dumps(document).encode())

    def _pass_on(self, body: bytes) -> None:
        headers = {name: self.headers[name] for name in _PASSED_ON if name in self.headers}
        request = urllib.request.Request(
            self.server.node + self.path, body or None, headers, method=self.command
        )
        try:
            with urllib.request.urlopen(request) as reply:
                self._send(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as reply:
            with reply:
                self._send(reply.code, reply.headers, reply.read())

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name in _ANSWERED:
            if name in headers:
                self.send_header(name, headers[name])
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def guarded(node: str, password: str, certificate: Path, key: Path) -> Iterator[Guard]:
    """Put a guard before the node at this URL."""
    guard = Guard(password)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _Server(guard, node) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        guard.url = f"https://localhost:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield guard
        finally:
            server.shutdown()
            thread.join()
