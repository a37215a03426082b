"""The limits of a spool and of one event."""

from dataclasses import dataclass
from typing import Literal

from driftlog.errors import SettingsError

__all__ = ["SpoolLimits"]

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolLimits:
    """How large and how old the files of a spool may become.

    Args:
        segment_bytes: Size at which a segment is closed and the next one begun, in bytes; never
            more than a quarter of ``spool_bytes``, so that there is always something to delete.
        segment_age: Age at which a segment is closed, in seconds of a monotonic clock.
        spool_bytes: Size of all segments in the folder together, in bytes.
        when_full: What gives way at ``spool_bytes``: the event at hand (``"drop newest"``), or
            the oldest segment that nobody writes to any more (``"drop oldest"``).
        sync_interval: Seconds between two fsyncs, done by a thread of their own; ``None`` leaves
            it to the operating system, which is safe for a crash of the process, not of the host.
        event_bytes: Size above which a single event is dropped, in bytes.

    Raises:
        SettingsError: A limit is not positive, or ``when_full`` is no known policy.
    """

    segment_bytes: int = 64 * MIB
    segment_age: float = 3600.0
    spool_bytes: int = 10 * 1024 * MIB
    when_full: Literal["drop oldest", "drop newest"] = "drop newest"
    sync_interval: float | None = 1.0
    event_bytes: int = MIB

    def __post_init__(self) -> None:
        for name in ("segment_bytes", "segment_age", "spool_bytes", "event_bytes"):
            if not getattr(self, name) > 0:
                raise SettingsError(
                    f"SpoolLimits: {name} must be above 0, not {getattr(self, name)!r}."
                )
        if self.sync_interval is not None and not self.sync_interval > 0:
            raise SettingsError(
                f"SpoolLimits: sync_interval must be above 0 seconds or None, "
                f"not {self.sync_interval!r}."
            )
        if self.when_full not in ("drop oldest", "drop newest"):
            raise SettingsError(
                f"SpoolLimits: when_full is 'drop oldest' or 'drop newest', not {self.when_full!r}."
            )

    @property
    def roll_bytes(self) -> int:
        """The size in bytes at which a segment is closed, given the size of the spool."""
        return max(1, min(self.segment_bytes, self.spool_bytes // 4))
