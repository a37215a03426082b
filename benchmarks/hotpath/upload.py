"""Whether `log()` notices Elasticsearch: up, down, slow, beside a logger that does not upload."""

from collections import defaultdict
from typing import Any

from benchmarks.hotpath import figures
from benchmarks.hotpath.figures import Row
from benchmarks.hotpath.race import START_SECONDS, Extent
from benchmarks.hotpath.sink import Ports
from benchmarks.hotpath.subjects import LOG

# "No difference" as this race can tell: two runs without an upload differ by as much.
SAME = 1.1
PER_SECOND = 1_000.0
# Saturated, the uploader has seconds to begin, wait and be refused.
LONGER = 10
PACES = {"saturated": "speed", f"{PER_SECOND:,.0f} events/s": "paced"}
ALONE, AGAIN = "no upload", "no upload, again"


def rows(ports: Ports, extent: Extent) -> list[Row]:
    """Measure all cases in turn, round after round; give quantiles, and their ratios to no upload."""
    urls = {
        ALONE: None,
        "Elasticsearch up": ports.http,
        "Elasticsearch down": ports.closed,
        "Elasticsearch slow": ports.slow,
        AGAIN: None,
    }
    found: defaultdict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for number in range(extent.rounds):
        for pace in PACES:
            for name, port in [*urls.items()][:: -1 if number % 2 else 1]:
                one = _measure(ports, extent, pace, port)
                found[name, pace].append(one)
                print(number + 1, name, pace, one, flush=True)
    return [row for name in urls for pace in PACES for row in _rows(found, name, pace)]


def _measure(ports: Ports, extent: Extent, pace: str, port: int | None) -> dict[str, float]:
    url = None if port is None else f"http://127.0.0.1:{port}"
    calls = extent.paced_calls if PACES[pace] == "paced" else LONGER * extent.calls
    job: dict[str, Any] = {"what": PACES[pace], "calls": calls, "seconds": LONGER * extent.seconds, "url": url,
                           "threads": [1], "memory": False, "per_second": PER_SECOND}  # fmt: skip
    limit = START_SECONDS + 2 * LONGER * extent.seconds + 2 * extent.paced_calls / PER_SECOND
    found = LOG.measure(ports, limit, job)
    return found["1"] if PACES[pace] == "speed" else found  # type: ignore[no-any-return]


def _rows(found: dict[tuple[str, str], list[dict[str, float]]], name: str, pace: str) -> list[Row]:
    case = f"{name}, {pace}"
    rows = figures.times(LOG.name, case, found[name, pace])
    if name == ALONE:
        return rows
    alone = found[ALONE, pace]
    ratios = [
        figures.ratio(
            LOG.name,
            case,
            f"{quantile} ratio to no upload",
            [one[quantile] for one in found[name, pace]],
            [one[quantile] for one in alone],
            None if name == AGAIN else SAME,
        )
        for quantile in ("p50", "p99", "p99.9")
        if all(quantile in one for one in (*alone, *found[name, pace]))
    ]
    return [*ratios, *rows]
