"""A logger's parts, made from its arguments, and what they do together off the shortest way."""

import os
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import orjson

from driftlog._batch import add_outputs, bare_name, read
from driftlog._batch_writer import BatchWriter, Rows
from driftlog._document import Envelope, following
from driftlog._facts import Facts, quote
from driftlog._features import Splitter
from driftlog._limits import SpoolLimits
from driftlog._redaction import Redaction
from driftlog._schema import schema_hash
from driftlog._spool import Spool
from driftlog._strings import clean
from driftlog._tally import Tally
from driftlog._text import Text
from driftlog.errors import SettingsError

__all__ = ["Core", "fields"]


@dataclass(frozen=True, slots=True)
class Core:
    """What a logger is made of; see each for what it does."""

    tally: Tally
    spool: Spool
    envelope: Envelope
    facts: Facts
    features: Splitter
    outputs: Splitter
    batch: BatchWriter

    @classmethod
    def make(
        cls,
        *,
        model: str,
        version: str,
        spool: str | os.PathLike[str],
        service: Mapping[str, str | None],
        categorical: Collection[str],
        text: Mapping[str, Text] | Collection[str],
        nan: Literal["nonfinite", "null"],
        redaction: Redaction | None,
        limits: SpoolLimits,
    ) -> "Core":
        """Make the parts; the arguments are those of `PredictionLogger`.

        Raises:
            SettingsError: An argument makes no sense.
        """
        _check(model=model, version=version, categorical=categorical, text=text, nan=nan)
        folder = str(Path(spool).absolute())
        host = socket.gethostname() or "unknown"
        known = {name: clean(value) for name, value in service.items() if value}
        identity = (clean(model), clean(str(version)))
        tally = Tally(folder)
        ends = Spool(folder, identity, host, limits, tally)
        texts = text if isinstance(text, Mapping) else {name: Text() for name in text}
        schema = schema_hash(categorical, texts, nan, redaction)
        envelope = Envelope((*identity, schema), known, host)
        outputs = partial(Splitter, redaction=redaction, tally=tally, outputs=True)
        inputs = partial(
            Splitter, categorical=categorical, text=texts, redaction=redaction, tally=tally
        )
        missing: Literal["nonfinite", "na"] = "na" if nan == "null" else "nonfinite"
        facts = Facts(Splitter(redaction=redaction, tally=tally), tally)
        batch = BatchWriter(
            ends, envelope, facts, limits.event_bytes, inputs(nan="na"), outputs(nan="na")
        )
        features, predictions = inputs(nan=missing), outputs(nan=missing)
        return cls(tally, ends, envelope, facts, features, predictions, batch)

    def encode_carefully(self, features: Mapping[Any, Any], prediction: Any) -> bytes:
        """Encode an event some value of which must be looked at with care."""
        parts = self.features.split(features, careful=True)
        if prediction is not None:
            add_outputs(parts, self.outputs.split(fields(prediction), careful=True))
        return orjson.dumps(parts)

    def lead(self, outcome: str, duration: Any, trace_id: str | None) -> bytes:
        """Give what follows a prediction's id, but for the parts."""
        return self.envelope.lead(
            b"prediction",
            self.facts.outcome(outcome),
            None if duration is None else self.facts.duration(duration),
            self.facts.context(trace_id),
        )

    def write_line(
        self, lead: bytes, rest: bytes, timestamp: Any, given_id: str | None
    ) -> str | None:
        """Write a line whose time or id may be given; gives its id, or None where it was dropped."""
        moment = None if timestamp is None else self.facts.moment(timestamp)
        event_id = None if given_id is None else self.facts.given_id(given_id)
        if event_id is None:
            return self.spool.write_line(lead, rest, moment)
        return event_id if self.spool.write_line(lead, rest, moment, quote(event_id)) else None

    def write_label(self, given_id: str, label: Any, timestamp: Any) -> None:
        """Write a label, or count it as dropped."""
        split = self.outputs.split({"label": label}, careful=True)
        typed = [(kind, split.get(kind, {}).get("label")) for kind in ("num", "cat")]
        parts = {kind: {"value": value} for kind, value in typed if value is not None}
        event_id = self.facts.given_id(given_id)
        if not parts or event_id is None:
            self.tally.drop("label without id" if parts else "label of no known kind")
            return
        body = orjson.dumps({"label": {"id": event_id, **parts}})
        lead = self.envelope.lead(b"label", b"", None, b"")
        self.write_line(lead, following(body), timestamp, None)

    def write_batch(self, frame: Any, predictions: Any, rows: Rows) -> int:
        """Write a batch; gives the number of rows written."""
        batch = read(frame, predictions)
        if not batch.even or not rows.fit(batch.count):
            self.tally.drop("columns of different lengths", batch.count)
            return 0
        return self.batch.write(batch, rows)


def fields(prediction: Any) -> Mapping[Any, Any]:
    """Give the fields of a prediction, which may be one bare value."""
    return prediction if isinstance(prediction, Mapping) else {bare_name(prediction): prediction}


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
