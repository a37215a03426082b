"""The one place that speaks to Kibana over HTTP."""

import base64
import json
import re
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from driftlog_analyzers._elasticsearch._names import shown
from driftlog_analyzers._kibana._objects import Json, SavedObject, unpacked
from driftlog_analyzers.errors import ConfigError, KibanaError

OLDEST = (8, 12)
_TIMEOUT = 60.0
_OK, _BAD, _UNKNOWN, _FORBIDDEN, _MISSING, _CONFLICT = 200, 400, 401, 403, 404, 409
_TOLD = 200


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks: an API key, or a name with its password, or nobody.

    Attributes:
        api_key: the encoded key.
        user: the name.
        password: of the name.
    """

    api_key: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def header(self) -> dict[str, str]:
        """The header that says it."""
        if self.api_key:
            return {"Authorization": f"ApiKey {_in_header(self.api_key)}"}
        if self.user is not None:
            pair = f"{self.user}:{self.password or ''}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {}


@dataclass(frozen=True, slots=True)
class Refused:
    """An object that Kibana did not take.

    Attributes:
        type: of the object.
        id: of the object.
        reason: why, in a few words.
    """

    type: str
    id: str
    reason: str


class Kibana:
    """One space of a Kibana; nothing is asked before a method is called.

    Args:
        url: such as ``https://localhost:5601``; a path before ``/api`` is kept.
        account: who asks.
        space: the space's id.
        ca_certs: file of the certificates to trust; None for the system's.

    Raises:
        ConfigError: the URL or the certificates cannot be used.
    """

    def __init__(
        self, url: str, account: Account, *, space: str = "default", ca_certs: str | None = None
    ) -> None:
        parts = _parts(url)
        self.space = space
        self.url = shown(url).rstrip("/")
        if parts.username and not account.api_key and account.user is None:
            account = Account(user=parts.username, password=parts.password)
        self._headers = {"kbn-xsrf": "driftlog", "Accept": "application/json", **account.header}
        self._context = _context(ca_certs)

    def __str__(self) -> str:
        return f"Kibana at {self.url}, space {self.space}"

    def page(self, path: str) -> str:
        """The address of a page of the space, such as ``dashboards#/view/driftlog-overview``."""
        inner = "" if self.space == "default" else f"/s/{quote(self.space, safe='')}"
        return f"{self.url}{inner}/app/{path}"

    def check(self) -> str | None:
        """Check that it is there, is new enough and has the space; its version, where it tells.

        Raises:
            KibanaError: it is not so.
        """
        status, body = self._ask("GET", "/api/status", space=False, allowed=(503,))
        version = body.get("version", {}).get("number") if isinstance(body, dict) else None
        if status == _OK and (not isinstance(body, dict) or "status" not in body):
            raise KibanaError(f"{self.url} answers, but is no Kibana; check the address")
        match = re.match(r"(\d+)\.(\d+)", version or "")
        if match and (int(match[1]), int(match[2])) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise KibanaError(
                f"Kibana at {self.url} is {version}; the dashboards need {oldest} or later: upgrade it"
            )
        if status != _OK:
            raise KibanaError(f"Kibana at {self.url} is not ready yet; try again in a minute")
        if self.space != "default":
            path = f"/api/spaces/space/{quote(self.space, safe='')}"
            status, _ = self._ask("GET", path, space=False, allowed=(_MISSING,))
            if status == _MISSING:
                raise KibanaError(
                    f"Kibana at {self.url} has no space {self.space!r}; create it, or name another with --space"
                )
        return version

    def found(self, wanted: Sequence[SavedObject]) -> dict[tuple[str, str], SavedObject]:
        """Those of some objects that it has, by type and id.

        Raises:
            KibanaError: it does not say.
        """
        asked = [{"type": one.type, "id": one.id} for one in wanted]
        while asked:
            body = {"objects": asked, "excludeExportDetails": True}
            status, answer = self._ask("POST", "/api/saved_objects/_export", body, allowed=(_BAD,))
            if status == _OK:
                lines = [answer] if isinstance(answer, dict) else answer
                objects = [unpacked(one) for one in lines if "type" in one]
                return {(one.type, one.id): one for one in objects}
            missing = _missing(answer)
            rest = [one for one in asked if (one["type"], one["id"]) not in missing]
            if len(rest) == len(asked):
                raise KibanaError(f"{self} does not give its objects: {_reason(answer)}")
            asked = rest
        return {}

    def take(self, lines: bytes) -> tuple[int, tuple[Refused, ...]]:
        """Import objects, in place of those that are there; how many it took, and what it refused.

        Raises:
            KibanaError: it refused all of them.
        """
        mark = uuid.uuid4().hex
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="driftlog.ndjson"\r\n'
            "Content-Type: application/ndjson\r\n\r\n"
        )
        form = head.encode() + lines + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        _, answer = self._ask("POST", "/api/saved_objects/_import?overwrite=true", form, kind=kind)
        errors = answer.get("errors", ())
        refused = tuple(Refused(e["type"], e["id"], _why(e.get("error", {}))) for e in errors)
        return int(answer.get("successCount", 0)), refused

    def rule(self, name: str) -> Json | None:
        """An alerting rule by its id; None where there is none.

        Raises:
            KibanaError: it does not say.
        """
        path = f"/api/alerting/rule/{quote(name, safe='')}"
        status, answer = self._ask("GET", path, allowed=(_MISSING,))
        return answer if status == _OK else None

    def put_rule(self, name: str, body: Json, *, there: bool) -> None:
        """Create an alerting rule, or change the one that is there.

        Raises:
            KibanaError: it refuses.
        """
        fixed = ("rule_type_id", "consumer", "enabled")
        sent = {key: value for key, value in body.items() if not (there and key in fixed)}
        path = f"/api/alerting/rule/{quote(name, safe='')}"
        self._ask("PUT" if there else "POST", path, sent)

    def _ask(
        self,
        method: str,
        path: str,
        body: Json | bytes | None = None,
        *,
        kind: str = "application/json",
        space: bool = True,
        allowed: Sequence[int] = (),
    ) -> tuple[int, Any]:
        inner = f"/s/{quote(self.space, safe='')}" if space and self.space != "default" else ""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        headers = self._headers | ({"Content-Type": kind} if data is not None else {})
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            f"{self.url}{inner}{path}", data, headers, method=method
        )
        try:
            with urllib.request.urlopen(  # noqa: S310 - as above
                request, timeout=_TIMEOUT, context=self._context
            ) as answer:
                return answer.status, _decoded(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                answer = _decoded(error.read())
            if error.code in allowed:
                return error.code, answer
            raise self._refusal(error.code, answer) from error
        except (OSError, HTTPException) as error:
            words = getattr(error, "reason", None) or error
            raise KibanaError(
                f"Kibana at {self.url} cannot be reached ({words}); check the address, and that it runs"
            ) from error

    def _refusal(self, status: int, answer: Any) -> KibanaError:
        reason = _reason(answer)
        if status == _UNKNOWN:
            return KibanaError(
                f"Kibana at {self.url} does not know who asks ({reason}); set KIBANA_API_KEY, or KIBANA_USERNAME"
                " and KIBANA_PASSWORD"
            )
        if status == _FORBIDDEN:
            return KibanaError(
                f"the key may not do that in {self} ({reason}); it needs all privileges on Dashboard, Discover,"
                " Data View Management, Tag Management and Saved Objects Management in that space, and on Stack"
                " Rules for --rules"
            )
        return KibanaError(f"{self} refused ({status}: {reason})")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts
        told = shown(url)
    except ValueError:  # a bracket without its fellow, a port that is none; it may hold a password
        told = url.rpartition("@")[2]
    raise ConfigError(
        f"{told!r} is no address of a Kibana; write one such as https://localhost:5601"
    )


def _in_header(key: str) -> str:
    """A key as a header can hold it; a file that it was read from may end with a line break."""
    key = key.strip()
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(
            "the API key of Kibana holds what no key does; give the encoded one, a single line"
        )
    return key


def _context(ca_certs: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_certs)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"the certificates in {ca_certs} cannot be used: {error}") from error


def _decoded(data: bytes) -> Any:
    """One JSON value, or a list of those on several lines; text where it is neither."""
    try:
        return json.loads(data or b"{}")
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in data.splitlines() if line]
    except ValueError:
        return data.decode(errors="replace")


def _missing(answer: Any) -> set[tuple[str, str]]:
    objects = answer.get("attributes", {}).get("objects", ()) if isinstance(answer, dict) else ()
    return {(one["type"], one["id"]) for one in objects}


def _reason(answer: Any) -> str:
    words = answer.get("message") or answer.get("error") if isinstance(answer, dict) else answer
    return " ".join(str(words).split())[:_TOLD]


def _why(error: Json) -> str:
    if error.get("type") == "missing_references":
        names = ", ".join(f"{r['type']} {r['id']}" for r in error.get("references", ()))
        return f"it refers to what is not there: {names}"
    return str(error.get("message") or error.get("type") or "no reason given")
