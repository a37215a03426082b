"""Which alerts that begin together are one incident. Pure.

Alerts join by what they share, the most telling first:

1.  one feature, whichever detectors and slices (``feature``);
2.  the model version or host that alone has the events which show them (``version``, ``host``), or a version that
    nobody knows and most events have since the same window;
3.  one source: declared, or else the first word of the features' names (``source``);
4.  one detector that strikes `MANY` of the groups so far in one window (``onset``);
5.  outputs join the inputs that moved with them (``inputs``).

Together is the same window, or the one before. What has begun stays in its incident: an incident grows and never
splits, and two that have begun never become one. Alerts of windows of another size about the same feature join, too, if
they overlap: what is found by the hour and by the day is one incident, and the one that began first names it.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING

from driftlog_analyzers._cause import Cause, CauseKind, Membership
from driftlog_analyzers._window import Window

if TYPE_CHECKING:
    from driftlog_analyzers._episode import Episode

MANY = 3
_MOST = 0.5
_OUTPUT = "prediction."
_DEPLOYMENT = "deployment"
# First words that say how a feature is made and not where it comes from.
_HOW = ("avg", "cat", "count", "has", "is", "log", "max", "mean", "min", "n", "num", "sum", "total")
_NAMELESS = ("col", "f", "feat", "feature", "input", "v", "var", "x")
_NO_SOURCE = frozenset((*_HOW, *_NAMELESS))

Sources = Mapping[str, Sequence[str]]
"""Patterns of the features of each source."""


@dataclass(slots=True)
class _Group:
    """Alerts of one incident so far.

    Attributes:
        alerts: those known of it.
        incident: the incident; None if it begins now.
        size: of its windows, as `size_of` gives it.
    """

    alerts: "list[Episode]"
    incident: Membership | None
    size: object


def alone(episode: "Episode") -> "Episode":
    """The alert as an incident of its own."""
    return replace(episode, incident=Membership(_identity(episode), episode.opened, Cause()))


def joined(
    opened: "Sequence[Episode]", known: "Sequence[Episode]", sources: Sources
) -> "tuple[list[Episode], list[Episode]]":
    """Give the alerts that begin in one window their incidents.

    Args:
        opened: the new alerts, of one model and window.
        known: alerts that are open or were so in the window, of any size of windows.
        sources: declared ones.

    Returns:
        The new alerts, and the known ones, some of which share another cause now; both in their order.
    """
    if not opened:
        return [], list(known)
    model, window = opened[0].model, opened[0].opened
    near = [k for k in known if k.model == model and _near(k, window)]
    groups = _grouped(opened, near, sources)
    memberships: dict[str, Membership] = {}
    whole: dict[str, list[Episode]] = {}
    for episode in known:
        # Those of larger windows that end later are not known yet, though a fold anew finds them stored.
        if episode.incident and episode.opened.end <= window.end:
            whole.setdefault(episode.incident.id, []).append(episode)
    for group in groups:
        began = group.incident or _begun(group)
        there = {e.id: e for e in (*whole.get(began.id, ()), *group.alerts)}
        cause = _cause(list(there.values()), sources)
        memberships |= {name: replace(began, cause=cause) for name in there}

    def placed(episode: "Episode") -> "Episode":
        return replace(episode, incident=memberships.get(episode.id, episode.incident))

    return [placed(e) for e in opened], [placed(e) for e in known]


def source_of(feature: str, sources: Sources) -> str:
    """The source of an input feature: declared, or else the first word of its name; empty if that says nothing."""
    for name, patterns in sources.items():
        if any(fnmatchcase(feature, pattern) for pattern in patterns):
            return name
    word = re.split(r"[._/:\-]", feature, maxsplit=1)[0]
    return "" if word.lower() in _NO_SOURCE or _is_output(feature) else word


def size_of(window: Window) -> object:
    """What tells sizes of windows apart; windows by count are all of one."""
    return "count" if window.start_id or window.end_id else window.end - window.start


def _grouped(
    opened: "Sequence[Episode]", near: "Iterable[Episode]", sources: Sources
) -> list[_Group]:
    size = size_of(opened[0].opened)
    begun: dict[tuple[str, object], _Group] = {}
    for episode in sorted(near, key=lambda e: (e.opened.end, e.id)):
        if episode.incident:
            key = episode.incident.id, size_of(episode.opened)
            begun.setdefault(key, _Group([], episode.incident, key[1])).alerts.append(episode)
    groups = [*begun.values(), *(_Group([episode], None, size) for episode in opened)]
    groups = _merged(groups, _subjects)
    new = {episode.id for episode in opened}
    # By another size of windows only the same feature tells: those alerts may have begun long ago.
    groups = [g for g in groups if g.size == size or any(e.id in new for e in g.alerts)]
    groups = _merged(groups, _traits)
    groups = _deployed(groups)
    groups = _merged(groups, lambda group: _sources(group, sources))
    for detector in sorted({episode.detector for episode in opened}):
        groups = _onset(groups, detector)
    return _with_outputs(groups)


def _merged(groups: Iterable[_Group], shares: Callable[[_Group], Collection[str]]) -> list[_Group]:
    """Groups that share something become one; of those that have begun each stays."""
    owners: dict[str, _Group] = {}
    kept: list[_Group] = []
    for group in sorted(groups, key=_age):
        names = sorted(shares(group))
        owner = next((owners[name] for name in names if name in owners), None)
        if owner is None or not _absorb(owner, group):
            kept.append(group)
            owner = group
        for name in names:
            owners.setdefault(name, owner)
    return kept


def _absorb(group: _Group, other: _Group) -> bool:
    """Take another group in, unless both have begun as incidents of their own."""
    same = group.incident and other.incident and group.incident.id == other.incident.id
    if group.incident and other.incident and not same:
        return False
    group.alerts += other.alerts
    group.incident = group.incident or other.incident
    return True


def _age(group: _Group) -> tuple[object, ...]:
    """The oldest incident first, then what begins now."""
    if group.incident:
        return 0, group.incident.opened.end, group.incident.id
    return 1, group.alerts[0].detector, group.alerts[0].feature, group.alerts[0].segment


def _deployed(groups: list[_Group]) -> list[_Group]:
    """Whatever begins in the window since which most events are of an unknown version, begins with that."""
    for group in groups:
        if any(e.detector == _DEPLOYMENT and abs(e.first.effect) >= _MOST for e in group.alerts):
            return [group, *(g for g in groups if g is not group and not _absorb(group, g))]
    return groups


def _onset(groups: list[_Group], detector: str) -> list[_Group]:
    struck = [g for g in groups if any(e.detector == detector and e.feature for e in g.alerts)]
    if len(struck) < MANY:
        return groups
    first, *others = struck
    gone = [group for group in others if _absorb(first, group)]
    return [group for group in groups if not any(group is one for one in gone)]


def _with_outputs(groups: list[_Group]) -> list[_Group]:
    """Outputs go to the group with the most inputs."""
    inputs = [group for group in groups if _inputs(group.alerts)]
    if not inputs:
        return groups
    most = max(inputs, key=lambda group: len(_inputs(group.alerts)))
    return [g for g in groups if g is most or _inputs(g.alerts) or not _follows(g, most)]


def _follows(group: _Group, inputs: _Group) -> bool:
    return all(_is_output(e.feature) for e in group.alerts) and _absorb(inputs, group)


def _cause(alerts: "Sequence[Episode]", sources: Sources) -> Cause:
    """What all of these alerts share."""
    if len(alerts) == 1:
        return Cause()
    for kind in (CauseKind.VERSION, CauseKind.HOST):
        if shared := _trait(alerts, kind):
            return Cause(kind, shared)
    inputs = _inputs(alerts)
    found = {source_of(name, sources) for name in inputs}
    if len(inputs) > 1 and len(found) == 1 and (source := found.pop()):
        return Cause(CauseKind.SOURCE, source)
    outputs = any(_is_output(e.feature) for e in alerts)
    if len(inputs) == 1 and outputs:
        return Cause(CauseKind.INPUTS, *inputs)
    subjects = {_subject(episode) for episode in alerts}
    if len(subjects) == 1 and alerts[0].feature:
        return Cause(CauseKind.FEATURE, alerts[0].feature)
    counts = Counter(e.detector for e in alerts)
    return Cause(CauseKind.ONSET, min(counts, key=lambda name: (-counts[name], name)))


def _trait(alerts: "Sequence[Episode]", kind: CauseKind) -> str:
    """The version or host of most of the alerts about features, or of the deployment that they began with."""
    values = Counter(v for e in alerts if (v := e.first.shared.get(kind)))
    if not values:
        return ""
    value = min(values, key=lambda name: (-values[name], name))
    deployed = any(e.detector == _DEPLOYMENT and e.first.shared.get(kind) == value for e in alerts)
    return value if deployed or 2 * values[value] > len(alerts) else ""


def _subject(episode: "Episode") -> str:
    return episode.feature or f"({episode.detector})"


def _subjects(group: _Group) -> set[str]:
    return {_subject(episode) for episode in group.alerts}


def _traits(group: _Group) -> set[str]:
    return {f"{name} {value}" for e in group.alerts for name, value in e.first.shared.items()}


def _sources(group: _Group, sources: Sources) -> set[str]:
    return {source_of(name, sources) for name in _inputs(group.alerts)} - {""}


def _inputs(alerts: "Iterable[Episode]") -> set[str]:
    return {e.feature for e in alerts if e.feature and not _is_output(e.feature)}


def _is_output(feature: str) -> bool:
    return feature.startswith(_OUTPUT)


def _near(episode: "Episode", window: Window) -> bool:
    """Whether it began in this window or the one before; of another size of windows, whether it overlaps the window."""
    opened = episode.opened
    if size_of(opened) == size_of(window):
        return (window.start, window.start_id) <= (opened.end, opened.end_id)
    overlaps = episode.closed is None or episode.closed.end > window.start
    return overlaps and opened.end <= window.end


def _begun(group: _Group) -> Membership:
    founder = min(group.alerts, key=lambda e: (e.detector, e.feature, e.segment))
    return Membership(_identity(founder), founder.opened, Cause())


def _identity(founder: "Episode") -> str:
    return sha256(f"incident {founder.id}".encode()).hexdigest()[:16]
