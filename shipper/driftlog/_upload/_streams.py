"""Whether a data stream is driftlog's: under another's mapping events could be refused for good.

Elasticsearch has a template of its own for ``logs-*-*``, so that a stream may well come into being
without ours. It is made empty and looked at before any event goes there.
"""

from collections.abc import Mapping
from typing import Any

from driftlog._upload._bulk import Sender
from driftlog._upload._reply import Reply, Verdict, judge_other

__all__ = ["Streams"]

_MISSING = 404
_OURS = "driftlog"


class Streams:
    """Looks at each stream once, and again when in doubt.

    Args:
        sender: Asks.
        setup: The command that installs our templates.
    """

    def __init__(self, sender: Sender, setup: str) -> None:
        self._sender = sender
        self._setup = setup
        self._ours: set[str] = set()

    def obstacle(self, stream: str, timeout: float | None = None) -> Verdict | None:
        """Say why nothing may be sent to a stream; None, where it is ours.

        Args:
            stream: Its name; where there is none of it and a template says how, it is made.
            timeout: Of each request, in seconds; the usual one, where None.
        """
        if stream in self._ours:
            return None
        reply = self._sender.mapping(stream, timeout)
        if reply.status == _MISSING and not reply.foreign:
            refused = judge_other(self._sender.make(stream, timeout), self._setup)
            if refused is not None:
                return refused
            reply = self._sender.mapping(stream, timeout)
        verdict = judge_other(reply, self._setup) or self._judge(reply, stream)
        if verdict is None:
            self._ours.add(stream)
        return verdict

    def doubt(self, stream: str) -> None:
        """Look at it again before the next event goes there."""
        self._ours.discard(stream)

    def _judge(self, reply: Reply, stream: str) -> Verdict | None:
        if _managed_by(reply.body) == _OURS:
            return None
        reason = (
            "the stream has a mapping that is not driftlog's, in which events could get lost; "
            f"run: {self._setup}, then in Elasticsearch: POST /{stream}/_rollover"
        )
        return Verdict("hold", reason=reason)


def _managed_by(body: Any) -> object:
    """Say whose the mapping of the newest backing index is."""
    if not isinstance(body, Mapping) or not body:
        return None
    try:
        return body[max(body, key=_generation)]["mappings"]["_meta"]["managed_by"]
    except (KeyError, TypeError):
        return None


def _generation(index: str) -> tuple[int, str]:
    number = index.rpartition("-")[2]
    return int(number) if number.isdigit() else 0, index
