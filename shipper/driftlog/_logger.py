"""The logger that a model service calls."""

import atexit
import os
import socket
import weakref
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import orjson

from driftlog._batch import add_outputs, bare_name, read
from driftlog._batch_writer import BatchWriter, Rows
from driftlog._document import Envelope, NotEncodable, encode
from driftlog._facts import Facts, quote
from driftlog._features import Parts, Splitter
from driftlog._guard import attempt
from driftlog._limits import SpoolLimits
from driftlog._redaction import Redaction
from driftlog._spool import Spool
from driftlog._strings import clean
from driftlog._tally import Counters, Tally
from driftlog._text import Text
from driftlog.errors import SettingsError

__all__ = ["PredictionLogger"]

Outcome = Literal["success", "failure", "unknown"]


class PredictionLogger:
    """Logs each prediction of one model as a line of the spool.

    No method but the constructor raises, and none waits for more than the one write: what cannot
    be logged is counted, and once a minute the standard library's logger ``driftlog`` warns of it.
    Safe to share among threads, and to carry across a fork.

    Args:
        model: The model's name.
        version: The model's version.
        spool: The folder of the spool; made with the first event.
        service: The service's name; the model's, where None.
        service_version: The service's version.
        environment: Such as ``"production"``.
        categorical: Features that are categories though their values are numbers.
        text: Declared text features, with their vocabulary or tokenizer where they have one.
        nan: What a NaN is: not finite, or null.
        redaction: What is withheld, hashed or cut before anything is written.
        limits: Sizes and ages of the spool.

    Raises:
        SettingsError: An argument makes no sense. (A spool that cannot be written raises nothing:
            the service must start.)
    """

    def __init__(
        self,
        *,
        model: str,
        version: str,
        spool: str | os.PathLike[str],
        service: str | None = None,
        service_version: str | None = None,
        environment: str | None = None,
        categorical: Collection[str] = (),
        text: Mapping[str, Text] | Collection[str] = (),
        nan: Literal["nonfinite", "null"] = "nonfinite",
        redaction: Redaction | None = None,
        limits: SpoolLimits | None = None,
    ) -> None:
        _check(model=model, version=version, categorical=categorical, text=text, nan=nan)
        folder = str(Path(spool).absolute())
        host = socket.gethostname() or "unknown"
        names = {"name": service or model, "version": service_version, "environment": environment}
        known = {name: clean(value) for name, value in names.items() if value}
        identity = (clean(model), clean(str(version)))
        self._limits = limits or SpoolLimits()
        self._tally = Tally(folder)
        self._spool = Spool(folder, identity, host, self._limits, self._tally)
        self._envelope = Envelope(identity, known, host)
        texts = text if isinstance(text, Mapping) else {name: Text() for name in text}
        missing: Literal["nonfinite", "na"] = "na" if nan == "null" else "nonfinite"
        self._features = Splitter(
            categorical=categorical, text=texts, redaction=redaction, nan=missing, tally=self._tally
        )
        self._outputs = Splitter(redaction=redaction, nan=missing, tally=self._tally, outputs=True)
        self._facts = Facts(Splitter(redaction=redaction, tally=self._tally), self._tally)
        self._batch = BatchWriter(
            self._spool,
            self._envelope,
            self._facts,
            self._limits.event_bytes,
            Splitter(
                categorical=categorical,
                text=texts,
                redaction=redaction,
                nan="na",
                tally=self._tally,
            ),
            Splitter(redaction=redaction, nan="na", tally=self._tally, outputs=True),
        )
        atexit.register(self.close)
        itself = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _renew(itself()))

    def log(
        self,
        features: Mapping[Any, Any],
        *,
        prediction: Any = None,
        id: str | None = None,  # noqa: A002 - the field's name
        timestamp: Any = None,
        duration: Any = None,
        trace_id: str | None = None,
        outcome: Outcome = "success",
    ) -> str | None:
        """Log one prediction; it is on disk (in the page cache) when this returns.

        Args:
            features: The model's input, by name; nested mappings are flattened with dots.
            prediction: The model's output: a number (``score``), a string or boolean (``label``),
                or a mapping of both.
            id: The event's id; made here, where None.
            timestamp: Event time: a datetime (without a zone it is UTC), a date, an ISO 8601
                string, or seconds since 1970; now, where None.
            duration: How long the prediction took, in seconds, or a timedelta.
            trace_id: The trace; structlog's context variable ``trace_id``, where None.
            outcome: Whether the model answered.

        Returns:
            The event's id, by which a label can follow; None where the event had to be dropped.
        """
        try:
            written = self._log(features, prediction, id, timestamp, duration, trace_id, outcome)
        except Exception:  # noqa: BLE001 - the outer guard: a log must not fail its service
            self._tally.drop("error")
            written = None
        if self._tally.unreported:
            attempt(self._tally.warn, lambda _: None)
        return written

    def log_batch(
        self,
        frame: Any,
        predictions: Any = None,
        *,
        ids: Sequence[str] | None = None,
        timestamps: Sequence[Any] | None = None,
        durations: Sequence[Any] | None = None,
        trace_ids: Sequence[str] | None = None,
        outcomes: Sequence[Outcome] | None = None,
    ) -> int:
        """Log many predictions at once; NaN in a column is null.

        Args:
            frame: A pandas DataFrame, or a mapping of columns (lists, arrays) of one length.
            predictions: One column of outputs, or a frame of several; None for none.
            ids: One for each row, as in :meth:`log`; so are all that follow.
            timestamps: Event times; now, where None.
            durations: In seconds, or timedeltas.
            trace_ids: The traces.
            outcomes: Whether the model answered.

        Returns:
            The number of rows that are on disk.
        """
        rows = Rows(ids, timestamps, durations, trace_ids, outcomes)
        written = attempt(lambda: self._log_batch(frame, predictions, rows), self._lost) or 0
        if self._tally.unreported:
            attempt(self._tally.warn, lambda _: None)
        return written

    def log_label(self, id: str, label: Any, *, timestamp: Any = None) -> None:  # noqa: A002 - as in log
        """Log the ground truth of a prediction when it arrives.

        Args:
            id: What :meth:`log` returned for the prediction.
            label: The true value: a number, or a string or boolean.
            timestamp: When it became known, as in :meth:`log`; now, where None.
        """
        attempt(lambda: self._log_label(id, label, timestamp), self._lost)
        if self._tally.unreported:
            attempt(self._tally.warn, lambda _: None)

    @property
    def counters(self) -> Counters:
        """What was accepted, changed and dropped so far."""
        return self._tally.snapshot(self._spool.accepted)

    def flush(self) -> None:
        """Bring to the disk (fsync) whatever was logged before."""
        self._spool.flush()

    def close(self) -> None:
        """Sync and close the segment; takes a second at the most. Done at exit by itself."""
        self._spool.close()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _lost(self, _: Exception) -> None:
        self._tally.drop("error")

    def _log(  # noqa: PLR0917 - keywords cost time on the hot path
        self,
        features: Mapping[Any, Any],
        prediction: Any,
        given_id: str | None,
        timestamp: Any,
        duration: Any,
        trace_id: str | None,
        outcome: str,
    ) -> str | None:
        try:
            body = encode(self._body(features, prediction, careful=False))
        except NotEncodable:
            body = orjson.dumps(self._body(features, prediction, careful=True))
        now = self._facts.moment(timestamp)
        tail = self._envelope.tail(
            b"prediction",
            self._facts.outcome(outcome),
            None if duration is None else self._facts.duration(duration),
            self._facts.context(trace_id),
            body,
        )
        return self._write(self._envelope.head(now), given_id, tail)

    def _log_batch(self, frame: Any, predictions: Any, rows: Rows) -> int:
        batch = read(frame, predictions)
        if not batch.even or not rows.fit(batch.count):
            self._tally.drop("columns of different lengths", batch.count)
            return 0
        return self._batch.write(batch, rows)

    def _write(self, head: bytes, given_id: str | None, tail: bytes) -> str | None:
        if len(tail) > self._limits.event_bytes:
            self._tally.drop("too large")
            return None
        if given_id is None:
            return self._spool.write_line(head, None, tail)
        event_id = self._facts.given_id(given_id)
        if event_id is None:
            return self._spool.write_line(head, None, tail)
        return event_id if self._spool.write_line(head, quote(event_id), tail) else None

    def _body(self, features: Mapping[Any, Any], prediction: Any, *, careful: bool) -> Parts:
        parts = self._features.split(features, careful=careful)
        if prediction is not None:
            add_outputs(parts, self._outputs.split(_fields(prediction), careful=careful))
        return parts

    def _log_label(self, given_id: str, label: Any, timestamp: Any) -> None:
        split = self._outputs.split({"label": label}, careful=True)
        typed = [(kind, split.get(kind, {}).get("label")) for kind in ("num", "cat")]
        parts = {kind: {"value": value} for kind, value in typed if value is not None}
        event_id = self._facts.given_id(given_id)
        if not parts or event_id is None:
            self._tally.drop("label without id" if parts else "label of no known kind")
            return
        now = self._facts.moment(timestamp)
        body = orjson.dumps({"label": {"id": event_id, **parts}})
        tail = self._envelope.tail(b"label", b"", None, b"", body)
        self._write(self._envelope.head(now), None, tail)


def _renew(logger: PredictionLogger | None) -> None:
    if logger is not None:
        logger._tally.renew()  # noqa: SLF001 - a part of the class that must not keep it alive
        logger._spool.renew()  # noqa: SLF001 - as above


def _fields(prediction: Any) -> Mapping[Any, Any]:
    if isinstance(prediction, Mapping):
        return prediction
    return {bare_name(prediction): prediction}


def _check(**arguments: Any) -> None:
    for name in ("model", "version"):
        if not str(arguments[name] or "").strip():
            raise SettingsError(
                f"PredictionLogger: {name} is empty; name the {name} that predicts."
            )
    for name in ("categorical", "text"):
        if isinstance(arguments[name], str):
            raise SettingsError(
                f"PredictionLogger: write {name}=[{arguments[name]!r}], a collection of names."
            )
    if arguments["nan"] not in ("nonfinite", "null"):
        raise SettingsError(
            f"PredictionLogger: nan is 'nonfinite' or 'null', not {arguments['nan']!r}."
        )
