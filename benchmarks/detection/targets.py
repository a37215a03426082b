"""The figures asked of driftlog, and the cases that the tables show."""

from dataclasses import dataclass

SIZES = (100, 500, 1_000, 5_000)


@dataclass(frozen=True)
class Case:
    """A row of the tables: one level of a fault, or all levels of it.

    Attributes:
        name: of the fault.
        level: its level, or empty for all of them together.
        targets: the detection rates asked for, by window size.
    """

    name: str
    level: str
    targets: dict[int, float]

    @property
    def title(self) -> str:
        """As the tables call it."""
        return f"{self.name}: {self.level}" if self.level else f"{self.name}, all levels"

    def holds(self, key: str) -> bool:
        """Whether a fault's key belongs to this row."""
        return (
            key == f"{self.name}: {self.level}" if self.level else key.startswith(f"{self.name}:")
        )


def _asked(*figures: float) -> dict[int, float]:
    return dict(zip(SIZES, figures, strict=True))


_FROM_500 = {500: 1.0, 1_000: 1.0, 5_000: 1.0}

CASES = (
    Case("vanishes", "", _asked(1, 1, 1, 1)),
    Case("NA rate", "× 2", _asked(0.60, 0.95, 0.98, 1)),
    Case("NA rate", "× 5", _asked(0.96, 1, 1, 1)),
    Case("share shift", "+ 5 points", _asked(0.03, 0.30, 0.60, 0.97)),
    Case("share shift", "+ 10 points", _asked(0.20, 0.90, 0.98, 1)),
    Case("share shift", "+ 20 points", _asked(0.80, 0.99, 1, 1)),
    Case("unseen category", "1 %", _asked(0.40, 0.90, 0.97, 1)),
    Case("unseen category", "5 %", _asked(0.95, 1, 1, 1)),
    Case("unit change", "× 100", _asked(0.99, 1, 1, 1)),
    Case("unit change", "× 1/1000", {}),
    Case("unit change", "°C to °F", {}),
    Case("stuck", "", _asked(0.97, 0.99, 1, 1)),
    Case("range violation", "1 %", _asked(0.30, 0.90, 1, 1)),
    Case("numeric drift", "mean + 0.1 sd", {}),
    Case("numeric drift", "mean + 0.25 sd", _asked(0.85, 1, 1, 1)),
    Case("numeric drift", "mean + 0.5 sd", {}),
    Case("numeric drift", "sd × 1.5", {}),
    Case("swapped columns", "", _FROM_500),
    Case("type change", "", _FROM_500),
    Case("casing", "", _FROM_500),
    Case("encoding", "", _FROM_500),
    Case("text pipeline", "empty tokens", {}),
    Case("language switch", "5 %", {}),
    Case("language switch", "20 %", {}),
    Case("language switch", "100 %", {}),
    Case("OOV", "+ 5 points of tokens", _asked(1, 1, 1, 1)),
    Case("prediction collapse", "", _FROM_500),
    Case("prediction shift", "score × 0.5", {}),
    Case("prediction shift", "base rate + 5 points", {}),
    Case("prediction shift", "base rate + 10 points", {}),
)
