"""One analysis with everything that the options and the configuration say."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import typer

from driftlog_analyzers._analysis import analyze as analyze_windows
from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._baseline_file import load_baseline
from driftlog_analyzers._config import Monitor
from driftlog_analyzers._feedback import FeedbackSpec
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._fingerprint import baseline_label
from driftlog_analyzers._recovery import Damage
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state import State
from driftlog_analyzers._store import EventStore
from driftlog_analyzers._window import WindowSize, parse_size
from driftlog_analyzers.cli._console import counted, note, progress
from driftlog_analyzers.cli._place import Place
from driftlog_analyzers.errors import BaselineError, ConfigError, StoreError


def window_size(text: str | None, monitor: Monitor) -> WindowSize:
    """The size named by the option, else by the configuration.

    Raises:
        typer.BadParameter: the option is not understood.
    """
    if text is None:
        return monitor.window
    try:
        return parse_size(text)
    except ConfigError as error:
        raise typer.BadParameter(str(error), param_hint="--window") from None


def find(where: Place, model: str, path: Path | None, version: str | None) -> Baseline:
    """The baseline that counts: by the option, by the configuration, else the one kept.

    Raises:
        BaselineError: there is none, or it is for another model.
        ConfigError: the file has problems.
    """
    monitor = where.config.monitor(model)
    file = path or monitor.baseline
    baseline = load_baseline(file) if file else _kept(where, model, version or monitor.version)
    if baseline.model != model:
        raise BaselineError(
            f"baseline {file or baseline.name} is for model {baseline.model!r}, and the events are of {model!r}; "
            f"make one with: {_how_made(where, model)}"
        )
    if unknown := [n for n in monitor.segments if n not in baseline.profile.slices]:
        raise BaselineError(
            f"baseline {file or baseline.name} has no segments of {', '.join(unknown)}, which the configuration names; "
            f"make it again with: {_how_made(where, model)}"
        )
    if monitor.multivariate and baseline.joint is None:
        raise BaselineError(
            f"baseline {file or baseline.name} does not hold how features go together, which multivariate in the"
            f" configuration asks for; make it again with: {_how_made(where, model)}"
        )
    return baseline


def caution(
    where: Place, shown: Baseline, evaluations: Sequence[Evaluation], size: WindowSize
) -> str:
    """Say how many windows were not judged with this baseline; empty where all were."""
    label = baseline_label(shown, settings(where, shown.model), size)
    other = sum(not evaluation.baseline.startswith(label) for evaluation in evaluations)
    if not other:
        return ""
    were = "was" if other == 1 else "were"
    return (
        f"{other:,} of {counted(len(evaluations), 'window')} {were} judged with another baseline, "
        f"or other settings, than {shown.name} shown here"
    )


def _kept(where: Place, model: str, version: str | None) -> Baseline:
    try:
        with where.open_baselines() as home:
            return home.find(model, version)
    except BaselineError:
        advice = f"make one with: {_how_made(where, model)}"
        if not where.writable:
            advice += f", both times with --state DIR, because {where.remembered} is read-only"
        raise BaselineError(
            f"model {model!r} has no baseline in {where.baselines}; {advice}"
        ) from None


def _how_made(where: Place, model: str) -> str:
    return where.command(f"baseline --model {shlex.quote(model)} --input FILE")


def settings(where: Place, model: str) -> Settings:
    """How strict the detectors are, by the configuration."""
    detection, monitor = where.config.detection, where.config.monitor(model)
    return Settings(
        budget=detection.budget,
        min_events=detection.min_events,
        disabled=frozenset(detection.disabled),
        ignored=frozenset(monitor.ignore),
        version=monitor.version,
        max_age=monitor.max_age,
        thresholds=monitor.thresholds,
        feedback=_feedback(monitor),
    )


def _feedback(monitor: Monitor) -> FeedbackSpec | None:
    loop = monitor.feedback
    if loop is None:
        return None
    return FeedbackSpec(loop.output, loop.input, loop.entity, loop.within.duration)


def run(
    store: EventStore,
    baseline: Baseline,
    state: State,
    size: WindowSize,
    where: Place,
    *,
    span: tuple[datetime | None, datetime | None] = (None, None),
) -> Sequence[Evaluation]:
    """Analyze with a progress bar.

    Raises:
        StoreError: there is no window of this size in the span.
    """
    with progress(f"analyzing windows of {size}") as advance:
        evaluations = analyze_windows(
            store,
            baseline,
            state,
            size,
            start=span[0],
            end=span[1],
            settings=settings(where, baseline.model),
            episodes=where.config.episodes(baseline.model),
            progress=advance,
        )
    if not evaluations:
        held = _held(store, baseline)
        raise StoreError(f"{where.source} holds no full window of {size} there; {held}")
    return evaluations


def _held(store: EventStore, baseline: Baseline) -> str:
    extent = store.extent(baseline.model)
    if extent is None:
        return f"it has no events of model {baseline.model!r}"
    return (
        f"its {counted(extent.events, 'event')} of model {baseline.model!r} run from "
        f"{extent.first:%Y-%m-%d %H:%M} to {extent.last:%Y-%m-%d %H:%M} UTC"
    )


def damage_of(store: EventStore) -> Mapping[Path, Damage]:
    """Segments with lines that are no events; only a spool has them: the uploader sorts them out."""
    return store.damage if isinstance(store, SpoolStore) else {}


def tell_damage(store: EventStore) -> None:
    """Say on stderr which segments hold lines that are no events."""
    for path, damage in sorted(damage_of(store).items()):
        counts = sorted(damage.reasons.items())
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts)
        kept = f"set aside in {damage.aside}" if damage.aside else "left where they are"
        were = "was" if damage.lines == 1 else "were"
        lines = counted(damage.lines, "damaged line")
        note(f"{path}: {lines} {were} skipped ({reasons}) and {kept}.")


def require_enough(evaluations: Sequence[Evaluation], minimum: int) -> None:
    """Check that at least one window could be judged.

    Raises:
        StoreError: every window has fewer events than the minimum.
    """
    if evaluations and all(evaluation.events < minimum for evaluation in evaluations):
        several = len(evaluations) > 1
        none = f"none of the {len(evaluations):,} windows has" if several else "the window lacks"
        largest = max(evaluation.events for evaluation in evaluations)
        raise StoreError(
            f"{none} the minimum of {minimum} events (the "
            f"largest has {largest}), so nothing was judged; use larger windows (--window)"
        )
