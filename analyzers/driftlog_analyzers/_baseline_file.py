"""The baseline as files: a TOML that people edit and review in git, and the profile beside it."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

import tomlkit
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from tomlkit.items import Table

from driftlog_analyzers._baseline import Baseline, Constraint, Kind, Stage
from driftlog_analyzers._calibration import Calibration
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._profile import Counts, WindowProfile
from driftlog_analyzers._quality import Quality
from driftlog_analyzers._toml import config_error, problems, read_toml
from driftlog_analyzers.errors import BaselineError, InputError

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
"""
_RANGED = {"numeric", "unknown"}
_LISTED = {"categorical", "list", "unknown"}

_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class _Reference:
    """The file beside the TOML."""

    profile: WindowProfile
    vocabulary: Mapping[str, Counts]
    calibrations: tuple[Calibration, ...] = ()
    quality: Quality | None = None


class _Feature(BaseModel):
    """One ``[features.<name>]`` table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    required: bool = Field(default=True, strict=True)
    nulls: Literal["allowed", "forbidden"] = "allowed"
    minimum: _Number | None = None
    maximum: _Number | None = None
    values: tuple[str, ...] | None = None
    min_domain_mass: _Number = Field(default=0.0, ge=0, le=1)
    stage: Stage = "active"

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


class _File(BaseModel):
    """The TOML file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    version: str
    created: AwareDatetime = Field(strict=True)
    source: str
    events: int = Field(strict=True, ge=0)
    profile: str
    features: dict[str, _Feature] = Field(default_factory=dict)


def save_baseline(baseline: Baseline, path: Path) -> None:
    """Write the baseline to `path`, and its profile to ``<name>.profile.json`` beside it.

    A file that says the same already is left as people wrote it.

    Raises:
        InputError: the files cannot be written.
    """
    beside = path.with_name(f"{path.stem}.profile.json")
    reference = _Reference(
        baseline.profile, baseline.vocabulary, baseline.calibrations, baseline.quality
    )
    document = _document(baseline, beside.name)
    files = {beside: to_json(reference) + b"\n"}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (path.exists() and read_toml(path) == document.unwrap()):
            files[path] = document.as_string().encode()
        _write(files)
    except OSError as error:
        raise InputError(
            f"baseline {path} cannot be written ({error.strerror});"
            " free some space or name another place"
        ) from error


def load_baseline(path: Path) -> Baseline:
    """Read a baseline and its profile; what people wrote in the TOML counts.

    Raises:
        ConfigError: a file cannot be read, or has problems; all of them are named.
    """
    data = read_toml(path)
    found: list[str] = []
    file = _validated(data, found)
    reference = _reference(path, data.get("profile"), found)
    if file and reference and file.events != reference.profile.events:
        found.append(
            f"events is {file.events}, and {file.profile} holds {reference.profile.events}:"
            " the two files are not of one baseline; restore both, or make the baseline again"
        )
    if found or not file or not reference:
        raise config_error(path, found)
    return Baseline(
        model=file.model,
        version=file.version,
        created=file.created,
        source=file.source,
        profile=reference.profile,
        constraints={
            name: Constraint(**feature.model_dump()) for name, feature in file.features.items()
        },
        vocabulary=reference.vocabulary,
        calibrations=reference.calibrations,
        quality=reference.quality,
    )


def baseline_path(home: Path, model: str, version: str) -> Path:
    """Where the baseline of a model version is kept: ``<home>/<model>/<version>.toml``.

    Names are written as in a URL (``team/churn`` is ``team%2Fchurn``), so they can be read back.
    """
    return home / _file_name(model) / f"{_file_name(version)}.toml"


def find_baseline(home: Path, model: str, version: str | None = None) -> Path:
    """The baseline of the version or, where it has none, the one made last for the model.

    Raises:
        BaselineError: the model has no baseline.
        ConfigError: a baseline file that might be the one has problems.
    """
    if version is not None and (exact := baseline_path(home, model, version)).exists():
        return exact
    folder = baseline_path(home, model, "").parent
    stored = [(_created(path), path) for path in sorted(folder.glob("*.toml"))]
    if not stored:
        raise BaselineError(
            f"model {model!r} has no baseline in {folder};"
            f" make one with `driftlog baseline --model {model} --input FILE`"
        )
    return max(stored)[1]


class BaselineFolder:
    """A folder of baseline files, a folder for each model in it: ``<path>/<model>/<version>.toml``.

    Args:
        path: the folder; it is made when something is saved.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, baseline: Baseline) -> str:
        """Keep it in place of an earlier one of its model version; where, in words.

        Raises:
            InputError: it cannot be written.
        """
        path = baseline_path(self.path, baseline.model, baseline.version)
        save_baseline(baseline, path)
        return str(path)

    def find(self, model: str, version: str | None = None) -> Baseline:
        """The baseline of the version or, where it has none, the one made last for the model.

        Raises:
            BaselineError: the model has no baseline there.
            ConfigError: a baseline there has problems.
        """
        return load_baseline(find_baseline(self.path, model, version))


def _document(baseline: Baseline, profile: str) -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    for line in _HEADER.splitlines():
        document.add(tomlkit.comment(line) if line else tomlkit.nl())
    document.add(tomlkit.nl())
    document.update(
        model=baseline.model,
        version=baseline.version,
        created=baseline.created,
        source=baseline.source,
        events=baseline.profile.events,
        profile=profile,
    )
    features = tomlkit.table(is_super_table=True)
    for name, constraint in baseline.constraints.items():
        features.append(tomlkit.key(name), _table(constraint))
    document.append("features", features)
    return document


def _table(constraint: Constraint) -> Table:
    """Only the keys that matter for its kind."""
    table = tomlkit.table()
    keys: dict[str, Any] = {
        "kind": constraint.kind,
        "required": constraint.required,
        "nulls": constraint.nulls,
    }
    if constraint.kind in _RANGED:
        keys |= {"minimum": constraint.minimum, "maximum": constraint.maximum}
    if constraint.kind in _LISTED:
        keys |= {"values": constraint.values, "min_domain_mass": constraint.min_domain_mass}
    if constraint.stage != "active":
        keys |= {"stage": constraint.stage}
    for key, value in keys.items():
        if value is not None:
            table.add(key, list(value) if isinstance(value, tuple) else value)
    return table


def _validated(data: dict[str, Any], found: list[str]) -> _File | None:
    try:
        return _File.model_validate(data)
    except ValidationError as error:
        found += problems(error, _File)
        return None


def _reference(path: Path, name: object, found: list[str]) -> _Reference | None:
    """The profile beside the file; what is wrong with it is added to `found`."""
    if not isinstance(name, str):
        return None
    beside = path.parent / name
    again = "restore it from git, or make the baseline again"
    try:
        return from_json(_Reference, beside.read_bytes())
    except OSError as error:
        found.append(f"profile {beside} cannot be read ({error.strerror}); {again}")
    except ValueError:
        found.append(f"profile {beside} is damaged; {again}")
    return None


def _created(path: Path) -> datetime:
    found: list[str] = []
    file = _validated(read_toml(path), found)
    if not file:
        raise config_error(path, found)
    return file.created


def _write(files: Mapping[Path, bytes]) -> None:
    """Write every file or, if one does not fit on the disk, none."""
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in files}
    try:
        for path, draft in drafts.items():
            with draft.open("wb") as file:
                file.write(files[path])
                file.flush()
                os.fsync(file.fileno())
        for path, draft in drafts.items():
            draft.replace(path)
    except OSError:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink()
        raise


def _file_name(name: str) -> str:
    """Safe on every file system: no slash, no leading dot, never empty."""
    safe = quote(name, safe=" ") or "%"
    return "%2E" + safe[1:] if safe.startswith(".") else safe
