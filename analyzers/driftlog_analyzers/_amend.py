"""Baselines side by side, and a baseline amended by what a finding shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from driftlog_analyzers._baseline import Baseline, Constraint
from driftlog_analyzers._finding import Result
from driftlog_analyzers._profile import Categorical, FeatureProfile, Features
from driftlog_analyzers._statistics import figure, percent, rate
from driftlog_analyzers.errors import InputError

OUTPUT = "prediction."
SHOWN = 3
MOVED = 0.01
OF_THE_LOG = frozenset({"volume", "resources", "log_damage", "monitor"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two baselines say otherwise.

    Attributes:
        feature: the feature; an output as ``prediction.<name>``.
        what: a key of the constraints, or what of the reference moved.
        before: what the first says.
        after: what the second says.
    """

    feature: str
    what: str
    before: str
    after: str


def differences(first: Baseline, second: Baseline) -> tuple[Difference, ...]:
    """What the second baseline says otherwise than the first: constraints, then the reference itself."""
    return (
        *_rules("", first.constraints, second.constraints),
        *_rules(OUTPUT, first.outputs, second.outputs),
        *_moves(first, second),
    )


def accepted(baseline: Baseline, result: Result) -> Baseline:
    """The baseline with what a finding shows made allowed.

    A feature that vanished is required no more, null becomes allowed, the range is widened to what was seen, and new
    values are known from now on.

    Raises:
        InputError: no constraint decides such a finding, or the baseline does not know the feature.
    """
    if result.detector in OF_THE_LOG:
        raise InputError(
            f"this finding of {result.detector} is about the service and its log, which no baseline describes;"
            " mend the cause, and the alert closes by itself"
        )
    output = result.feature.startswith(OUTPUT) and result.feature not in baseline.constraints
    name = result.feature.removeprefix(OUTPUT) if output else result.feature
    rules = dict(baseline.outputs if output else baseline.constraints)
    if name not in rules:
        about = repr(result.feature) if result.feature else "all events"
        raise InputError(
            f"the baseline {baseline.name} has no constraints of {about}; "
            "make a new baseline of good events: driftlog baseline --from TIME --to TIME"
        )
    amended = _amended(rules[name], result)
    if amended == rules[name]:
        raise InputError(_refusal(result))
    rules[name] = amended
    return replace(baseline, outputs=rules) if output else replace(baseline, constraints=rules)


def _amended(rule: Constraint, result: Result) -> Constraint:
    if result.detector == "vanished":
        return replace(rule, required=False)
    if result.detector == "na_spike":
        return replace(rule, nulls="allowed")
    if result.detector == "range":
        return _widened(rule, result.statistics)
    if result.detector == "unseen_category":
        return _with_values(rule, result)
    raise InputError(_refusal(result))


def _refusal(result: Result) -> str:
    return (
        f"this finding of {result.detector} about {result.feature or 'all events'} rests on the reference itself, "
        "and no constraint can accept it; "
        "make a new baseline of good events: driftlog baseline --from TIME --to TIME"
    )


def _widened(rule: Constraint, seen: Mapping[str, float]) -> Constraint:
    low, high = rule.minimum, rule.maximum
    return replace(
        rule,
        minimum=None if low is None else min(low, seen["minimum"]),
        maximum=None if high is None else max(high, seen["maximum"]),
    )


def _with_values(rule: Constraint, result: Result) -> Constraint:
    if rule.values is None:
        raise InputError(
            f"{result.feature} has too many values to be listed; make a new baseline of good events: "
            "driftlog baseline --from TIME --to TIME"
        )
    new = {change.value for change in result.changes} - {*rule.values}
    return replace(rule, values=(*rule.values, *sorted(new)))


def _rules(
    prefix: str, first: Mapping[str, Constraint], second: Mapping[str, Constraint]
) -> Iterator[Difference]:
    for name in sorted({*first, *second}):
        before, after = first.get(name), second.get(name)
        if before is None or after is None:
            there = ("", "declared") if after else ("declared", "")
            yield Difference(prefix + name, "feature", *there)
            continue
        for key in (field.name for field in fields(Constraint)):
            old, new = getattr(before, key), getattr(after, key)
            if old != new and key == "values" and old is not None and new is not None:
                yield Difference(prefix + name, key, _some({*old} - {*new}), _some({*new} - {*old}))
            elif old != new:
                yield Difference(prefix + name, key, _said(old), _said(new))


def _moves(first: Baseline, second: Baseline) -> Iterator[Difference]:
    """Rates, means and shares of the references that moved by a hundredth, or of a standard deviation a tenth."""
    a, b = first.profile, second.profile
    parts: tuple[tuple[str, Features, Features], ...] = (
        ("", a.features, b.features),
        (OUTPUT, a.predictions, b.predictions),
    )
    for prefix, before, after in parts:
        for name in sorted(before.keys() & after.keys()):
            yield from _moved(prefix + name, (before[name], a.events), (after[name], b.events))


def _moved(
    name: str, first: tuple[FeatureProfile, int], second: tuple[FeatureProfile, int]
) -> Iterator[Difference]:
    (a, m), (b, n) = first, second
    for what, old, new in (
        ("absent", rate(m - a.present, m), rate(n - b.present, n)),
        ("null", rate(a.nulls, m), rate(b.nulls, n)),
    ):
        if abs(new - old) >= MOVED:
            yield Difference(name, what, percent(old), percent(new))
    if a.numeric and b.numeric:
        spread = (a.numeric.m2 / a.numeric.n) ** 0.5
        if abs(b.numeric.mean - a.numeric.mean) > 10 * MOVED * spread:
            yield Difference(name, "mean", figure(a.numeric.mean), figure(b.numeric.mean))
    if a.categorical and b.categorical:
        yield from _shares(name, a.categorical, b.categorical)


def _shares(name: str, first: Categorical, second: Categorical) -> Iterator[Difference]:
    before, after = (
        {value: rate(count, part.n) for value, count in part.counts.items()}
        for part in (first, second)
    )
    moves = {v: after.get(v, 0.0) - before.get(v, 0.0) for v in {*before, *after}}
    for value in sorted(moves, key=lambda v: (-round(abs(moves[v]), 9), v))[:SHOWN]:
        if abs(moves[value]) >= MOVED:
            shares = percent(before.get(value, 0.0)), percent(after.get(value, 0.0))
            yield Difference(name, f"share of {value!r}", *shares)


def _said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _some(values: set[str]) -> str:
    return ", ".join(sorted(values))
