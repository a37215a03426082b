"""A logger's parts, made from its arguments."""

import os
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from driftlog._batch_writer import BatchWriter
from driftlog._document import Envelope
from driftlog._facts import Facts
from driftlog._features import Splitter
from driftlog._limits import SpoolLimits
from driftlog._redaction import Redaction
from driftlog._spool import Spool
from driftlog._strings import clean
from driftlog._tally import Tally
from driftlog._text import Text
from driftlog.errors import SettingsError

__all__ = ["Core"]


@dataclass(frozen=True, slots=True)
class Core:
    """What a logger is made of; see each for what it does."""

    limits: SpoolLimits
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
        envelope = Envelope(identity, known, host)
        texts = text if isinstance(text, Mapping) else {name: Text() for name in text}
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
        return cls(limits, tally, ends, envelope, facts, features, predictions, batch)


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
