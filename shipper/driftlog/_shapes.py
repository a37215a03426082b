"""The shortest way for events whose shape came before: a function made for that shape.

The shape of an event is its features' names and the types of their values. As `dataclasses` does
for a class, a shape's function is compiled from a few lines of source, into which names enter as
string literals alone. It looks at no name and no type; what it cannot vouch for it hands back.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from driftlog._strings import SHORT
from driftlog._text import Text, words

__all__ = ["Plan", "Shapes", "compile_plan"]

Parts = dict[str, Any]
Types = tuple[type, ...]

# A plan costs a quarter of a millisecond to compile: not for what comes once.
PLAN_AFTER = 8
MAX_PLANS = 64
MAX_SIGHTINGS = 1024
MAX_WIDTH = 512

_GROUPS = {float: "float", int: "int", str: "str", bool: "bool", type(None): "na"}
_ORDER = ("float", "int", "str", "bool", "na", "tok", "oov")


class Plan(NamedTuple):
    """How events of one shape are split: their names in order, and the function.

    The function takes the values in that order and gives the parts, or None where a number is not
    finite or a string long.
    """

    names: list[str]
    build: Callable[[list[Any]], Parts | None]


class Shapes:
    """Counts shapes and makes plans for the ones that come again; both are bounded."""

    def __init__(self) -> None:
        self.plans: dict[Types, Plan] = {}
        self._sightings: dict[Types, int] = {}

    def note(
        self, types: Types, names: list[Any], plain: Collection[str], texts: Mapping[str, Text]
    ) -> None:
        """Count an event that no plan was there for; make one, if it is time.

        Args:
            types: Of its values.
            names: Of its features.
            plain: The names that need nothing special.
            texts: The texts with the usual tokenizer.
        """
        count = self._sightings.get(types, 0) + 1
        if count > PLAN_AFTER or not 0 < len(types) <= MAX_WIDTH:
            return
        if count > 1 or len(self._sightings) < MAX_SIGHTINGS:
            self._sightings[types] = count
        if count == PLAN_AFTER and len(self.plans) < MAX_PLANS:
            plan = compile_plan(types, names, plain, texts)
            if plan is not None:
                self.plans[types] = plan


def compile_plan(
    types: Types, names: list[Any], plain: Collection[str], texts: Mapping[str, Text]
) -> Plan | None:
    """Make the plan of a shape; None where some feature needs a look at each value."""
    groups: dict[str, list[tuple[str, str]]] = {}
    space: dict[str, Any] = {"words": words}
    for index, (name, kind) in enumerate(zip(names, types, strict=True)):
        group = _group(name, kind, plain, texts)
        if group is None:
            return None
        groups.setdefault(group, []).append((repr(name), f"v{index}"))
        if group in ("tok", "oov"):
            space[f"known_v{index}"] = texts[name].known
    exec("\n ".join(_source(groups, len(names))), space)  # noqa: S102 - names enter as literals only
    return Plan(names, space["build"])


def _group(name: Any, kind: type, plain: Collection[str], texts: Mapping[str, Text]) -> str | None:
    if type(name) is not str:
        return None
    if name in plain:
        return _GROUPS.get(kind)
    if kind is str and name in texts:
        return "tok" if texts[name].known is None else "oov"
    return None


def _source(groups: Mapping[str, list[tuple[str, str]]], width: int) -> list[str]:
    """Write the function, line by line; a group holds name literals and variables."""
    floats, ints, strings, flags, nulls, tok, oov = (groups.get(name, []) for name in _ORDER)
    lines = ["def build(values):", "".join(f"v{n}, " for n in range(width)) + "= values"]
    if floats:  # a sum of floats is finite only if all of them are
        lines += [f"s = {' + '.join(v for _, v in floats)}", "if s - s != 0.0: return None"]
    if strings or tok or oov:
        every = [v for _, v in (*strings, *tok, *oov)]
        lengths = f"max(map(len, ({''.join(f'{v}, ' for v in every)})))"
        lines.append(f"if len(f'{_all(every)}') > {SHORT} < {lengths}: return None")
    for _, v in (*tok, *oov):
        lines += [f"w_{v} = {v}.split()", f"if not ''.join(w_{v}).isalnum(): w_{v} = words({v})"]
        lines += [f"d_{v} = set(w_{v})"]
    lines += [f"u_{v} = sorted(d_{v} - known_{v})" for _, v in oov]
    parts = {
        "num": [f"{name}: {v}" for name, v in (*floats, *ints)],
        "cat": [f"{name}: {v}" for name, v in strings]
        + [f"{name}: 'true' if {v} else 'false'" for name, v in flags],
        "text": [f"{name}: {{{_counts(v)}}}" for name, v in tok]
        + [f"{name}: {{{_counts(v)}, 'oov': len(u_{v})}}" for name, v in oov],
        "tok": [f"{name}: sorted(d_{v})" for name, v in tok],
        "oov": [f"{name}: u_{v}" for name, v in oov],
    }
    fields = [f"{kind!r}: {{{', '.join(items)}}}" for kind, items in parts.items() if items]
    fields += [f"'na': [{', '.join(name for name, _ in nulls)}]"] if nulls else []
    return [*lines, f"return {{{', '.join(fields)}}}"]


def _counts(variable: str) -> str:
    return f"'tokens': len(w_{variable}), 'distinct': len(d_{variable})"


def _all(variables: list[str]) -> str:
    return "".join(f"{{{v}}}" for v in variables)
