"""TFDV: a schema inferred from the reference; at its best with drift comparators on every feature as well."""

from typing import Any

import pandas as pd
import tensorflow_data_validation as tfdv
from lines import serve
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

THRESHOLD = 0.1


class Tfdv:
    """The schema is inferred once; a window's statistics are generated once for both settings."""

    def __init__(self, reference: pd.DataFrame) -> None:
        self._before = tfdv.generate_statistics_from_dataframe(reference)
        schema = tfdv.infer_schema(self._before)
        self._schemas = {"default": schema, "best": _compared(schema)}
        self._cut: dict[tuple, tuple] = {}

    def look(self, window: pd.DataFrame) -> Any:
        """The window's statistics."""
        return tfdv.generate_statistics_from_dataframe(window)

    def alerts(self, setting: str, seen: Any, names: list[str]) -> list[str]:
        """Anomalies by the schema of these features, and, at its best, by their statistics before."""
        key = (setting, *names)
        if key not in self._cut:
            self._cut[key] = _of(self._schemas[setting], self._before, set(names))
        schema, before = self._cut[key]
        return _anomalies(seen, schema, before if setting == "best" else None)

    def plain(self, setting: str, window: pd.DataFrame) -> list[str]:
        """All features at once."""
        before = self._before if setting == "best" else None
        return _anomalies(self.look(window), self._schemas[setting], before)


def _compared(schema: Any) -> Any:
    with_comparators = schema_pb2.Schema()
    with_comparators.CopyFrom(schema)
    for feature in with_comparators.feature:
        comparator = feature.drift_comparator
        if feature.type == schema_pb2.BYTES:
            comparator.infinity_norm.threshold = THRESHOLD
        else:
            comparator.jensen_shannon_divergence.threshold = THRESHOLD
    return with_comparators


def _of(schema: Any, before: Any, names: set[str]) -> tuple[Any, Any]:
    """The schema and the statistics of these features only."""
    fewer = schema_pb2.Schema()
    fewer.CopyFrom(schema)
    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    statistics.CopyFrom(before)
    for kept, name_of in (
        (fewer.feature, lambda feature: feature.name),
        (statistics.datasets[0].features, lambda feature: feature.path.step[0]),
    ):
        for i in reversed(range(len(kept))):
            if name_of(kept[i]) not in names:
                del kept[i]
    return fewer, statistics


def _anomalies(after: Any, schema: Any, before: Any) -> list[str]:
    found = tfdv.validate_statistics(after, schema, previous_statistics=before)
    return sorted({info.path.step[0] for info in found.anomaly_info.values()})


if __name__ == "__main__":
    serve(Tfdv)
