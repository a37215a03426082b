"""Random lives of faults, watched by replicas that see old states, die and come back: what is told stays right."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, note, settings
from hypothesis import strategies as st

from driftlog_analyzers._episode import EpisodeSettings, Status, fold
from driftlog_analyzers._finding import Severity
from driftlog_analyzers._incident import Cause, CauseKind, Incident
from driftlog_analyzers._notify._intent import ENDS, Kind
from driftlog_analyzers._notify._intents import intents
from tests.analyzers.value_strategies import evaluation, finding

from .incidents import CHURN, Memory, at, route, trigger

HOURS = 30
RANKS = tuple(Severity)
ROUTES = (
    route("all", remind="5h"),
    route("grave", severity="high", remind="never", grew=False),
    trigger(),
)
windows = st.lists(
    st.none() | st.sampled_from([Severity.LOW, Severity.HIGH, Severity.CRITICAL]),
    min_size=1,
    max_size=HOURS,
)


@dataclass
class Run:
    """What one process does: sees so many windows, reads what was told so long ago, stores or dies."""

    windows: int
    stale: int
    dies: bool
    late: dict = field(default_factory=dict)


runs = st.lists(
    st.builds(
        Run,
        st.integers(0, 4),
        st.integers(0, 2),
        st.booleans(),
        st.dictionaries(st.integers(0, HOURS - 1), st.none() | st.just(Severity.HIGH), max_size=2),
    ),
    min_size=1,
    max_size=25,
)


def incidents_of(truth, delay, quiet):
    """The incidents of a feature whose windows are bad or good."""
    history = [
        evaluation(hour, *([finding(severity=s)] if s else [])) for hour, s in enumerate(truth)
    ]
    return tuple(
        Incident(
            id=episode.id,
            model=episode.model,
            cause=Cause(CauseKind.ALONE),
            status=episode.status,
            severity=episode.severity,
            opened=episode.opened,
            last=episode.last,
            closed=episode.closed,
            episodes=(episode,),
        )
        for episode in fold(history, EpisodeSettings(delay=delay, quiet=quiet))
    )


def run_all(truth, plan, delay, quiet, *, late=True):
    """Have the processes work one after the other; the home, and every id that was ever tried."""
    home, tried, snapshots, seen = Memory(), Counter(), [()], 0
    truth = list(truth)
    for step in [*plan, Run(len(truth), 0, dies=False)]:
        seen = min(seen + step.windows, len(truth))
        if late:
            for hour, severity in step.late.items():
                if hour < seen:
                    truth[hour] = severity
        stale = snapshots[max(len(snapshots) - 1 - step.stale, 0)]
        new = intents(
            incidents_of(truth[:seen], delay, quiet),
            stale,
            ROUTES,
            CHURN,
            now=at(seen),
            held=lambda _: None,
        )
        if step.dies:
            new = new[:1]
        tried.update(intent.id for intent in new)
        home.create(new)
        snapshots.append(tuple(home.kept.values()))
    return home, tried, incidents_of(truth, delay, quiet)


@settings(max_examples=100, deadline=None)
@given(windows, runs, st.integers(1, 3), st.integers(1, 3))
def test_each_step_is_told_once(truth, plan, delay, quiet):
    """Whatever happens, in each thread openings and ends take turns, and a trigger is called once."""
    home, _, _ = run_all(truth, plan, delay, quiet)
    told = list(home.kept.values())
    for name in ("all", "grave"):
        for thread in {i.thread for i in told if i.route == name}:
            kinds = [i.kind for i in told if i.route == name and i.thread == thread]
            note(f"{name} {thread}: {kinds}")
            turns = [kind in ENDS for kind in kinds if kind in {Kind.OPENED, *ENDS}]
            assert all(one != other for one, other in pairwise(turns))
    calls = Counter(i.thread for i in told if i.route == "retrain")
    assert set(calls.values()) <= {1}


@settings(max_examples=100, deadline=None)
@given(windows, runs, st.integers(1, 3), st.integers(1, 3))
def test_what_stands_is_known(truth, plan, delay, quiet):
    """At the end every open incident was told as opened, to each route that wants it, and is not told as over."""
    home, _, final = run_all(truth, plan, delay, quiet)
    for one in final:
        raised = any(episode.raised for episode in one.episodes)
        if one.status is not Status.ACTIVE or not raised:
            continue
        wanted = {"all", "retrain"} | (
            {"grave"} if RANKS.index(one.severity) >= RANKS.index(Severity.HIGH) else set()
        )
        for name in wanted:
            about = [i for i in home.kept.values() if i.route == name]
            current = [i for i in about if i.incident.last.end >= one.opened.start]
            assert current, (name, one)
            assert name == "retrain" or current[-1].kind not in ENDS


@settings(max_examples=100, deadline=None)
@given(windows, runs, st.integers(1, 3), st.integers(1, 3))
def test_without_late_events_each_incident_is_opened_once_each_time_it_comes(
    truth, plan, delay, quiet
):
    """Restarts and replicas alone never make a second message of an opening or an end, and few reminders."""
    home, _, final = run_all(truth, plan, delay, quiet, late=False)
    counts = Counter((i.route, i.thread, i.kind) for i in home.kept.values())
    for one in final:
        assert counts["retrain", one.id, Kind.OPENED] <= 1
        # What comes back after it was told as over is new again: docs/notifications.md, "What is told, and when".
        times = 1 + sum(episode.reopened for episode in one.episodes)
        for name in ("all", "grave"):
            assert counts[name, one.id, Kind.OPENED] <= times
            assert counts[name, one.id, Kind.RESOLVED] <= times
        reminders = counts["all", one.id, Kind.REMINDER]
        assert reminders <= timedelta(hours=HOURS + 1) / ROUTES[0].remind
    assert {i.thread for i in home.kept.values()} <= {one.id for one in final}
