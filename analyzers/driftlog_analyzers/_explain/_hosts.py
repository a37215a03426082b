"""Which host alone has the events that show a finding, where a window has several."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from driftlog_analyzers._explain._say import said
from driftlog_analyzers._finding import Condition, Evaluation, Result
from driftlog_analyzers._statistics import more_often
from driftlog_analyzers._store import ByHost, EventStore

CHANCE = 0.001
# What all or most events may show without a fault says nothing of the host.
_TELLING = frozenset(("absent", "null", "nonfinite", "values", "unknown_tokens", "outside", "type"))


def by_host(store: EventStore, made: Sequence[Evaluation]) -> list[Evaluation]:
    """The evaluations, their findings explained by the one host that has all events that show them.

    Raises:
        StoreError: the store could not answer completely.
    """
    asked = {n: found for n, e in enumerate(made) if (found := _conditions(e.results))}
    if not asked:
        return list(made)
    windows = [made[n].window for n in asked]
    counts = store.hosts(made[0].model, windows, [*asked.values()])
    explained = list(made)
    for n, count in zip(asked, counts, strict=True):
        hosts = iter(_alone(count))
        results = (_said(r, next(hosts)) if _tells(r) else r for r in made[n].results)
        explained[n] = replace(made[n], results=tuple(results))
    return explained


def _tells(result: Result) -> bool:
    condition = result.condition
    return result.alerts and condition is not None and condition.kind in _TELLING


def _conditions(results: Iterable[Result]) -> list[Condition]:
    return [r.condition for r in results if r.condition and _tells(r)]


def _alone(found: ByHost) -> list[str]:
    """For each condition the host that has all its events, which chance would not do in 1 of 1,000 windows."""
    total = sum(found.events.values())
    hosts = []
    for showing in found.showing:
        host, hits = next(iter(showing.items()), ("", 0))
        own = found.events.get(host, 0)
        alone = len(showing) == 1 and len(found.events) > 1
        hosts.append(host if alone and more_often(hits, own, 0, total - own) <= CHANCE else "")
    return hosts


def _said(result: Result, host: str) -> Result:
    if not host or result.shared:
        return result
    return replace(said(result, f"on host {host} only"), shared={"host": host})
