"""An uploader in this thread, or in one of its own beside a service."""

import contextlib
import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

from driftlog import _files
from driftlog._upload._bulk import Sender
from driftlog._upload._courier import Courier
from driftlog._upload._heartbeat import Heartbeat
from driftlog._upload._keeper import Keeper, logger
from driftlog._upload._lock import SpoolLock, holder
from driftlog._upload._patience import Patience
from driftlog._upload._settings import Upload
from driftlog._upload._streams import Streams
from driftlog._upload._uploader import Shipped, Uploader
from driftlog.errors import SpoolError

__all__ = ["UploaderHandle", "ship", "start_uploader"]

_STAND_BY = 2.0
_NO_SPOOL_YET = 0.25
_AT_EXIT = 0.5


def ship(
    spool: str | os.PathLike[str],
    upload: Upload,
    *,
    stop: threading.Event | None = None,
    until_empty: bool = False,
    drain: float = 10.0,
    give_up: float | None = None,
) -> Shipped:
    """Ship a spool until told to stop.

    Args:
        spool: The folder.
        upload: Where to, and how.
        stop: Set to end it; what waits is then still sent, as long as that goes well.
        until_empty: Whether to end as soon as all closed segments are sent, and all there was in
            the others.
        drain: Seconds that sending may take after ``stop``.
        give_up: Seconds of nothing but failures after which to give up, and at once where only
            people can help; None never does.

    Raises:
        SettingsError: The URL, the key or the certificates cannot be used.
        ShipperError: The Elasticsearch client is not installed.
        SpoolError: There is no such spool, or another uploader ships it, or it is to be sent
            until it is empty and never held anything.
        OSError: The spool cannot be written.
    """
    folder = Path(spool).absolute()
    if not folder.is_dir():
        raise SpoolError(f"There is no spool {folder}; name the folder that the service logs to.")
    if until_empty and not (folder / "upload").exists() and not _files.segments(str(folder)):
        raise SpoolError(f"{folder} holds no segment; name the folder that the service logs to.")
    sender = Sender(upload)
    lock = SpoolLock(folder / "upload")
    try:
        _claim(lock, folder)
        return _run(
            folder,
            upload,
            sender,
            lock,
            stop or threading.Event(),
            lambda: drain,
            until_empty,
            give_up,
        )
    finally:
        lock.release()
        sender.close()


def _claim(lock: SpoolLock, folder: Path) -> None:
    """Take the lock; whoever only looks at it, as ``driftlog status`` does, is soon done."""
    while not lock.acquire():
        process = holder(folder / "upload")
        if process is not None:
            raise SpoolError(
                f"Spool {folder} is being shipped by process {process} already; "
                "stop that one first, or leave it to it."
            )


def _run(  # noqa: PLR0917 - parts made by the two callers
    folder: Path,
    upload: Upload,
    sender: Sender,
    lock: SpoolLock,
    stop: threading.Event,
    drain: Callable[[], float],
    until_empty: bool,
    give_up: float | None = None,
) -> Shipped:
    keeper = Keeper(folder / "upload", upload.batch_bytes, fresh=lock.fresh)
    streams = Streams(sender, upload.setup)
    heartbeat = Heartbeat(folder, upload, sender, streams)
    patience = Patience(
        stop,
        drain,
        lambda: uploader.beat(),  # noqa: PLW0108 - made below
        keeper.trouble,
        give_up=give_up,
    )
    courier = Courier(upload, sender, streams, heartbeat, patience)
    uploader = Uploader(
        folder, upload, keeper=keeper, courier=courier, heartbeat=heartbeat, patience=patience
    )
    return uploader.run(until_empty=until_empty)


class UploaderHandle:
    """An uploader in a thread of its own; many processes may start one, of which one works.

    It goes on in a forked child: there it stands by until the parent's ends.

    Args:
        spool: The folder, which need not exist yet.
        upload: Where to, and how.

    Raises:
        SettingsError: The URL, the key or the certificates cannot be used.
        ShipperError: The Elasticsearch client is not installed.
    """

    def __init__(self, spool: str | os.PathLike[str], upload: Upload) -> None:
        self._folder = Path(spool).absolute()
        self._upload = upload
        Sender(upload).close()  # wrong settings are said here, not in a thread
        self._begin()
        itself = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _renew(itself()))

    def close(self, timeout: float = _AT_EXIT) -> None:
        """Send what waits, for ``timeout`` seconds at the most, and end the thread."""
        self._drain = timeout
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def renew(self) -> None:
        """Begin anew in a forked child; lock and connections stay the parent's."""
        self._lock.release()
        if not self._stop.is_set():
            self._begin()

    def _begin(self) -> None:
        self._drain = _AT_EXIT
        self._stop = threading.Event()
        self._lock = SpoolLock(self._folder / "upload")
        self._thread: threading.Thread | None = threading.Thread(
            target=self._work, name="driftlog-upload", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is shutting down, or no thread is to be had
            self._thread = None

    def _work(self) -> None:
        """Ship whenever that can be done, and once more at the end what came too late for that."""
        while True:
            last = self._stop.is_set()
            shipped = self._try()
            if last or (shipped and self._stop.is_set()):
                return
            self._stop.wait(_STAND_BY if self._folder.is_dir() else _NO_SPOOL_YET)

    def _try(self) -> bool:
        """Ship until told to stop; False, where that could not be done."""
        try:
            if self._folder.is_dir() and self._lock.acquire():
                self._ship()
                return True
        except OSError as error:
            logger.warning("Spool %s cannot be shipped now (%s).", self._folder, error.strerror)
        except Exception:  # noqa: BLE001 - a silent uploader would be the worst; logged with its trace
            logger.exception("The uploader of spool %s failed; it begins anew.", self._folder)
        finally:
            self._lock.release()
        return False

    def _ship(self) -> None:
        with contextlib.closing(Sender(self._upload)) as sender:
            _run(
                self._folder,
                self._upload,
                sender,
                self._lock,
                self._stop,
                lambda: self._drain,
                until_empty=False,
            )


def start_uploader(spool: str | os.PathLike[str], upload: Upload) -> UploaderHandle:
    """Start shipping a spool in a thread; see :class:`UploaderHandle`.

    Raises:
        SettingsError: The URL, the key or the certificates cannot be used.
        ShipperError: The Elasticsearch client is not installed.
    """
    return UploaderHandle(spool, upload)


def _renew(handle: UploaderHandle | None) -> None:
    if handle is not None:
        handle.renew()
