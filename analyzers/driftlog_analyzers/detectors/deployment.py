"""Deployment: events of a model version that the reference does not know, of none, or of several at once.

Or of a known version whose schema is another (`_schema`).

Rules, no tests: a version is known or it is not. A version without a baseline of its own is a notice where all events
have it (somebody deployed), and a finding where it is mixed with others or where people pinned the version.
"""

from dataclasses import replace

from driftlog_analyzers._finding import Change, Outcome, Result, Severity
from driftlog_analyzers._profile import Counts, WindowProfile
from driftlog_analyzers._statistics import counted, percent, rate
from driftlog_analyzers.detectors._case import too_few
from driftlog_analyzers.detectors._schema import schema_change

NAME = "deployment"
MINIMUM_SHARE = 0.01


def deployment(
    before: WindowProfile,
    after: WindowProfile,
    version: str,
    minimum: int,
    *,
    pinned: str | None = None,
) -> Result | None:
    """Check the versions of one window; the effect is the share of events that are not of a known version.

    Args:
        before: the reference's profile.
        after: the window's profile.
        version: the baseline's.
        minimum: events that a window needs.
        pinned: the only version that may serve, where people named one.
    """
    n = after.events
    if not after.versions and not before.versions and pinned is None:
        return None
    if n < minimum:
        return too_few(NAME, n, "event", minimum)
    known = {version, *before.versions} if pinned is None else {pinned}
    other = {name: count for name, count in after.versions.items() if name not in known}
    unnamed = n - sum(after.versions.values()) if before.versions or pinned else 0
    strange = sum(other.values()) + unnamed
    found = rate(strange, n) >= MINIMUM_SHARE
    severity = _severity(n, other, unnamed, pinned=pinned is not None)
    rule = f"only {pinned} may serve" if pinned else f"the baseline is of version {version}"
    result = Result(
        NAME,
        "",
        Outcome.FINDING if found else Outcome.OK,
        _words(other, unnamed, n, rule),
        severity=severity,
        n=n,
        effect=rate(strange, n),
        changes=_changes(before.versions, after.versions, before.events, n),
        shared={"version": _most(other)[0][0]} if other else {},
    )
    return _with_schema(result, before, after, frozenset({version, *before.versions}))


def _with_schema(
    result: Result, before: WindowProfile, after: WindowProfile, known: frozenset[str]
) -> Result:
    """The result, and beside it or in its stead that the schema changed within a version."""
    change = schema_change(before, after, known)
    if change is None:
        return result
    also = result.outcome is Outcome.FINDING
    moved = _changes(before.schemas, after.schemas, before.events, after.events)
    return replace(
        result,
        outcome=Outcome.FINDING,
        summary=f"{result.summary}; {change.words}" if also else change.words,
        severity=Severity.HIGH,
        effect=max(result.effect, change.share) if also else change.share,
        changes=(*result.changes, *moved) if also else moved,
    )


def _severity(n: int, other: Counts, unnamed: int, *, pinned: bool) -> Severity:
    if pinned or unnamed:
        return Severity.HIGH
    return Severity.INFO if max(other.values(), default=0) == n else Severity.MEDIUM


def _words(other: Counts, unnamed: int, n: int, rule: str) -> str:
    named = [f"version {name} in {percent(rate(count, n))}" for name, count in _most(other)]
    named += [f"no version in {percent(rate(unnamed, n))}"] if unnamed else []
    found = ", ".join(named) or "no other version"
    return f"{found} of {counted(n, 'event')}; {rule}"


def _most(counts: Counts) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _changes(
    before: Counts, after: Counts, before_events: int, after_events: int
) -> tuple[Change, ...]:
    names = dict.fromkeys(name for part in (after, before) for name, _ in _most(part))
    return tuple(
        Change(
            name,
            rate(before.get(name, 0), before_events),
            rate(after.get(name, 0), after_events),
            before.get(name, 0),
            after.get(name, 0),
        )
        for name in names
    )
