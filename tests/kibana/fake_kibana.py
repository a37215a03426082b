"""A server that answers as Kibana 8.12 does to what the packer asks, by Kibana's documentation."""

import json
import re
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

_OBJECT = ("type", "id", "attributes", "references")


class FakeKibana(ThreadingHTTPServer):
    """Keeps objects and rules by space.

    Attributes:
        version: what it says it is.
        spaces: that there are.
        objects: by space, type and id.
        rules: by space and id.
        refuses: an answer to every request that is not about its status, status and body; None for none.
        rejects: objects that an import reports as errors, by type and id.
        requests: method, path and headers of every request.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.version = "8.12.2"
        self.spaces = {"default"}
        self.objects, self.rules, self.rejects = {}, {}, {}
        self.refuses = None
        self.requests = []
        self.ready = True

    @property
    def url(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def put(self, space, body):
        """Keep an object, with what Kibana adds."""
        kept = body | {
            "managed": False,
            "updated_at": "2026-11-27T12:00:00.000Z",
            "version": "WzEsMV0=",
        }
        self.objects[space, body["type"], body["id"]] = kept


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        """Answer."""
        self._answer("GET")

    def do_POST(self):
        """Answer."""
        self._answer("POST")

    def do_PUT(self):
        """Answer."""
        self._answer("PUT")

    def _answer(self, method):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append(
            (method, self.path, {name.lower(): value for name, value in self.headers.items()})
        )
        status, answer = self._work(method, body)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _work(self, method, body):  # noqa: PLR0911 - one for each request
        space, path = re.fullmatch(r"(?:/s/([^/]+))?(/api/.*)", self.path).groups()
        space = unquote(space or "default")
        if path == "/api/status":
            level = {"status": {"overall": {"level": "available"}}}
            known = level | {"version": {"number": self.server.version}}
            return (200, known) if self.server.ready else (503, known)
        if self.server.refuses:
            return self.server.refuses
        if method != "GET" and "kbn-xsrf" not in self.headers:
            return 400, {"statusCode": 400, "message": "Request must contain a kbn-xsrf header."}
        if found := re.fullmatch(r"/api/spaces/space/([^/]+)", path):
            known = unquote(found[1]) in self.server.spaces
            return (
                (200, {"id": found[1]})
                if known
                else (404, {"statusCode": 404, "message": "Not Found"})
            )
        if path == "/api/saved_objects/_export":
            return self._export(space, json.loads(body))
        if path == "/api/saved_objects/_import?overwrite=true":
            return self._import(space, body)
        return self._rule(method, space, path.rpartition("/")[2], body)

    def _export(self, space, asked):
        keys = [(space, one["type"], one["id"]) for one in asked["objects"]]
        missing = [key for key in keys if key not in self.server.objects]
        if missing:
            errors = [{"type": t, "id": i, "error": {"statusCode": 404}} for _, t, i in missing]
            message = {"statusCode": 400, "message": "Error fetching objects to export"}
            return 400, message | {"attributes": {"objects": errors}}
        lines = (json.dumps(self.server.objects[key]) for key in keys)
        return 200, "\n".join(lines).encode()

    def _import(self, space, body):
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        (part,) = BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
        assert (part.get_param("name", header="content-disposition"), part.get_filename()) == (
            "file",
            "driftlog.ndjson",
        )
        objects = [json.loads(line) for line in part.get_payload(decode=True).splitlines()]
        errors = []
        for one in objects:
            if error := self.server.rejects.get((one["type"], one["id"])):
                errors.append({"type": one["type"], "id": one["id"], "error": error})
            else:
                self.server.put(space, one)
        answer = {"success": not errors, "successCount": len(objects) - len(errors)}
        return 200, answer | ({"errors": errors} if errors else {})

    def _rule(self, method, space, name, body):
        there = self.server.rules.get((space, name))
        if method == "GET":
            return (200, there) if there else (404, {"statusCode": 404, "message": "Not found"})
        sent = json.loads(body)
        fixed = {"rule_type_id", "consumer", "enabled"}
        if (there is None) == (method == "PUT") or (method == "PUT" and fixed & sent.keys()):
            return 400, {
                "statusCode": 400,
                "message": "[request body]: definition for this key is missing",
            }
        self.server.rules[space, name] = (there or {}) | sent | {"id": name}
        return 200, self.server.rules[space, name]
