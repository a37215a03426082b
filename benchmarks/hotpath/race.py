"""Race 1: each subject in a process of its own, all in turn, round after round."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.hotpath import figures
from benchmarks.hotpath.figures import Row
from benchmarks.hotpath.sink import Ports
from benchmarks.hotpath.subjects import (
    FLOOR,
    HANDLER,
    LOG,
    PROCESSOR,
    PROCESSOR_CONTEXT,
    SHIPPERS,
    STRUCTLOG,
    STRUCTLOG_CONTEXT,
    Subject,
)

CASES = {"1": "1 thread", "4": "4 threads"}
BESIDE_FLOOR = {"1": 1.6, "4": 1.5}
BESIDE_STRUCTLOG, HANDLER_BESIDE_FLOOR, BESIDE_SHIPPERS, MOST_GROWTH = 1.3, 3.0, 0.2, 10.0
START_SECONDS = 60.0


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        rounds: all subjects in each.
        calls: of a subject in each measurement; fewer, where they take longer than `seconds`.
        seconds: of one measurement.
        growth_calls: over which the memory's growth is measured; fewer, where they take longer than `growth_seconds`.
        growth_seconds: as above.
        drained_calls: after which the last event's arrival is waited for.
        paced_calls: one at a time.
    """

    rounds: int
    calls: int
    seconds: float
    growth_calls: int
    growth_seconds: float
    drained_calls: int
    paced_calls: int


Rounds = Mapping[str, Sequence[Mapping[str, Any]]]


class Race:
    """Measures subjects; one that fails is left out, and why is kept.

    Args:
        subjects: all that take part.
        ports: of the sinks.
        extent: how much is measured.
    """

    def __init__(self, subjects: Sequence[Subject], ports: Ports, extent: Extent) -> None:
        self.left_out: dict[str, str] = {}
        self._subjects = subjects
        self._ports = ports
        self._extent = extent

    def rows(self) -> list[Row]:
        """Measure, and give all rows."""
        for subject in self._subjects:
            if reason := subject.missing():
                self._leave_out(subject, reason)
        speed: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for number in range(self._extent.rounds):
            # Every other round goes backwards, so that nobody always runs after the same one.
            for subject in [*self._present()][:: -1 if number % 2 else 1]:
                if found := self._speed(subject):
                    speed[subject.name].append(found)
                    print(number + 1, subject.name, _words(found), flush=True)
        grown = {subject.name: self._growth(subject) for subject in self._present()}
        drained = {subject.name: self._drained(subject) for subject in self._present()}
        kept = {subject.name: speed[subject.name] for subject in self._present()}
        return [*_targets(kept), *_once(grown, drained), *_figures(kept)]

    def _present(self) -> Iterator[Subject]:
        return (one for one in self._subjects if one.name not in self.left_out)

    def _speed(self, subject: Subject) -> dict[str, Any] | None:
        extent = self._extent
        job = {"what": "speed", "calls": extent.calls, "seconds": extent.seconds,
               "threads": [1, 4], "memory": True, "beside": subject.beside}  # fmt: skip
        return self._measure(subject, START_SECONDS + 20 * extent.seconds, job)

    def _growth(self, subject: Subject) -> dict[str, Any] | None:
        extent = self._extent
        job = {"what": "growth", "calls": extent.growth_calls, "seconds": extent.growth_seconds}
        found = self._measure(subject, START_SECONDS + 3 * extent.growth_seconds, job)
        print("growth", subject.name, found, flush=True)
        return found

    def _drained(self, subject: Subject) -> dict[str, Any] | None:
        job = {"what": "drained", "calls": self._extent.drained_calls,
               "seconds": self._extent.growth_seconds}  # fmt: skip
        found = self._measure(subject, START_SECONDS + 3 * self._extent.growth_seconds, job)
        print("to the end", subject.name, found, flush=True)
        return found

    def _measure(
        self, subject: Subject, seconds: float, job: dict[str, Any]
    ) -> dict[str, Any] | None:
        try:
            return subject.measure(self._ports, seconds, job)
        except RuntimeError as error:
            self._leave_out(subject, str(error))
            return None

    def _leave_out(self, subject: Subject, reason: str) -> None:
        print("left out:", subject.name, reason, flush=True)
        self.left_out[subject.name] = reason


def _words(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{case} {found[key]['time']:.2f} us" for key, case in CASES.items())


def _targets(rounds: Rounds) -> list[Row]:
    """Give driftlog's ratios."""
    return [*_side_by_side(rounds), *_beside_shippers(rounds)]


def _side_by_side(rounds: Rounds) -> list[Row]:
    """Give those measured in one process."""
    pairs: list[tuple[Subject, Subject, dict[str, float]]] = [
        (LOG, FLOOR, BESIDE_FLOOR),
        (PROCESSOR, STRUCTLOG, dict.fromkeys(CASES, BESIDE_STRUCTLOG)),
        (PROCESSOR_CONTEXT, STRUCTLOG_CONTEXT, {}),
        (HANDLER, FLOOR, dict.fromkeys(CASES, HANDLER_BESIDE_FLOOR)),
    ]
    return [
        figures.row(
            ours.name,
            case,
            f"time ratio to {other.name}",
            [one[key]["ratio"] for one in rounds[ours.name]],
            "x",
            targets.get(key),
        )
        for ours, other, targets in pairs
        for key, case in CASES.items()
        if rounds.get(ours.name)
    ]


def _beside_shippers(rounds: Rounds) -> list[Row]:
    """Give those to peers, from the times of each round."""
    return [
        figures.ratio(
            LOG.name,
            case,
            f"time ratio to {peer.name}",
            [one[key]["time"] for one in rounds[LOG.name]],
            [one[key]["time"] for one in rounds[peer.name]],
            BESIDE_SHIPPERS,
        )
        for peer in SHIPPERS
        for key, case in CASES.items()
        if rounds.get(LOG.name) and rounds.get(peer.name)
    ]


def _once(
    grown: Mapping[str, Mapping[str, float] | None],
    drained: Mapping[str, Mapping[str, float] | None],
) -> list[Row]:
    """Give what is measured in no rounds, since it takes long."""
    rows = []
    for name, found in grown.items():
        if found:
            target = MOST_GROWTH if name.startswith("driftlog") else None
            case = f"{found['calls']:,} calls"
            rows.append(figures.row(name, case, "RSS growth", [found["MiB"]], "MiB", target))
    for name, found in drained.items():
        if found:
            case = f"{found['calls']:,} calls"
            rows.append(figures.row(name, case, "time a call, to the end", [found["time"]], "us"))
    return rows


def _figures(rounds: Rounds) -> list[Row]:
    rows = []
    for name, every in rounds.items():
        for key, case in CASES.items():
            rows += figures.times(name, case, [one[key] for one in every])
        left, peak = ([one[metric] for one in every] for metric in ("blocks left", "peak KiB"))
        rows += [
            figures.row(name, CASES["1"], "blocks left allocated a call", left, "blocks"),
            figures.row(name, CASES["1"], "memory of a call at its peak", peak, "KiB"),
        ]
    return rows
