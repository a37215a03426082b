"""structlog in, spool out: a processor for existing chains, a factory for dedicated ones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars
from structlog.typing import EventDict, WrappedLogger

from driftlog._logger import PredictionLogger

__all__ = ["EventWriter", "LoggerFactory", "PredictionProcessor"]

_ARGUMENTS = frozenset({"prediction", "id", "timestamp", "duration", "trace_id", "outcome"})

# What structlog's own processors and loggers put beside the caller's words.
_MACHINERY = frozenset(
    {
        "event",
        "exc_info",
        "exception",
        "features",
        "level",
        "level_number",
        "logger",
        "positional_args",
        "stack",
        "stack_info",
    }
)


class PredictionProcessor:
    """A structlog processor that writes prediction events to the spool.

    ::

        structlog.configure(processors=[merge_contextvars, PredictionProcessor(logger), ...])
        log.info("prediction", features=features, prediction=score, duration=0.0018)

    ``features``, ``prediction``, ``id``, ``timestamp``, ``duration`` (seconds), ``trace_id`` and
    ``outcome`` are the arguments of `PredictionLogger.log`; whatever else is bound to the event
    becomes its context (``trace.id``, ``labels``). All other events pass through untouched.

    Put it before processors that render. A ``timestamp`` in the event is the time of the
    prediction; a string without a zone is local time, as structlog's ``TimeStamper`` writes it.

    Args:
        logger: where the predictions go.
        event: the name of the events to take.
        passthrough: let a captured event go on down the chain, without its features; otherwise
            it ends here (`structlog.DropEvent`).

    A prediction event whose features are missing or no mapping is counted and warned of by
    *logger*, and goes on down the chain without them, so that no log line disappears.
    """

    def __init__(
        self, logger: PredictionLogger, event: str = "prediction", *, passthrough: bool = False
    ) -> None:
        self._logger = logger
        self._event = event
        self._passthrough = passthrough

    def __call__(self, _: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
        """Write *event_dict* if it is a prediction.

        Raises:
            structlog.DropEvent: the event was a prediction and is not to be passed on.
        """
        if event_dict.get("event") != self._event:
            return event_dict
        written = write(self._logger, event_dict)
        if isinstance(event_dict.get("features"), Mapping) and not self._passthrough:
            raise structlog.DropEvent
        remaining = {key: value for key, value in event_dict.items() if key != "features"}
        return remaining if written is None else {**remaining, "id": written}


class EventWriter:
    """The logger at the end of a chain: the event dict that reaches it is written as a prediction.

    It has a method for each level; which one is called makes no difference.

    Args:
        logger: where the predictions go.
    """

    def __init__(self, logger: PredictionLogger) -> None:
        self._logger = logger

    def msg(self, *_: object, **event_dict: Any) -> None:
        """Write one prediction; without ``features`` it is counted as malformed."""
        write(self._logger, event_dict)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


class LoggerFactory:
    """A structlog logger factory for a chain that logs predictions and nothing else.

    ::

        predictions = structlog.wrap_logger(None, ...)  # or, for the whole process:
        structlog.configure(processors=[], logger_factory=LoggerFactory(logger))
        structlog.get_logger().info("prediction", features=features, prediction=score)

    The chain's last processor must return the event dict, so it has no renderer. Every event is
    taken as a prediction, whatever its name.

    Args:
        logger: where the predictions go.
    """

    def __init__(self, logger: PredictionLogger) -> None:
        self._logger = logger

    def __call__(self, *_: object) -> EventWriter:
        """Return a logger that writes to the spool; positional arguments are ignored."""
        return EventWriter(self._logger)


def write(logger: PredictionLogger, event_dict: Mapping[str, Any]) -> str | None:
    """Log the prediction that *event_dict* describes and return its id, or None if it was not."""
    arguments: dict[str, Any] = {}
    context: dict[str, Any] = {}
    for key, value in event_dict.items():
        if key in _ARGUMENTS:
            arguments[key] = value
        elif key not in _MACHINERY and not key.startswith("_"):
            context[key] = value
    if isinstance(arguments.get("timestamp"), str):
        arguments["timestamp"] = _with_zone(arguments["timestamp"])
    features: Any = event_dict.get("features")
    if context:  # what `merge_contextvars` put there is bound already
        bound = get_contextvars()
        context = {key: value for key, value in context.items() if bound.get(key) is not value}
    if not context:
        return logger.log(features, **arguments)
    with bound_contextvars(**context):
        return logger.log(features, **arguments)


def _with_zone(timestamp: str) -> datetime | str:
    """Read what a ``TimeStamper`` wrote: without a zone, structlog means local time."""
    try:
        return datetime.fromisoformat(timestamp).astimezone()
    except (ValueError, OverflowError):
        return timestamp
