"""driftlog, its floor and the floor's parts."""

import logging
import os
from typing import Any

import orjson
import structlog
from event import BOUND, PREDICTION, Contender, Event, Place, made

from driftlog import Handler, LoggerFactory, PredictionLogger, PredictionProcessor
from driftlog.testing import read_events

DOCUMENT = orjson.OPT_APPEND_NEWLINE


def _logger(where: Place, folder: str = "spool") -> PredictionLogger:
    upload = None
    if where.url is not None:
        from driftlog import Upload  # noqa: PLC0415 - brings the Elasticsearch client

        upload = Upload(url=where.url)
    spool = where.folder / folder
    return PredictionLogger(
        model="churn", version="7", spool=spool, text=["comment"], upload=upload
    )


def _documents(where: Place) -> list[dict[str, Any]]:
    """Give the events as driftlog writes them."""
    with _logger(where, "documents") as logger:
        for event in made():
            logger.log(event, prediction=PREDICTION)
    return read_events(where.folder / "documents")


def build(_: Place) -> Contender:
    """What no logger can save: the dict of features."""
    names, rows = [*made(1)[0]], [[*event.values()] for event in made()]
    return Contender(lambda row: dict(zip(names, row, strict=True)), lambda: None, rows)


def dumps(where: Place) -> Contender:
    """Encode the document, no more."""
    return Contender(
        lambda one: orjson.dumps(one, option=DOCUMENT), lambda: None, _documents(where)
    )


def floor(where: Place) -> Contender:
    """Encode the document, write it."""
    fd = os.open(where.folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def call(document: Any) -> None:
        os.write(fd, orjson.dumps(document, option=DOCUMENT))

    return Contender(call, lambda: os.close(fd), _documents(where))


def log(where: Place) -> Contender:
    """`PredictionLogger.log`."""
    logger = _logger(where)
    return Contender(lambda event: logger.log(event, prediction=PREDICTION), logger.close, made())


def _structlog(logger: PredictionLogger, structured: Any) -> Contender:
    def call(event: Event) -> None:
        structured.info("prediction", features=event, prediction=PREDICTION)

    return Contender(call, logger.close, made())


def processor(where: Place) -> Contender:
    """`PredictionProcessor` as structlog's only processor."""
    logger = _logger(where)
    structured = structlog.wrap_logger(
        None,
        processors=[PredictionProcessor(logger)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return _structlog(logger, structured.bind())


def factory(where: Place) -> Contender:
    """`LoggerFactory` under a chain without processors."""
    logger = _logger(where)
    structured = structlog.wrap_logger(
        LoggerFactory(logger)(),
        processors=[],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return _structlog(logger, structured.bind())


def contextvars(where: Place) -> Contender:
    """`PredictionProcessor` after `merge_contextvars`, a trace and a label bound."""
    structlog.contextvars.bind_contextvars(**BOUND)
    logger = _logger(where)
    structured = structlog.wrap_logger(
        None,
        processors=[structlog.contextvars.merge_contextvars, PredictionProcessor(logger)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return _structlog(logger, structured.bind())


def handler(where: Place) -> Contender:
    """`Handler` under the standard library's logging."""
    logger = _logger(where)
    race = logging.getLogger("race")
    race.setLevel(logging.INFO)
    race.propagate = False
    race.addHandler(Handler(logger))

    def call(event: Event) -> None:
        race.info("scored", extra={"features": event, "prediction": PREDICTION})

    return Contender(call, logger.close, made())


CONTENDERS = {
    "build": build,
    "dumps": dumps,
    "floor": floor,
    "log": log,
    "processor": processor,
    "factory": factory,
    "contextvars": contextvars,
    "handler": handler,
}
