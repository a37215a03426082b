"""The account of some spools for Prometheus, read from them at each scrape."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from driftlog._upload import Status, read_status

_SPOOL = ("spool",)
_TOTALS = {
    "accepted": "Events that the loggers wrote to the spool.",
    "indexed": "Events that Elasticsearch took.",
    "duplicate": "Events that it had already.",
    "quarantined": "Events that it refused for good.",
    "dropped": "Events that were dropped after they had been accepted.",
    "not_accepted": "Events that the spool could not take.",
}
_GAUGES = {
    "unsent": "Events that wait.",
    "unsent_bytes": "Bytes that wait.",
    "lag_seconds": "Age of the oldest event that waits.",
}


class SpoolFigures(Collector):
    """The account of each spool: accepted = indexed + duplicate + quarantined + dropped + unsent.

    Args:
        spools: the folders; those that are not there yet are left out.
    """

    def __init__(self, spools: Sequence[Path]) -> None:
        self._spools = spools

    def describe(self) -> Iterator[Metric]:
        """Nothing: to look at spools before somebody asks would be in vain."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The figures as they are now."""
        found = {
            str(spool): figures(read_status(spool)) for spool in self._spools if spool.is_dir()
        }
        for name, words in (_TOTALS | _GAUGES).items():
            kind = CounterMetricFamily if name in _TOTALS else GaugeMetricFamily
            family = kind(f"driftlog_ship_{name}", words, labels=_SPOOL)
            for spool, account in found.items():
                family.add_metric([spool], account[name])
            yield family


def figures(status: Status) -> dict[str, float]:
    """One spool's account by name."""
    account = status.account
    return {
        "accepted": status.accepted,
        "indexed": account.indexed,
        "duplicate": account.duplicate,
        "quarantined": sum(account.quarantined.values()),
        "dropped": sum(account.dropped.values()),
        "not_accepted": sum(status.losses.dropped.values()),
        "unsent": status.unsent.events or 0,
        "unsent_bytes": status.unsent.size,
        "lag_seconds": status.lag,
    }
