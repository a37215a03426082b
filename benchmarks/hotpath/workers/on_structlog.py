"""structlog without driftlog, in its peers' environment and in driftlog's own."""

import logging
from typing import Any

import orjson
import structlog
from event import BOUND, PREDICTION, Contender, Event, Place, made

COMMON = [structlog.processors.add_log_level, structlog.processors.TimeStamper("iso", utc=True)]


def chained(processors: list[Any], sink: Any, close: Any) -> Contender:
    """Give a logger with a chain, and its event."""
    structured = structlog.wrap_logger(
        sink,
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    ).bind()

    def call(event: Event) -> None:
        structured.info("prediction", features=event, prediction=PREDICTION)

    return Contender(call, close, made())


def structlog_bytes(where: Place, *before: Any) -> Contender:
    """Structlog's fastest chain, as its manual has it."""
    file = (where.folder / "log").open("ab")
    render = structlog.processors.JSONRenderer(serializer=orjson.dumps)
    chain = [*before, *COMMON, render]
    return chained(chain, structlog.BytesLogger(file), file.close)


def structlog_contextvars(where: Place) -> Contender:
    """The same with context variables merged in."""
    structlog.contextvars.bind_contextvars(**BOUND)
    return structlog_bytes(where, structlog.contextvars.merge_contextvars)


def structlog_json(where: Place) -> Contender:
    """Structlog with the standard library's JSON."""
    file = (where.folder / "log").open("a")
    chain = [*COMMON, structlog.processors.JSONRenderer()]
    return chained(chain, structlog.WriteLogger(file), file.close)


CONTENDERS = {
    "structlog_bytes": structlog_bytes,
    "structlog_contextvars": structlog_contextvars,
    "structlog_json": structlog_json,
}
