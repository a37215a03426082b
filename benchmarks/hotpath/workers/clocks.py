"""What is measured of a contender: saturated, call by call, at a pace, memory. Pure standard library."""

import os
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextvars import copy_context
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from event import Contender

QUANTILES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
STRETCHES, PAIRS, LEAST, WARM_SECONDS, WARM_CALLS = 5, 20, 20, 0.2, 2_000
# With fewer calls than so many above it, a quantile says nothing.
ABOVE = 5


def enough(contender: Contender, calls: int, seconds: float) -> int:
    """Warm up, and give how many calls take at most so long; at most `calls`."""
    begin, done = time.perf_counter(), 0
    for event in islice(cycle(contender.events), min(calls, WARM_CALLS)):
        contender.call(event)
        done += 1
        if time.perf_counter() - begin > WARM_SECONDS:
            break
    each = (time.perf_counter() - begin) / done
    return min(calls, max(LEAST, int(seconds / each)))


def saturated(contender: Contender, calls: int, threads: int) -> float:
    """Give µs a call, so many threads calling as fast as they can: the median of some stretches.

    What else the machine does in one of them is not the contender's.
    """
    stretches = STRETCHES if calls >= STRETCHES * threads * LEAST else 1
    return median(_stretch(contender, calls // stretches, threads) for _ in range(stretches))


def ratio(contender: Contender, beside: Contender, calls: int, threads: int) -> float:
    """Give how often another's time a call takes, both in turn for short stretches of one process.

    So what else the machine does is in both, and what is left of it is not in the median.
    """
    each = max(threads * LEAST, 2 * calls // PAIRS)
    pairs = (
        (_stretch(contender, each, threads), _stretch(beside, each, threads)) for _ in range(PAIRS)
    )
    return median(ours / other for ours, other in pairs)


def _stretch(contender: Contender, calls: int, threads: int) -> float:
    """Give µs a call."""
    each = calls // threads

    def loop() -> None:
        call = contender.call
        for event in islice(cycle(contender.events), each):
            call(event)

    return _crew(threads, loop) / (each * threads) * 1e6


def latencies(contender: Contender, calls: int, threads: int) -> dict[str, float]:
    """Give the quantiles of a call's µs, so many threads calling as fast as they can."""
    found: list[int] = []

    def loop() -> None:
        own = _timed(contender, islice(cycle(contender.events), calls // threads))
        found.extend(own)

    _crew(threads, loop)
    return _quantiles(found)


def paced(contender: Contender, calls: int, per_second: float) -> dict[str, float]:
    """Give the quantiles of a call's µs where the calls come one at a time, evenly."""

    def ticks() -> Iterator[Any]:
        begin = time.perf_counter()
        for n, event in enumerate(islice(cycle(contender.events), calls)):
            time.sleep(max(0.0, begin + n / per_second - time.perf_counter()))
            yield event

    return _quantiles(_timed(contender, ticks()))


def allocations(contender: Contender, calls: int) -> dict[str, float]:
    """Give the blocks that stay allocated after a call, and the KiB that it takes at its peak."""
    before = sys.getallocatedblocks()
    for event in islice(cycle(contender.events), calls):
        contender.call(event)
    left = (sys.getallocatedblocks() - before) / calls
    tracemalloc.start()
    peaks = []
    for event in islice(cycle(contender.events), min(calls, 200)):
        tracemalloc.reset_peak()
        begin, _ = tracemalloc.get_traced_memory()
        contender.call(event)
        peaks.append(tracemalloc.get_traced_memory()[1] - begin)
    tracemalloc.stop()
    return {"blocks left": left, "peak KiB": sorted(peaks)[len(peaks) // 2] / 1024}


def growth(contender: Contender, calls: int, seconds: float) -> dict[str, float]:
    """Give by how many MiB the process grows over so many calls, and how many they were."""
    enough(contender, calls, seconds)
    before, begin, done = resident(), time.perf_counter(), 0
    for event in islice(cycle(contender.events), calls):
        contender.call(event)
        done += 1
        if not done % LEAST and time.perf_counter() - begin > seconds:
            break
    return {"MiB": resident() - before, "calls": done}


def drained(contender: Contender, calls: int, seconds: float) -> dict[str, float]:
    """Give µs a call until the last event of so many has arrived where it goes."""
    fewer = enough(contender, calls, seconds)
    begin = time.perf_counter()
    for event in islice(cycle(contender.events), fewer):
        contender.call(event)
    contender.finish()
    return {"time": (time.perf_counter() - begin) / fewer * 1e6, "calls": fewer}


def resident() -> float:
    """Give the MiB of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _timed(contender: Contender, events: Iterator[Any]) -> list[int]:
    call, clock, found = contender.call, time.perf_counter_ns, []
    for event in events:
        begin = clock()
        call(event)
        found.append(clock() - begin)
    return found


def _quantiles(nanoseconds: list[int]) -> dict[str, float]:
    ordered = sorted(nanoseconds)
    count = len(ordered)
    return {
        name: ordered[int(count * share)] / 1e3
        for name, share in QUANTILES.items()
        if count * (1 - share) >= ABOVE
    }


def _crew(threads: int, loop: Callable[[], None]) -> float:
    """Give the seconds that so many threads take for a loop each, with this thread's context variables."""
    ready = threading.Barrier(threads)
    begun: list[float] = []
    ended: list[float] = []

    def run() -> None:
        ready.wait()
        begun.append(time.perf_counter())
        loop()
        ended.append(time.perf_counter())

    crew = [threading.Thread(target=copy_context().run, args=(run,)) for _ in range(threads)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return max(ended) - min(begun)
