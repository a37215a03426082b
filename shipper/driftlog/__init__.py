"""Log every prediction of a model service; see ``PredictionLogger``."""

from driftlog._asgi import PredictionMiddleware, RequestCapture, capture
from driftlog._limits import SpoolLimits
from driftlog._logger import PredictionLogger
from driftlog._redaction import Redaction
from driftlog._stdlib import Handler
from driftlog._structlog import EventWriter, LoggerFactory, PredictionProcessor
from driftlog._tally import Counters
from driftlog._text import Text, tokenize
from driftlog.errors import SettingsError, ShipperError, SpoolError

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
    "capture",
    "tokenize",
]
