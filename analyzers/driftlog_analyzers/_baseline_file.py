"""The baseline as files: a TOML that people edit and review in git, and the profile beside it."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._baseline_toml import File, amended, document
from driftlog_analyzers._calibration import Calibration
from driftlog_analyzers._joint import Joint
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._profile import Counts, WindowProfile
from driftlog_analyzers._quality import Quality
from driftlog_analyzers._toml import config_error, problems, read_toml
from driftlog_analyzers.errors import BaselineError, InputError


@dataclass(frozen=True, slots=True)
class _Reference:
    """The file beside the TOML."""

    profile: WindowProfile
    vocabulary: Mapping[str, Counts]
    calibrations: tuple[Calibration, ...] = ()
    quality: Quality | None = None
    joint: Joint | None = None


def save_baseline(baseline: Baseline, path: Path) -> None:
    """Write the baseline to `path`, and its profile to ``<name>.profile.json`` beside it.

    Of a file of the same baseline only what changed is written anew: the rest is as people wrote it.

    Raises:
        InputError: the files cannot be written.
    """
    beside = path.with_name(f"{path.stem}.profile.json")
    reference = _Reference(
        baseline.profile,
        baseline.vocabulary,
        baseline.calibrations,
        baseline.quality,
        baseline.joint,
    )
    files = {beside: to_json(reference) + b"\n"}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files[path] = _text(path, baseline, beside.name).encode()
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
        constraints=file.rules("features"),
        outputs=file.rules("predictions"),
        vocabulary=reference.vocabulary,
        calibrations=reference.calibrations,
        quality=reference.quality,
        joint=reference.joint,
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

    def get(self, model: str, version: str) -> Baseline | None:
        """The baseline of exactly this version; None where there is none.

        Raises:
            ConfigError: it has problems.
        """
        path = baseline_path(self.path, model, version)
        return load_baseline(path) if path.exists() else None

    def find(self, model: str, version: str | None = None) -> Baseline:
        """The baseline of the version or, where it has none, the one made last for the model.

        Raises:
            BaselineError: the model has no baseline there.
            ConfigError: a baseline there has problems.
        """
        return load_baseline(find_baseline(self.path, model, version))


def _text(path: Path, baseline: Baseline, beside: str) -> str:
    """The TOML file's content."""
    made = document(baseline, beside)
    found: list[str] = []
    file = _validated(read_toml(path), found) if path.exists() else None
    own = made.unwrap()
    heads = ("model", "version", "created", "source", "events", "profile")
    if file is None or any(getattr(file, key) != own[key] for key in heads):
        return made.as_string()
    return amended(path.read_text(encoding="utf-8"), file, baseline)


def _validated(data: dict[str, Any], found: list[str]) -> File | None:
    try:
        return File.model_validate(data)
    except ValidationError as error:
        found += problems(error, File)
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
