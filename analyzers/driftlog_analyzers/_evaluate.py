"""From a window's profile to its results: every detector on every feature, then one decision over all p-values.

A finding needs three things: enough events, an effect above the detector's floor, and significance among all tests of
the window. The budget is a number of false alerts per feature-window, so that what is held down is the expected number
of false findings in a window: to the budget per feature-window times the number of features.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

from driftlog_analyzers._baseline import Baseline, Constraint, infer_constraints
from driftlog_analyzers._calibration import Calibration, Reference
from driftlog_analyzers._explain import explained
from driftlog_analyzers._finding import Condition, Outcome, Result, Severity
from driftlog_analyzers._guard import guarded
from driftlog_analyzers._profile import FeatureProfile, Features, Slice, WindowProfile, slice_name
from driftlog_analyzers._quality import Quality, compared
from driftlog_analyzers._settings import Settings
from driftlog_analyzers.detectors import (
    FEATURE_DETECTORS,
    OUTPUT_NAMES,
    Case,
    deployment,
    error_rate,
    latency,
    monitor,
    new_feature,
    range_violation,
    staleness,
    volume,
)
from driftlog_analyzers.detectors import quality as labels

WINDOW = "window"
OUTPUT = "prediction."
HIGHEST_LEVEL = 0.05
SPENT = 2.0 / 3.0
_ABSENT = FeatureProfile()
_OF_ALL_EVENTS = frozenset(
    {deployment.NAME, new_feature.NAME, range_violation.NAME, staleness.NAME}
)
"""What is out of bounds, new or stale is so in every slice: all events tell it."""
_GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}


def evaluate(
    profile: WindowProfile,
    baseline: Baseline,
    settings: Settings,
    history: Sequence[int] | None = None,
    *,
    reference: Reference | None = None,
    calibration: Calibration | None = None,
    quality: Quality | None = None,
    more: Sequence[Result] = (),
) -> tuple[Result, ...]:
    """Every result of one window, findings first, the gravest at the top.

    Args:
        profile: the window's profile, made by the baseline's spec.
        baseline: what it is compared with.
        settings: how strict to be.
        history: predictions in comparable earlier windows; None where volume means nothing.
        reference: what rates and distributions are compared with instead of the baseline's profile.
        calibration: how the reference's own windows move.
        quality: what the labels say of the window's predictions; None where that is not asked.
        more: what was tested elsewhere, to be decided together with the rest.
    """
    reference = reference or Reference(baseline.profile)
    beside = _Beside(baseline, settings, reference.profile, calibration, apart=reference.apart)
    whole = _tested(profile, beside)
    results = whole.results
    if history is not None and volume.NAME not in settings.disabled:
        answers = guarded(volume.NAME, "", volume.volume, profile.events, history)
        results = [*(_thresholded(a, settings, calibration) for a in answers), *results]
    results = [*results, *_of_quality(profile, quality, beside)]
    results += [_thresholded(result, settings, calibration) for result in more]
    level = level_of(settings.budget, len(whole.cases))
    told = explained(decide(results, level), whole.cases, profile, baseline.vocabulary)
    told += _of_slices(profile, quality, beside, told, level)
    rules = {**baseline.constraints, **{f"{OUTPUT}{k}": r for k, r in baseline.outputs.items()}}
    final = [_staged(result, rules.get(result.feature)) for result in told]
    if monitor.NAME not in settings.disabled:
        final += monitor.monitor(final)
    return tuple(sorted(final, key=_order))


@dataclass(frozen=True, slots=True)
class _Beside:
    """What some events are compared with, and how; of a slice, everything is the slice's own."""

    baseline: Baseline
    settings: Settings
    before: WindowProfile
    calibration: Calibration | None
    segment: str = ""
    apart: Mapping[str, WindowProfile] = field(default_factory=dict)

    def of(self, part: Slice) -> "_Beside":
        """The same for a slice: without what is said of all events, and without the feature that is constant in it."""
        name, own, settings = slice_name(part), self.baseline.profile.parts[part], self.settings
        before = self.before.segment(name)
        quality = self.baseline.quality and self.baseline.quality.parts.get(name)
        return replace(
            self,
            baseline=replace(self.baseline, profile=own, quality=quality),
            settings=replace(
                settings,
                disabled=settings.disabled | _OF_ALL_EVENTS,
                ignored=settings.ignored | {part[0]},
            ),
            before=before if before.events else own,
            segment=name,
            apart={},
        )


@dataclass(frozen=True, slots=True)
class _Tested:
    """What the detectors say of some events, before the decision, and of what."""

    profile: WindowProfile
    results: list[Result]
    cases: list[Case]


def _tested(profile: WindowProfile, beside: _Beside) -> _Tested:
    settings, segment = beside.settings, beside.segment
    if profile.events < settings.min_events:
        return _Tested(profile, [_too_few(profile.events, settings.min_events, segment)], [])
    cases = [
        _beside_quiet(case, beside.apart)
        for case in _cases(profile, beside.baseline, settings, beside.before)
    ]
    results = [result for case in cases for result in _results(case, settings)]
    results += _of_window(profile, beside.baseline, settings, beside.before)
    named = (replace(result, segment=segment) for result in results)
    return _Tested(profile, [_thresholded(r, settings, beside.calibration) for r in named], cases)


def _tested_slice(profile: WindowProfile, quality: Quality | None, beside: _Beside) -> _Tested:
    name = beside.segment
    one = _tested(profile.segment(name), beside)
    own = quality and quality.parts.get(name)
    labelled = (replace(r, segment=name) for r in _of_quality(one.profile, own, beside))
    return replace(one, results=[*one.results, *labelled])


def _of_slices(
    profile: WindowProfile,
    quality: Quality | None,
    beside: _Beside,
    whole: Sequence[Result],
    level: float,
) -> list[Result]:
    """What only slices show: one decision over all of them; what all events show, too, is weak and opens nothing."""
    parts = beside.baseline.profile.parts
    tested = [(part, _tested_slice(profile, quality, beside.of(part))) for part in parts]
    known = {(r.detector, r.feature) for r in whole if r.alerts}
    decided = iter(decide([r for _, one in tested for r in one.results], level))
    results = []
    for part, one in tested:
        some = list(islice(decided, len(one.results)))
        told = explained(some, one.cases, one.profile, beside.baseline.vocabulary)
        results += [_of_slice(result, part, known) for result in told]
    return results


def _of_slice(result: Result, part: Slice, known: Container[tuple[str, str]]) -> Result:
    """The result in its slice's words; a notice, or what all events show, is no finding here."""
    result = replace(result, summary=f"{slice_name(part)}: {result.summary}")
    if result.outcome is not Outcome.FINDING:
        return result
    if not result.alerts or (result.detector, result.feature) in known:
        return replace(result, outcome=Outcome.OK, weak=True)
    condition = result.condition or Condition("any", "")
    return replace(result, condition=replace(condition, part=part))


def level_of(budget: float, features: int) -> float:
    """The level of a window's tests together: two thirds of the alerts that the budget tolerates among its features.

    A third is kept, because one reference serves all windows and tails are approximations. At most 0.05.

    Args:
        budget: tolerated false alerts per 1,000 feature-windows.
        features: that are tested.
    """
    return min(HIGHEST_LEVEL, SPENT * budget / 1000.0 * max(1, features))


def decide(results: Sequence[Result], level: float) -> list[Result]:
    """Turn findings that are not significant into ok, or into a notice where they are notable.

    Bonferroni's correction without the tests that could not be significant whatever the window held (Tarone 1990): the
    expected number of false findings of these tests is at most the level, however the features depend on each other.
    What has hits in the window alone (`Result.least`) comes on top; the reserve of `level_of` is for that, too.

    Args:
        results: of one window; those without p-value are rules and stay as they are.
        level: expected number of false findings, 0 to 1.
    """
    tested = sum(r.p_value is not None and r.least <= level for r in results)
    each = level / max(1, tested)
    return [_decided(r, r.p_value is None or r.p_value <= each) for r in results]


def _decided(result: Result, significant: bool) -> Result:
    if result.outcome is not Outcome.FINDING or significant:
        return result
    if result.notable:
        return replace(result, severity=Severity.INFO)
    return replace(result, outcome=Outcome.OK, weak=True)


def _of_window(
    profile: WindowProfile, baseline: Baseline, settings: Settings, before: WindowProfile
) -> list[Result]:
    """What is said of the window as a whole."""
    own, version, least = baseline.profile, baseline.version, settings.min_events
    pinned, oldest = settings.version, settings.max_age
    asked: list[tuple[str, Callable[[], Result | None]]] = [
        (
            deployment.NAME,
            partial(deployment.deployment, own, profile, version, least, pinned=pinned),
        ),
        (latency.NAME, partial(latency.latency, before, profile, least)),
        (error_rate.NAME, partial(error_rate.error_rate, before, profile, least)),
    ]
    if oldest is not None:
        aged = partial(staleness.staleness, own, profile, version, baseline.created, oldest)
        asked.append((staleness.NAME, aged))
    return [
        answer
        for name, ask in asked
        if name not in settings.disabled
        for answer in guarded(name, "", ask)
    ]


def _of_quality(profile: WindowProfile, quality: Quality | None, beside: _Beside) -> list[Result]:
    """What is said of the outputs that labels are held against."""
    before, settings = beside.baseline.quality, beside.settings
    if quality is None or before is None or profile.events < settings.min_events:
        return []
    outputs = compared(beside.baseline.profile.predictions)
    found = guarded(labels.NAME, "", labels.quality, before, quality, outputs, settings.min_events)
    kept = (result for result in found if result.feature not in settings.ignored)
    return [_thresholded(result, settings, beside.calibration) for result in kept]


def _thresholded(result: Result, settings: Settings, calibration: Calibration | None) -> Result:
    """The result by the smallest effect that people set, else by what the reference's own windows show."""
    if result.outcome is Outcome.INSUFFICIENT:
        return result
    wanted = settings.threshold(result.detector, result.feature)
    if wanted is not None:
        found = wanted <= abs(result.effect) > 0
        return replace(result, outcome=Outcome.FINDING if found else Outcome.OK)
    if calibration is None or result.outcome is Outcome.OK:
        return result
    floor = calibration.floor(result.detector, result.feature, result.segment)
    if abs(result.effect) > floor:
        return result
    return (
        replace(result, severity=Severity.INFO)
        if result.notable
        else replace(result, outcome=Outcome.OK)
    )


def _results(case: Case, settings: Settings) -> list[Result]:
    names = OUTPUT_NAMES if case.output else {}
    asked = ((names.get(name, name), detector) for name, detector in FEATURE_DETECTORS)
    return [
        _named(answer, name, case)
        for name, detector in asked
        if name not in settings.disabled
        for answer in guarded(name, case.feature, detector, case, settings.min_events)
    ]


def _named(result: Result, name: str, case: Case) -> Result:
    """The result under its detector's name; of an output, the examples are looked for among the outputs."""
    if not case.output:
        return result
    condition = result.condition and replace(
        result.condition, feature=result.condition.feature.removeprefix(OUTPUT), output=True
    )
    return replace(result, detector=name, condition=condition)


def _cases(
    profile: WindowProfile, baseline: Baseline, settings: Settings, reference: WindowProfile
) -> list[Case]:
    """The features of served events, then the outputs."""
    windows = baseline.profile, reference, profile
    outputs = baseline.outputs or infer_constraints(
        replace(windows[0], features=windows[0].predictions)
    )
    cases = _side_by_side(baseline.constraints, [w.features for w in windows], windows)
    cases += [
        replace(case, feature=f"{OUTPUT}{case.feature}", output=True)
        for case in _side_by_side(outputs, [w.predictions for w in windows], windows)
    ]
    return [case for case in cases if _is_served(case) and case.feature not in settings.ignored]


def _is_served(case: Case) -> bool:
    return case.constraint is None or "serving" in case.constraint.environment


def _beside_quiet(case: Case, apart: Mapping[str, WindowProfile]) -> Case:
    """The case beside the windows that were quiet about its feature, where those are others."""
    if case.feature not in apart:
        return case
    quiet = apart[case.feature]
    parts = quiet.predictions if case.output else quiet.features
    name = case.feature.removeprefix(OUTPUT) if case.output else case.feature
    return replace(case, before=parts.get(name, _ABSENT), before_events=quiet.events)


def _side_by_side(
    rules: Mapping[str, Constraint], parts: Sequence[Features], windows: Sequence[WindowProfile]
) -> list[Case]:
    """Each feature in the baseline, in what the window is compared with, and in the window."""
    own, before, after = parts
    return [
        Case(
            feature=name,
            constraint=rules.get(name),
            before=before.get(name, _ABSENT),
            before_events=windows[1].events,
            after=after.get(name, _ABSENT),
            after_events=windows[2].events,
            own=own.get(name, _ABSENT),
        )
        for name in sorted({*after, *rules})
    ]


def _too_few(events: int, needed: int, segment: str) -> Result:
    words = f"{events} events, at least {needed} are needed"
    return Result(WINDOW, "", Outcome.INSUFFICIENT, words, n=events, segment=segment)


def _staged(result: Result, rule: Constraint | None) -> Result:
    """A feature that is not active informs but opens no alert."""
    if rule is None or rule.stage == "active" or not result.alerts:
        return result
    return replace(result, severity=Severity.INFO, summary=f"{result.summary} ({rule.stage})")


def _order(result: Result) -> tuple[bool, int, float, str, str, str]:
    found = result.outcome is Outcome.FINDING
    return (
        not found,
        -_GRAVITY[result.severity] if found else 0,
        -abs(result.effect),
        result.feature,
        result.detector,
        result.segment,
    )
