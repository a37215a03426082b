"""What Kibana has against what is shipped. Pure.

Kibana adds to an object: versions, times, defaults of later releases. So what is shipped must be in what it has;
what is there besides is no difference, but for further members of a list.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from driftlog_analyzers._kibana._objects import SavedObject

_UNTOLD = frozenset({"coreMigrationVersion", "typeMigrationVersion", "managed", "version"})
_NAMES = ("panelIndex", "id", "name", "columnId", "layerId", "eventId")
_SHOWN = 60


class State(StrEnum):
    """How an object stands in Kibana."""

    MISSING = "missing"
    SAME = "same"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Standing:
    """One object in Kibana.

    Attributes:
        shipped: the object as it is shipped.
        state: whether it is there, and as it is shipped.
        differences: where it is not: what is shipped and what is there, a line each.
    """

    shipped: SavedObject
    state: State
    differences: tuple[str, ...] = ()


def compared(
    shipped: Sequence[SavedObject], found: Mapping[tuple[str, str], SavedObject]
) -> tuple[Standing, ...]:
    """How each of the shipped objects stands.

    Args:
        shipped: what is shipped.
        found: what Kibana has, by type and id.
    """
    return tuple(_standing(one, found.get((one.type, one.id))) for one in shipped)


def _standing(shipped: SavedObject, found: SavedObject | None) -> Standing:
    if found is None:
        return Standing(shipped, State.MISSING)
    differences = (
        *_differences(shipped.body["attributes"], found.body.get("attributes"), "attributes"),
        *_references(shipped, found),
    )
    return Standing(shipped, State.CHANGED if differences else State.SAME, differences)


def _references(shipped: SavedObject, found: SavedObject) -> Iterator[str]:
    ours, theirs = (
        {(r.get("name"), r.get("type"), r.get("id")) for r in one.body.get("references", ())}
        for one in (shipped, found)
    )
    for name, kind, target in sorted(ours ^ theirs, key=str):
        where = "gone" if (name, kind, target) in ours else "added"
        yield f"references.{name}: {kind} {target} {where}"


def _differences(ours: object, theirs: object, path: str) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in ours:
            if key in theirs:
                yield from _differences(ours[key], theirs[key], f"{path}.{key}")
            elif key not in _UNTOLD and ours[key] not in (None, "", [], {}):
                yield f"{path}.{key}: gone"
    elif isinstance(ours, list) and isinstance(theirs, list):
        yield from _lists(ours, theirs, path)
    elif ours != theirs and path.rpartition(".")[2] not in _UNTOLD:
        yield f"{path}: {_told(ours)} became {_told(theirs)}"


def _lists(ours: Sequence[object], theirs: Sequence[object], path: str) -> Iterator[str]:
    """Members that have a name are held against their namesakes, others against those at their place."""
    mine, yours = _named(ours), _named(theirs)
    for key in mine:
        if key in yours:
            yield from _differences(mine[key], yours[key], f"{path}[{key}]")
        else:
            yield f"{path}[{key}]: gone"
    yield from (f"{path}[{key}]: added" for key in yours if key not in mine)


def _named(values: Sequence[object]) -> Mapping[str, object]:
    for name in _NAMES:
        keys = [str(one.get(name, "")) for one in values if isinstance(one, dict)]
        if len(keys) == len(values) and len(set(keys) - {""}) == len(values):
            return dict(zip(keys, values, strict=True))
    return {str(place): one for place, one in enumerate(values)}


def _told(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
