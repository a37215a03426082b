"""``driftlog run``: the analyzers, on a schedule, until they are stopped."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._console import counted, note, show, show_json
from driftlog_analyzers.cli._options import JsonOption, at_place, needs_prometheus
from driftlog_analyzers.cli._place import Place, configuration
from driftlog_analyzers.errors import ConfigError, DriftlogError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from driftlog_analyzers._baseline import Baseline
    from driftlog_analyzers._config import Config
    from driftlog_analyzers._schedule._clock import Clock
    from driftlog_analyzers._schedule._loop import Signals
    from driftlog_analyzers._schedule._metrics import Figures
    from driftlog_analyzers._schedule._round import After, Home, Report, Site
    from driftlog_analyzers._schedule._turn import Analyzer
    from driftlog_analyzers._window import WindowSize
    from driftlog_analyzers.cli._telling import Telling

_FAILED = 1


@at_place
def run(
    where: Place,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due and end, as from a cron job.")
    ] = False,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            envvar="DRIFTLOG_METRICS",
            help="Answer Prometheus at this address, such as :9464.",
            metavar="ADDRESS",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Analyze every window once it is over, on a schedule, until stopped.

    SIGTERM ends it after the windows that it works on; SIGHUP has it read the configuration again. Any number of
    them may run over one store.
    """
    from driftlog_analyzers._schedule._turn import Analyzer  # noqa: PLC0415 - when needed

    if as_json and not once:
        raise typer.BadParameter("it goes with --once", param_hint="--json")
    figures = _figures(metrics)
    every = None if once else where.config.schedule.every
    analyzer = Analyzer(note, figures.watch if figures else None, every)
    signals = _signals()
    if once:
        _once(where, analyzer, signals, as_json=as_json)
        return
    _for_ever(where, analyzer, signals)


def _once(where: Place, analyzer: "Analyzer", signals: "Signals", *, as_json: bool) -> None:
    from driftlog_analyzers._schedule._clock import Clock  # noqa: PLC0415 - when needed

    with _opened(where, analyzer, Clock(tell=note), once=True) as site:
        report = analyzer.turn(site, signals.stop.is_set)
    done = report.done.values()
    if as_json:
        show_json(_values(report))
    else:
        show(
            f"{counted(len(report.models), 'model')}: {counted(sum(one.windows for one in done), 'window')} evaluated,"
            f" {sum(one.revised for one in done):,} of them anew; {len(report.failures):,} failed,"
            f" {len(report.elsewhere):,} at another analyzer."
        )
    if report.failures:
        raise typer.Exit(_FAILED)


def _values(report: "Report") -> dict[str, object]:
    done = report.done.values()
    return {
        "models": report.models,
        "elsewhere": report.elsewhere,
        "windows": sum(one.windows for one in done),
        "revised": sum(one.revised for one in done),
        "missed": sum(one.missed for one in done),
        "failures": report.failures,
    }


def _for_ever(where: Place, analyzer: "Analyzer", signals: "Signals") -> None:
    from driftlog_analyzers._schedule._clock import Clock  # noqa: PLC0415 - when needed
    from driftlog_analyzers._schedule._loop import Loop  # noqa: PLC0415 - when needed

    _require_receivers(where.config)
    current, clock = [where], Clock(tell=note)

    @contextmanager
    def open_site() -> Iterator["Site"]:
        if signals.reload.is_set():
            signals.reload.clear()  # before it is read, so that a signal that comes meanwhile is not lost
            current[0] = _reloaded(current[0])
        analyzer.every = current[0].config.schedule.every
        with _opened(current[0], analyzer, clock, once=False) as site:
            yield site
            if signals.stop.is_set():
                analyzer.stopped(site)

    note(f"Analyzing {where.source} every {where.config.schedule.every.total_seconds():,.0f} s.")
    Loop(open_site, analyzer.turn, signals, note, _ignore).run()
    note("Stopped.")


def _ignore(error: DriftlogError) -> None:
    """The loop says it; the heartbeat has it."""
    del error


def _reloaded(where: Place) -> Place:
    """The place with the configuration as it is now; as it was, where that cannot be used."""
    if where.file is None:
        note("There is no configuration to read again; name one with --config FILE.")
        return where
    try:
        config = configuration(where.file)
        _require_receivers(config)
    except ConfigError as error:
        note(f"The configuration stays as it was: {error}")
        return where
    fixed = ("store", "spool", "state", "elasticsearch")
    if moved := [name for name in fixed if getattr(config, name) != getattr(where.config, name)]:
        note(
            f"To follow a change of {', '.join(moved)}, start it again; the rest of the configuration was read."
        )
    else:
        note(f"{where.file} was read again.")
    return replace(where, config=config)


def _require_receivers(config: "Config") -> None:
    """Check what the routes need, before a configuration takes the place of one that works.

    Raises:
        ConfigError: a secret is missing, a receiver unknown or a template broken.
    """
    from driftlog_analyzers._notify._senders import senders  # noqa: PLC0415 - when needed

    senders(config.routes, os.environ)


@contextmanager
def _opened(where: Place, analyzer: "Analyzer", clock: "Clock", *, once: bool) -> Iterator["Site"]:
    from driftlog_analyzers._schedule._round import Site  # noqa: PLC0415 - when needed
    from driftlog_analyzers.cli import _run  # noqa: PLC0415 - when needed
    from driftlog_analyzers.cli._telling import telling  # noqa: PLC0415 - when needed

    with (
        where.open_store(keeps=True) as store,
        where.open_state() as home,
        telling(where) as told,
    ):
        yield Site(
            config=where.config,
            store=store,
            home=_as_home(home),
            open_leases=_leases(where),
            baseline=_baselines(where),
            settings=partial(_run.settings, where),
            clock=clock,
            holder=analyzer.holder,
            after=_intending(told),
            ending=_delivering(told),
            once=once,
        )


def _intending(told: "Telling | None") -> "After":
    def after(state: "Home", model: str, size: "WindowSize", now: datetime) -> None:
        if told:
            told.intend(state, model, size, now, state.require)

    return after


def _delivering(told: "Telling | None") -> "Callable[[datetime], None]":
    def ending(now: datetime) -> None:
        if told:
            told.deliver(now)

    return ending


def _as_home(state: object) -> "Home":
    return state  # type: ignore[return-value]  # both homes are; `State` alone says less


def _leases(where: Place) -> "Callable[[], AbstractContextManager[Home]]":
    @contextmanager
    def opened() -> Iterator["Home"]:
        with where.open_state() as state:
            yield _as_home(state)

    return opened


def _baselines(where: Place) -> "Callable[[str], Baseline]":
    from driftlog_analyzers.cli import _run  # noqa: PLC0415 - when needed

    return lambda model: _run.find(where, model, None, None)


def _figures(address: str | None) -> "Figures | None":
    if address is None:
        return None
    with needs_prometheus():
        from driftlog_analyzers._prometheus import serve  # noqa: PLC0415 - optional
        from driftlog_analyzers._schedule._metrics import Figures  # noqa: PLC0415 - optional

    figures = Figures()
    serve(address, [figures])
    return figures


def _signals() -> "Signals":
    """End on SIGTERM or Ctrl-C after what is being done, on the second one at once; read again on SIGHUP."""
    from driftlog_analyzers._schedule._loop import Signals  # noqa: PLC0415 - when needed

    signals = Signals()

    def end(number: int, _: FrameType | None) -> None:
        if signals.stop.is_set():
            raise SystemExit(128 + number)
        signals.end()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGHUP, lambda *_: signals.again())
    return signals
