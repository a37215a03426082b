"""From a store and a baseline to evaluations and alerts in the state file: the one run that everything else calls.

A window is profiled once. It is profiled again, under the next revision, only if its number of events changed (it was
still open, or events came late), and evaluated again only then, or if its number of labels or damaged lines, the
baseline or the settings changed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from driftlog_analyzers._aside import damages
from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._charted import Charted
from driftlog_analyzers._damage import Damaged
from driftlog_analyzers._episode import EpisodeSettings
from driftlog_analyzers._evaluating import Beyond, evaluated
from driftlog_analyzers._finding import Evaluation, Result
from driftlog_analyzers._folding import carry_on, fold_anew
from driftlog_analyzers._late_labels import held_against_labels
from driftlog_analyzers._quality import Quality
from driftlog_analyzers._run import Run
from driftlog_analyzers._sampled import going_together
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._shippers import watched
from driftlog_analyzers._state import State
from driftlog_analyzers._store import EventStore
from driftlog_analyzers._window import CountSize, Window, WindowSize

Progress = Callable[[int, int], None]

_CHUNK = 100


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
    extent = store.extent(baseline.model)
    if extent is None:
        return []
    run = Run.of(
        store,
        baseline,
        state,
        size,
        settings=settings or Settings(),
        episodes=episodes or EpisodeSettings(),
        now=now or (datetime.now(UTC) if end else extent.last),
    )
    windows = store.windows(baseline.model, size, start, end)
    known = _known(run, windows)
    _bring_up_to_date(run, windows, known, progress)
    return [known[window] for window in windows]


def changed_windows(run: Run, start: datetime | None, end: datetime) -> list[Evaluation]:
    """Bring the windows of a stretch up to date, by what earlier runs said from its start on.

    Args:
        run: what the run works with.
        start: UTC; None is the first event's time.
        end: UTC; windows that end later are left alone.

    Returns:
        The evaluations that were made.
    """
    windows = [
        w for w in run.store.windows(run.baseline.model, run.size, start, end) if w.end <= end
    ]
    known = _known(run, windows, start)
    before = dict(known)
    _bring_up_to_date(run, windows, known, None)
    return [known[w] for w in windows if known[w] != before.get(w)]


def _bring_up_to_date(
    run: Run,
    windows: Sequence[Window],
    known: dict[Window, Evaluation],
    progress: Progress | None,
) -> None:
    """Evaluate the windows that are new or changed, which makes them known, and carry the alerts on."""
    model, settings = run.baseline.model, run.settings
    counts = dict(zip(windows, run.store.counts(model, windows), strict=True))
    history = {window: evaluation.events for window, evaluation in known.items()} | counts
    labels = held_against_labels(run.store, run.baseline, settings, windows)
    damage = damages(run.store, model, windows, settings)
    due = [
        w
        for w in windows
        if not _current(
            known.get(w), (counts[w], _lines(damage, w)), labels.get(w), run.label_of(w)
        )
    ]
    head = max(known, default=None)
    done = 0
    for chunk in _chunks(due):
        made = evaluate_windows(run, chunk, known, history, labels=labels, damage=damage, head=head)
        done += len(made)
        head = max(chunk[-1], head or chunk[-1])
        if progress:
            progress(done, len(due))


def evaluate_windows(
    run: Run,
    windows: Sequence[Window],
    known: dict[Window, Evaluation],
    history: Mapping[Window, int],
    *,
    labels: Mapping[Window, Quality],
    damage: Mapping[Window, Damaged],
    head: Window | None,
    own: Mapping[Window, Sequence[Result]] | None = None,
) -> list[Evaluation]:
    """Evaluate some windows, which makes them known, save all of it at once, and carry the alerts on.

    Args:
        run: what the run works with.
        windows: oldest first.
        known: earlier evaluations: of these windows, and of those before that they are compared with.
        history: predictions in these and in comparable earlier windows.
        labels: what the labels say of the windows.
        damage: their lines that are no events.
        head: the latest window that was evaluated so far.
        own: what driftlog says of itself, by window.
    """
    model, settings = run.baseline.model, run.settings
    shippers = watched(run.store, model, run.size, windows, now=run.now, settings=settings)
    together = going_together(run.store, run.baseline, settings, windows)
    beyond = Beyond(labels, damage, shippers, together, own or {})
    made = evaluated(run, windows, known, history, beyond)
    with run.state.transaction():
        for evaluation, profile in made:
            run.state.save_profile(
                model,
                run.size,
                evaluation.window,
                evaluation.revision,
                run.fingerprint,
                profile,
                charted=Charted(
                    run.baseline, settings, run.calibration, labels.get(evaluation.window)
                ),
            )
            run.state.save_evaluation(run.size, evaluation)
        carry_on(run, [evaluation for evaluation, _ in made], head)
    known |= {evaluation.window: evaluation for evaluation, _ in made}
    return [evaluation for evaluation, _ in made]


def _known(
    run: Run, windows: Sequence[Window], since: datetime | None = None
) -> dict[Window, Evaluation]:
    """What earlier runs said, without windows that are no more: late events move the bounds of windows by count."""
    known = {e.window: e for e in run.state.evaluations(run.baseline.model, run.size, since)}
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
            fold_anew(run)
        return {window: known[window] for window in known.keys() - set(moved)}
    return known


def _lines(damage: Mapping[Window, Damaged], window: Window) -> int:
    return damage[window].lines if window in damage else 0


def _current(
    known: Evaluation | None, lines: tuple[int, int], quality: Quality | None, label: str
) -> bool:
    """Whether the window was evaluated with as many events, damaged lines and labels."""
    if known is None or (known.events, known.damaged, known.baseline) != (*lines, label):
        return False
    return quality is None or known.labelled == quality.labelled


def _chunks(windows: Iterable[Window]) -> Iterator[list[Window]]:
    rest = iter(windows)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
