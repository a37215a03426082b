"""Saved objects as files and as Kibana takes them. Pure but for `load`.

In a file everything is JSON to be read, with sorted keys. Kibana keeps some attributes as JSON within a string;
`EMBEDDED` names them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftlog_analyzers.errors import InputError

Json = dict[str, Any]
_SEARCH_SOURCE = ("kibanaSavedObjectMeta", "searchSourceJSON")
EMBEDDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "dashboard": (
        ("panelsJSON",),
        ("optionsJSON",),
        ("controlGroupInput", "panelsJSON"),
        ("controlGroupInput", "ignoreParentSettingsJSON"),
        _SEARCH_SOURCE,
    ),
    "index-pattern": (
        ("fieldAttrs",),
        ("fieldFormatMap",),
        ("fields",),
        ("runtimeFieldMap",),
        ("sourceFilters",),
    ),
    "search": (_SEARCH_SOURCE,),
}
"""Attributes that Kibana keeps as JSON within a string, by type of object."""
ORDER = ("index-pattern", "tag", "search", "links", "dashboard")
"""The types that there are, each after those that its objects refer to."""


@dataclass(frozen=True, slots=True)
class SavedObject:
    """One object as its file tells it.

    Attributes:
        type: of Kibana's types, such as ``dashboard``.
        id: the same in every Kibana.
        body: the whole object, embedded JSON decoded.
    """

    type: str
    id: str
    body: Json

    @property
    def name(self) -> str:
        """Type and id, as sentences name it."""
        return f"{self.type} {self.id}"

    @property
    def title(self) -> str:
        """What Kibana lists it as."""
        attributes = self.body["attributes"]
        return str(attributes.get("name") or attributes.get("title") or self.id)


def load(folder: Path) -> tuple[SavedObject, ...]:
    """Read the objects of a folder, which has a folder for each type.

    Raises:
        InputError: a file cannot be read, or is not what its place says.
    """
    files = [path for kind in ORDER for path in sorted((folder / kind).glob("*.json"))]
    if not files:
        raise InputError(f"{folder} holds no dashboards; name a folder like driftlog's kibana/")
    return tuple(map(_read, files))


def _read(path: Path) -> SavedObject:
    body = read_json(path)
    kind, name = body.get("type"), body.get("id")
    if (kind, name) != (path.parent.name, path.stem) or not isinstance(
        body.get("attributes"), dict
    ):
        raise InputError(
            f"{path} says that it is {kind} {name}; its folder and name must say the same, and it needs attributes"
        )
    return SavedObject(path.parent.name, path.stem, body)


def read_json(path: Path) -> Json:
    """Read a file that holds one JSON object.

    Raises:
        InputError: it does not.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise InputError(f"{path} is no JSON object")
    return body


def written(body: Json) -> str:
    """An object as its file has it."""
    return json.dumps(body, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def packed(saved: SavedObject) -> Json:
    """An object as Kibana takes it."""
    return _replaced(saved.body, EMBEDDED.get(saved.type, ()), _encoded)


def unpacked(body: Json) -> SavedObject:
    """What Kibana gives, as a file would tell it.

    Raises:
        InputError: it is no saved object, or holds JSON that is none.
    """
    try:
        decoded = _replaced(body, EMBEDDED.get(body["type"], ()), json.loads)
        return SavedObject(body["type"], body["id"], decoded)
    except (KeyError, TypeError, ValueError) as error:
        name = " ".join(str(body[key]) for key in ("type", "id") if key in body) or "an object"
        raise InputError(
            f"Kibana gave {name}, which cannot be read ({error}); delete it there, then import"
        ) from error


def ndjson(objects: Iterable[SavedObject]) -> bytes:
    """What ``POST /api/saved_objects/_import`` takes: an object a line."""
    lines = (json.dumps(packed(saved), ensure_ascii=False, sort_keys=True) for saved in objects)
    return "".join(f"{line}\n" for line in lines).encode()


def _encoded(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _replaced(body: Json, paths: Sequence[tuple[str, ...]], change: Any) -> Json:
    attributes = dict(body["attributes"])
    for path in paths:
        inner = attributes
        for key in path[:-1]:
            if key not in inner:
                break
            inner[key] = inner = dict(inner[key])
        else:
            if path[-1] in inner:
                inner[path[-1]] = change(inner[path[-1]])
    return {**body, "attributes": attributes}
