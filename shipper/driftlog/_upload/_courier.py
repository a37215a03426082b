"""A batch's way to Elasticsearch and back: sent until the outcome of each event is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from driftlog._upload._bulk import Sender, bulk_body
from driftlog._upload._delivery import Delivery, Group
from driftlog._upload._heartbeat import Heartbeat
from driftlog._upload._patience import Patience
from driftlog._upload._reader import Batch, salvage
from driftlog._upload._reply import CREATED, Outcome, Reply, Verdict, judge
from driftlog._upload._settings import Upload
from driftlog._upload._streams import Streams

__all__ = ["Address", "Courier", "Parcel", "Settled"]

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
class Parcel:
    """A batch that is ready to be sent.

    Args:
        address: Where to.
        batch: The lines.
        ids: One for each line.
        packed: The request's body.
        size: Of the body before compression, in bytes.
    """

    address: Address
    batch: Batch
    ids: Sequence[str]
    packed: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Lines of a batch with what became of each.

    Args:
        batch: The lines.
        outcomes: One for each.
    """

    batch: Batch
    outcomes: Sequence[Outcome]

    @property
    def clean(self) -> bool:
        """Whether all of it was created."""
        return self.outcomes.count(CREATED) == len(self.outcomes)


class Courier:
    """Sends batches.

    Args:
        upload: How.
        sender: Sends the requests.
        streams: Tells where events may go.
        heartbeat: Is told how long they took.
        patience: Waits between them.
    """

    def __init__(
        self,
        upload: Upload,
        sender: Sender,
        streams: Streams,
        heartbeat: Heartbeat,
        patience: Patience,
    ) -> None:
        self.batch_bytes = upload.batch_bytes
        self._url = upload.url.rpartition("@")[2]
        self._setup = upload.setup
        self._sender = sender
        self._streams = streams
        self._heartbeat = heartbeat
        self._patience = patience

    def pack(self, address: Address, batch: Batch) -> Parcel:
        """Make a batch ready to be sent; may be done in another thread."""
        ids = [address.name(offset) for offset in batch.offsets]
        body = bulk_body(ids, batch.lines, resent=address.resent)
        return Parcel(address, batch, ids, self._sender.pack(body), len(body))

    def settle(self, parcel: Parcel) -> list[Settled] | None:
        """Send a batch, and the whole events inside lines of it that were refused as broken.

        Returns:
            All of it with its outcomes; None, where it is time to stop first.
        """
        settled: list[Settled] = []
        parcels = [parcel]
        while parcels:
            one = parcels.pop(0)
            outcomes = self._deliver(one)
            if outcomes is None:
                return None
            broken = _broken(one.batch, outcomes)
            parcels.extend(self.pack(one.address, part) for part in broken.values())
            settled.append(_without(one.batch, outcomes, broken))
        return settled

    def _deliver(self, parcel: Parcel) -> Sequence[Outcome] | None:
        address = parcel.address
        delivery = Delivery(len(parcel.ids), resent=address.resent)
        first = delivery.group
        while (group := delivery.group) is not None:
            verdict = self._streams.obstacle(address.stream)
            if verdict is None:
                part = parcel if group is first else self._repack(parcel, group)
                verdict = judge(self._send(part), part.ids, self._setup)
                if delivery.take(verdict):
                    continue
            if not self._wait(address.stream, verdict):
                return None
        return delivery.outcomes

    def _wait(self, stream: str, verdict: Verdict) -> bool:
        """Wait before trying again; False, where it is time to stop."""
        if any(outcome.resolved for outcome in verdict.items):
            self._patience.success()
        if verdict.lasting:
            self._streams.doubt(stream)
        sentence = f"{stream} at {self._url}: {verdict.reason}."
        return self._patience.failed(sentence, verdict.retry_after, lasting=verdict.lasting)

    def _repack(self, parcel: Parcel, group: Group) -> Parcel:
        part = _only(parcel.batch, group.members)
        return self.pack(replace(parcel.address, resent=group.resent), part)

    def _send(self, parcel: Parcel) -> Reply:
        reply = self._sender.bulk(parcel.address.stream, parcel.packed)
        self._heartbeat.took(reply.seconds)
        if reply.status == _TOO_LARGE:
            self.batch_bytes = max(_SMALLEST_BATCH, min(self.batch_bytes, parcel.size) // 2)
        return reply


def _only(batch: Batch, places: Sequence[int]) -> Batch:
    offsets = [batch.offsets[place] for place in places]
    return replace(batch, offsets=offsets, lines=[batch.lines[place] for place in places])


def _broken(batch: Batch, outcomes: Sequence[Outcome]) -> dict[int, Batch]:
    """Take apart the refused lines that are not one JSON object each."""
    if outcomes.count(CREATED) == len(outcomes):
        return {}
    parts = {
        place: salvage(batch.offsets[place], batch.lines[place])
        for place, outcome in enumerate(outcomes)
        if outcome.kind == "rejected"
    }
    return {place: part for place, part in parts.items() if part is not None}


def _without(batch: Batch, outcomes: Sequence[Outcome], broken: dict[int, Batch]) -> Settled:
    if not broken:
        return Settled(batch, outcomes)
    whole = [place for place in range(len(outcomes)) if place not in broken]
    return Settled(_only(batch, whole), [outcomes[place] for place in whole])
