"""What the analyzers remember, in Elasticsearch."""

from elasticsearch import Elasticsearch

from driftlog_analyzers._elasticsearch._names import check_namespace


class ElasticsearchState:
    """Profiles, evaluations and episodes of one namespace.

    Args:
        client: the connection, which should not retry by itself.
        namespace: last part of the indices' names.

    Raises:
        ConfigError: the namespace cannot be one.
    """

    def __init__(self, client: Elasticsearch, namespace: str = "default") -> None:
        check_namespace(namespace)
        self._client = client
