"""What the race has made of its subjects: a file each, so that one can be judged anew while the others keep theirs."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.detection.metrics import Rate
from benchmarks.detection.rounds import CLEAN, Lot, Round, Task
from benchmarks.detection.subject import Alert, elsewhere, found

FOUND, NOT, RAISED = "1", "0", "x"


@dataclass(frozen=True)
class Said:
    """What a subject says of one window.

    Attributes:
        alerts: on features.
        error: the exception it raised instead.
        seconds: how long it took.
    """

    alerts: frozenset[Alert]
    error: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """A window, and what a subject says of it.

    Attributes:
        lot: that the window is of.
        task: the window.
        said: of the columns it was shown.
        plain: what it says of the whole window in its plainest use, where it was asked that, too.
    """

    lot: Lot
    task: Task
    said: Said
    plain: Said | None = None


@dataclass
class Judged:
    """One round as one subject judged it.

    Attributes:
        seed: of the race.
        number: of the round.
        source: the data set.
        fingerprint: of the windows.
        found: by case and size, a mark for each window in order: 1 found, 0 not, x an exception.
        clean: by size, features with an alert and features, of all clean windows.
        errors: exceptions by their kind.
        alike: of the windows shown both ways, those judged alike, and all of them.
        seconds: that the whole windows took in plain use, and how many these were.
    """

    seed: int
    number: int
    source: str
    fingerprint: str
    found: list[tuple[str, int, str]]
    clean: list[tuple[int, int, int]]
    errors: dict[str, int]
    alike: tuple[int, int]
    seconds: tuple[float, int]


@dataclass
class Standing:
    """One subject in the race.

    Attributes:
        name: of the subject, with its setting.
        made_of: the packages it was installed from.
        missing: why it could not be installed.
        rounds: that it has judged.
    """

    name: str
    made_of: tuple[str, ...] = ()
    missing: str | None = None
    rounds: list[Judged] = field(default_factory=list)

    def has(self, asked: Round) -> bool:
        """Whether it has judged these windows."""
        return any(one.fingerprint == asked.fingerprint for one in self.rounds)

    def add(self, judged: Judged) -> None:
        """Keep a round in the place of the one with the same number."""
        same = (judged.seed, judged.number)
        self.rounds = [one for one in self.rounds if (one.seed, one.number) != same] + [judged]


def judged(asked: Round, verdicts: Iterable[Verdict]) -> Judged:
    """Count a round."""
    marks: dict[tuple[str, int], str] = {}
    clean: dict[int, Rate] = {}
    errors: Counter[str] = Counter()
    alike = Rate(0, 0)
    seconds = []
    for verdict in verdicts:
        task, size, said = verdict.task, verdict.lot.size, verdict.said
        if task.case == CLEAN:
            before = clean.get(size, Rate(0, 0))
            hits = before.hits + elsewhere(said.alerts, ())
            clean[size] = Rate(hits, before.n + len(asked.names))
        marks[task.case, size] = marks.get((task.case, size), "") + mark(task, said)
        errors.update([said.error.partition(":")[0]] if said.error else [])
        if verdict.plain is not None:
            same = mark(task, said) == mark(task, verdict.plain)
            alike = Rate(alike.hits + same, alike.n + 1)
            seconds.append(verdict.plain.seconds)
    return Judged(
        asked.seed,
        asked.number,
        asked.source,
        asked.fingerprint,
        [(*key, found) for key, found in marks.items()],
        [(size, rate.hits, rate.n) for size, rate in clean.items()],
        dict(errors),
        (alike.hits, alike.n),
        (round(sum(seconds), 3), len(seconds)),
    )


def mark(task: Task, said: Said) -> str:
    """One window's mark; of a clean one, whether it has any alert."""
    if said.error:
        return RAISED
    if task.case == CLEAN:
        return FOUND if said.alerts else NOT
    return FOUND if found(said.alerts, task.touched, task.kinds) else NOT


def file_of(folder: Path, name: str) -> Path:
    """Where a subject's standing is kept."""
    return folder / f"{name.replace(', ', '-')}.json"


def save(folder: Path, standing: Standing) -> None:
    """Keep it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = file_of(folder, standing.name)
    path.with_suffix(".new").write_text(json.dumps(asdict(standing)))
    path.with_suffix(".new").replace(path)


def load(folder: Path) -> dict[str, Standing]:
    """All that are kept, driftlog first."""
    rows = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    standings = [
        Standing(
            row["name"],
            tuple(row["made_of"]),
            row["missing"],
            [Judged(**judged) for judged in row["rounds"]],
        )
        for row in rows
    ]
    ordered = sorted(standings, key=lambda standing: (standing.name != "driftlog", standing.name))
    return {standing.name: standing for standing in ordered}


def rates(standing: Standing) -> dict[tuple[str, int], Rate]:
    """Windows found by case and size; features with an alert on the clean windows."""
    total: dict[tuple[str, int], Rate] = {}
    for one in standing.rounds:
        for case, size, marks in one.found:
            if case != CLEAN:
                _count(total, (case, size), marks.count(FOUND), len(marks))
        for size, hits, n in one.clean:
            _count(total, (CLEAN, size), hits, n)
    return total


def _count(total: dict[tuple[str, int], Rate], key: tuple[str, int], hits: int, n: int) -> None:
    before = total.get(key, Rate(0, 0))
    total[key] = Rate(before.hits + hits, before.n + n)


@dataclass(frozen=True)
class Pair:
    """Two subjects on the same windows of one case and size.

    Attributes:
        n: windows.
        both: found by both.
        first: found by the first one only.
        second: found by the second one only.
    """

    n: int = 0
    both: int = 0
    first: int = 0
    second: int = 0


def pairs(first: Standing, second: Standing) -> dict[tuple[str, int], Pair]:
    """By case and size, the windows that both have judged."""
    total: dict[tuple[str, int], Pair] = {}
    other = {one.fingerprint: one for one in second.rounds}
    for one in first.rounds:
        if one.fingerprint in other:
            for key, hits in _shared(one, other[one.fingerprint]):
                total[key] = _added(total.get(key, Pair()), hits)
    return total


Hits = Sequence[tuple[bool, bool]]


def _shared(one: Judged, other: Judged) -> Iterator[tuple[tuple[str, int], Hits]]:
    theirs: Mapping[tuple[str, int], str] = {(c, size): marks for c, size, marks in other.found}
    for case, size, marks in one.found:
        both = zip(marks, theirs[case, size], strict=True)
        yield (case, size), [(a == FOUND, b == FOUND) for a, b in both]


def _added(pair: Pair, hits: Hits) -> Pair:
    return Pair(
        pair.n + len(hits),
        pair.both + sum(a and b for a, b in hits),
        pair.first + sum(a and not b for a, b in hits),
        pair.second + sum(b and not a for a, b in hits),
    )
