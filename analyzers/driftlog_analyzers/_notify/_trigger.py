"""A trigger: one HTTP call that starts something, such as a pipeline that trains the model anew."""

from datetime import timedelta
from urllib.parse import unquote, urlsplit

import orjson
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
)

from driftlog_analyzers._notify._digest import Digest
from driftlog_analyzers._notify._outbox import Answer, Outcome
from driftlog_analyzers._notify._routes import Route

_FINE = range(200, 300)
_BEFORE_ANYTHING_WAS_SENT = (ConnectTimeoutError, NameResolutionError, NewConnectionError)


class Trigger:
    """A receiver of calls.

    Args:
        route: its route.
        url: ``http`` or ``https``, perhaps with user and password; it is never shown.
    """

    def __init__(self, route: Route, url: str) -> None:
        self.route = route
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        self._url = parts._replace(netloc=host, fragment="").geturl()
        self._headers: dict[str, str] = {}
        if parts.username is not None:
            basic = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers = dict(urllib3.make_headers(basic_auth=basic))

    def __repr__(self) -> str:
        return f"Trigger({self.route.name!r})"

    def send(self, digest: Digest, timeout: timedelta) -> Outcome:
        """Call once, and say whether the call surely did not arrive."""
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": digest.key,
            "User-Agent": "driftlog",
            **self._headers,
        }
        seconds = timeout.total_seconds()
        try:
            answer = urllib3.request(
                "POST",
                self._url,
                body=orjson.dumps(digest.document()),
                headers=headers,
                timeout=urllib3.Timeout(total=seconds),
                retries=False,
                redirect=False,
            )
        except HTTPError as error:
            return _failure(error)
        if answer.status in _FINE:
            return Outcome(Answer.SENT)
        return Outcome(
            Answer.GONE, f"the receiver answered with HTTP {answer.status}; it is not called again"
        )


def _failure(error: HTTPError) -> Outcome:
    """Only what never left this machine is tried again."""
    cause = error.reason if isinstance(error, MaxRetryError) else error
    if isinstance(cause, _BEFORE_ANYTHING_WAS_SENT):
        return Outcome(Answer.REFUSED, "the receiver could not be reached; nothing was sent")
    return Outcome(
        Answer.LOST, "the receiver did not answer; whether the call arrived is not known"
    )
