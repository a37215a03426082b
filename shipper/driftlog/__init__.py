"""Log every prediction of a model service; see ``PredictionLogger``."""

import typing

from driftlog._asgi import PredictionMiddleware, RequestCapture, capture
from driftlog._limits import SpoolLimits
from driftlog._logger import PredictionLogger
from driftlog._redaction import Redaction
from driftlog._stdlib import Handler
from driftlog._structlog import EventWriter, LoggerFactory, PredictionProcessor
from driftlog._tally import Counters
from driftlog._text import Text, tokenize
from driftlog.errors import SettingsError, ShipperError, SpoolError

if typing.TYPE_CHECKING:
    from driftlog._upload import Upload

__all__ = [
    "Counters",
    "EventWriter",
    "Handler",
    "LoggerFactory",
    "PredictionLogger",
    "PredictionMiddleware",
    "PredictionProcessor",
    "Redaction",
    "RequestCapture",
    "SettingsError",
    "ShipperError",
    "SpoolError",
    "SpoolLimits",
    "Text",
    "Upload",
    "capture",
    "tokenize",
]


def __getattr__(name: str) -> object:
    """Load what most services do without."""
    if name == "Upload":
        from driftlog._upload import Upload  # noqa: PLC0415 - as above

        return Upload
    raise AttributeError(f"module 'driftlog' has no attribute {name!r}")
