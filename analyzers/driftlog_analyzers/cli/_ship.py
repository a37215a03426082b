"""``driftlog ship``: carry spools into Elasticsearch, beside the services that write them."""

import logging
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._cluster import cluster
from driftlog_analyzers.cli._console import complain, note, show
from driftlog_analyzers.cli._options import (
    ApiKeyOption,
    CertificatesOption,
    ConfigOption,
    NamespaceOption,
    SpoolsOption,
    UrlOption,
    needs_prometheus,
)
from driftlog_analyzers.cli._place import configuration, spool_folder

if TYPE_CHECKING:
    from driftlog._upload import Upload

_ERROR = 1
_LOOK_AGAIN = 0.5


def ship(
    *,
    spool: SpoolsOption = None,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    ca_certs: CertificatesOption = None,
    namespace: NamespaceOption = None,
    keep: Annotated[
        float,
        typer.Option(
            "--keep",
            min=0.0,
            help="Hours for which a segment stays after all of it was acknowledged.",
            metavar="HOURS",
        ),
    ] = 1.0,
    keep_all: Annotated[bool, typer.Option("--keep-all", help="Delete no segment, ever.")] = False,
    compress: Annotated[
        bool, typer.Option("--compress/--no-compress", help="Whether requests are gzipped.")
    ] = True,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="End when all that is there has been sent, or people must act first."
        ),
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            min=0.0,
            help="With --once: give up after so long in which Elasticsearch took nothing.",
            metavar="SECONDS",
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            envvar="DRIFTLOG_SHIP_METRICS",
            help="Answer Prometheus at this address, such as :9465.",
            metavar="ADDRESS",
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Carry spools into Elasticsearch until stopped; nothing is dropped, whatever happens there."""
    from driftlog._upload import Upload  # noqa: PLC0415 - when needed

    if timeout is not None and not once:
        raise typer.BadParameter("it goes with --once", param_hint="--timeout")
    settings = configuration(config)
    target = cluster(url, api_key, ca_certs, namespace, settings)
    upload = Upload(
        url=target.url,
        api_key=target.api_key,
        ca_certs=target.ca_certs,
        namespace=target.namespace,
        compress=compress,
        keep=None if keep_all else keep * 3600,
    )
    spools = spool or [spool_folder(None, settings)]
    _speak()
    stop = _stop_on_signals()
    give_up = None if not once else float("inf") if timeout is None else timeout
    folders = dict.fromkeys(folder.resolve() for folder in spools)
    if metrics is not None:
        _answer_prometheus(metrics, list(folders))
    crew = [_Shipper(folder, upload, stop, give_up) for folder in folders]
    for shipper in crew:
        shipper.start()
    for shipper in crew:
        while shipper.is_alive():
            shipper.join(0.2)  # in steps, so that a signal is heard in between
    if any(shipper.failed for shipper in crew):
        raise typer.Exit(_ERROR)


def _answer_prometheus(address: str, folders: list[Path]) -> None:
    with needs_prometheus():
        from driftlog_analyzers._prometheus import serve  # noqa: PLC0415 - optional
        from driftlog_analyzers.cli._ship_metrics import SpoolFigures  # noqa: PLC0415 - optional

    serve(address, [SpoolFigures(folders)])


class _Shipper(threading.Thread):
    """Ships one spool; what it cannot go on from it says, and ends the others too, which go on for ever.

    Args:
        spool: The folder.
        upload: Where to, and how.
        stop: Set to end all.
        give_up: Seconds of nothing but failures after which to give up, where it is to end when
            all was sent; None goes on for ever.
    """

    def __init__(
        self, spool: Path, upload: "Upload", stop: threading.Event, give_up: float | None
    ) -> None:
        super().__init__(name=f"driftlog-ship-{spool}", daemon=True)
        self.failed = True  # until it has ended well
        self._spool = spool
        self._upload = upload
        self._stop_all = stop
        self._give_up = give_up
        self._once = give_up is not None

    def run(self) -> None:
        """Ship until told to stop; an error is said, and stops the others."""
        from driftlog.errors import ShipperError  # noqa: PLC0415 - when needed

        try:
            self._ship()
        except ShipperError as error:
            complain(str(error))
        except OSError as error:
            where = error.filename or self._spool
            complain(f"{where}: {error.strerror}; check the path, its permissions and the disk")
        finally:
            if self.failed and not self._once:
                self._stop_all.set()

    def _ship(self) -> None:
        from driftlog._upload import ship as ship_spool  # noqa: PLC0415 - when needed

        if not self._once:
            self._wait_for_it()
        if self._stop_all.is_set():
            self.failed = False
            return
        done = ship_spool(
            self._spool,
            self._upload,
            stop=self._stop_all,
            until_empty=self._once,
            give_up=self._give_up,
        )
        if self._once:
            show(
                f"{self._spool}: {done.indexed:,} indexed, {done.duplicate:,} duplicate, "
                f"{done.quarantined:,} quarantined, {done.unsent:,} unsent"
            )
        self.failed = bool(done.gave_up)  # the uploader has said why

    def _wait_for_it(self) -> None:
        """Wait for a service that has not logged yet."""
        if not self._spool.exists():
            note(f"There is no spool {self._spool} yet; waiting for a service to log there.")
        while not self._spool.exists() and not self._stop_all.is_set():
            self._stop_all.wait(_LOOK_AGAIN)


def _stop_on_signals() -> threading.Event:
    """End on SIGTERM or Ctrl-C after sending what waits; on the second one at once."""
    stop = threading.Event()

    def end(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            raise SystemExit(128 + number)
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return stop


def _speak() -> None:
    """Say on stderr what the uploader warns of."""

    class Voice(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            note(record.getMessage())

    voice = logging.getLogger("driftlog.upload")
    voice.addHandler(Voice(logging.INFO))
    voice.setLevel(logging.INFO)
    voice.propagate = False
