"""``driftlog check-config``: every problem of a configuration, before it is used."""

import os
from pathlib import Path
from typing import Annotated

import typer

from driftlog_analyzers.cli._console import show, show_json
from driftlog_analyzers.cli._options import JsonOption
from driftlog_analyzers.cli._silences import tell_overlapping


def check_config(
    file: Annotated[Path, typer.Argument(help="A driftlog.toml.", metavar="FILE")],
    as_json: JsonOption = False,
) -> None:
    """Check a configuration file.

    Says what it would do, or all that is wrong with it.
    """
    from driftlog_analyzers._config import describe, load_config  # noqa: PLC0415 - pydantic is slow
    from driftlog_analyzers._notify._senders import senders  # noqa: PLC0415 - as above

    config = load_config(file)
    senders(config.routes, os.environ)  # complains of missing secrets and broken templates
    lines = describe(config)
    if as_json:
        show_json({"file": file, "ok": True, "runs": lines})
        return
    show(f"{file} is ok.", *lines)
    tell_overlapping([rule.value() for rule in config.silences])
