"""Log every prediction of a model service; see ``PredictionLogger``."""

from driftlog._limits import SpoolLimits
from driftlog._logger import PredictionLogger
from driftlog._redaction import Redaction
from driftlog._tally import Counters
from driftlog._text import Text, tokenize
from driftlog.errors import SettingsError, ShipperError, SpoolError

__all__ = [
    "Counters",
    "PredictionLogger",
    "Redaction",
    "SettingsError",
    "ShipperError",
    "SpoolError",
    "SpoolLimits",
    "Text",
    "tokenize",
]
