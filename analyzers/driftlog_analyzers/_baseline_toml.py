"""The TOML of a baseline: what people read, edit and review in git."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import tomlkit
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from tomlkit.items import Table

from driftlog_analyzers._baseline import (
    ENVIRONMENTS,
    Baseline,
    Constraint,
    Environment,
    Kind,
    Stage,
)

_HEADER = """\
A baseline of driftlog: what is expected of the features of one model version.
Edit it and review it in git; the profile that it was made from lies beside it.

kind              "numeric", "categorical", "text", "list" or "unknown"
required          true: an event without the feature is a fault
nulls             "allowed": only their rate is watched; "forbidden": each is a fault
minimum, maximum  the allowed range of a number; leave one out for no bound
values            the known values of a category
min_domain_mass   share of values that must be known ones; at 1 any unknown value is a finding
stage             "active", or left out; of "beta", "planned" and "deprecated" nobody is alerted
environment       ["training"] for a label or what else serving has not, ["serving"] the other way round; left out: both

The outputs of the model have tables, too: [predictions.<name>].
"""
_RANGED = {"numeric", "unknown"}
_LISTED = {"categorical", "list", "unknown"}

_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Feature(BaseModel):
    """One ``[features.<name>]`` or ``[predictions.<name>]`` table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    required: bool = Field(default=True, strict=True)
    nulls: Literal["allowed", "forbidden"] = "allowed"
    minimum: _Number | None = None
    maximum: _Number | None = None
    values: tuple[str, ...] | None = None
    min_domain_mass: _Number = Field(default=0.0, ge=0, le=1)
    stage: Stage = "active"
    environment: tuple[Environment, ...] = Field(default=ENVIRONMENTS, min_length=1)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        bounds = (self.minimum, self.maximum)
        if self.kind not in _RANGED and bounds != (None, None):
            raise ValueError(f"a {self.kind} feature has no minimum and no maximum; remove them")
        if None not in bounds and self.minimum > self.maximum:  # type: ignore[operator]
            raise ValueError(
                f"minimum {self.minimum:g} is above maximum {self.maximum:g}; correct one of them"
            )
        if self.kind not in _LISTED and (self.values is not None or self.min_domain_mass):
            raise ValueError(
                f"a {self.kind} feature has no values and no min_domain_mass; remove them"
            )
        return self


class File(BaseModel):
    """The TOML file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    version: str
    created: AwareDatetime = Field(strict=True)
    source: str
    events: int = Field(strict=True, ge=0)
    profile: str
    features: dict[str, Feature] = Field(default_factory=dict)
    predictions: dict[str, Feature] = Field(default_factory=dict)

    def rules(self, section: str) -> dict[str, Constraint]:
        """The constraints of the section ``features`` or ``predictions``."""
        tables: Mapping[str, Feature] = getattr(self, section)
        return {name: Constraint(**table.model_dump()) for name, table in tables.items()}


def amended(text: str, file: File, baseline: Baseline) -> str:
    """The text with what the baseline says otherwise, and everything else as people wrote it."""
    written = tomlkit.parse(text)
    for section, wanted in _sections(baseline).items():
        there = file.rules(section)
        for name, rule in wanted.items():
            if name not in there:
                written.setdefault(section, tomlkit.table(is_super_table=True))
                written[section][name] = _table(rule)
            elif there[name] != rule:
                _amend(written[section][name], there[name], rule)
    return written.as_string()


def _amend(table: Table, before: Constraint, after: Constraint) -> None:
    old, new = _keys(before), _keys(after)
    for key in old.keys() | new.keys():
        if new.get(key) is None:
            table.pop(key, None)
        elif old.get(key) != new[key]:
            table[key] = new[key]


def document(baseline: Baseline, profile: str) -> tomlkit.TOMLDocument:
    """A new file's content; *profile* names the file beside it."""
    made = tomlkit.document()
    for line in _HEADER.splitlines():
        made.add(tomlkit.comment(line) if line else tomlkit.nl())
    made.add(tomlkit.nl())
    made.update(
        model=baseline.model,
        version=baseline.version,
        created=baseline.created,
        source=baseline.source,
        events=baseline.profile.events,
        profile=profile,
    )
    for section, rules in _sections(baseline).items():
        tables = tomlkit.table(is_super_table=True)
        for name, constraint in rules.items():
            tables.append(tomlkit.key(name), _table(constraint))
        if rules:
            made.append(section, tables)
    return made


def _sections(baseline: Baseline) -> dict[str, Mapping[str, Constraint]]:
    return {"features": baseline.constraints, "predictions": baseline.outputs}


def _table(constraint: Constraint) -> Table:
    table = tomlkit.table()
    for key, value in _keys(constraint).items():
        if value is not None:
            table.add(key, value)
    return table


def _keys(constraint: Constraint) -> dict[str, Any]:
    """Only the keys that matter for its kind."""
    keys: dict[str, Any] = {
        "kind": constraint.kind,
        "required": constraint.required,
        "nulls": constraint.nulls,
    }
    if constraint.kind in _RANGED:
        keys |= {"minimum": constraint.minimum, "maximum": constraint.maximum}
    if constraint.kind in _LISTED:
        values = None if constraint.values is None else list(constraint.values)
        keys |= {"values": values, "min_domain_mass": constraint.min_domain_mass}
    if constraint.stage != "active":
        keys |= {"stage": constraint.stage}
    if constraint.environment != ENVIRONMENTS:
        keys |= {"environment": list(constraint.environment)}
    return keys
