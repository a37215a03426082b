"""``driftlog check-config``: every problem of a configuration, before it is used."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from driftlog_analyzers.cli._console import show, show_json
from driftlog_analyzers.cli._options import JsonOption
from driftlog_analyzers.cli._place import configuration
from driftlog_analyzers.cli._silences import tell_overlapping


def check_config(
    file: Annotated[Path, typer.Argument(help="A driftlog.toml.", metavar="FILE")],
    as_json: JsonOption = False,
) -> None:
    """Check a configuration file, together with the environment.

    Says what it would do and when, or all that is wrong with it; nothing is run.
    """
    from driftlog_analyzers._config import describe  # noqa: PLC0415 - pydantic is slow
    from driftlog_analyzers._notify._senders import senders  # noqa: PLC0415 - as above
    from driftlog_analyzers._schedule._plan import planned  # noqa: PLC0415 - as above

    config = configuration(file)
    senders(config.routes, os.environ)  # complains of missing secrets and broken templates
    lines = describe(config)
    plan = tuple(planned(config, datetime.now(UTC)))
    if as_json:
        show_json({"file": file, "ok": True, "runs": lines, "plan": plan})
        return
    show(f"{file} is ok.", *lines)
    tell_overlapping([rule.value() for rule in config.silences])
    schedule = "driftlog run, once it is started:"
    show(
        "",
        schedule,
        *(map(str, plan) if plan else ["all models that have events, by windows of 1h"]),
    )
