"""Where a feature stands in an event document, as DuckDB types and expressions."""

from collections.abc import Mapping, Sequence

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

Names = Mapping[str, frozenset[str]]


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
