"""The lines of a batch, written a mebibyte at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import orjson

from driftlog._batch import Batch
from driftlog._document import Envelope
from driftlog._facts import Facts, quote
from driftlog._features import Splitter
from driftlog._spool import Spool

__all__ = ["BatchWriter", "Rows"]

BLOCK_BYTES = 1 << 20
_Line = tuple[bytes, str | None, bytes]


@dataclass(frozen=True, slots=True)
class Rows:
    """What is given for each row beside its features: sequences of one length, or None."""

    ids: Sequence[Any] | None
    timestamps: Sequence[Any] | None
    durations: Sequence[Any] | None
    trace_ids: Sequence[Any] | None
    outcomes: Sequence[Any] | None

    def fit(self, count: int) -> bool:
        """Say whether all that is given is given for ``count`` rows."""
        given = (getattr(self, field.name) for field in fields(self))
        return all(values is None or len(values) == count for values in given)

    def slice(self, start: int, stop: int) -> "Rows":
        """Give some of the rows, as lists."""
        return Rows(*(_part(getattr(self, field.name), start, stop) for field in fields(self)))


def _begin(moment: bytes) -> bytes:
    """Give what stands before an event's id."""
    return b'{"@timestamp":"%b","event":{"id":"' % moment


def _part(values: Any, start: int, stop: int) -> list[Any] | None:
    return None if values is None else list(getattr(values, "iloc", values)[start:stop])


class BatchWriter:
    """Writes batches to a spool.

    Args:
        spool: Takes the lines.
        envelope: Knows the common fields.
        facts: Reads what is given for each row.
        event_bytes: Size above which a row is dropped.
        features: Splits the inputs.
        outputs: Splits the predictions.
    """

    def __init__(  # noqa: PLR0917 - a part for each argument
        self,
        spool: Spool,
        envelope: Envelope,
        facts: Facts,
        event_bytes: int,
        features: Splitter,
        outputs: Splitter,
    ) -> None:
        self._spool = spool
        self._envelope = envelope
        self._facts = facts
        self._event_bytes = event_bytes
        self._features = features
        self._outputs = outputs

    def write(self, batch: Batch, rows: Rows) -> int:
        """Write a batch; gives the number of rows written."""
        written = size = 0
        block: list[_Line] = []
        for line in self._lines(batch, rows):
            if size + len(line[2]) > BLOCK_BYTES:
                written += self._flush(block, size)
                block, size = [], 0
            block.append(line)
            size += len(line[2])
        return written + self._flush(block, size)

    def _lines(self, batch: Batch, rows: Rows) -> Iterator[_Line]:
        facts, tail_of = self._facts, self._envelope.tail
        plain_head = _begin(facts.moment(None))
        plain_context = facts.context(None)
        for chunk in batch.chunks(self._features, self._outputs):
            given = rows.slice(chunk.start, chunk.start + len(chunk.rows))
            for index, parts in enumerate(chunk.rows):
                tail = tail_of(
                    b"prediction",
                    facts.outcome(given.outcomes[index]) if given.outcomes else b"success",
                    facts.duration(given.durations[index]) if given.durations else None,
                    facts.context(given.trace_ids[index]) if given.trace_ids else plain_context,
                    orjson.dumps(parts),
                )
                if len(tail) > self._event_bytes:
                    self._features.tally.drop("too large")
                    continue
                times = given.timestamps
                head = _begin(facts.moment(times[index])) if times else plain_head
                yield head, facts.given_id(given.ids[index]) if given.ids else None, tail

    def _flush(self, block: list[_Line], size: int) -> int:
        """Write some lines at once; gives their number, or 0 where they had to be dropped."""
        if not block:
            return 0
        reserved = self._spool.reserve(len(block), size)
        if reserved is None:
            return 0
        prefix, number = reserved
        pieces: list[bytes] = []
        for index, (head, given, tail) in enumerate(block):
            event_id = prefix + hex(number + index)[3:] if given is None else quote(given)
            pieces += (head, event_id.encode(), tail)
        return len(block) if self._spool.write_block(b"".join(pieces), len(block)) else 0
