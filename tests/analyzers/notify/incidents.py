"""Incidents, routes and a home in memory, as the tests of notifications need them."""

from dataclasses import replace
from datetime import timedelta

from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Change, Severity
from driftlog_analyzers._incident import Cause, CauseKind, Incident
from driftlog_analyzers._notify._home import free
from driftlog_analyzers._notify._intent import WAITING, Kind, Place
from driftlog_analyzers._notify._routes import Route
from tests.analyzers.value_strategies import MIDNIGHT, finding, hour

CHURN = Place("churn", "1h")


def at(number):
    """The end of the `number`-th hour, when it is evaluated."""
    return MIDNIGHT + timedelta(hours=number + 1)


def route(name="ops", **settings):
    """A route that leads to a port that nobody listens on, unless it is said otherwise."""
    if not settings.keys() & {"url_env", "url_file"}:
        settings.setdefault("url", "json://127.0.0.1:9")
    return Route(name=name, **settings)


def trigger(name="retrain", url="http://127.0.0.1:9/", **settings):
    """A route that calls."""
    return Route(name=name, kind="trigger", url=url, **settings)


def episode(feature, opened, last, **fields):
    """An alert of some hours."""
    result = replace(
        finding(feature, summary=f"{feature} moved"), changes=(Change("null", 0.02, 0.5, 2, 50),)
    )
    status = fields.get("status", Status.ACTIVE)
    values = {
        "id": f"{feature}-{opened}",
        "model": CHURN.model,
        "detector": "na_spike",
        "feature": feature,
        "status": status,
        "severity": Severity.HIGH,
        "opened": hour(opened),
        "last": hour(last),
        "raised": None if status is Status.PENDING else hour(opened),
        "closed": None,
        "windows": last - opened + 1,
        "good": 0,
        "peak": 0.1,
        "first": result,
        "latest": result,
    }
    return Episode(**(values | fields))


def incident(opened=1, last=None, *features, closed=None, name=None, **fields):
    """An incident of some hours, about ``age`` unless features are named."""
    last = opened if last is None else last
    status = fields.pop("status", Status.ACTIVE if closed is None else Status.INACTIVE)
    severity = fields.pop("severity", Severity.HIGH)
    detector = fields.pop("detector", "na_spike")
    end = None if closed is None else hour(closed)
    about = {"status": status, "severity": severity, "closed": end, "detector": detector}
    episodes = tuple(
        episode(feature, opened, last, **about, segment=fields.get("segment", ""))
        for feature in features or ("age",)
    )
    fields.pop("segment", None)
    values = {
        "id": name or f"{opened:x}-{'-'.join(features or ('age',))}",
        "model": CHURN.model,
        "cause": Cause(CauseKind.ONSET if len(features) > 1 else CauseKind.ALONE),
        "status": status,
        "severity": severity,
        "opened": hour(opened),
        "last": hour(last),
        "closed": end,
        "episodes": episodes,
    }
    return Incident(**(values | fields))


class Memory:
    """A home of intents that forgets all at the end of the test."""

    def __init__(self):
        self.kept = {}

    def create(self, intents, fence=free):
        """Keep those that are new."""
        fence()
        new = tuple(intent for intent in intents if intent.id not in self.kept)
        self.kept |= {intent.id: intent for intent in new}
        return new

    def told(self, place, incidents, since):
        """What a place has told."""
        return tuple(
            intent
            for intent in self.kept.values()
            if intent.place == place and (intent.created >= since or intent.thread in incidents)
        )

    def waiting(self):
        """What is not done with."""
        return tuple(intent for intent in self.kept.values() if intent.state in WAITING)

    def sent_after(self, name, moment):
        """Whether a route sent anything after that."""
        return any(
            i.route == name and i.state == "sent" and i.ended > moment for i in self.kept.values()
        )

    def replace(self, intents):
        """Keep changes of what was read."""
        done = []
        for intent in intents:
            if self.kept[intent.id].revision == intent.revision - 1:
                self.kept[intent.id] = intent
                done.append(intent)
        return tuple(done)

    @property
    def kinds(self):
        """What was told, in order, but for what tells nobody."""
        return [intent.kind for intent in self.kept.values() if intent.kind is not Kind.HELD]
