"""What ``driftlog status`` says of the analyzers, by their heartbeats."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from driftlog_analyzers.cli._cluster import Cluster
from driftlog_analyzers.cli._console import counted, show, table
from driftlog_analyzers.errors import StoreError

if TYPE_CHECKING:
    from driftlog_analyzers._schedule._beat import Beat, BeatHome

_LATELY = timedelta(days=1)


def read_beats(homes: Sequence[Path | Cluster]) -> tuple[list["Beat"], StoreError | None]:
    """The latest heartbeat of each analyzer that ran within a day, the latest last; and why a home has none.

    Args:
        homes: state files, of which those that are not there are passed over, and clusters.
    """
    since = datetime.now(UTC) - _LATELY
    found: list[Beat] = []
    unread: StoreError | None = None
    for home in homes:
        if isinstance(home, Cluster) or home.is_file():
            try:
                with _opened(home) as beats:
                    found += beats.beats(since)
            except StoreError as error:
                unread = error
    return sorted(found, key=lambda beat: beat.at), unread


def show_beats(beats: Sequence["Beat"]) -> None:
    """Print what the analyzers say of themselves."""
    if not beats:
        show("No analyzer ran within a day; start one with: driftlog run")
        return
    now = datetime.now(UTC)
    rows = [
        (
            f"{beat.host} ({beat.pid})",
            _condition(beat, now),
            f"{beat.at:%Y-%m-%d %H:%M:%S}",
            f"{beat.duration_s:,.1f}",
            f"{beat.windows_done:,}",
            f"{beat.windows_due:,}",
            f"{beat.lag_s:,.0f}",
        )
        for beat in beats
    ]
    names = ["analyzer", "is", "last run, UTC", "seconds ", "windows ", "due ", "lag, s "]
    show(table(names, rows))
    for beat in beats:
        if beat.error:
            show(f"{beat.host}: {counted(beat.failed, 'model')} failed; {beat.error}")
        if beat.behind:
            show(
                f"{beat.host}: windows of {', '.join(beat.behind)} wait since {beat.oldest_due:%Y-%m-%d %H:%M:%S} UTC."
            )


def _condition(beat: "Beat", now: datetime) -> str:
    """How it is; silent where it should have beat again twice."""
    from driftlog_analyzers._schedule._beat import INTERVALS  # noqa: PLC0415 - when needed

    return "silent" if beat.overdue(now) > INTERVALS else str(beat.status)


@contextmanager
def _opened(home: Path | Cluster) -> Iterator["BeatHome"]:
    if isinstance(home, Cluster):
        with home.connected() as client:
            from driftlog_analyzers._elasticsearch._state import ElasticsearchState  # noqa: PLC0415 - needs the client

            yield ElasticsearchState(client, home.namespace)
    else:
        from driftlog_analyzers._state_file import StateFile  # noqa: PLC0415 - when needed

        with StateFile(home) as state:
            yield state
