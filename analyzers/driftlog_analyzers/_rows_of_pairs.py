"""Counts by pair as JSON: its objects have no pairs as keys, so that a list of rows stands for them."""

from collections.abc import Mapping
from typing import Any

Row = tuple[str, str, int]


class PairRows:
    """Marks a mapping of counts by pair for pydantic, which is loaded only where JSON is read or written."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """How it is read and written."""
        from pydantic_core import core_schema as schema  # noqa: PLC0415 - pydantic is slow

        del source
        return schema.no_info_after_validator_function(
            cls.read,
            handler.generate_schema(list[Row]),
            serialization=schema.plain_serializer_function_ser_schema(cls.rows),
        )

    @staticmethod
    def rows(pairs: Mapping[tuple[str, str], int]) -> list[Row]:
        """One row for each pair, sorted."""
        return [(first, second, count) for (first, second), count in sorted(pairs.items())]

    @staticmethod
    def read(rows: list[Row]) -> dict[tuple[str, str], int]:
        """The mapping that `rows` told."""
        return {(first, second): count for first, second, count in rows}
