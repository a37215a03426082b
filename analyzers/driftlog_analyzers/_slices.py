"""Which slices of a reference are watched by themselves."""

from collections.abc import Iterator, Sequence

from driftlog_analyzers._profile import Slice, WindowProfile
from driftlog_analyzers.errors import InputError

MOST = 10
FEWEST = 100
"""Slices of one feature, and events of a slice in the reference."""


def largest_slices(profile: WindowProfile, segments: Sequence[str]) -> tuple[Slice, ...]:
    """Of each feature its most frequent values, at most `MOST`, each with `FEWEST` events or more.

    Args:
        profile: the reference's.
        segments: categorical features.

    Raises:
        InputError: the reference has no categorical values of one of them, or only rare ones.
    """
    return tuple(part for name in dict.fromkeys(segments) for part in _slices(profile, name))


def _slices(profile: WindowProfile, name: str) -> Iterator[Slice]:
    feature = profile.features.get(name)
    if feature is None or feature.categorical is None or not feature.strings or feature.lists:
        listed = ", ".join(n for n, f in sorted(profile.features.items()) if f.strings) or "none"
        raise InputError(
            f"segments cannot be made of {name!r}: the reference has no categorical values of it;"
            f" name one of: {listed}"
        )
    counts = feature.categorical.counts
    common = [value for value in counts if counts[value] >= FEWEST]
    if not common:
        raise InputError(
            f"segments cannot be made of {name!r}: no value of it has {FEWEST} events in the reference"
        )
    for value in sorted(common, key=lambda v: (-counts[v], v))[:MOST]:
        yield name, value
