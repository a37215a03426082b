"""``python -m benchmarks.detection``: measure all parts, or those named, and write benchmarks/results/detection.*.

``race --subjects driftlog`` judges driftlog anew on the windows that the peers have judged; ``race --rounds 60``
extends a race. ``report`` writes the results from what is kept.
"""

import argparse
import sys
import time

from benchmarks.detection.data import DATA
from benchmarks.detection.parts import PARTS, Extent
from benchmarks.detection.peers import PEERS
from benchmarks.detection.report import write
from benchmarks.detection.rounds import ROUNDS

SUBJECTS = ["driftlog", *(peer.name for peer in PEERS)]


def main() -> None:
    """Measure, keep, print."""
    asked = _arguments()
    if not DATA.exists():
        sys.exit(f"{DATA} is not there; set DRIFTLOG_DATA to the folder with the public data sets")
    print(f"seed {asked.seed}", flush=True)
    for part in asked.parts or [*PARTS, "report"]:
        until = time.monotonic() + 60.0 * asked.minutes
        extent = Extent(
            asked.seed, asked.runs, asked.rounds, asked.seconds, tuple(asked.subjects), until
        )
        if part == "report":
            print(write())
        else:
            PARTS[part](extent)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.detection", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS, "report"], help="default: all")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--runs", type=int, default=200, help="per fault, window size and data set")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="of the race; a peer judges those it lacks"
    )
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="after which a peer begins no round"
    )
    parser.add_argument(
        "--subjects", nargs="+", default=SUBJECTS, choices=SUBJECTS, help="of the race"
    )
    parser.add_argument("--minutes", type=float, default=float("inf"), help="of one part")
    return parser.parse_args()


if __name__ == "__main__":
    main()
