"""TOML files that people write: read whole, with every problem named by its key."""

import dataclasses
import json
import reprlib
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from driftlog_analyzers.errors import ConfigError

_TABLE = "it should be a table"
_SHAPES = {
    "dataclass_type": _TABLE,
    "dict_type": _TABLE,
    "mapping_type": _TABLE,
    "model_type": _TABLE,
    "path_type": "it should be a path in quotes",
    "string_type": "it should be a text in quotes",
    "tuple_type": "it should be a list",
}


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables.

    Raises:
        ConfigError: the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 text (byte {error.start}); save it in that encoding"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML ({error}); correct that place") from error


def problems(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One sentence per problem: the key, what is wrong, what to do."""
    return [
        _problem(detail, model) for detail in error.errors(include_url=False, include_context=False)
    ]


def config_error(path: Path | str, sentences: Sequence[str]) -> ConfigError:
    """All problems of one file as one error."""
    if len(sentences) == 1:
        return ConfigError(f"{path}: {sentences[0]}")
    return ConfigError("\n  ".join([f"{path} has {len(sentences)} problems:", *sentences]))


def nearest(word: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown word."""
    words = list(known)
    close = get_close_matches(word, words, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(words)}"


def key_path(*parts: object) -> str:
    """A key as TOML writes it: ``features."a b".minimum``."""
    return ".".join(map(_bare_or_quoted, map(str, parts)))


def _bare_or_quoted(part: str) -> str:
    bare = part.isascii() and part.replace("-", "").replace("_", "").isalnum()
    return part if bare else json.dumps(part, ensure_ascii=False)


def _problem(detail: ErrorDetails, model: type[BaseModel]) -> str:
    *above, last = detail["loc"] or ("",)
    key = key_path(*detail["loc"])
    if detail["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"{key} is unknown; {nearest(str(last), _known_keys(model, above))}"
    if detail["type"] in {"missing", "missing_argument"}:
        return f"{key} is missing; add it"
    if detail["type"] == "value_error":
        return f"{key}: " * bool(key) + detail["msg"].removeprefix("Value error, ")
    message = _SHAPES.get(detail["type"]) or detail["msg"].replace("Input", "it", 1)
    value = detail["input"]
    if "://" in str(value):  # a URL may hold a secret, wherever it was written
        return f"{key}: {message}"
    shown = str(value) if isinstance(value, date) else reprlib.repr(value)
    return f"{key} is {shown}; {message}"


def _known_keys(model: type[BaseModel], above: Sequence[object]) -> list[str]:
    """The keys of the table that stands at `above`."""
    table: Any = model
    for step in above:
        args = get_args(table)  # of a table by name, or of a list
        table = args[args[1] is not Ellipsis] if args else _fields(table)[str(step)]
    return list(_fields(table))


def _fields(table: Any) -> dict[str, Any]:
    if isinstance(table, UnionType):  # a table that may be left out
        table = get_args(table)[0]
    if dataclasses.is_dataclass(table):
        return {field.name: field.type for field in dataclasses.fields(table)}
    return {field.alias or name: field.annotation for name, field in table.model_fields.items()}
