"""Loggers and handlers that write to a file or send over the network."""

import json
import logging
import queue
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from typing import Any

import ecs_logging
import structlog
from event import PREDICTION, Contender, Event, Place, made
from loguru import logger as loguru
from on_structlog import (
    COMMON,
    chained,
    structlog_bytes,
    structlog_contextvars,
    structlog_json,
)
from pythonjsonlogger.json import JsonFormatter
from standard import logged


def json_write(where: Place) -> Contender:
    """The standard library's JSON, one flushed write."""
    file = (where.folder / "log").open("a")

    def call(event: Event) -> None:
        file.write(json.dumps({"features": event, "prediction": PREDICTION}) + "\n")
        file.flush()

    return Contender(call, file.close, made())


def queue_json(where: Place) -> Contender:
    """QueueHandler, a thread that formats with python-json-logger and writes."""
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    file = _file(where)
    file.setFormatter(JsonFormatter())
    listener = QueueListener(waiting, file)
    listener.start()
    return logged(QueueHandler(waiting), listener.stop)


def opentelemetry(where: Place) -> Contender:
    """The batch processor, OTLP over HTTP; drops what its queue cannot hold."""
    from opentelemetry.exporter.otlp.proto.http._log_exporter import (  # noqa: PLC0415 - a second to import
        OTLPLogExporter,
    )
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler  # noqa: PLC0415 - as above
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: PLC0415 - as above

    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    provider = LoggerProvider()
    exporter = OTLPLogExporter(endpoint=f"http://127.0.0.1:{where.http}/v1/logs")
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    return logged(LoggingHandler(logger_provider=provider), provider.shutdown)


def ecs_structlog(where: Place) -> Contender:
    """ecs-logging as structlog's renderer."""
    file = (where.folder / "log").open("a")
    chain = [*COMMON, ecs_logging.StructlogFormatter()]
    return chained(chain, structlog.WriteLogger(file), file.close)


def ecs_stdlib(where: Place) -> Contender:
    """ecs-logging as the standard library's formatter."""
    file = _file(where)
    file.setFormatter(ecs_logging.StdlibFormatter())
    return logged(file)


def loguru_serialize(where: Place) -> Contender:
    """Loguru's own JSON, to a file."""
    loguru.remove()
    loguru.add(where.folder / "log", serialize=True)

    def call(event: Event) -> None:
        loguru.bind(features=event, prediction=PREDICTION).info("prediction")

    return Contender(call, loguru.remove, made())


def logstash_memory(where: Place, database: Path | None = None) -> Contender:
    """A thread that sends over TCP what waits in memory."""
    from logstash_async.handler import AsynchronousLogstashHandler  # noqa: PLC0415 - starts a thread

    path = None if database is None else str(database)
    return logged(AsynchronousLogstashHandler("127.0.0.1", where.tcp, path))


def logstash_sqlite(where: Place) -> Contender:
    """A thread that sends over TCP what waits in SQLite."""
    return logstash_memory(where, where.folder / "waiting.db")


def _file(where: Place) -> logging.FileHandler:
    return logging.FileHandler(where.folder / "log")


CONTENDERS = {
    "structlog_bytes": structlog_bytes,
    "structlog_contextvars": structlog_contextvars,
    "structlog_json": structlog_json,
    "json_write": json_write,
    "queue_json": queue_json,
    "opentelemetry": opentelemetry,
    "ecs_structlog": ecs_structlog,
    "ecs_stdlib": ecs_stdlib,
    "loguru": loguru_serialize,
    "logstash_memory": logstash_memory,
    "logstash_sqlite": logstash_sqlite,
}
