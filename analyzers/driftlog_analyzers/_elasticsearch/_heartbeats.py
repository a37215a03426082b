"""Heartbeats summed up by window and shipper."""

from collections.abc import Mapping, Sequence
from typing import Any

from driftlog_analyzers._beats import Beats, ByShipper
from driftlog_analyzers._elasticsearch._queries import moment, within
from driftlog_analyzers._elasticsearch._search import Part, View
from driftlog_analyzers._window import Window

HOSTS = 200
SPOOLS = 5
"""Shippers that are told apart: so many hosts, and spools on each."""
_WINDOWS = 50
_NANO = 1_000_000
_FACTS = "driftlog.shipper."
_EVERY = 60.0
_ACCOUNT = ("accepted", "dropped", "not_accepted", "quarantined")


def heartbeats(view: View, model: str, windows: Sequence[Window]) -> list[ByShipper]:
    """The heartbeats of each window by host and spool.

    Raises:
        StoreError: the store could not answer completely.
    """
    found: list[ByShipper] = []
    for start in range(0, len(windows), _WINDOWS):
        some = windows[start : start + _WINDOWS]
        _, answer = view.aggregate(
            {"match_all": {}}, [Part(_asked(model, some), len(some) * HOSTS * SPOOLS)]
        )
        buckets = answer["windows"]["buckets"] if answer else []
        found += [_by_shipper(bucket) for bucket in buckets] or [{} for _ in some]
    ours = {name for window in found for name, beats in window.items() if beats.holds}
    return [{name: beats for name, beats in window.items() if name in ours} for window in found]


def _asked(model: str, windows: Sequence[Window]) -> dict[str, Any]:
    figures: dict[str, Any] = {"last": {"max": {"field": "@timestamp"}}}
    figures |= {name: {"avg": {"field": f"{_FACTS}{name}"}} for name in ("rss_bytes", "cpu_pct")}
    for name in (*_ACCOUNT, "oldest_unsent_s", "every_s"):
        figures[name] = {"max": {"field": f"{_FACTS}{name}"}}
    figures["ours"] = {"filter": {"term": {f"{_FACTS}models": model}}}
    figures["begun"] = {"min": {"field": f"{_FACTS}accepted"}}
    spools = {"terms": {"field": f"{_FACTS}spool", "size": SPOOLS}, "aggregations": figures}
    hosts = {"terms": {"field": "host.name", "size": HOSTS}, "aggregations": {"spools": spools}}
    filters = {"filters": {"filters": [within(window) for window in windows]}}
    return {"windows": filters | {"aggregations": {"hosts": hosts}}}


def _by_shipper(window: Mapping[str, Any]) -> ByShipper:
    return {
        f"{host['key']} {spool['key']}": _beats(spool)
        for host in window["hosts"]["buckets"]
        for spool in host["spools"]["buckets"]
    }


def _beats(bucket: Mapping[str, Any]) -> Beats:
    def value(name: str) -> float:
        return float(bucket[name]["value"] or 0.0)

    return Beats(
        count=bucket["doc_count"],
        last=moment(round(value("last")) * _NANO),
        every=value("every_s") or _EVERY,
        memory=bucket["rss_bytes"]["value"],
        cpu=bucket["cpu_pct"]["value"],
        accepted=round(value("accepted")),
        shipped=round(value("accepted") - value("begun")),
        lost=round(value("dropped") + value("not_accepted")),
        refused=round(value("quarantined")),
        oldest=value("oldest_unsent_s"),
        holds=bucket["ours"]["doc_count"] > 0,
    )
