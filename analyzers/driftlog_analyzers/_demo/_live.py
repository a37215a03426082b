"""The simulated service until now: with durations, failures, a rollout, and labels that come late."""

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from driftlog import PredictionLogger
from driftlog_analyzers._demo._faults import Fault, inject
from driftlog_analyzers._demo._score import Onsets
from driftlog_analyzers._demo._service import DAYS, EVENTS_PER_HOUR, MODEL, VERSION, Service
from driftlog_analyzers._replay import Progress, Row

NEXT_VERSION = "8"
TEXT = "comment"
_HOUR = timedelta(hours=1)
_LATE = timedelta(hours=20)
_LABELLED = 0.2
_WRONG, _WRONG_LATER = 0.03, 0.22
_AS_NUMBER = 0.5
_FAILS, _FAILS_LATER = 0.004, 0.05
_REPORT_EVERY = 500


@dataclass(frozen=True, slots=True)
class Play:
    """When what happens.

    Attributes:
        end: the hour in which it ends, UTC.
        days: how long the service runs.
        per_hour: mean number of events in an hour.
        seed: decides every event.
    """

    end: datetime
    days: int = DAYS
    per_hour: float = EVENTS_PER_HOUR
    seed: int = 20251103

    @property
    def start(self) -> datetime:
        """The first hour."""
        return self.end - timedelta(days=self.days)

    def at(self, share: float) -> datetime:
        """The whole hour that lies at some share of the time, 0 to 1."""
        hours = round(self.days * 24 * share)
        return self.start + hours * _HOUR

    @property
    def good_until(self) -> datetime:
        """Until then all is well; the baseline is made of that."""
        return self.at(0.5)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What goes wrong with the inputs."""
        passing = Fault("nulls", "sessions_7d", self.at(0.54), share=0.3, until=self.at(0.58))
        return (
            passing,
            Fault("vanished", "income", self.at(0.61)),
            Fault("nulls", "age", self.at(0.68), share=0.10),
            Fault("common value", "plan", self.at(0.75), share=0.15, value="legacy"),
            Fault("new words", TEXT, self.at(0.83), share=0.15),
        )

    def rows(self, onsets: Onsets) -> Iterator[Row]:
        """The service's events with the faults put on top, in order of time."""
        good = Service(self.seed, self.per_hour).events(self.start, self.days * 24)
        return inject(onsets.watch(good), self.faults, self.seed)


def log_live(play: Play, rows: Iterator[Row], spool: Path, progress: Progress) -> int:
    """Log the rows as two versions of the service would have, and the labels of some; how many there are.

    From its last quarter on the model is more often wrong, from its last tenth on slower and failing more often, and
    the next version serves half of the events.

    Args:
        play: when what happens.
        rows: the events in order of time.
        spool: where they go.
        progress: is told how many of about how many are done.
    """
    chance = random.Random(play.seed)  # noqa: S311 - a simulation
    total = round(play.days * 24 * play.per_hour)
    labels: list[tuple[datetime, str, str | int]] = []
    done = 0
    with ExitStack() as stack:
        old, new = (
            stack.enter_context(PredictionLogger(model=MODEL, version=v, spool=spool, text=[TEXT]))
            for v in (VERSION, NEXT_VERSION)
        )
        for row in rows:
            later = row.timestamp >= play.at(0.9)
            logger = new if later and chance.random() < 0.5 else old  # noqa: PLR2004 - half
            _log(logger, row, chance, later=later)
            if chance.random() < _LABELLED and row.timestamp + _LATE < play.end:
                wrong = _WRONG_LATER if row.timestamp >= play.at(0.75) else _WRONG
                labels.append((row.timestamp + _LATE, str(row.id), _truth(row, chance, wrong)))
            done += 1
            if done % _REPORT_EVERY == 0:
                progress(done, total)
        for moment, name, truth in labels:
            old.log_label(name, truth, timestamp=moment)
        return old.counters.accepted + new.counters.accepted - len(labels)


def _log(logger: PredictionLogger, row: Row, chance: random.Random, *, later: bool) -> None:
    failed = chance.random() < (_FAILS_LATER if later else _FAILS)
    seconds = chance.lognormvariate(-4.9, 0.35) * (1.6 if later else 1.0)
    logger.log(
        row.features,
        prediction=None if failed else row.prediction,
        id=row.id,
        timestamp=row.timestamp,
        duration=seconds,
        outcome="failure" if failed else "success",
    )


def _truth(row: Row, chance: random.Random, wrong: float) -> str | int:
    """The label: for the model's own one or, as another system writes it, as 0 or 1 for the score."""
    leaves = ((row.prediction or {}).get("label") == "leave") != (chance.random() < wrong)
    return int(leaves) if chance.random() < _AS_NUMBER else "leave" if leaves else "stay"


def damage(spool: Path) -> None:
    """Leave a torn line in the spool, as a disk does now and then: it goes to quarantine, and nothing else with it."""
    first: Sequence[Path] = sorted(spool.glob("*.ndjson"))
    with first[0].open("ab") as file:
        file.write(b'{"event":{"action":"predic\n')
