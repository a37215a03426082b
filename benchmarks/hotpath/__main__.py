"""``python -m benchmarks.hotpath``: run races 1 and 2, write benchmarks/results/hotpath.* and batch.*.

``--smoke`` tries everything in little; ``--only loguru`` takes the subjects whose names hold a word, beside driftlog
and its floor. Peers are installed once, each kind in an environment of its own under .cache/benchmarks.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.hotpath import batch, report, upload
from benchmarks.hotpath.race import Extent, Race
from benchmarks.hotpath.sink import sinks
from benchmarks.hotpath.subjects import FLOOR, LOG, SUBJECTS, Subject

PARTS = ("hotpath", "upload", "batch")
FULL = Extent(5, 20_000, 1.0, 200_000, 45.0, 5_000, 10_000)
SMOKE = Extent(1, 1_000, 0.1, 2_000, 1.0, 200, 500)
FULL_ROWS, SMOKE_ROWS = 100_000, 2_000


def main() -> None:
    """Measure, keep, print."""
    asked = _arguments()
    where = report.environment()
    with sinks(asked.delay) as ports:
        race = Race(_subjects(asked.only), ports, asked.extent)
        rows = race.rows() if "hotpath" in asked.parts else []
        rows += upload.rows(ports, asked.extent) if "upload" in asked.parts else []
    if rows:
        print(report.write("hotpath", where, rows, asked.results, race.left_out).read_text())
    if "batch" in asked.parts:
        found = batch.rows(asked.rows, asked.extent.rounds)
        print(report.write("batch", where, found, asked.results, {}).read_text())


def _subjects(words: list[str]) -> list[Subject]:
    return [
        one
        for one in SUBJECTS
        if not words or one in (FLOOR, LOG) or any(word in one.name for word in words)
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.hotpath", description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--smoke", action="store_true", help="in little; results go elsewhere")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", nargs="+", default=[], help="words in the subjects' names")
    parser.add_argument("--delay", type=float, default=3.0, help="seconds; slow Elasticsearch's")
    parser.add_argument("--results", type=Path, help="folder")
    asked = parser.parse_args()
    if unknown := {*asked.parts} - {*PARTS}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    asked.extent = SMOKE if asked.smoke else FULL
    asked.rows = SMOKE_ROWS if asked.smoke else FULL_ROWS
    if asked.rounds:
        asked.extent = Extent(**vars(asked.extent) | {"rounds": asked.rounds})
    if asked.results is None:
        # Half a race is no result to keep.
        whole = not asked.smoke and not asked.only and "upload" in asked.parts
        whole = whole and "hotpath" in asked.parts
        asked.results = (
            report.RESULTS if whole or asked.parts == ["batch"] else Path(tempfile.mkdtemp())
        )
    return asked


if __name__ == "__main__":
    main()
