"""Standard library logging in, spool out."""

import logging
import threading
from typing import Any

from driftlog._logger import PredictionLogger

__all__ = ["Handler"]

_ARGUMENTS = {
    "prediction": "prediction",
    "prediction_id": "id",
    "duration": "duration",
    "trace_id": "trace_id",
    "outcome": "outcome",
    "timestamp": "timestamp",
}

# The shipper's own words and those of the client it ships with: taking them would be a loop.
_OWN = frozenset({"driftlog", "elastic_transport", "elasticsearch", "urllib3"})


class Handler(logging.Handler):
    """A logging handler that writes records which carry features to the spool.

    ::

        logging.getLogger().addHandler(Handler(logger))
        log.info("scored", extra={"features": features, "prediction": score, "duration": 0.0018})

    Besides ``features`` and ``prediction``, ``extra`` may hold ``prediction_id``, ``duration``
    (seconds), ``trace_id``, ``outcome`` and ``timestamp``; without the latter the record's own time
    is the prediction's. Records without ``features`` are ignored, as are those of the loggers
    ``driftlog``, ``elasticsearch``, ``elastic_transport``, ``urllib3`` and their children, and
    those logged by a feature's own methods while it is being written.

    The handler never raises and takes no lock of its own, so a feature whose methods log, or wait
    for a thread that logs, cannot lock it up. It does not close *logger*: whoever made it does.

    Args:
        logger: where the predictions go.
        level: the least level of the records to take.
    """

    def __init__(self, logger: PredictionLogger, level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self._logger = logger
        self._writing = threading.local()

    def createLock(self) -> None:  # noqa: N802 - logging names it
        """Do without the handler's lock: `PredictionLogger` guards what needs guarding."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Write *record* if the filters let it pass and it carries features."""
        passed: Any = self.filter(record)
        if not passed:
            return False
        # From Python 3.12 a filter may answer with a record to take instead.
        self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record* if it carries features."""
        if not hasattr(record, "features") or record.name.partition(".")[0] in _OWN:
            return
        if getattr(self._writing, "now", False):
            return
        self._writing.now = True
        try:
            self._write(record)
        finally:
            self._writing.now = False

    def _write(self, record: logging.LogRecord) -> None:
        values = vars(record)
        arguments = {
            ours: values[theirs] for theirs, ours in _ARGUMENTS.items() if theirs in values
        }
        arguments.setdefault("timestamp", record.created)
        self._logger.log(values["features"], **arguments)
