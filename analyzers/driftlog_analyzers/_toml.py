"""TOML files that people write: read whole, with every problem named by its key."""

import dataclasses
import json
import reprlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticUndefined

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


def all_problems(
    error: ValidationError, data: Mapping[str, Any], model: type[BaseModel], context: object
) -> list[str]:
    """Those of the error, then those of whole tables, which are told once the faulty keys in them are left out.

    Args:
        error: of validating the data.
        data: the file's tables; they stay as they are.
        model: that they were validated by.
        context: of the validation.
    """
    found = problems(error, model)
    rest = deepcopy(dict(data))
    while _reduced(rest, [detail["loc"] for detail in error.errors()], model):
        try:
            model.model_validate(rest, context=context)
            break
        except ValidationError as next_error:
            error = next_error
            found += [words for words in problems(error, model) if words not in found]
    return found


def _reduced(
    data: dict[str, Any], places: Sequence[tuple[int | str, ...]], model: type[BaseModel]
) -> bool:
    """Leave out the faulty keys, or a list with a faulty item where there is no such key; whether there was any."""
    keys = [place for place in places if place and isinstance(place[-1], str)]
    lists = [place[:-1] for place in places if place and isinstance(place[-1], int)]
    return bool(
        sum(_leave_out(data, place, model) for place in keys)  # all of them, not up to the first
        or sum(_leave_out(data, place, model) for place in lists)
    )


def _leave_out(data: dict[str, Any], place: Sequence[Any], model: type[BaseModel]) -> bool:
    """Leave a key out where that says nothing new: it is unknown, or another value stands for it."""
    table: Any = data
    for step in place[:-1]:
        table = table[step] if isinstance(table, list) or step in table else {}
    if not place or not isinstance(table, dict) or place[-1] not in table:
        return False
    if not _stands_for(_table_at(model, place[:-1]), str(place[-1])):
        return False
    del table[place[-1]]
    return True


def _stands_for(table: Any, key: str) -> bool:
    """Whether something stands for a key that is not there: a default, or nothing where it is unknown."""
    if isinstance(table, UnionType):
        table = get_args(table)[0]
    if dataclasses.is_dataclass(table):
        defaults = {f.name: f.default for f in dataclasses.fields(table)}
    elif isinstance(table, type) and issubclass(table, BaseModel):
        fields = table.model_fields.items()
        defaults = {f.alias or n: f.get_default(call_default_factory=False) for n, f in fields}
    else:
        return True
    return defaults.get(key, ...) is not None and defaults.get(key) is not PydanticUndefined


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
    return list(_fields(_table_at(model, above)))


def _table_at(model: type[BaseModel], above: Sequence[object]) -> Any:
    table: Any = model
    for step in above:
        args = get_args(table)  # of a table by name, or of a list
        table = args[args[1] is not Ellipsis] if args else _fields(table)[str(step)]
    return table


def _fields(table: Any) -> dict[str, Any]:
    if isinstance(table, UnionType):  # a table that may be left out
        table = get_args(table)[0]
    if dataclasses.is_dataclass(table):
        return {field.name: field.type for field in dataclasses.fields(table)}
    return {field.alias or name: field.annotation for name, field in table.model_fields.items()}
