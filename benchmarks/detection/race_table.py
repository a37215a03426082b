"""The race's tables in Markdown."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks.detection.metrics import Rate, figure
from benchmarks.detection.rounds import CLEAN, LEVELS, REFERENCE
from benchmarks.detection.standings import Pair, Standing, pairs, rates
from benchmarks.detection.targets import SIZES
from scipy import stats

US = "driftlog"
BUDGET = 1 / 1_000
ENOUGH = 200

TEXT = f"""## Beside the peers

The same windows for all: three numeric and two categorical columns of a data set, at random in each round, and the
outputs of the bank data; references of {REFERENCE:,} rows. Clean windows are judged whole. Of a window with a fault,
driftlog judges all columns, since its decision about one depends on the others. A peer is shown the touched ones (all
of them where the fault is an absent key), because it judges each by itself; alibi-detect's p-values meet the level
that its correction gives for all columns. Windows of 500 events of the first round of each data set were shown both
ways; the first of a round takes the fitting as well. Evidently draws nothing except in plain use.
The peers name no kind, so that the right feature suffices for them, while driftlog needs the right kind, too; an
exception is no detection. Text columns are left out, since not every peer judges them.
Best documented settings: Evidently PSI at 0.2 and missing values against the reference; NannyML KS and
Jensen-Shannon with thresholds from the reference's chunks, missing and unseen values; whylogs Hellinger;
alibi-detect a p-value of one false alert in 1,000; TFDV drift comparators (L∞, Jensen-Shannon) at 0.1.
"""

Found = Mapping[str, Mapping[tuple[str, int], Rate]]


def tables(standings: Mapping[str, Standing]) -> str:
    """All that the race has shown; nothing where nobody has run."""
    running = {name: one for name, one in standings.items() if one.rounds}
    if not running:
        return ""
    found: Found = {name: rates(one) for name, one in running.items()}
    names = list(running)
    seeds = sorted({judged.seed for one in running.values() for judged in one.rounds})
    lines = [
        TEXT,
        f"Seed {', '.join(map(str, seeds))}.",
        *(f"Not there: {n}: {one.missing}." for n, one in standings.items() if one.missing),
        "",
        *_extent(running, found),
        "",
        "False alerts per 1,000 clean feature-windows (feature-windows):",
        "",
        *_table("window size", names, [(f"{s:,}", (CLEAN, s)) for s in SIZES], found, _false),
    ]
    cases = sorted({case for one in found.values() for case, _ in one if case in LEVELS})
    for size in SIZES:
        lines += ["", f"Found in windows of {size:,} (runs):", ""]
        rows = [(case, (case, size)) for case in cases]
        lines += _table("fault", names, rows, found, _detected)
    ahead = _ahead(running, found) if US in running else [f"{US} has not judged these windows yet."]
    return "\n".join([*lines, "", *ahead, ""])


def _extent(running: Mapping[str, Standing], found: Found) -> Iterator[str]:
    yield "| subject | rounds | runs a cell | seconds a window, plain use | alike both ways | exceptions |"
    yield "|---|---|---|---|---|---|"
    for name, one in running.items():
        runs = [rate.n for (case, _), rate in found[name].items() if case != CLEAN]
        few = f" (fewer than {ENOUGH})" if min(runs) < ENOUGH else ""
        seconds, windows = (sum(r.seconds[i] for r in one.rounds) for i in (0, 1))
        alike, shown = (sum(r.alike[i] for r in one.rounds) for i in (0, 1))
        cost = f"{seconds / windows:.3f}" if windows else ""
        yield (
            f"| {name} | {len(one.rounds)} | {min(runs)} to {max(runs)}{few} | {cost} | {alike} of {shown} "
            f"| {_raised(one)} |"
        )


def _raised(standing: Standing) -> str:
    total: dict[str, int] = {}
    for one in standing.rounds:
        for error, times in one.errors.items():
            total[error] = total.get(error, 0) + times
    return ", ".join(f"{error} × {times}" for error, times in total.items()) or "none"


def _table(
    head: str,
    names: Sequence[str],
    rows: Sequence[tuple[str, tuple[str, int]]],
    found: Found,
    shown: Callable[[Rate], str],
) -> Iterator[str]:
    yield f"| {head} | {' | '.join(names)} |"
    yield f"|---{'|---' * len(names)}|"
    for title, key in rows:
        cells = (shown(found[name][key]) if key in found[name] else "" for name in names)
        yield f"| {title} | {' | '.join(cells)} |"


def _false(rate: Rate) -> str:
    return f"{1_000 * rate.value:.1f} ({rate.n:,})"


def _detected(rate: Rate) -> str:
    return f"{figure(rate.value)} ({rate.n})"


def _ahead(running: Mapping[str, Standing], found: Found) -> Iterator[str]:
    """Cells from 500 events on where a peer at its defaults finds more, without surely more false alerts."""
    yield "Cells from 500 events on where a peer at its defaults found more, on the windows that both judged. A peer"
    yield "counts as long as the lower end of Wilson's 95 % interval of its false alerts is at most 1 in 1,000 (or"
    yield "driftlog's own rate); p of McNemar's exact test, one-sided:"
    yield ""
    lines = []
    for name in running:
        if name.endswith(", default"):
            for (case, size), pair in sorted(pairs(running[name], running[US]).items()):
                calm = _calm(found, name, size)
                if case != CLEAN and size in SIZES[1:] and calm and pair.first > pair.second:
                    lines.append(f"- {name}, {case}, {size:,}: {_against(pair)}")
    yield from lines or ["none."]


def _calm(found: Found, name: str, size: int) -> bool:
    theirs, ours = (found[one].get((CLEAN, size), Rate(0, 0)) for one in (name, US))
    return theirs.interval[0] <= max(BUDGET, ours.value)


def _against(pair: Pair) -> str:
    different = pair.first + pair.second
    p = stats.binomtest(pair.first, different, 0.5, alternative="greater").pvalue
    theirs, ours = pair.both + pair.first, pair.both + pair.second
    alone = f"{pair.first} found by it alone, {pair.second} by {US} alone"
    return f"{theirs} of {pair.n}, {US} {ours} ({alone}; p = {p:.2g})"
