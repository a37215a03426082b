"""What the analysis of one window costs: ``python benchmarks/growth_window.py SPOOL BASELINE STATE SIZE BEGIN END``.

The clock starts after the imports, and when the baseline is loaded.
"""

import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from figures import cost_of, tell

from driftlog_analyzers import SpoolStore, StateFile, analyze, load_baseline, parse_size

LATER = timedelta(hours=1)


def main(spool: str, baseline: str, state: str, size: str, *ends: str) -> None:
    """Profile, evaluate and save the window, and print the cost; an empty state is a new file."""
    model = load_baseline(Path(baseline))
    start, stop = map(datetime.fromisoformat, ends)
    memory = Path(spool).with_name("segments.sqlite") if state else None

    def run() -> int:
        with (
            tempfile.TemporaryDirectory() as scratch,
            SpoolStore(spool, memory=memory) as store,
            StateFile(Path(state or Path(scratch) / "state.sqlite")) as kept,
        ):
            done = analyze(
                store, model, kept, parse_size(size), start=start, end=stop, now=stop + LATER
            )
        return sum(evaluation.events for evaluation in done)

    tell(cost_of(run))


if __name__ == "__main__":
    main(*sys.argv[1:])
