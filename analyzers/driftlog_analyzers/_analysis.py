"""From a store and a baseline to evaluations and alerts in the state file: the one run that everything else calls.

A window is profiled once. It is profiled again, under the next revision, only if its number of events changed (it was
still open, or events came late), and evaluated again only then, or if its number of labels, the baseline or the
settings changed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._calibration import WORDS, Calibration, Mode, Reference, slot_of
from driftlog_analyzers._earlier import Earlier
from driftlog_analyzers._episode import EpisodeSettings, advance, fold
from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._explain import by_version, mixed
from driftlog_analyzers._finding import Evaluation, Outcome, Result
from driftlog_analyzers._json import to_json
from driftlog_analyzers._late_labels import held_against_labels
from driftlog_analyzers._loops import loops
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._quality import Quality
from driftlog_analyzers._reference import profile_spec
from driftlog_analyzers._sampled import going_together
from driftlog_analyzers._saved import Saved
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._shippers import beside, watched
from driftlog_analyzers._state import State
from driftlog_analyzers._store import EventStore, ProfileSpec
from driftlog_analyzers._window import CountSize, TimeSize, Window, WindowSize

Progress = Callable[[int, int], None]

_CHUNK = 1000
_TRAILING = 28
_DAY = timedelta(days=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Run:
    """What one run works with."""

    store: EventStore
    state: State
    baseline: Baseline
    size: WindowSize
    settings: Settings
    spec: ProfileSpec
    fingerprint: str
    calibration: Calibration | None
    label: str
    now: datetime
    episodes: EpisodeSettings

    def label_of(self, window: Window) -> str:
        """The baseline's name, in a hash all that decides the results, and whether the window was judged while open."""
        return f"{self.label}{', open' if window.end > self.now else ''})"


@dataclass(frozen=True, slots=True)
class _Beyond:
    """What is known of some windows beside their events."""

    labels: Mapping[Window, Quality]
    shippers: Mapping[Window, Sequence[Result]]
    together: Mapping[Window, Sequence[Result]]


def analyze(
    store: EventStore,
    baseline: Baseline,
    state: State,
    size: WindowSize,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    settings: Settings | None = None,
    episodes: EpisodeSettings | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> list[Evaluation]:
    """Bring every window between start and end up to date and carry the alerts on.

    Args:
        store: where the events are.
        baseline: what they are compared with.
        state: where profiles, evaluations and alerts are kept.
        size: of the windows.
        start: UTC; by default that of the first event.
        end: UTC; by default that of the last event.
        settings: of the detectors.
        episodes: when alerts begin and end.
        now: the time; a window that ends later is evaluated as it is, without its volume. By default the clock's
            where an end is given, else the time of the last event.
        progress: is told how many of how many windows are done.

    Returns:
        The evaluation of each window, oldest first.

    Raises:
        StoreError: the store could not answer completely; nothing was concluded.
    """
    settings = settings or Settings()
    extent = store.extent(baseline.model)
    if extent is None:
        return []
    now = now or (datetime.now(UTC) if end else extent.last)
    episodes = episodes or EpisodeSettings()
    run = _start(store, baseline, state, size, settings, now, episodes)
    windows = store.windows(baseline.model, size, start, end)
    known = _known(run, windows)
    counts = dict(zip(windows, store.counts(baseline.model, windows), strict=True))
    history = {window: evaluation.events for window, evaluation in known.items()} | counts
    labels = held_against_labels(store, baseline, settings, windows)
    due = [
        w for w in windows if not _current(known.get(w), counts[w], labels.get(w), run.label_of(w))
    ]
    done = 0
    for chunk in _chunks(due):
        with state.transaction():
            shippers = watched(store, baseline.model, size, chunk, now=now, settings=settings)
            together = going_together(store, baseline, settings, chunk)
            made = _evaluated(run, chunk, known, history, _Beyond(labels, shippers, together))
            _carry_on(run, known, made)
        known |= {evaluation.window: evaluation for evaluation in made}
        done += len(made)
        if progress:
            progress(done, len(due))
    return [known[window] for window in windows]


def _start(  # noqa: PLR0917 - what a run has, in the order of `_Run`
    store: EventStore,
    baseline: Baseline,
    state: State,
    size: WindowSize,
    settings: Settings,
    now: datetime,
    episodes: EpisodeSettings,
) -> _Run:
    spec = profile_spec(baseline)
    fingerprint, calibration = profile_fingerprint(spec), baseline.calibration(size)
    label = _label(baseline, settings, fingerprint, calibration)
    return _Run(
        store, state, baseline, size, settings, spec, fingerprint, calibration, label, now, episodes
    )


def baseline_label(baseline: Baseline, settings: Settings, size: WindowSize) -> str:
    """How `Evaluation.baseline` begins for this baseline under these settings."""
    fingerprint = profile_fingerprint(profile_spec(baseline))
    return _label(baseline, settings, fingerprint, baseline.calibration(size))


def profile_fingerprint(spec: ProfileSpec) -> str:
    """Tells how windows are profiled: profiles of one fingerprint can merge."""
    return _hash(_stable(spec))


def _label(
    baseline: Baseline, settings: Settings, fingerprint: str, calibration: Calibration | None
) -> str:
    rules = repr((sorted(baseline.constraints.items()), sorted(baseline.outputs.items())))
    moves = to_json(calibration) if calibration else b""
    labels = to_json(baseline.quality) if baseline.quality else b""
    labels += to_json(baseline.joint) if baseline.joint else b""
    key = _hash(
        to_json(baseline.profile), rules, fingerprint, _settings_key(settings), moves, labels
    )
    beside = f" beside {WORDS[calibration.mode]}" if calibration else ""
    return f"{baseline.name}{beside} ({key}"


def _stable(spec: ProfileSpec) -> str:
    """The spec as text that is the same in every process."""
    features = [
        (name, s.edges, s.minimum, s.maximum, sorted(s.vocabulary or ()))
        for name, s in sorted(spec.features.items())
    ]
    outputs = [(name, s.edges) for name, s in sorted(spec.predictions.items())]
    return repr((features, outputs, spec.slices))


def _settings_key(settings: Settings) -> str:
    names = sorted(settings.disabled), sorted(settings.ignored), sorted(settings.thresholds.items())
    plain = settings.budget, settings.min_events, settings.version, settings.max_age
    return repr((*plain, *names, settings.feedback))


def _hash(*parts: str | bytes) -> str:
    digest = blake2b(digest_size=6)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
    return digest.hexdigest()


def _known(run: _Run, windows: Sequence[Window]) -> dict[Window, Evaluation]:
    """What earlier runs said, without windows that are no more: late events move the bounds of windows by count."""
    known = {e.window: e for e in run.state.evaluations(run.baseline.model, run.size)}
    if not windows:
        return known
    there = frozenset(windows)
    first, last = windows[0], windows[-1]
    moved = [
        w
        for w in known
        if w not in there
        and (w.end, w.end_id) > (first.start, first.start_id)
        and (w.start, w.start_id) < (last.end, last.end_id)
    ]
    if moved and isinstance(run.size, CountSize):
        with run.state.transaction():
            run.state.forget_windows(run.baseline.model, run.size, moved)
            _fold_anew(run)
        return {window: known[window] for window in known.keys() - set(moved)}
    return known


def _current(known: Evaluation | None, events: int, quality: Quality | None, label: str) -> bool:
    if known is None or (known.events, known.baseline) != (events, label):
        return False
    return quality is None or known.labelled == quality.labelled


def _chunks(windows: Iterable[Window]) -> Iterator[list[Window]]:
    rest = iter(windows)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _evaluated(
    run: _Run,
    windows: list[Window],
    known: dict[Window, Evaluation],
    events: dict[Window, int],
    beyond: _Beyond,
) -> list[Evaluation]:
    """Evaluate some windows and save what was found."""
    labels = beyond.labels
    made: list[Evaluation] = []
    several: dict[int, WindowProfile] = {}
    followed = loops(run.store, run.baseline, run.settings, run.size, windows)
    earlier = _earlier(run)
    for window, profile in zip(windows, _profiles(run, windows, known, events), strict=True):
        reference = _reference(run, (window, profile), earlier, known)
        results = evaluate(
            profile,
            run.baseline,
            run.settings,
            _history(run, window, events),
            reference=reference,
            calibration=run.calibration,
            quality=labels.get(window),
            more=followed.get(window, ()),
        )
        results = beside(results, beyond.shippers.get(window, ()))
        results = (*results, *beyond.together.get(window, ()))
        if earlier:
            earlier.add(window, profile, results)
        if mixed(profile, results):
            several[len(made)] = profile
        labelled = labels[window].labelled if window in labels else 0
        evaluation = _evaluation(run, window, profile, results, labelled)
        made.append(_revised(evaluation, known.get(window)))
        run.state.save_profile(
            run.baseline.model, run.size, window, made[-1].revision, run.fingerprint, profile
        )
    usual = run.baseline.profile.versions
    made = _with_examples(run, by_version(run.store, run.spec, usual, made, several))
    for evaluation in made:
        run.state.save_evaluation(run.size, evaluation)
    return made


def _profiles(
    run: _Run, windows: list[Window], known: dict[Window, Evaluation], events: dict[Window, int]
) -> Iterator[WindowProfile]:
    """The profile of each window: the saved one where no events came since, else a new one."""
    same = [w for w in windows if w in known and known[w].events == events[w]]
    saved = Saved(run.state, run.baseline.model, run.size, run.fingerprint)
    return saved.or_made(run.store, run.spec, windows, same)


def _earlier(run: _Run) -> Earlier | None:
    """The quiet windows before, where windows are compared with those."""
    calibration = run.calibration
    if calibration is None or calibration.mode is not Mode.TRAILING:
        return None
    return Earlier(run.state, run.baseline.model, run.size, run.fingerprint, calibration)


def _reference(
    run: _Run,
    of: tuple[Window, WindowProfile],
    earlier: Earlier | None,
    known: dict[Window, Evaluation],
) -> Reference | None:
    """What the window is compared with instead of the whole reference."""
    window, profile = of
    if earlier:
        return earlier.reference(window, profile, known)
    slots = run.calibration.slots if run.calibration else {}
    slot = slots.get(slot_of(window))
    return Reference(slot) if slot else None


def _evaluation(
    run: _Run,
    window: Window,
    profile: WindowProfile,
    results: Sequence[Result],
    labelled: int,
) -> Evaluation:
    told = tuple(_brief(r) for r in results if r.outcome is not Outcome.OK or r.weak)
    return Evaluation(
        run.baseline.model,
        window,
        profile.events,
        run.label_of(window),
        told,
        len(results),
        labelled=labelled,
    )


def _revised(made: Evaluation, before: Evaluation | None) -> Evaluation:
    """The evaluation under the next revision, if events or labels came since the one before."""
    if before is None:
        return made
    changed = (before.events, before.labelled) != (made.events, made.labelled)
    return replace(made, revision=before.revision + changed)


def _brief(result: Result) -> Result:
    """The result, a weak one without its evidence: only its size says whether an alert goes on."""
    bare = replace(result, changes=(), statistics={}, condition=None)
    return bare if result.weak else result


def _with_examples(run: _Run, made: list[Evaluation]) -> list[Evaluation]:
    """Name a few events of each finding; one more scan, and only over windows where something was found."""
    bad = {
        n: [r.condition for r in e.findings if r.condition]
        for n, e in enumerate(made)
        if e.findings
    }
    ids = run.store.examples(run.baseline.model, [made[n].window for n in bad], list(bad.values()))
    named = list(made)
    for n, found in zip(bad, ids, strict=True):
        rest = iter(found)
        results = (
            replace(r, events=next(rest)) if r.alerts and r.condition else r
            for r in made[n].results
        )
        named[n] = replace(made[n], results=tuple(results))
    return named


def _history(run: _Run, window: Window, events: dict[Window, int]) -> list[int] | None:
    """Counts of comparable earlier windows: of the same time of day where windows are shorter than a day."""
    if not isinstance(run.size, TimeSize) or window.end > run.now:
        return None
    step = max(run.size.duration, _DAY)
    possible = min(_TRAILING, (window.start - _EARLIEST) // step)
    earlier = (
        Window(window.start - i * step, window.end - i * step) for i in range(1, possible + 1)
    )
    return [events[other] for other in earlier if other in events]


def _carry_on(run: _Run, known: dict[Window, Evaluation], made: Sequence[Evaluation]) -> None:
    """Carry the alerts on; fold them anew where an earlier window changed."""
    if any(window >= min(e.window for e in made) for window in known):
        _fold_anew(run)
        return
    current = run.state.episodes(run.baseline.model, size=run.size, closed=False)
    for evaluation in made:
        current = advance(current, evaluation, run.episodes)
        run.state.save_episodes(run.size, current)


def _fold_anew(run: _Run) -> None:
    model, state = run.baseline.model, run.state
    state.forget_episodes(model, run.size)
    state.save_episodes(run.size, fold(state.evaluations(model, run.size), run.episodes))
