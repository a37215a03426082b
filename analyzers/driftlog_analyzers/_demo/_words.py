"""Comments of the simulated customers: everyday words, and a long tail of rare names."""

import numpy as np

_COMMON = """
    the a and to is it my was very not i for of with in this but you have order delivery service
    good great late fast slow price app account support please again still time money card payment
    refund happy never always really easy hard use works help team box broken new old found missing
    email phone week month day year family plan cancel change upgrade login password website page
    product quality size colour return shipping store friendly rude answer wait call chat agent
    thanks thank nice bad best worst better cheap expensive offer discount code voucher gift points
    member bill invoice charged twice wrong right address street city country parcel driver door
    morning evening weekend holiday school work home garden kitchen tablet laptop screen update
    version bug crash error message notification setting language text picture video music
"""
_SYLLABLES = ("ba", "ke", "lo", "mi", "nu", "ra", "se", "ti", "vo", "wen", "dor", "lin", "hal")
_NAMES = 900
_NAME_SHARE = 0.03
_SILENT = 0.3
_MEAN_WORDS = 9


class Comments:
    """Draws comments; three words in a hundred are names, some of them very rare.

    Args:
        seed: decides the names.
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 1])
        syllables = rng.choice(_SYLLABLES, (_NAMES, 3))
        names = tuple(dict.fromkeys("".join(parts) for parts in syllables))
        words = tuple(_COMMON.split())
        common = 1.0 / np.arange(3, len(words) + 3)
        rare = 1.0 / np.arange(10, len(names) + 10)
        self._words = words + names
        self._shares = np.concatenate(
            (
                common / common.sum() * (1 - _NAME_SHARE),
                rare / rare.sum() * _NAME_SHARE,
            )
        )

    def draw(self, rng: np.random.Generator, count: int) -> list[str | None]:
        """Draw that many comments; three in ten are None."""
        lengths = 1 + rng.poisson(_MEAN_WORDS, count)
        lengths[rng.uniform(size=count) < _SILENT] = 0
        drawn = rng.choice(len(self._words), int(lengths.sum()), p=self._shares)
        ends = np.cumsum(lengths)
        words = [self._words[index] for index in drawn]
        return [
            " ".join(words[end - length : end]) if length else None
            for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
        ]
