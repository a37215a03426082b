"""What a run finds in some windows: each is profiled, compared, and saved with a few events of what was found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from driftlog_analyzers._calibration import Mode, Reference, slot_of
from driftlog_analyzers._comparable import comparable
from driftlog_analyzers._damage import Damaged
from driftlog_analyzers._earlier import Earlier
from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._explain import by_host, by_version, mixed
from driftlog_analyzers._finding import Evaluation, Outcome, Result
from driftlog_analyzers._guard import guarded
from driftlog_analyzers._loops import loops
from driftlog_analyzers._nested import profiles
from driftlog_analyzers._profile import WindowProfile, most
from driftlog_analyzers._quality import Quality
from driftlog_analyzers._run import Run
from driftlog_analyzers._saved import Saved
from driftlog_analyzers._shippers import beside
from driftlog_analyzers._window import TimeSize, Window
from driftlog_analyzers.detectors import log_damage, monitor


@dataclass(frozen=True, slots=True)
class Beyond:
    """What is known of some windows beside their events."""

    labels: Mapping[Window, Quality]
    damage: Mapping[Window, Damaged]
    shippers: Mapping[Window, Sequence[Result]]
    together: Mapping[Window, Sequence[Result]]
    own: Mapping[Window, Sequence[Result]] = field(default_factory=dict)


def evaluated(
    run: Run,
    windows: Sequence[Window],
    known: Mapping[Window, Evaluation],
    events: Mapping[Window, int],
    beyond: Beyond,
) -> list[tuple[Evaluation, WindowProfile]]:
    """Evaluate some windows; nothing is saved."""
    labels = beyond.labels
    made: list[Evaluation] = []
    kept: list[WindowProfile] = []
    several: dict[int, WindowProfile] = {}
    followed = loops(run.store, run.baseline, run.settings, run.size, windows)
    earlier = _earlier(run)
    for window, profile in zip(windows, _profiles(run, windows, known, events), strict=True):
        reference = _reference(run, (window, profile), earlier, known)
        is_open = isinstance(run.size, TimeSize) and window.end > run.now
        results = evaluate(
            profile,
            run.baseline,
            run.settings,
            None if is_open else comparable(run.size, window, events),
            reference=reference,
            calibration=run.calibration.of_open()
            if is_open and run.calibration
            else run.calibration,
            quality=labels.get(window),
            more=(*followed.get(window, ()), *_damage(profile, beyond.damage.get(window))),
        )
        results = beside(results, beyond.shippers.get(window, ()))
        results = (
            *_failures(run, beyond, window),
            *beyond.own.get(window, ()),
            *results,
            *beyond.together.get(window, ()),
        )
        if earlier:
            earlier.add(window, profile, results)
        if mixed(profile, results):
            several[len(made)] = profile
        evaluation = replace(
            _evaluation(run, window, profile, results),
            labelled=labels[window].labelled if window in labels else 0,
            damaged=beyond.damage[window].lines if window in beyond.damage else 0,
        )
        made.append(_revised(evaluation, known.get(window)))
        kept.append(profile)
    usual = run.baseline.profile.versions
    made = by_host(run.store, by_version(run.store, run.spec, usual, made, several))
    return list(zip(_with_examples(run, made), kept, strict=True))


def _damage(profile: WindowProfile, damaged: Damaged | None) -> list[Result]:
    """What is said of the window's damaged lines."""
    name = log_damage.NAME
    return guarded(name, "", log_damage.log_damage, profile.events, damaged) if damaged else []


def _failures(run: Run, beyond: Beyond, window: Window) -> list[Result]:
    """The detectors that failed on what is known beside the events."""
    if monitor.NAME in run.settings.disabled:
        return []
    return monitor.monitor([*beyond.shippers.get(window, ()), *beyond.together.get(window, ())])


def _profiles(
    run: Run,
    windows: Sequence[Window],
    known: Mapping[Window, Evaluation],
    events: Mapping[Window, int],
) -> Iterator[WindowProfile]:
    """The profile of each window: the saved one where no events came since, else a new one."""
    same = [w for w in windows if w in known and known[w].events == events[w]]
    saved = Saved(run.state, run.baseline.model, run.size, run.fingerprint)
    return saved.or_made(partial(profiles, run), windows, same)


def _earlier(run: Run) -> Earlier | None:
    """The quiet windows before, where windows are compared with those."""
    calibration = run.calibration
    if calibration is None or calibration.mode is not Mode.TRAILING:
        return None
    return Earlier(run.state, run.baseline.model, run.size, run.fingerprint, calibration)


def _reference(
    run: Run,
    of: tuple[Window, WindowProfile],
    earlier: Earlier | None,
    known: Mapping[Window, Evaluation],
) -> Reference | None:
    """What the window is compared with instead of the whole reference."""
    window, profile = of
    if earlier:
        return earlier.reference(window, profile, known)
    slots = run.calibration.slots if run.calibration else {}
    slot = slots.get(slot_of(window))
    return Reference(slot) if slot else None


def _evaluation(
    run: Run,
    window: Window,
    profile: WindowProfile,
    results: Sequence[Result],
) -> Evaluation:
    told = tuple(_brief(r) for r in results if r.outcome is not Outcome.OK or r.weak)
    return Evaluation(
        run.baseline.model,
        window,
        profile.events,
        run.label_of(window),
        told,
        len(results),
        versions=most(profile.versions),
    )


def _revised(made: Evaluation, before: Evaluation | None) -> Evaluation:
    """The evaluation under the next revision, if events, labels or damaged lines came since the one before."""
    if before is None:
        return made
    old, new = ((e.events, e.labelled, e.damaged) for e in (before, made))
    changed = old != new
    return replace(made, revision=before.revision + changed)


def _brief(result: Result) -> Result:
    """The result, a weak one without its evidence: only its size says whether an alert goes on."""
    bare = replace(result, changes=(), statistics={}, condition=None)
    return bare if result.weak else result


def _with_examples(run: Run, made: list[Evaluation]) -> list[Evaluation]:
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
