"""The logger that a model service calls."""

import atexit
import os
import weakref
from collections.abc import Collection, Mapping, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Literal, Self

from driftlog._batch import add_outputs
from driftlog._batch_writer import Rows
from driftlog._careful import Route
from driftlog._core import Core, fields
from driftlog._document import NotEncodable, encode, following
from driftlog._guard import attempt
from driftlog._limits import SpoolLimits
from driftlog._redaction import Redaction
from driftlog._tally import Counters
from driftlog._text import Text

if TYPE_CHECKING:
    from driftlog._upload import Upload, UploaderHandle

__all__ = ["PredictionLogger"]

Outcome = Literal["success", "failure", "unknown"]

EMPTY = len(b"{}")


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
        upload: Where a thread of this process sends the spool to; None to leave it where it is. Of
            all processes that log to a spool one sends. While Elasticsearch is away events wait.

    Raises:
        SettingsError: An argument makes no sense. (A spool that cannot be written raises nothing:
            the service must start.)
        ShipperError: There is an ``upload``, but not the Elasticsearch client.
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
        upload: "Upload | None" = None,
    ) -> None:
        names = {"name": service or model, "version": service_version, "environment": environment}
        core = Core.make(
            model=model,
            version=version,
            spool=spool,
            service=names,
            categorical=categorical,
            text=text,
            nan=nan,
            redaction=redaction,
            limits=limits or SpoolLimits(),
        )
        self._uploader = None if upload is None else _start(core.spool.folder, upload)
        self._core = core
        self._tally = core.tally
        self._spool = core.spool
        self._envelope = core.envelope
        self._features = core.features
        self._outputs = core.outputs
        self._bare = core.outputs.route("score") == Route()
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
        core = self._core
        try:
            try:
                parts = self._features.split(features)
                if prediction is not None:
                    if type(prediction) is float and self._bare and prediction - prediction == 0.0:
                        parts["prediction"] = {"num": {"score": prediction}}
                    else:
                        add_outputs(parts, self._outputs.split(fields(prediction)))
                body = encode(parts)
            except NotEncodable:
                body = core.encode_carefully(features, prediction)
            if (
                trace_id is duration is None
                and type(outcome) is str
                and outcome == "success"
                and len(body) > EMPTY
                and not copy_context()
            ):
                lead, rest = self._envelope.usual, body[1:]
            else:
                lead, rest = core.lead(outcome, duration, trace_id), following(body)
            if id is timestamp is None:
                written = self._spool.write_line(lead, rest)
            else:
                written = core.write_line(lead, rest, timestamp, id)
        except Exception:  # noqa: BLE001 - the outer guard: a log must not fail its service
            self._tally.drop("error")
            written = None
        if self._tally.unreported:
            attempt(self._spool.tell, lambda _: None)
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
        written = attempt(lambda: self._core.write_batch(frame, predictions, rows), self._lost) or 0
        if self._tally.unreported:
            attempt(self._spool.tell, lambda _: None)
        return written

    def log_label(self, id: str, label: Any, *, timestamp: Any = None) -> None:  # noqa: A002 - as in log
        """Log the ground truth of a prediction when it arrives.

        Args:
            id: What :meth:`log` returned for the prediction.
            label: The true value: a number, or a string or boolean.
            timestamp: When it became known, as in :meth:`log`; now, where None.
        """
        attempt(lambda: self._core.write_label(id, label, timestamp), self._lost)
        if self._tally.unreported:
            attempt(self._spool.tell, lambda _: None)

    @property
    def counters(self) -> Counters:
        """What was accepted, changed and dropped so far."""
        self._spool.deleted.count()
        return self._tally.snapshot(self._spool.accepted)

    def flush(self) -> None:
        """Bring to the disk (fsync) whatever was logged before."""
        self._spool.flush()

    def close(self) -> None:
        """Sync and close the segment, and send what waits; done at exit by itself.

        It takes a second at the most, and half a second more to send. What is not sent by then, or
        is logged later, stays in the spool until another logger or ``driftlog ship`` sends it.
        """
        self._spool.close()
        if self._uploader is not None:
            self._uploader.close()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lost(self, _: Exception) -> None:
        self._tally.drop("error")


def _start(spool: str, upload: "Upload") -> "UploaderHandle":
    from driftlog._upload import start_uploader  # noqa: PLC0415 - brings the Elasticsearch client

    return start_uploader(spool, upload)


def _renew(logger: PredictionLogger | None) -> None:
    if logger is not None:
        logger._tally.renew()  # noqa: SLF001 - a part of the class that must not keep it alive
        logger._spool.renew()  # noqa: SLF001 - as above
