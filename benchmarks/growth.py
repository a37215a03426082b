"""How the time and memory of one window grow with events, features, categories, history and models.

Run it with ``python benchmarks/growth.py [AXIS ...]``. ``--largest 10000000`` and ``--largest 100000000`` go on to
so many events, of 0.5 kB on disk each, which are kept in ``.cache/growth``; ``--small`` tries it out. Every figure is
of a fresh process, and each round runs all sizes.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from figures import RESULTS, TRIAL, Cost, Row, exponent, keep, parser, row
from growth_axes import Axis, axes

ROUNDS = 3
LARGEST = 1_000_000
SMALLEST = 100_000
ABOUT = """# Growth of one window's cost

`python benchmarks/growth.py`: profile, evaluate and save one window, in a fresh process, over a spool whose segments
nobody has looked at; along the history and the models, one scheduled run with one window due for each model. The
exponents are fitted by least squares of the logarithms over the two upper decades of the sizes, round by round."""

Costs = Mapping[int, Sequence[Cost]]


def measured(axis: Axis, sizes: Sequence[int], rounds: int, home: Path) -> Costs:
    """Measure every size in turn, some rounds of it."""
    folders = {size: home / str(size) for size in sizes}
    for size, folder in folders.items():
        print(f"{axis.name}: preparing {size:,}", flush=True)
        axis.prepare(size, folder)
    found: dict[int, list[Cost]] = {size: [] for size in sizes}
    for number in range(rounds):
        for size, costs in found.items():
            costs.append(axis.measure(size, folders[size], number))
            print(f"round {number + 1}: {axis.name} {size:,}: {costs[-1]}", flush=True)
    return found


def rows(axis: Axis, found: Costs) -> Iterator[Row]:
    """The figures of every size, and the exponents."""
    figures = (("time", "s", "seconds", axis.time), ("CPU time", "s", "cpu", axis.time))
    for metric, unit, name, target in (*figures, ("peak memory", "MiB", "mib", axis.memory)):
        for size, costs in found.items():
            every = [getattr(cost, name) for cost in costs]
            yield row("driftlog", f"{axis.name}: {size:,}, {axis.what}", (metric, unit), every)
        turns = zip(*found.values(), strict=True)
        powers = [
            exponent({size: getattr(one, name) for size, one in zip(found, turn, strict=True)})
            for turn in turns
        ]
        yield row("driftlog", axis.name, (f"exponent of {metric}", "1"), powers, target)


def main() -> None:
    """Measure along the axes and keep the figures."""
    options = parser(__doc__.splitlines()[0], ROUNDS)
    options.add_argument("--largest", type=int, default=LARGEST, help="events: %(default)s")
    options.add_argument("axes", nargs="*", help="by default all; a part is no result")
    asked = options.parse_args()
    if asked.largest < SMALLEST:
        options.error(f"--largest {asked.largest:,} is below {SMALLEST:,}: there would be no slope")
    every = axes(asked.largest, small=asked.small)
    chosen = [axis for axis in every if not asked.axes or axis.name in asked.axes]
    if unknown := {*asked.axes} - {axis.name for axis in every}:
        options.error(f"no axis {', '.join(unknown)}: {', '.join(axis.name for axis in every)}")
    kept: list[Row] = []
    for axis in chosen:
        sizes, rounds = (axis.small, 1) if asked.small else (axis.sizes, asked.rounds)
        with tempfile.TemporaryDirectory() as home:
            kept += rows(axis, measured(axis, sizes, rounds, Path(home)))
    partial = asked.small or len(chosen) < len(every)
    keep("growth", ABOUT, kept, {"DuckDB": version("duckdb")}, TRIAL if partial else RESULTS)


if __name__ == "__main__":
    main()
