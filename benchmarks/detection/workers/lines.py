"""How a peer's worker talks: a job a line in, an answer a line out. Runs in the peer's own environment."""

import json
import sys
import time
import warnings
from collections.abc import Callable

import pandas as pd

Judge = Callable[[pd.DataFrame], list[str]]


def serve(fit: Callable[[pd.DataFrame, str], Judge]) -> None:
    """Answer ``{"reference": path, "windows": [path, ...]}`` with one line per window, its alerts by feature.

    An exception is an answer, too: the peer says nothing of that window.
    """
    warnings.simplefilter("ignore")
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        job = json.loads(line)
        judge = fit(pd.read_parquet(job["reference"]), sys.argv[1])
        for path in job["windows"]:
            begin = time.perf_counter()
            answer = {"window": path, **_answer(judge, path)}
            answer["seconds"] = round(time.perf_counter() - begin, 4)
            print(json.dumps(answer), file=out, flush=True)


def _answer(judge: Judge, path: str) -> dict[str, object]:
    try:
        return {"alerts": sorted(set(judge(pd.read_parquet(path))))}
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is its answer
        return {"alerts": [], "error": f"{type(error).__name__}: {error}"[:200]}
