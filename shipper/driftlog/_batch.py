"""Many predictions at once: column by column in, encoded rows out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from driftlog._careful import Parts
from driftlog._columns import NeedsRows, Piece, Source, enclose, encode_columns, sources
from driftlog._features import Splitter
from driftlog._tally import Tally

__all__ = ["Batch", "add_outputs", "bare_name", "read"]


@dataclass(frozen=True, slots=True)
class Batch:
    """A frame and its predictions, as columns.

    Args:
        features: The model's inputs.
        outputs: The predictions; none, where empty.
        count: The number of rows, or of the longest column's.
        even: Whether all columns have as many.
    """

    features: Sequence[Source]
    outputs: Sequence[Source]
    count: int
    even: bool

    def encode(
        self, start: int, stop: int, features: Splitter, outputs: Splitter
    ) -> Sequence[Piece]:
        """Give what stands under ``driftlog`` for some rows, a comma before each part."""
        tally = features.tally
        try:
            counts = Tally("")
            owner, other = features.counting(counts), outputs.counting(counts)
            document = encode_columns(self.features, start, stop, owner)
            scores = encode_columns(self.outputs, start, stop, other, plain=True)
            document += enclose(b',"prediction":{', scores, b"}", stop - start)
        except NeedsRows:
            counts = Tally("")
            owner, other = features.counting(counts), outputs.counting(counts)
            document = [self._rows(start, stop, owner, other)]
        for reason, count in counts.snapshot(0).changed.items():
            tally.change(reason, count)
        return document

    def _rows(self, start: int, stop: int, features: Splitter, outputs: Splitter) -> list[bytes]:
        rows = _split(self.features, start, stop, features)
        if self.outputs:
            for row, out in zip(rows, _split(self.outputs, start, stop, outputs), strict=True):
                add_outputs(row, out)
        return [b"," + orjson.dumps(row)[1:-1] if row else b"" for row in rows]


def read(frame: Any, predictions: Any) -> Batch:
    """Take a frame, and predictions: a frame too, or one bare column."""
    features = sources(frame)
    outputs = [] if predictions is None else _outputs(predictions)
    lengths = {len(source.data) for source in (*features, *outputs)}
    return Batch(features, outputs, max(lengths, default=0), len(lengths) <= 1)


def add_outputs(parts: Parts, outputs: Parts) -> None:
    """Put a prediction's parts into its event's; what was withheld is named among the features."""
    outputs.pop("truncated", None)
    withheld = outputs.pop("redacted", None)
    if withheld:
        parts["redacted"] = [
            *parts.get("redacted", ()),
            *(f"prediction.{name}" for name in withheld),
        ]
    if outputs:
        parts["prediction"] = outputs


def bare_name(prediction: Any) -> str:
    """Name a prediction that is one bare value: a number is a score, all that is named a label."""
    named = isinstance(prediction, str | bool | list | tuple)
    return "label" if named or type(prediction).__name__ == "bool" else "score"


def _outputs(predictions: Any) -> list[Source]:
    if hasattr(predictions, "items") and not hasattr(predictions, "dtype"):
        return sources(predictions)
    values = predictions.tolist() if hasattr(predictions, "tolist") else list(predictions)
    if len({bare_name(value) for value in {type(value): value for value in values}.values()}) == 1:
        return [Source(bare_name(values[0]), values)]
    names = [bare_name(value) for value in values]
    return [Source(None, [{name: value} for name, value in zip(names, values, strict=True)])]


def _split(columns: Sequence[Source], start: int, stop: int, owner: Splitter) -> list[Parts]:
    twice = len(columns) - len({source.name for source in columns})
    if twice:
        owner.tally.change("two features with one name", twice * (stop - start))
    if not columns:
        return [{} for _ in range(start, stop)]
    return [owner.split(row, careful=True) for row in _rows(columns, start, stop)]


def _rows(columns: Sequence[Source], start: int, stop: int) -> Iterator[Mapping[Any, Any]]:
    """Give some rows as mappings; a bare prediction's column has no name and holds mappings."""
    data = [source.rows(start, stop) for source in columns]
    names = [source.name for source in columns]
    for values in zip(*data, strict=True):
        row: dict[Any, Any] = {}
        for name, value in zip(names, values, strict=True):
            row.setdefault(name, value)
        yield row[None] if names == [None] else row
