"""The Markdown of the benchmark's results."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.detection import race_table
from benchmarks.detection.cells import Cell
from benchmarks.detection.metrics import Rate, figure, summary
from benchmarks.detection.standings import Standing
from benchmarks.detection.targets import CASES, SIZES, Case

Figures = Mapping[str, Any]
ROUNDED = 0.005
Table = Mapping[tuple[str, int], Cell]

HEAD = """# Detection, and false alerts, on real data

`make bench-detection`, shipped defaults. Bank, bike, hotel and State of the Union data: rows shuffled with a printed
seed, half of them the reference, half the clean pool. A fault is found where an alert names its feature **and** a
kind that fits it (`benchmarks/detection/subject.py` lists them).
"""


def document(
    figures: Mapping[str, Figures], table: Table, standings: Mapping[str, Standing]
) -> str:
    """All tables, with what they say.

    Args:
        figures: of each part of the benchmark but the race.
        table: cells by row of the table and window size.
        standings: of the race.
    """
    parts = [
        HEAD,
        _clean(figures["clean"], figures["quiet"]),
        _detection(figures["cells"], table),
        _times(figures["times"]),
        race_table.tables(standings),
    ]
    return "\n".join(part for part in parts if part)


def _clean(clean: Figures, calm: Figures) -> str:
    if not clean:
        return ""
    lines = [
        "## Clean windows",
        "",
        f"Seeds from {clean['seed']}. No two windows of a shuffle share a row; 20,000 in the hotel data only.",
        "",
        "| window size | feature-windows | alerts | per 1,000 | Wilson 95 % | at most 1 |",
        "|---|---|---|---|---|---|",
    ]
    for size, hits, n in clean["counts"]:
        rate = Rate(hits, n)
        low, high = (1_000 * bound for bound in rate.interval)
        verdict = "met" if rate.value <= 1 / 1_000 else "**missed**"
        lines.append(
            f"| {size:,} | {n:,} | {hits} | {1_000 * rate.value:.2f} | {low:.2f} to {high:.2f} | {verdict} |"
        )
    named = [f"{f} ({kind}, {size:,}) × {times}" for _, f, kind, size, times in clean["which"][:8]]
    still = [f"{case} {hits} of {n}" for case, (hits, n) in calm.items()]
    lines += ["", f"Most frequent: {', '.join(named) or 'none'}.", ""]
    lines += [
        f"Windows with an alert where there must be none: {', '.join(still) or 'not measured'}.",
        "",
    ]
    return "\n".join(lines)


def _detection(cells: Figures, table: Table) -> str:
    if not table:
        return ""
    runs = sorted({counts["runs"] for *_, counts in cells["cells"]})
    lines = [
        "## Detection by driftlog",
        "",
        f"{_span(runs)} runs per fault, level, window size and data set, a random eligible feature for each",
        f"{cells['each']} of them, so that the intervals are a little too narrow; seeds from {cells['seed']}.",
        "Share found, the figure asked for in brackets: **bold** where the upper end of the Wilson interval is below",
        "it, ≈ where only the rate is. Bound: what the most powerful test finds at one false alert in 1,000, knowing",
        "the rates / knowing the reference's events. Of normal data whose mean moved by d sd, it finds Φ(d √n − 3.09).",
        "",
        f"| fault | {' | '.join(f'{size:,}' for size in SIZES)} | bound {' · '.join(f'{s:,}' for s in SIZES)} |",
        f"|---{'|---' * (len(SIZES) + 1)}|",
    ]
    lines += [_row(case, table) for case in CASES]
    return "\n".join([*lines, "", *_misses(table), ""])


def _span(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _row(case: Case, table: Table) -> str:
    found = [table.get((case.title, size)) for size in SIZES]
    shown = [_shown(cell, case.targets.get(size)) for cell, size in zip(found, SIZES, strict=True)]
    return f"| {case.title} | {' | '.join(shown)} | {_bounds(found)} |"


def _shown(cell: Cell | None, asked: float | None) -> str:
    if cell is None:
        return ""
    rate = Rate(cell.detected, cell.runs)
    value = figure(rate.value)
    if asked is None:
        return value
    if rate.interval[1] < asked:
        return f"**{value}** ({figure(asked)})"
    return f"{'≈ ' if rate.value < asked else ''}{value} ({figure(asked)})"


def _bounds(cells: Sequence[Cell | None]) -> str:
    known = [cell for cell in cells if cell is not None and cell.bounded]
    pairs = (f"{_two(c.best / c.bounded)} / {_two(c.learned / c.bounded)}" for c in known)
    return " · ".join(pairs)


def _two(share: float) -> str:
    return f"{share:.2f}".removeprefix("0") if share < 1 else "1"


def missed(table: Table) -> Iterator[tuple[Case, int, Cell, float]]:
    """The cells whose figure is surely below what was asked."""
    for case in CASES:
        for size, asked in case.targets.items():
            cell = table.get((case.title, size))
            if cell is not None and Rate(cell.detected, cell.runs).interval[1] < asked:
                yield case, size, cell, asked


def _misses(table: Table) -> list[str]:
    lines = []
    for case, size, cell, asked in missed(table):
        features = ", ".join(f"{name} {n}" for name, n in _most(cell.missed))
        reach = ""
        if cell.bounded:
            best, learned = cell.best / cell.bounded, cell.learned / cell.bounded
            beyond = (
                "out of reach"
                if best < asked - ROUNDED
                else "in reach only of a test that knows the rates"
            )
            reach = f"; {beyond}" if learned < asked - ROUNDED else ""
            reach = f"; at most {best:.2f} / {learned:.2f}{reach}"
        rate = Rate(cell.detected, cell.runs).value
        lines.append(
            f"- {case.title}, {size:,}: {rate:.2f} of {asked:g}{reach}. Missed most on: {features}."
        )
    return ["Missed for sure:", "", *lines] if lines else ["No figure is missed for sure."]


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])[:5]


def _times(times: Figures) -> str:
    if not times:
        return ""
    lines = [
        "## Time to detection, and alerts per incident",
        "",
        f"Windows of {times['size']:,}, onset at a random event of the first of six, the fault stays. An incident's",
        "alerts are what people are told of it, on any feature: alerts that began together and share a",
        "cause are one (docs/alerts.md); 1 is ideal.",
        "",
        "| fault | incidents | median events | 95th percentile | alerts per incident |",
        "|---|---|---|---|---|",
    ]
    number = {
        name: sum(1 for fault, _, _ in times["incidents"] if fault == name)
        for name, _, _ in summary(times)
    }
    for name, events, alerts in summary(times):
        median, late = ("not in six windows" if e is None else f"{e:,.0f}" for e in events)
        lines.append(f"| {name} | {number[name]} | {median} | {late} | {alerts:.2f} |")
    return "\n".join([*lines, ""])
