"""Baselines in Elasticsearch: one document per model version, kept whole and compressed."""

from dataclasses import replace
from datetime import UTC, datetime

import orjson
from elasticsearch import Elasticsearch

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._elasticsearch._names import check_namespace
from driftlog_analyzers._elasticsearch._state_documents import (
    Document,
    exact,
    identity,
    packed,
    unpacked,
)
from driftlog_analyzers._elasticsearch._state_index import StateIndex, Stored, put
from driftlog_analyzers._json import to_json
from driftlog_analyzers.errors import BaselineError, ConfigError, StoreError

_WHENEVER = datetime.fromtimestamp(0, UTC)


class ElasticsearchBaselines:
    """The baselines of one namespace. Every method raises `StoreError` where the cluster does not answer completely.

    Args:
        client: the connection, which should not retry by itself.
        namespace: last part of the index's name.

    Raises:
        ConfigError: the namespace cannot be one.
    """

    def __init__(self, client: Elasticsearch, namespace: str = "default") -> None:
        check_namespace(namespace)
        self._index = StateIndex(client, "baselines", namespace)

    def save(self, baseline: Baseline) -> str:
        """Keep it in place of an earlier one of its model version; where, in words.

        One that says the same already, whenever it was made, is left as it is.

        Raises:
            StoreError: another process saved one of this model version meanwhile, or the cluster cannot take it.
        """
        name = identity("baseline", baseline.model, baseline.version)
        before = self._index.get(name)
        text = packed(baseline)
        digest = identity(to_json(replace(baseline, created=_WHENEVER)).decode())
        if before is None or before.body["digest"] != digest:
            revision = 1 + (before.body["revision"] if before else 0)
            made = _document(name, baseline, text, digest, revision)
            self._index.write([put(made, before)], f"the baseline {baseline.name!r}")
        return self._index.place

    def get(self, model: str, version: str) -> Baseline | None:
        """The baseline of exactly this version; None where there is none.

        Raises:
            ConfigError: it is damaged.
        """
        found = self._index.get(identity("baseline", model, version))
        return self._read(found, model) if found else None

    def find(self, model: str, version: str | None = None) -> Baseline:
        """The baseline of the version or, where it has none, the one made last for the model.

        Raises:
            BaselineError: the model has no baseline there.
            ConfigError: the baseline there is damaged.
        """
        own = version is not None and self._index.get(identity("baseline", model, version))
        found = own or self._index.first(
            [{"term": {"driftlog.model.name": model}}],
            sort=({"driftlog.created": "desc"}, {"driftlog.model.version": "desc"}),
        )
        if not found:
            raise BaselineError(
                f"model {model!r} has no baseline in {self._index.place};"
                f" make one with `driftlog baseline --model {model} --input FILE`"
            )
        return self._read(found, model)

    def _read(self, found: Stored, model: str) -> Baseline:
        try:
            return unpacked(Baseline, found.body["baseline"])
        except StoreError as error:
            raise ConfigError(
                f"the baseline {found.body['name']!r} in {self._index.place} is damaged;"
                f" make it again with `driftlog baseline --force --model {model} --input FILE`"
            ) from error


def _document(name: str, baseline: Baseline, text: str, digest: str, revision: int) -> Document:
    body = {
        "@timestamp": exact(baseline.created),
        "driftlog": {
            "model": {"name": baseline.model, "version": baseline.version},
            "name": baseline.name,
            "source": baseline.source,
            "created": exact(baseline.created),
            "events": baseline.profile.events,
            "revision": revision,
            "digest": digest,
            "baseline": text,
        },
    }
    return Document(name, orjson.dumps(body), digest)
