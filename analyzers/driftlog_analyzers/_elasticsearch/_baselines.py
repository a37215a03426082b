"""Baselines in Elasticsearch: one document per model version."""

from elasticsearch import Elasticsearch

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._elasticsearch._names import check_namespace


class ElasticsearchBaselines:
    """The baselines of one namespace.

    Args:
        client: the connection, which should not retry by itself.
        namespace: last part of the index's name.

    Raises:
        ConfigError: the namespace cannot be one.
    """

    def __init__(self, client: Elasticsearch, namespace: str = "default") -> None:
        check_namespace(namespace)
        self._client = client

    def save(self, baseline: Baseline) -> str:
        """Keep it in place of an earlier one of its model version; where, in words."""
        raise NotImplementedError(baseline.name)

    def find(self, model: str, version: str | None = None) -> Baseline:
        """The baseline of the version or, where it has none, the one made last for the model."""
        raise NotImplementedError(model, version)
