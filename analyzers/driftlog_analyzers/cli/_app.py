"""The commands in one application, and what becomes of their errors.

Exit codes: 0 fine · 1 an error, said in one sentence on stderr · 2 wrong usage · 3 open alerts,
where ``analyze --fail-on-alert`` asks for it · 130 interrupted by Ctrl-C.
"""

import io
import logging
import sys
from importlib import metadata
from typing import Annotated

import typer

from driftlog.errors import ShipperError
from driftlog_analyzers.cli import _dashboards as dashboards
from driftlog_analyzers.cli import _review
from driftlog_analyzers.cli import _silences as _silence
from driftlog_analyzers.cli._across import across
from driftlog_analyzers.cli._alert_show import alerts_show
from driftlog_analyzers.cli._alerts import alerts_list
from driftlog_analyzers.cli._analyze import analyze
from driftlog_analyzers.cli._baseline import baseline
from driftlog_analyzers.cli._baseline_review import baseline_accept, baseline_diff
from driftlog_analyzers.cli._calibrate import calibrate
from driftlog_analyzers.cli._check_config import check_config
from driftlog_analyzers.cli._compare_models import compare_models
from driftlog_analyzers.cli._console import complain, show
from driftlog_analyzers.cli._demo import demo
from driftlog_analyzers.cli._log import log
from driftlog_analyzers.cli._notify import notify_list, notify_retry, notify_test
from driftlog_analyzers.cli._options import alone
from driftlog_analyzers.cli._report import report
from driftlog_analyzers.cli._schedule import run
from driftlog_analyzers.cli._setup import setup
from driftlog_analyzers.cli._ship import ship
from driftlog_analyzers.cli._skew import skew
from driftlog_analyzers.cli._status import status
from driftlog_analyzers.errors import DriftlogError

_ERROR = 1
_INTERRUPTED = 130  # what typer makes of Ctrl-C too
_QUERY_INTERRUPTED = "Query interrupted"  # what DuckDB makes of it


def _tell_version(wanted: bool) -> None:
    if wanted:
        show(f"driftlog {metadata.version('driftlog')}")
        raise typer.Exit


def application() -> typer.Typer:
    """Put the commands together."""
    app = typer.Typer(
        name="driftlog",
        help="Early warning, from its prediction log, that a model's inputs have changed.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    app.command()(demo)
    app.command()(log)
    app.add_typer(_baselines(), name="baseline")
    app.command()(calibrate)
    app.command()(analyze)
    app.command()(run)
    app.add_typer(_alerts(), name="alerts")
    app.add_typer(_silences(), name="silences")
    app.add_typer(_notifications(), name="notify")
    app.command()(across)
    app.add_typer(_dashboards(), name="dashboards")
    app.command()(report)
    app.command()(skew)
    app.command("compare-models")(compare_models)
    app.command()(ship)
    app.command()(status)
    app.command("check-config")(check_config)
    app.command()(setup)
    return app


def _notifications() -> typer.Typer:
    group = typer.Typer(help="Try the routes; see what was told.", no_args_is_help=True)
    group.command("test")(notify_test)
    group.command("list")(notify_list)
    group.command("retry")(notify_retry)
    return group


def _baselines() -> typer.Typer:
    """``baseline`` itself builds one; its commands review those that there are."""
    group = typer.Typer(invoke_without_command=True)
    group.callback()(alone(baseline))
    group.command("diff")(baseline_diff)
    group.command("accept")(baseline_accept)
    return group


def _dashboards() -> typer.Typer:
    group = typer.Typer(help="Bring the dashboards into Kibana.", no_args_is_help=True)
    group.command("import")(dashboards.at_kibana(dashboards.bring))
    group.command("diff")(dashboards.at_kibana(dashboards.diff))
    group.command("export-ndjson")(dashboards.export_ndjson)
    group.command("check")(dashboards.check)
    return group


def _alerts() -> typer.Typer:
    group = typer.Typer(help="Review the alerts.", no_args_is_help=True)
    group.command("list")(alerts_list)
    group.command("show")(alerts_show)
    group.command("ack")(_review.alerts_ack)
    group.command("unack")(_review.alerts_unack)
    group.command("snooze")(_review.alerts_snooze)
    group.command("assign")(_review.alerts_assign)
    group.command("comment")(_review.alerts_comment)
    group.command("resolve")(_review.alerts_resolve)
    group.command("accept")(_review.alerts_accept)
    return group


def _silences() -> typer.Typer:
    group = typer.Typer(help="Tell nobody of some alerts for a time.", no_args_is_help=True)
    group.command("add")(_silence.silences_add)
    group.command("list")(_silence.silences_list)
    group.command("remove")(_silence.silences_remove)
    return group


def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Take what stands before the command."""


def main() -> None:
    """Run the command line; expected errors become one sentence and exit code 1."""
    # The commands say themselves what the logger dropped.
    logging.getLogger("driftlog").addHandler(logging.NullHandler())
    # The client's own words would say the same as ours, at every try.
    logging.getLogger("elastic_transport").addHandler(logging.NullHandler())
    # Names of files and values of the log may hold what the terminal's encoding has not.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        application()()
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            complain("interrupted")
        raise
    except RuntimeError as error:
        if str(error) != _QUERY_INTERRUPTED:
            raise
        complain("interrupted")
        sys.exit(_INTERRUPTED)
    except (DriftlogError, ShipperError) as error:
        complain(str(error))
        sys.exit(_ERROR)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}; check the path, its permissions and the disk")
        sys.exit(_ERROR)
