"""The one module that knows Apprise: messages to Slack, Teams, e-mail, PagerDuty, web hooks and the rest."""

import logging
import re
import threading
import warnings
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from types import ModuleType
from typing import Any

from driftlog_analyzers._notify._digest import Digest
from driftlog_analyzers._notify._outbox import Answer, Outcome
from driftlog_analyzers._notify._routes import Format, Route
from driftlog_analyzers._notify._templates import Templates
from driftlog_analyzers._toml import nearest

_GONE = 410
_KINDS: Mapping[str, str] = {
    "critical": "failure",
    "high": "failure",
    "medium": "warning",
    "low": "warning",
    "info": "info",
}
_FORMATS: Mapping[str, Format] = {"html": "html", "markdown": "markdown"}
_lock = threading.Lock()


@cache
def _library() -> ModuleType:
    """Apprise with all its plugins loaded; its own complaints go nowhere, because they repeat what was written."""
    with _lock, warnings.catch_warnings():
        # One of its plugins still looks for a module that Python has deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise  # noqa: PLC0415 - a second of loading

        apprise.Apprise.instantiate("json://localhost")
    logging.getLogger("apprise").addHandler(logging.NullHandler())
    logging.getLogger("apprise").propagate = False
    return apprise


def problem(url: str) -> str:
    """What is wrong with a receiver's URL, without repeating it; empty if nothing is."""
    scheme, found, _ = url.partition("://")
    if not found:
        return "a receiver's url begins with a scheme such as slack://, mailtos:// or json://"
    if _plugin(url) is not None:
        return ""
    known = _schemes()
    if scheme.lower() not in known:
        shown = scheme if re.fullmatch(r"[\w.+-]{1,20}", scheme) else "of the url"
        return f"there is no receiver {shown!r}; {_nearest(scheme, known)}"
    return f"the {scheme.lower()}:// url is not complete or not right; see its page in Apprise's documentation"


def secret(url: str) -> bool:
    """Whether the URL holds something that Apprise does not show."""
    plugin = _plugin(url)
    return plugin is not None and plugin.url(privacy=True) != plugin.url(privacy=False)


def format_of(url: str) -> Format:
    """What the receiver likes best: html, markdown or text."""
    wanted = getattr(_plugin(url), "notify_format", "text")
    first = wanted[0] if isinstance(wanted, tuple) else wanted
    return _FORMATS.get(str(getattr(first, "value", first)), "text")


class Receiver:
    """People, by one URL of Apprise.

    Args:
        route: theirs.
        url: which `problem` finds nothing wrong with; it is never shown.
        templates: of subject and body.
    """

    def __init__(self, route: Route, url: str, templates: Templates) -> None:
        self.route = route
        self._url = url
        self._templates = templates

    def __repr__(self) -> str:
        return f"Receiver({self.route.name!r})"

    def send(self, digest: Digest, timeout: timedelta) -> Outcome:
        """Send one message; what the receiver says of it."""
        text = self._templates.render(digest)
        plugin = _plugin(self._url, _seconds(timeout))
        if hasattr(plugin, "headers"):  # web hooks and e-mail: whoever wants can drop a repetition
            plugin.headers |= {"Idempotency-Key": digest.key}
        post = _library().Apprise()
        post.add(plugin)
        result = post.notify(
            body=text.body,
            title=text.subject,
            body_format=self._templates.format,
            notify_type=_KINDS[digest.severity] if digest.standing else "success",
        )
        if result:
            return Outcome(Answer.SENT, text.trouble)
        said = " ".join(entry.message for entry in result.logs())
        return _failure(said)


def _failure(said: str) -> Outcome:
    """What a failure means; of what Apprise says only the status is repeated: the rest may hold parts of the URL."""
    status = re.search(r"\berror=(\d{3})\b", said)
    if status is None:
        return Outcome(Answer.LOST, "the receiver could not be reached or did not answer in time")
    code = int(status[1])
    if code == _GONE:
        return Outcome(
            Answer.GONE, "the receiver is gone (HTTP 410); correct the URL or remove the route"
        )
    return Outcome(Answer.REFUSED, f"the receiver answered with HTTP {code}")


def _seconds(timeout: timedelta) -> Mapping[str, str]:
    seconds = f"{max(timeout.total_seconds() * 0.8, 0.1):.1f}"
    return {"rto": seconds, "cto": seconds}


def _plugin(url: str, limits: Mapping[str, str] | None = None) -> Any:
    library = _library()
    parsed = library.plugins.url_to_dict(url)
    if parsed is None:
        return None
    # Apprise's own threads would be waited for when the process ends, however long a receiver drips.
    here = library.AppriseAsset(async_mode=False, service_timeout=0)
    return library.Apprise.instantiate(parsed | dict(limits or {}), asset=here)


def _schemes() -> list[str]:
    details = _library().Apprise().details()["schemas"]
    kinds = ("protocols", "secure_protocols")
    return sorted({name for one in details for kind in kinds for name in one[kind] or ()})


def _nearest(scheme: str, known: list[str]) -> str:
    words = nearest(scheme.lower(), known)
    return words if words.startswith("did") else "Apprise's documentation lists those there are"
