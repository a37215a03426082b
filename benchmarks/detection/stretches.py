"""``python -m benchmarks.detection.stretches``: alerts on real traffic in time order where nothing happened.

Bike rentals and hotel bookings, replayed as a user would: ``driftlog log`` the rows, a baseline of an early stretch,
``driftlog calibrate``, ``driftlog analyze``; everything as shipped. Left out of the count, and nothing else:

- what REAL_SHIFTS.csv lists: cnt and registered, and casual with them, grow in 2012 (cnt is the sum); market_segment,
  country, customer_type, meal and distribution_channel move over the whole span; windows that hold a sensor's fault or
  the price of 5,400, for these features, and windows that hold a hurricane;
- columns that are the calendar itself, which a user ignores (`ignored`);
- windows of fewer than 20 events, of which driftlog says that they are too few.

A feature-window is a feature, or the number of events, in one window. An alert is what a feature's detector finds in a
window and did not find in the one before.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from benchmarks.detection.data import DATA
from benchmarks.detection.metrics import Rate

from driftlog_analyzers import (
    BaselineError,
    Evaluation,
    Settings,
    SpoolStore,
    StateFile,
    Window,
    analyze,
    parse_size,
)
from driftlog_analyzers._calibrating import calibrated
from driftlog_analyzers._reference import baseline_from_store

RESULTS = Path(__file__).parents[1] / "results"
ALLOWED = 2.0
NAMED = 3
VOLUME = ""
COLUMNS = (
    "data",
    "windows",
    "reference until",
    "compared with",
    "windows judged",
    "feature-windows",
    "alerts",
    "per 1,000",
    "Wilson 95 %",
    "with a finding, per 1,000",
    "most frequent",
)
EVERY = None

Fault = tuple[str, str, frozenset[str] | None]
"""From a day to before another, and the features it is about; `EVERY` where events are missing."""


@dataclass(frozen=True)
class Stream:
    """A data set in time order.

    Attributes:
        name: of the data set and the model.
        ignored: columns that are the calendar itself.
        moved: features whose shift REAL_SHIFTS.csv dates to the whole judged stretch.
        faults: what it lists by day.
        sizes: of the windows.
        references: each ends where the judged stretch begins.
    """

    name: str
    ignored: frozenset[str]
    moved: frozenset[str]
    faults: tuple[Fault, ...]
    sizes: tuple[str, ...]
    references: tuple[str, ...]


@dataclass(frozen=True)
class Stretch:
    """What was said of one stream's quiet stretch.

    Attributes:
        stream: its name.
        size: of the windows.
        reference: until when the reference lasts.
        mode: what windows were compared with; why there was no calibration, where there was none.
        windows: that were judged.
        alerts: among the feature-windows.
        bad: feature-windows with a finding, among all.
        which: alerts by detector and feature, the most frequent first.
    """

    stream: str
    size: str
    reference: str
    mode: str
    windows: int
    alerts: Rate
    bad: Rate
    which: tuple[tuple[str, int], ...]


BIKE = Stream(
    "bike",
    ignored=frozenset({"yr", "instant", "season", "mnth"}),
    moved=frozenset({"cnt", "registered", "casual"}),
    faults=(
        ("2011-08-27", "2011-08-29", EVERY),
        ("2012-08-17", "2012-08-18", frozenset({"atemp"})),
        ("2012-10-29", "2012-10-31", EVERY),
    ),
    sizes=("1d", "1w", "500", "1000"),
    references=("2011-07-01", "2012-01-01"),
)
HOTEL = Stream(
    "hotel",
    ignored=frozenset(
        {
            "arrival_date_year",
            "arrival_date_month",
            "arrival_date_week_number",
            "arrival_date_day_of_month",
            "reservation_status_date",
        }
    ),
    moved=frozenset({"market_segment", "country", "customer_type", "meal", "distribution_channel"}),
    faults=(("2016-03-25", "2016-03-26", frozenset({"adr"})),),
    sizes=("1d", "1w", "500", "1000", "2000", "5000"),
    references=("2016-01-01", "2016-07-01"),
)
STREAMS = (BIKE, HOTEL)


def bike() -> pd.DataFrame:
    """Rentals by hour, with the hour's beginning as `at`."""
    rows = pd.read_csv(DATA / "bike_sharing/hour.csv")
    rows["at"] = pd.to_datetime(rows.dteday) + pd.to_timedelta(rows.hr, unit="h")
    return rows.drop(columns="dteday")


def hotel() -> pd.DataFrame:
    """Bookings by date of arrival, as `at`."""
    file = DATA / "hotel_bookings/hotel_bookings.csv.gz"
    rows = pd.read_csv(file, keep_default_na=False, na_values=[""], low_memory=False)
    day = rows.arrival_date_day_of_month.astype(str)
    text = rows.arrival_date_year.astype(str) + "-" + rows.arrival_date_month + "-" + day
    rows["at"] = pd.to_datetime(text, format="%Y-%B-%d")
    return rows.sort_values("at", kind="stable")


ROWS = {"bike": bike, "hotel": hotel}


def measured(stream: Stream, folder: Path) -> Iterator[Stretch]:
    """Every size of windows beside every reference."""
    spool = logged(stream, folder)
    with SpoolStore(spool) as store:
        for reference, size in product(stream.references, stream.sizes):
            yield stretch(stream, store, size, reference, folder)


def logged(stream: Stream, folder: Path) -> Path:
    """The spool of the stream's rows."""
    file, spool = folder / f"{stream.name}.csv", folder / stream.name
    ROWS[stream.name]().to_csv(file, index=False)
    command = Path(sys.executable).with_name("driftlog")
    named = ("--spool", spool, "--model", stream.name, "--version", "1", "--time", "at")
    subprocess.run([command, "log", file, *named], check=True, capture_output=True)
    return spool


def stretch(stream: Stream, store: SpoolStore, size: str, reference: str, folder: Path) -> Stretch:
    """One stretch of a stream, calibrated where the reference allows it."""
    begin, settings = _day(reference), Settings(ignored=stream.ignored)
    baseline = baseline_from_store(store, model=stream.name, version="1", end=begin)
    windows = parse_size(size)
    try:
        known = calibrated(store, baseline, windows, settings=settings)
        mode = str(known.calibrations[-1].mode)
    except BaselineError as error:
        known, mode = baseline, str(error)
    state = folder / f"{stream.name}-{size}-{reference}.sqlite"
    with StateFile(state) as kept:
        every = analyze(store, known, kept, windows, settings=settings)
    judged = [e for e in every if e.window.start >= begin and e.events >= settings.min_events]
    features = [*(baseline.constraints.keys() - stream.ignored - stream.moved), VOLUME]
    return _counted(stream, judged, features, (size, reference, mode))


def _counted(
    stream: Stream, judged: Sequence[Evaluation], features: Sequence[str], name: tuple[str, ...]
) -> Stretch:
    total = bad = 0
    which: Counter[str] = Counter()
    before: frozenset[tuple[str, str]] = frozenset()
    for evaluation in judged:
        quiet = frozenset(features).difference(*_faulty(stream, evaluation.window, features))
        found = frozenset((r.detector, r.feature) for r in evaluation.findings)
        new = [one for one in found - before if one[1] in quiet]
        which.update(".".join(one) for one in new)
        bad += len({feature for _, feature in found if feature in quiet})
        total, before = total + len(quiet), found
    size, reference, mode = name
    alerts = Rate(which.total(), total)
    most = tuple(which.most_common())
    return Stretch(stream.name, size, reference, mode, len(judged), alerts, Rate(bad, total), most)


def _faulty(stream: Stream, window: Window, features: Sequence[str]) -> Iterator[Collection[str]]:
    """The features that something in REAL_SHIFTS.csv happened to in this window, those at its end included."""
    for first, last, touched in stream.faults:
        if window.start < _day(last) and _day(first) <= window.end:
            yield features if touched is EVERY else touched


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def document(found: Sequence[Stretch]) -> str:
    """The table in Markdown."""
    lines = [
        "# Quiet stretches of real traffic",
        "",
        "`python -m benchmarks.detection.stretches`, whose docstring says what counts; shipped defaults, with one",
        f"`driftlog calibrate`. At most {ALLOWED:g} alerts per 1,000 feature-windows are asked for. The last figure",
        "counts every feature-window with a finding, those in which an alert goes on included.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---" * len(COLUMNS) + "|",
    ]
    return "\n".join([*lines, *map(_line, found), ""])


def _line(one: Stretch) -> str:
    low, high = (1000.0 * bound for bound in one.alerts.interval)
    most = ", ".join(f"{name} × {times}" for name, times in one.which[:NAMED])
    value = f"{1000.0 * one.alerts.value:.2f}"
    value = value if 1000.0 * one.alerts.value <= ALLOWED else f"**{value}**"
    return (
        f"| {one.stream} | {one.size} | {one.reference} | {one.mode} | {one.windows} | {one.alerts.n:,} | "
        f"{one.alerts.hits} | {value} | {low:.2f} to {high:.2f} | {1000.0 * one.bad.value:.2f} | {most} |"
    )


def _row(one: Stretch) -> Mapping[str, Any]:
    low, high = (round(1000.0 * bound, 3) for bound in one.alerts.interval)
    return {
        "subject": "driftlog",
        "case": f"{one.stream}, windows of {one.size}, reference until {one.reference}",
        "metric": "quiet_alerts_per_1000",
        "value": round(1000.0 * one.alerts.value, 3),
        "unit": f"per 1,000 feature-windows, of {one.alerts.n}",
        "spread": [low, high],
        "target": ALLOWED,
    }


def main() -> None:
    """Measure, keep, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.detection.stretches", description=__doc__)
    names = [stream.name for stream in STREAMS]
    parser.add_argument("streams", nargs="*", choices=[[], *names], help="default: all")
    asked = parser.parse_args()
    if not DATA.exists():
        sys.exit(f"{DATA} is not there; set DRIFTLOG_DATA to the folder with the public data sets")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for stream in STREAMS:
            if stream.name in (asked.streams or names):
                for one in measured(stream, Path(folder)):
                    print(_line(one), flush=True)
                    found.append(one)
    rows = {"race": "quiet stretches", "rows": [_row(one) for one in found]}
    (RESULTS / "quiet.json").write_text(json.dumps(rows, indent=1) + "\n")
    (RESULTS / "quiet.md").write_text(document(found))


if __name__ == "__main__":
    main()
