"""A month of five-minute windows in simulated time: two analyzers, random kills, clocks that jump, late events.

The analyzers are real processes on one spool and one state file. Each waits for a line with the time of its clocks,
runs once, and answers; some are killed with -9 on the way and start anew. What they save is written down by triggers in
the state file, in the transaction that saves it.
"""

import heapq
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from driftlog import PredictionLogger, SpoolLimits
from driftlog_analyzers._baseline_file import load_baseline, save_baseline
from driftlog_analyzers._config import Config
from driftlog_analyzers._episode import EpisodeSettings, Status, fold
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._schedule._clock import Clock
from driftlog_analyzers._schedule._round import Site
from driftlog_analyzers._schedule._turn import Analyzer
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import TimeSize

MODEL = "claims"
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
FIVE = timedelta(minutes=5)
SIZE = TimeSize(FIVE)
LATE = 0.01
PAUSES = (10, 30, 30, 60, 120, 240)
"""Minutes between two runs: an analyzer is not always there."""
CONFIG = {
    "models": {MODEL: {"window": "5m"}},
    "schedule": {"every": "1m", "late": "2d", "lease": "10m"},
}


@dataclass(frozen=True, slots=True)
class Month:
    """What came of it.

    Attributes:
        windows: that there were.
        revisions: how many windows were saved, the later revisions of one included.
        lost: windows that are not there, or hold another number of events than were logged.
        twice: revisions of a window that were saved more than once.
        intents: alerts that were to be told.
        doubled: alerts that were to be told more than once.
        alerts: episodes that became alerts, by the number of bad windows that it takes.
        weeks: that passed.
        turns: runs.
        kills: analyzers that were killed.
        jumps: clocks that were set.
        late: events that came late.
        seed: of all that was drawn.
    """

    windows: int
    revisions: int
    lost: int
    twice: int
    intents: int
    doubled: int
    alerts: dict[int, int]
    weeks: float
    turns: int
    kills: int
    jumps: int
    late: int
    seed: int


@dataclass(slots=True)
class Service:
    """A service whose events follow one distribution for ever.

    Attributes:
        spool: where it logs.
        features: how many there are.
        per_window: events in five minutes.
        chance: what is drawn.
        now: up to when it has logged.
        counts: events by window.
        waiting: late events by the time at which they come.
        late: how many came late so far.
    """

    spool: Path
    features: int
    per_window: int
    chance: random.Random
    now: datetime = BEGIN
    counts: Counter[datetime] = field(default_factory=Counter)
    waiting: list[tuple[datetime, datetime]] = field(default_factory=list)
    late: int = 0

    def row(self) -> dict[str, object]:
        """The features of an event."""
        chance = self.chance
        numbers = {
            f"n{i:02}": round(chance.gauss(50, 10), 3) for i in range(self.features * 7 // 10)
        }
        rest = self.features - len(numbers)
        return numbers | {f"c{i:02}": f"v{chance.randrange(6)}" for i in range(rest)}

    def until(self, moment: datetime) -> None:
        """Log everything up to a moment, in a process's own segment."""
        step = FIVE / self.per_window
        with PredictionLogger(
            model=MODEL, version="3", spool=self.spool, limits=SpoolLimits(segment_bytes=8 << 20)
        ) as logger:
            while self.now < moment:
                if self.chance.random() < LATE:
                    comes = self.now + timedelta(minutes=self.chance.uniform(10, 26 * 60))
                    heapq.heappush(self.waiting, (comes, self.now))
                else:
                    self._log(logger, self.now)
                self.now += step
            while self.waiting and self.waiting[0][0] <= moment:
                self.late += 1
                self._log(logger, heapq.heappop(self.waiting)[1])
            assert not logger.counters.dropped

    def _log(self, logger: PredictionLogger, at: datetime) -> None:
        logger.log(self.row(), prediction=0.5 + self.chance.random() / 4, timestamp=at)
        self.counts[SIZE.floor(at)] += 1


def simulate(
    folder: Path, *, days: float, features: int, per_window: int, kills: int, seed: int
) -> Month:
    """Let the time pass.

    Args:
        folder: an empty one.
        days: of simulated time.
        features: of each event.
        per_window: events in five minutes.
        kills: how many analyzers to kill, about.
        seed: of all that is drawn.
    """
    chance = random.Random(seed)
    _reference(folder, features, chance)
    service = Service(folder / "spool", features, per_window, chance)
    service.until(BEGIN + FIVE)
    state = folder / "state.sqlite"
    _audit(state)
    end = BEGIN + timedelta(days=days)
    steps = max(1.0, timedelta(days=days) / timedelta(minutes=sum(PAUSES) / len(PAUSES)))
    crew = _Crew(folder, chance, kills / steps / 2)
    try:
        while service.now < end:
            pause = timedelta(minutes=chance.choice(PAUSES))
            service.until(min(end, service.now + pause))
            crew.turn(service.now)
        now = service.now
        for hours in range(1, 29, 3):  # what is late still comes
            _only_late(service, now + timedelta(hours=hours))
            crew.turn(end)
        crew.turn(end + timedelta(minutes=30), safely=True)
    finally:
        crew.close()
    return _count(state, service, end, crew, seed)


def _only_late(service: Service, moment: datetime) -> None:
    service.now, now = moment, service.now
    service.until(moment)
    service.now = now


def _reference(folder: Path, features: int, chance: random.Random) -> None:
    """A baseline of twenty thousand events."""
    service = Service(folder / "training", features, 20_000, chance)
    service.until(BEGIN + FIVE)
    with SpoolStore(folder / "training") as store:
        save_baseline(
            baseline_from_store(store, model=MODEL, version="3"), folder / "baseline.toml"
        )


def _audit(state: Path) -> None:
    """Have every saved window and every intent written down."""
    with StateFile(state):
        pass
    with sqlite3.connect(state) as database:
        database.execute("CREATE TABLE saved (start TEXT, revision INTEGER, events INTEGER)")
        database.execute("CREATE TABLE intended (alert TEXT)")
        for action in ("INSERT", "UPDATE"):
            database.execute(f"""
                CREATE TRIGGER evaluation_{action} AFTER {action} ON evaluation
                BEGIN INSERT INTO saved VALUES (new.start, new.revision, new.events); END""")
            database.execute(f"""
                CREATE TRIGGER note_{action} AFTER {action} ON note WHEN new.name LIKE 'intent %'
                BEGIN INSERT INTO intended VALUES (new.name); END""")
    database.close()


class _Crew:
    """Two analyzers, each with clocks of its own."""

    def __init__(self, folder: Path, chance: random.Random, kill: float) -> None:
        self._folder, self._chance, self._kill = folder, chance, kill
        self._crew: list[subprocess.Popen[str] | None] = [None, None]
        self._nursery = subprocess.Popen(
            [sys.executable, "-c", "from tests.faults.month import nurse; nurse()", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=Path(__file__).parents[2],
        )
        self._alive = [False, False]
        self.turns = self.kills = self.jumps = 0

    def turn(self, now: datetime, *, safely: bool = False) -> None:
        """Have both run, at clocks that may be set, and kill one now and then."""
        for number in self._chance.sample((0, 1), 2):
            self.turns += 1
            kill = not safely and self._chance.random() < self._kill
            jump = timedelta(0)
            if not safely and not kill and self._alive[number] and self._chance.random() < 0.03:
                jump = self._chance.choice([-1, 1]) * timedelta(hours=self._chance.uniform(0.5, 30))
                self.jumps += 1
            about = {
                "worker": number,
                "steady": (now - BEGIN).total_seconds(),
                "now": (now + jump).isoformat(),
                "kill_after": self._chance.expovariate(0.7) if kill else None,
            }
            self._say(about)
            answer = self._nursery.stdout.readline().strip()
            if answer == "killed":
                self.kills += 1
            elif answer != "done":
                raise AssertionError(f"an analyzer said {answer!r}")
            self._alive[number] = answer == "done"

    def _say(self, about: dict[str, object]) -> None:
        self._nursery.stdin.write(json.dumps(about) + "\n")
        self._nursery.stdin.flush()

    def close(self) -> None:
        """End them."""
        self._nursery.stdin.close()
        self._nursery.wait(60)
        self._nursery.stdout.close()


def nurse() -> None:
    """Fork an analyzer where there is none, pass a line on to it, and kill it where the line says so."""
    folder = Path(sys.argv[1])
    workers: dict[int, tuple[int, int, int]] = {}
    for line in sys.stdin:
        about = json.loads(line)
        number = about["worker"]
        if number not in workers:
            workers[number] = _forked(folder)
        pid, to, back = workers[number]
        os.write(to, line.encode())
        if about["kill_after"] is not None:
            time.sleep(about["kill_after"])
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(to)
            os.close(back)
            del workers[number]
            print("killed", flush=True)
            continue
        print(os.read(back, 1 << 16).decode().strip() or "nothing", flush=True)
    for pid, _, _ in workers.values():
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _forked(folder: Path) -> tuple[int, int, int]:
    (their_in, to), (back, their_out) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid:
        os.close(their_in)
        os.close(their_out)
        return pid, to, back
    os.close(to)
    os.close(back)
    try:
        with os.fdopen(their_in) as lines, os.fdopen(their_out, "w") as answers:
            _analyze(folder, lines, answers)
    except BaseException as error:  # noqa: BLE001 - told to the parent, which fails
        print(f"analyzer: {error!r}", file=sys.stderr, flush=True)
    os._exit(0)


def _analyze(folder: Path, lines, answers) -> None:
    hands: dict[str, object] = {}
    clock = Clock(lambda: hands["now"], lambda: hands["steady"])
    with _site(folder, clock) as site:
        analyzer = Analyzer(lambda _: None, every=timedelta(minutes=max(PAUSES)))
        ours = replace(site, holder=analyzer.holder)
        for line in lines:
            about = json.loads(line)
            hands["now"] = datetime.fromisoformat(about["now"])
            hands["steady"] = about["steady"]
            report = analyzer.turn(ours, lambda: False)
            answers.write("done\n" if not report.failures else f"{report.failures}\n")
            answers.flush()


@contextmanager
def _site(folder: Path, clock: Clock) -> Iterator[Site]:
    state = folder / "state.sqlite"
    baseline = load_baseline(folder / "baseline.toml")
    memory = folder / "segments.sqlite"
    with SpoolStore(folder / "spool", threads=1, memory=memory) as store, StateFile(state) as home:
        yield Site(
            config=Config.model_validate(CONFIG),
            store=store,
            home=home,
            open_leases=lambda: StateFile(state),
            baseline=lambda _: baseline,
            settings=lambda _: Settings(),
            clock=clock,
            holder="",
            after=intend,
        )


def intend(state, model: str, size, now: datetime) -> None:
    """Store an intent for each alert that has none: what a notifier does before it sends."""
    del now
    for episode in state.episodes(model, size=size, closed=False):
        name = f"intent {episode.id}"
        if episode.status is not Status.PENDING and state.note(name) is None:
            state.save_note(name, b"1")


def _count(state: Path, service: Service, end: datetime, crew: _Crew, seed: int) -> Month:
    with StateFile(state) as file:
        found = list(file.evaluations(MODEL, SIZE))
    with sqlite3.connect(state) as database:
        saved = Counter(database.execute("SELECT start, revision FROM saved"))
        intended = Counter(database.execute("SELECT alert FROM intended"))
    database.close()
    held = {evaluation.window.start: evaluation.events for evaluation in found}
    wanted = list(SIZE.windows(BEGIN, end))
    return Month(
        windows=len(wanted),
        revisions=sum(saved.values()),
        lost=sum(held.get(w.start) != service.counts[w.start] for w in wanted),
        twice=sum(count - 1 for count in saved.values()),
        intents=len(intended),
        doubled=sum(count - 1 for count in intended.values()),
        alerts={
            delay: sum(bool(e.raised) for e in fold(found, EpisodeSettings(delay=delay)))
            for delay in (1, 2)
        },
        weeks=(end - BEGIN) / timedelta(days=7),
        turns=crew.turns,
        kills=crew.kills,
        jumps=crew.jumps,
        late=service.late,
        seed=seed,
    )
