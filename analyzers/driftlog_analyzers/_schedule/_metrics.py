"""What an analyzer did, for Prometheus to read."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from driftlog_analyzers._profile import FeatureProfile, WindowProfile

if TYPE_CHECKING:
    from driftlog_analyzers._schedule._beat import Beat
    from driftlog_analyzers._schedule._round import Report, Site

FEATURES = 200
"""Features of a model whose values are told; the others are left out."""
MODELS = 200

_Key = tuple[str, ...]


@dataclass(slots=True, eq=False)
class Figures(Collector):
    """All figures of one analyzer; its labels are models, sizes of windows, statuses, reasons and features, no values.

    Attributes:
        totals: counters by name and labels.
        gauges: by name and labels.
    """

    totals: dict[tuple[str, _Key], float] = field(default_factory=dict)
    gauges: dict[tuple[str, _Key], float] = field(default_factory=dict)

    def watch(self, site: "Site", report: "Report", beat: "Beat") -> None:
        """Take in a run."""
        totals, gauges = defaultdict(float, self.totals), dict(self.gauges)
        totals["runs", ()] += 1
        totals["run_seconds", ()] += beat.duration_s
        totals["detector_errors", ()] += beat.detector_errors
        for why, count in report.reasons.items():
            totals["failures", (why,)] += count
        gauges["last_run_seconds", ()] = beat.duration_s
        gauges["last_run_timestamp_seconds", ()] = beat.at.timestamp()
        gauges["lag_seconds", ()] = beat.lag_s
        gauges["windows_due", ()] = beat.windows_due
        gauges["resident_memory_bytes", ()] = beat.rss_bytes
        for (model, size), done in report.done.items():
            place = (model, str(size))
            totals["windows", place] += done.windows
            totals["windows_revised", place] += done.revised
            totals["windows_missed", place] += done.missed
        for model in report.models[:MODELS]:
            if model in report.lags:
                gauges["ingest_lag_seconds", (model,)] = report.lags[model].total_seconds()
            _forget(gauges, "episodes", model)
            for status, count in Counter(
                e.status for e in site.home.episodes(model, closed=False)
            ).items():
                gauges["episodes", (model, status.value)] = count
        for model, profile in _latest(site, report):
            _forget(gauges, "feature", model)
            gauges |= {("feature", (model, *key)): value for key, value in feature_figures(profile)}
        self.totals, self.gauges = totals, gauges

    def collect(self) -> Iterator[Metric]:
        """Every figure as Prometheus wants it."""
        for name, (words, labels) in _TOTALS.items():
            counter = CounterMetricFamily(f"driftlog_{name}", words, labels=labels)
            for (one, key), value in sorted(self.totals.items()):
                if one == name:
                    counter.add_metric(list(key), value)
            yield counter
        for name, (words, labels) in _GAUGES.items():
            gauge = GaugeMetricFamily(f"driftlog_{name}", words, labels=labels)
            for (one, key), value in sorted(self.gauges.items()):
                if one == name:
                    gauge.add_metric(list(key), value)
            yield gauge


_SIZED = ("model", "window")
_TOTALS = {
    "runs": ("Runs of this analyzer.", ()),
    "run_seconds": ("Time that its runs took.", ()),
    "windows": ("Windows that were evaluated.", _SIZED),
    "windows_revised": ("Windows that were evaluated again.", _SIZED),
    "windows_missed": ("Windows whose events were gone before they were analyzed.", _SIZED),
    "detector_errors": ("Detectors that raised.", ()),
    "failures": ("Models that could not be analyzed.", ("reason",)),
}
_GAUGES = {
    "last_run_seconds": ("Time that the last run took.", ()),
    "last_run_timestamp_seconds": ("When the last run ended.", ()),
    "lag_seconds": ("How long the oldest due window has been over; 0 where none is due.", ()),
    "windows_due": ("Windows that are over and not evaluated.", ()),
    "resident_memory_bytes": ("Memory of the process.", ()),
    "ingest_lag_seconds": ("How long after its end a window is closed.", ("model",)),
    "episodes": ("Open episodes.", ("model", "status")),
    "feature": ("Figures of a feature in the latest window.", ("model", "feature", "figure")),
}


def feature_figures(profile: WindowProfile) -> Iterator[tuple[_Key, float]]:
    """Feature, figure and value: rates of presence and nulls, the mean, the OOV rate, as far as there are some."""
    outputs = {f"prediction.{name}": one for name, one in profile.predictions.items()}
    chosen = sorted(
        (profile.features | outputs).items() if isinstance(profile.features, dict) else []
    )
    for name, one in chosen[:FEATURES]:
        for figure, value in _figures(one, profile.events):
            yield (name, figure), value


def _figures(one: FeatureProfile, events: int) -> Iterator[tuple[str, float]]:
    if events:
        yield "present", one.present / events
    if one.present:
        yield "null", one.nulls / one.present
    if one.numeric:
        yield "mean", one.numeric.mean
    if one.text and one.text.tokens:
        yield "oov", one.text.oov / one.text.tokens


def _latest(site: "Site", report: "Report") -> Iterator[tuple[str, WindowProfile]]:
    """The profile of each model's latest window of its smallest size, where one was evaluated."""
    seen: set[str] = set()
    for (model, size), done in report.done.items():
        if model in seen or done.latest is None or len(seen) >= MODELS:
            continue
        seen.add(model)
        if kept := site.home.profile(model, size, done.latest.window):
            yield model, kept[2]


def _forget(gauges: dict[tuple[str, _Key], float], name: str, model: str) -> None:
    for key in [key for key in gauges if key[0] == name and key[1][0] == model]:
        del gauges[key]
