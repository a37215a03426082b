"""ASGI in, spool out: a trace id for every request, and predictions timed by their request."""

import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import cache, partial
from logging import getLogger
from typing import Any, TypeAlias
from uuid import uuid4

from structlog.contextvars import bound_contextvars, get_contextvars

from driftlog._logger import PredictionLogger

__all__ = ["PredictionMiddleware", "RequestCapture", "capture"]

_Message: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[_Message]]
_Send: TypeAlias = Callable[[_Message], Awaitable[None]]
_App: TypeAlias = Callable[[MutableMapping[str, Any], _Receive, _Send], Awaitable[None]]

_TRACEPARENT = re.compile(
    rb"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)
_REQUEST_ID = re.compile(rb"[!-~]{1,128}")
_SERVER_ERROR = 500
_BODIES = frozenset({"http.response.body", "http.response.pathsend", "http.response.zerocopysend"})

_current: ContextVar["RequestCapture | None"] = ContextVar("driftlog_capture", default=None)


class PredictionMiddleware:
    """ASGI middleware that gives predictions their request's trace id, duration and outcome.

    ::

        app.add_middleware(PredictionMiddleware, logger=logger)

        @app.post("/score")
        def score(customer: Customer) -> Score:
            ...
            return Score(value, id=driftlog.capture(features, prediction=value))

    The trace id is that of the ``traceparent`` header (W3C Trace Context), else the
    ``x-request-id`` header, else a new one. It stands in structlog's context variables as
    ``trace_id`` during the request, so every log line of the service can carry it.

    There are two ways to log a prediction inside a request:

    - `driftlog.capture` (or ``scope["driftlog"].log``) holds it back until the response ends, then
      writes it, one event for each call, with the request's duration and outcome, just before the
      last message of the response is sent. Whoever has the whole response knows that the event is
      on disk; if the process dies earlier, the captured predictions are lost.
    - `PredictionLogger.log` writes it at once, with the trace id, and survives the process. It
      knows neither the request's duration nor its outcome.

    The outcome is ``failure`` when the status is 500 or above or the application raised (the
    exception goes on), ``unknown`` when the response never ended (the client left, the request
    was cancelled), else ``success``: with a 4xx the service did its work and refused the request.
    Only what was captured is written. Websocket and lifespan scopes pass through.

    Args:
        app: the ASGI application to wrap.
        logger: where the predictions go.
    """

    def __init__(self, app: _App, *, logger: PredictionLogger) -> None:
        self._app = app
        self._logger = logger

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send
    ) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = RequestCapture(self._logger, _trace_id(scope.get("headers", ())))
        # In place, not in a copy: outer middleware reads what routing leaves in the scope.
        scope["driftlog"] = request
        token = _current.set(request)
        try:
            with bound_contextvars(trace_id=request.trace_id):
                await self._serve(request, scope, receive, send)
        finally:
            _current.reset(token)

    async def _serve(
        self,
        request: "RequestCapture",
        scope: MutableMapping[str, Any],
        receive: _Receive,
        send: _Send,
    ) -> None:
        async def observed(message: _Message) -> None:
            request.observe(message)
            try:
                await send(message)
            except OSError:  # how servers say that the client left
                request.end("unknown")
                raise

        try:
            await self._app(scope, receive, observed)
        except Exception:
            request.end("failure")
            raise
        finally:
            request.end("unknown")


class RequestCapture:
    """The predictions of one HTTP request, held back until its response ends.

    The middleware makes it and leaves it in ``scope["driftlog"]``.

    Args:
        logger: where the predictions go.
        trace_id: the request's trace id.
    """

    def __init__(self, logger: PredictionLogger, trace_id: str) -> None:
        self.trace_id = trace_id
        self._logger = logger
        self._begun = time.perf_counter()
        self._status = 200
        self._held: deque[Callable[..., object]] = deque()
        self._ending: dict[str, Any] | None = None

    def log(
        self,
        features: Mapping[str, Any],
        *,
        prediction: Any = None,
        id: str | None = None,  # noqa: A002 - the name PredictionLogger.log gives it
        timestamp: Any = None,
    ) -> str:
        """Keep a prediction until the response ends; after that, write it at once.

        *features* are copied, but not what they contain. The context variables are those of now.

        Args:
            features: the inputs of the model.
            prediction: its output, as for `PredictionLogger.log`.
            id: identifies the prediction; made up if None or blank.
            timestamp: when the prediction was made, as for `PredictionLogger.log`; by default now.

        Returns:
            The id the event will have, to hand out with the response.
        """
        given = "" if id is None else str(id)
        event_id = given if given.strip() else uuid4().hex
        write = partial(
            copy_context().run,
            self._logger.log,
            _copied(features),
            prediction=prediction,
            id=event_id,
            timestamp=time.time() if timestamp is None else timestamp,
            trace_id=get_contextvars().get("trace_id", self.trace_id),
        )
        self._held.append(write)
        if self._ending is not None:
            self._write()
        return event_id

    def observe(self, message: Mapping[str, Any]) -> None:
        """Take note of a message of the response; its last one writes what was captured."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
        elif message["type"] in _BODIES and not message.get("more_body", False):
            self.end("failure" if self._status >= _SERVER_ERROR else "success")

    def end(self, outcome: str) -> None:
        """Write what was captured with *outcome* and the duration until now; once only."""
        if self._ending is None:
            duration = time.perf_counter() - self._begun
            self._ending = {"duration": duration, "outcome": outcome}
            self._write()

    def _write(self) -> None:
        # Threads may capture while the response ends: popping takes each prediction once.
        with suppress(IndexError):
            while True:
                self._held.popleft()(**(self._ending or {}))


def capture(
    features: Mapping[str, Any],
    *,
    prediction: Any = None,
    id: str | None = None,  # noqa: A002 - the name PredictionLogger.log gives it
    timestamp: Any = None,
) -> str | None:
    """Keep a prediction until the response of the current request ends, see `RequestCapture.log`.

    Outside a request that `PredictionMiddleware` serves there is nowhere to keep it: it is lost,
    with a warning of the logger ``driftlog``, the first time.

    Returns:
        The id the event will have, or None outside a request.
    """
    request = _current.get()
    if request is None:
        _warn_of_no_request()
        return None
    return request.log(features, prediction=prediction, id=id, timestamp=timestamp)


@cache
def _warn_of_no_request() -> None:
    getLogger("driftlog").warning(
        "A prediction was captured outside a request and is lost: "
        "add driftlog.PredictionMiddleware to the application, or use PredictionLogger.log."
    )


def _copied(features: Any) -> Any:
    """Return a copy that the service cannot change, or what is no mapping as it is."""
    try:
        return dict(features) if isinstance(features, Mapping) else features
    except Exception:  # noqa: BLE001 - whatever a mapping raises, the service must not see it
        return features


def _trace_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the trace id that *headers* carry, or a new one."""
    found = dict(headers)
    parent = _TRACEPARENT.fullmatch(found.get(b"traceparent", b""))
    request_id = _REQUEST_ID.fullmatch(found.get(b"x-request-id", b""))
    if parent:
        return parent[1].decode()
    return request_id[0].decode() if request_id else uuid4().hex
