"""TFDV: a schema inferred from the reference; at its best with drift comparators on every feature as well."""

import pandas as pd
import tensorflow_data_validation as tfdv
from lines import Judge, serve
from tensorflow_metadata.proto.v0 import schema_pb2

THRESHOLD = 0.1


def fit(reference: pd.DataFrame, setting: str) -> Judge:
    """Infer the schema once."""
    before = tfdv.generate_statistics_from_dataframe(reference)
    schema = tfdv.infer_schema(before)
    if setting == "best":
        for feature in schema.feature:
            comparator = feature.drift_comparator
            if feature.type == schema_pb2.BYTES:
                comparator.infinity_norm.threshold = THRESHOLD
            else:
                comparator.jensen_shannon_divergence.threshold = THRESHOLD

    def judge(window: pd.DataFrame) -> list[str]:
        after = tfdv.generate_statistics_from_dataframe(window)
        previous = before if setting == "best" else None
        return list(
            tfdv.validate_statistics(after, schema, previous_statistics=previous).anomaly_info
        )

    return judge


if __name__ == "__main__":
    serve(fit)
