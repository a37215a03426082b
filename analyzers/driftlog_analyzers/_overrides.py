"""The configuration's values from the environment: ``DRIFTLOG_SCHEDULE__EVERY=5m`` is ``every`` under ``[schedule]``.

Two underscores part tables and keys, which are lower case. A value is read as TOML where it is a number, a boolean or a
list, else as the text that it is.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

PREFIX, PART = "DRIFTLOG_", "__"


def named(environment: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The variables that stand for a key, and the tables and key that each stands for."""
    return {
        name: tuple(name.removeprefix(PREFIX).lower().split(PART))
        for name in sorted(environment)
        if name.startswith(PREFIX) and PART in name.removeprefix(PREFIX).strip("_")
    }


def overridden(data: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The tables of a file with what the environment says instead; the file's own stay as they are."""
    result = dict(data)
    for name, path in named(environment).items():
        table = result
        for step in path[:-1]:
            inner = table.get(step)
            table[step] = dict(inner) if isinstance(inner, Mapping) else {}
            table = table[step]
        table[path[-1]] = _value(environment[name])
    return result


def _value(text: str) -> Any:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, bool | int | float | list) else text
