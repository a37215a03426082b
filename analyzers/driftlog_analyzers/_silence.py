"""Silences and maintenance windows: alerts that are there and say so, and of which nobody is told. Pure.

An alert is silenced while a silence is in force, and as long as the latest bad window lies for at least a half within
one: what was seen during maintenance is known when the window has ended, which may be after it. So a daily hour of
maintenance silences the windows of that hour and never those of a day; and an alert that is bad in a window after
its silence is told of then.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase
from hashlib import sha256
from itertools import combinations
from zoneinfo import ZoneInfo

from driftlog_analyzers._episode import Episode
from driftlog_analyzers._incident import Incident
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import InputError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
# A broken clock's windows may lie at either end of the calendar, where there is no day before or after.
_FIRST = datetime.min.replace(tzinfo=UTC) + 3 * _DAY
_LAST = _NEVER - 3 * _DAY

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Weekly:
    """A stretch of some days of the week, every week.

    Attributes:
        days: on which it begins, Monday is 0.
        start: local time of its begin.
        end: local time of its end; not after `start`, that of the next day.
        zone: name of the time zone, such as ``Europe/Berlin``.
    """

    days: tuple[int, ...]
    start: time
    end: time
    zone: str = "UTC"

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The stretches that touch [start, end], oldest first, in UTC."""
        zone = ZoneInfo(self.zone)
        first, last = (_inner(at).astimezone(zone).date() for at in (start, end))
        day = first - _DAY
        while day <= last:
            if day.weekday() in self.days:
                until = day if self.end > self.start else day + _DAY
                begins = datetime.combine(day, self.start, zone).astimezone(UTC)
                ends = datetime.combine(until, self.end, zone).astimezone(UTC)
                if begins <= end and ends > start:
                    yield begins, ends
            day += _DAY

    def __str__(self) -> str:
        days = "daily" if len(self.days) == len(DAYS) else ",".join(DAYS[n] for n in self.days)
        zone = "" if self.zone == "UTC" else f" {self.zone}"
        return f"{days} {self.start:%H:%M}-{self.end:%H:%M}{zone}"


@dataclass(frozen=True, slots=True)
class Silence:
    """Of which alerts nobody is told, when and why.

    Attributes:
        reason: why.
        by: who says so.
        model: pattern of the models, with ``*`` and ``?``.
        feature: pattern of the features; findings of all events have the feature ``""``, which ``*`` matches.
        detector: pattern of the detectors.
        start: from then on, UTC; None, from ever.
        end: until then, UTC; None, for ever, which only a weekly one may be.
        weekly: only then; None, all the time.
    """

    reason: str
    by: str
    model: str = "*"
    feature: str = "*"
    detector: str = "*"
    start: datetime | None = None
    end: datetime | None = None
    weekly: Weekly | None = None

    @property
    def id(self) -> str:
        """8 hex digits, a hash of all that it says: the same silence has the same id, stored or not."""
        same = replace(self, start=_in_utc(self.start), end=_in_utc(self.end))
        return sha256(repr(same).encode()).hexdigest()[:8]

    def covers(self, episode: Episode) -> bool:
        """Whether it is about the alert, whatever the time."""
        return (
            fnmatchcase(episode.model, self.model)
            and fnmatchcase(episode.feature, self.feature)
            and fnmatchcase(episode.detector, self.detector)
        )

    def in_force(self, now: datetime) -> bool:
        """Whether it is in force at this moment."""
        return any(begin <= now < end for begin, end in self.spans(now, now))

    def over(self, now: datetime) -> bool:
        """Whether it will never be in force again."""
        return self.end is not None and self.end <= now

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The stretches in which it is in force that touch [start, end], oldest first, in UTC."""
        first, last = self.start or datetime.min.replace(tzinfo=UTC), self.end or _NEVER
        for begins, ends in self.weekly.spans(start, end) if self.weekly else [(first, last)]:
            begins, ends = max(begins, first), min(ends, last)  # noqa: PLW2901 - cut to its life
            if begins < ends and begins <= end and ends > start:
                yield begins, ends

    def __str__(self) -> str:
        about = [("model", self.model), ("feature", self.feature), ("detector", self.detector)]
        named = ", ".join(f"{name} {value}" for name, value in about if value != "*")
        times = [
            f"from {self.start:%Y-%m-%d %H:%M} UTC" if self.start else "",
            f"until {self.end:%Y-%m-%d %H:%M} UTC" if self.end else "",
            str(self.weekly or ""),
        ]
        return f"{named or 'all alerts'} {' '.join(filter(None, times))} ({self.reason}, {self.by})"


def silenced(
    about: Episode | Incident, silences: Iterable[Silence], now: datetime
) -> Silence | None:
    """The silence for which nobody is told of an alert or an incident; None if there is none.

    An incident is silenced where each of its open alerts is, or each of them all once none is open.

    Args:
        about: the alert or incident.
        silences: all there are; they may overlap.
        now: the time, UTC.
    """
    if isinstance(about, Episode):
        return next((s for s in silences if s.covers(about) and _applies(s, about, now)), None)
    silences = tuple(silences)
    alerts = [episode for episode in about.episodes if episode.open] or about.episodes
    found = [silenced(episode, silences, now) for episode in alerts]
    return found[0] if found and all(found) else None


def overlapping(silences: Iterable[Silence], now: datetime) -> tuple[tuple[Silence, Silence], ...]:
    """Pairs that will be in force at one moment for the same alerts: one of the two is of no use there."""
    ahead = [silence for silence in silences if not silence.over(now)]
    return tuple(pair for pair in combinations(ahead, 2) if _overlap(*pair, now))


def parse_weekly(text: str, zone: str = "UTC") -> Weekly:
    """Read ``sun 02:00-04:00``, ``mon-fri 22:00-06:00``, ``sat,sun 00:00-00:00`` or ``daily 02:00-03:00``.

    Raises:
        InputError: it is none of these, or there is no such time zone.
    """
    days, _, times = text.strip().lower().partition(" ")
    start, dash, end = times.partition("-")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(
            f"there is no time zone {zone!r}; write one such as Europe/Berlin"
        ) from error
    try:
        if not dash:
            raise ValueError(times)  # noqa: TRY301 - one sentence for all that is wrong
        found = Weekly(_days(days), _local(start), _local(end), zone)
    except ValueError as error:
        raise InputError(
            f"{text!r} is no weekly schedule; write one such as 'sun 02:00-04:00', 'mon-fri 22:00-06:00'"
            " or 'daily 02:00-03:00'"
        ) from error
    return found


def checked(silence: Silence) -> Silence:
    """The silence, if it makes sense.

    Raises:
        InputError: it ends before it begins, or never.
    """
    if silence.end is None and silence.weekly is None:
        raise InputError(
            "a silence without an end hides faults for ever; give it an end or a weekly schedule"
        )
    if silence.start and silence.end and silence.end <= silence.start:
        raise InputError(
            f"the silence ends at {silence.end:%Y-%m-%d %H:%M} UTC, before it begins at"
            f" {silence.start:%Y-%m-%d %H:%M} UTC; exchange the two"
        )
    if not silence.reason.strip():
        raise InputError("a silence needs a reason; say why nobody is to be told")
    return silence


def _applies(silence: Silence, episode: Episode, now: datetime) -> bool:
    return silence.in_force(now) or _holds_half(silence, episode.last)


def _holds_half(silence: Silence, window: Window) -> bool:
    length = window.end - window.start
    if not length:
        return silence.in_force(window.start)
    parts = silence.spans(window.start, window.end)
    held = (min(end, window.end) - max(begin, window.start) for begin, end in parts)
    return sum(held, timedelta()) >= length / 2


def _overlap(one: Silence, other: Silence, now: datetime) -> bool:
    patterns = (
        (one.model, other.model),
        (one.feature, other.feature),
        (one.detector, other.detector),
    )
    if not all(fnmatchcase(a, b) or fnmatchcase(b, a) for a, b in patterns):
        return False
    begin = max(now, *(silence.start or now for silence in (one, other)))
    until = min(*(silence.end or _NEVER for silence in (one, other)))
    if begin >= until:
        return False
    # Every week is alike, but for changes of the clock: a week is all that two weekly ones can differ in.
    ahead = min(until, begin + 8 * _DAY) if one.weekly or other.weekly else until
    spans = list(one.spans(begin, ahead))
    return any(a < d and c < b for a, b in spans for c, d in other.spans(begin, ahead))


def _inner(moment: datetime) -> datetime:
    return min(max(moment, _FIRST), _LAST)


def _in_utc(moment: datetime | None) -> datetime | None:
    """The moment with one spelling of its time zone: what was read from a store has another."""
    return moment and moment.astimezone(UTC)


def _local(text: str) -> time:
    """A time of day without an offset, which could not be compared with one that has none."""
    read = time.fromisoformat(text.strip())
    if read.tzinfo:
        raise ValueError(text)
    return read


def _days(text: str) -> tuple[int, ...]:
    if text == "daily":
        return tuple(range(len(DAYS)))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {n % len(DAYS) for n in range(begin, end + 1 + len(DAYS) * (end < begin))}
    return tuple(sorted(found))
