"""Where a feature stands in an event document, as DuckDB types and expressions."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from driftlog_analyzers._relation import Column, identifier, literal

ELEMENT = {
    "num": "DOUBLE",
    "cat": "VARCHAR",
    "list": "VARCHAR[]",
    "text": 'STRUCT(tokens BIGINT, "distinct" BIGINT, oov BIGINT)',
    "tok": "VARCHAR[]",
    "oov": "VARCHAR[]",
    "other": "VARCHAR",
}
NAMED = ("na", "nonfinite")
GROUP = 256
"""What is read at once weighs so much: DuckDB holds 2,048 rows of every declared name, whether they have it or not."""
_WEIGHTS = {"num": 1, "cat": 1, "list": 4, "text": 2, "tok": 4, "oov": 4}

Names = Mapping[str, frozenset[str]]


def only(names: Names, wanted: Collection[str]) -> Names:
    """The wanted names that are there, with those that DuckDB would take for them: it does not heed case."""
    alike = {name.lower() for name in wanted}
    kept = {
        section: frozenset(name for name in found if name.lower() in alike)
        for section, found in names.items()
    }
    return {section: found for section, found in kept.items() if found}


def groups_of(names: Names) -> list[Names]:
    """The names in groups that fit into memory one at a time, at least one; names alike are in the same group."""
    weights: Counter[tuple[bool, str]] = Counter()
    for section, found in names.items():
        weight = _WEIGHTS.get(section.removeprefix("prediction."), 0)
        for name in found:
            weights[section.startswith("prediction."), name.lower()] += weight
    groups: dict[tuple[bool, str], int] = {}
    group = filled = 0
    for key, weight in sorted(weights.items()):
        filled += max(weight, 1)
        if filled > GROUP:
            group, filled = group + 1, max(weight, 1)
        groups[key] = group
    split: list[dict[str, set[str]]] = [{} for _ in range(group + 1)]
    for section, found in names.items():
        for name in found:
            place = groups[section.startswith("prediction."), name.lower()]
            split[place].setdefault(section, set()).add(name)
    return [
        {section: frozenset(found) for section, found in part.items()} for part in split if part
    ] or [{}]


def document_type(names: Names) -> str:
    """The type of ``driftlog`` in an event document that holds these names."""
    outputs = {
        section.removeprefix("prediction."): n
        for section, n in names.items()
        if section.startswith("prediction.")
    }
    fields = ["model STRUCT(name VARCHAR, version VARCHAR, schema VARCHAR)", *_fields(names)]
    if prediction := _fields(outputs):
        fields.append(f"prediction STRUCT({', '.join(prediction)})")
    return f"STRUCT({', '.join(fields)})"


def _fields(names: Names) -> list[str]:
    fields = [f"{name} VARCHAR[]" for name in NAMED if names.get(name)]
    for section, element in ELEMENT.items():
        if found := names.get(section):
            fields.append(f"{section} {_section(found, element)}")
    return fields


def _section(names: frozenset[str], element: str) -> str:
    if _collide(names):
        return f"MAP(VARCHAR, {element})"
    return "STRUCT(" + ", ".join(f"{identifier(name)} {element}" for name in sorted(names)) + ")"


def _collide(names: frozenset[str]) -> bool:
    """Whether two names differ by case only: a DuckDB struct cannot hold both, a slow map can."""
    return len({name.lower() for name in names}) < len(names)


def columns_of(names: Names, prefix: str) -> Sequence[Column]:
    """The features (empty prefix) or outputs (prefix ``prediction.``) of an event, by name."""
    own = {section: names.get(prefix + section, frozenset()) for section in (*ELEMENT, *NAMED)}
    return [_column(name, own, prefix) for name in sorted(frozenset().union(*own.values()))]


def _column(name: str, names: Names, prefix: str) -> Column:
    def at(section: str) -> str:
        if name not in names[section]:
            return ""
        base = f"driftlog.{prefix}{section}"
        return (
            f"{base}[{literal(name)}]" if _collide(names[section]) else f"{base}.{identifier(name)}"
        )

    def flag(section: str) -> str:
        listed = f"list_contains(driftlog.{prefix}{section}, {literal(name)})"
        return f"coalesce({listed}, false)" if name in names[section] else ""

    text = at("text")
    return Column(
        name,
        number=at("num"),
        string=at("cat"),
        items=at("list"),
        distinct=f'{text}."distinct"' if text else "",
        oov=f"coalesce({text}.oov, 0)" if text and at("oov") else "",
        tokens=at("tok"),
        unknown=at("oov"),
        null=flag("na"),
        nonfinite=flag("nonfinite"),
        other=at("other"),
    )
