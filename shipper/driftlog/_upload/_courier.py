"""A batch's way to Elasticsearch and back: sent until the outcome of each event is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from driftlog._upload._bulk import Sender, bulk_body
from driftlog._upload._delivery import Delivery, Group
from driftlog._upload._heartbeat import Heartbeat
from driftlog._upload._patience import Patience
from driftlog._upload._reader import Batch, salvage
from driftlog._upload._reply import Outcome, Reply, judge
from driftlog._upload._settings import Upload

__all__ = ["Address", "Courier", "Settled"]

_SMALLEST_BATCH = 1 << 16
_TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class Address:
    """Where events go, and what they are called.

    Args:
        stream: The data stream.
        segment_id: The segment's own id.
        generation: How often the segment was found to be another.
        resent: Whether the events may have been sent before.
    """

    stream: str
    segment_id: str
    generation: int
    resent: bool

    def name(self, offset: int) -> str:
        """Give the id of the event at an offset of the segment."""
        mark = f"-{self.generation}" if self.generation else ""
        return f"{self.segment_id}-{offset:x}{mark}"


@dataclass(frozen=True, slots=True)
class Settled:
    """Lines of a batch with what became of each.

    Args:
        batch: The lines.
        outcomes: One for each.
    """

    batch: Batch
    outcomes: Sequence[Outcome]


class Courier:
    """Sends batches.

    Args:
        upload: How.
        sender: Sends the requests.
        heartbeat: Is told how long they took.
        patience: Waits between them.
    """

    def __init__(
        self, upload: Upload, sender: Sender, heartbeat: Heartbeat, patience: Patience
    ) -> None:
        self.batch_bytes = upload.batch_bytes
        self._url = upload.url.rpartition("@")[2]
        self._sender = sender
        self._heartbeat = heartbeat
        self._patience = patience

    def settle(self, address: Address, batch: Batch) -> list[Settled] | None:
        """Send a batch, and the whole events inside lines of it that were refused as broken.

        Returns:
            All of it with its outcomes; None, where it is time to stop first.
        """
        settled: list[Settled] = []
        batches = [batch]
        while batches:
            one = batches.pop(0)
            outcomes = self._deliver(address, one)
            if outcomes is None:
                return None
            broken = _broken(one, outcomes)
            batches.extend(broken.values())
            settled.append(_without(one, outcomes, broken) if broken else Settled(one, outcomes))
        return settled

    def _deliver(self, address: Address, batch: Batch) -> Sequence[Outcome] | None:
        ids = [address.name(offset) for offset in batch.offsets]
        delivery = Delivery(len(ids), resent=address.resent)
        while (group := delivery.group) is not None:
            names, lines = _members(ids, batch.lines, group)
            reply = self._send(address.stream, names, lines, resent=group.resent)
            verdict = judge(reply, names)
            if any(outcome.resolved for outcome in verdict.items):
                self._patience.success()
            if delivery.take(verdict):
                continue
            sentence = f"{address.stream} at {self._url}: {verdict.reason}."
            if not self._patience.failed(sentence, verdict.retry_after):
                return None
        return delivery.outcomes

    def _send(
        self, stream: str, names: Sequence[str], lines: Sequence[bytes], *, resent: bool
    ) -> Reply:
        body = bulk_body(names, lines, resent=resent)
        reply = self._sender.bulk(stream, body)
        self._heartbeat.took(reply.seconds)
        if reply.status == _TOO_LARGE:
            self.batch_bytes = max(_SMALLEST_BATCH, min(self.batch_bytes, len(body)) // 2)
        return reply


def _members(
    ids: Sequence[str], lines: Sequence[bytes], group: Group
) -> tuple[Sequence[str], Sequence[bytes]]:
    if len(group.members) == len(ids):
        return ids, lines
    return [ids[place] for place in group.members], [lines[place] for place in group.members]


def _broken(batch: Batch, outcomes: Sequence[Outcome]) -> dict[int, Batch]:
    """Take apart the refused lines that are not one JSON object each."""
    parts = {
        place: salvage(batch.offsets[place], batch.lines[place])
        for place, outcome in enumerate(outcomes)
        if outcome.kind == "rejected"
    }
    return {place: part for place, part in parts.items() if part is not None}


def _without(batch: Batch, outcomes: Sequence[Outcome], broken: dict[int, Batch]) -> Settled:
    whole = [place for place in range(len(outcomes)) if place not in broken]
    kept = replace(
        batch,
        offsets=[batch.offsets[place] for place in whole],
        lines=[batch.lines[place] for place in whole],
    )
    return Settled(kept, [outcomes[place] for place in whole])
