"""The lines of a batch, written a mebibyte at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from driftlog._batch import Batch
from driftlog._columns import Piece, join
from driftlog._document import Envelope
from driftlog._facts import Facts, quote
from driftlog._features import Splitter
from driftlog._spool import Spool

__all__ = ["BatchWriter", "Rows"]

BLOCK_BYTES = 1 << 20
# So many that what a slice of a column costs does not count, so few that memory does not.
CHUNK_ROWS = 1024


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
        """Write a batch; gives the number of rows written. All others are counted as dropped."""
        written = 0
        for start in range(0, batch.count, CHUNK_ROWS):
            stop = min(start + CHUNK_ROWS, batch.count)
            try:
                given = rows.slice(start, stop)
                body = batch.encode(start, stop, self._features, self._outputs)
                tails = join([*self._leads(given, stop - start), *body, b"}}\n"], stop - start)
                heads, ids, tails = self._heads(given, tails)
            except Exception:  # noqa: BLE001 - whatever a column raises, the other rows are written
                self._features.tally.drop("error", stop - start)
            else:
                written += self._write(heads, ids, tails)
        return written

    def _leads(self, given: Rows, count: int) -> list[Piece]:
        """Give what stands between ids and bodies."""
        facts, lead = self._facts, self._envelope.lead
        if given.outcomes is given.durations is given.trace_ids is None:
            return [lead(b"prediction", b"success", None, facts.context(None))]
        nothing = [None] * count
        outcomes = map(facts.outcome, given.outcomes or ["success"] * count)
        durations = given.durations or nothing
        return [
            [
                lead(
                    b"prediction",
                    outcome,
                    None if duration is None else facts.duration(duration),
                    facts.context(trace_id),
                )
                for outcome, duration, trace_id in zip(
                    outcomes, durations, given.trace_ids or nothing, strict=True
                )
            ]
        ]

    def _heads(
        self, given: Rows, tails: list[bytes]
    ) -> tuple[Piece, list[bytes | None] | None, list[bytes]]:
        """Give what stands before the ids, the ids given, and the tails, of rows that may stay."""
        times, ids = given.timestamps, given.ids
        if max(map(len, tails)) > self._event_bytes:
            stay = [index for index, tail in enumerate(tails) if len(tail) <= self._event_bytes]
            self._features.tally.drop("too large", len(tails) - len(stay))
            tails = [tails[index] for index in stay]
            times = times and [times[index] for index in stay]
            ids = ids and [ids[index] for index in stay]
        facts = self._facts
        heads = (
            _head(facts.moment(None)) if not times else [_head(facts.moment(at)) for at in times]
        )
        if ids is None:
            return heads, None, tails
        fit = [facts.given_id(one) for one in ids]
        return heads, [None if one is None else quote(one).encode() for one in fit], tails

    def _write(self, heads: Piece, ids: list[bytes | None] | None, tails: list[bytes]) -> int:
        """Write lines in blocks; gives the number of those that had not to be dropped."""
        written = 0
        step = max(1, BLOCK_BYTES // max(map(len, tails), default=1))
        for start in range(0, len(tails), step):
            part = slice(start, start + step)
            block = tails[part]
            reserved = self._spool.reserve(len(block), sum(map(len, block)))
            if reserved is not None:
                prefix, first = reserved
                made = [
                    (prefix + hex(number)[3:]).encode()
                    for number in range(first, first + len(block))
                ]
                own = made if ids is None else _either(ids[part], made)
                lead = heads if isinstance(heads, bytes) else heads[part]
                lines = b"".join(join([lead, own, block], len(block)))
                written += len(block) if self._spool.write_block(lines, len(block)) else 0
        return written


def _head(moment: bytes) -> bytes:
    return b'{"@timestamp":"%b","event":{"id":"' % moment


def _either(given: list[bytes | None], made: list[bytes]) -> list[bytes]:
    return [other if one is None else one for one, other in zip(given, made, strict=True)]
