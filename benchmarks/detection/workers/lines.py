"""How a peer's worker talks: a job a line in, an answer a line out. Runs in the peer's own environment."""

import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, Protocol

import pandas as pd


class Judge(Protocol):
    """A peer that has seen a reference."""

    def look(self, window: pd.DataFrame) -> Any:
        """What the settings have in common: the window, or what is computed from it."""

    def alerts(self, setting: str, seen: Any, names: list[str]) -> list[str]:
        """The features that it alerts on, of those named, which may be absent from the window."""

    def plain(self, setting: str, window: pd.DataFrame) -> list[str]:
        """The same of a whole window, as the peer's manual does it."""


def serve(fit: Callable[[pd.DataFrame], Judge]) -> None:
    """Answer each job with a line per window and setting.

    A job is ``{"reference": path, "rows": path, "views": [{"columns": {feature: column}, "names": [feature, ...],
    "plain": bool}, ...]}``, an answer ``{"alerts": [feature, ...], "error": str or null, "seconds": float}``. The
    reference is fitted once. An exception is an answer, too: the peer says nothing of that window.
    """
    warnings.simplefilter("ignore")
    settings = sys.argv[1:]
    out, sys.stdout = sys.stdout, sys.stderr
    known, judge = "", None
    for line in sys.stdin:
        job = json.loads(line)
        if judge is None or job["reference"] != known:
            known, judge = job["reference"], fit(pd.read_parquet(job["reference"]))
        rows = pd.read_parquet(job["rows"])
        for view in job["views"]:
            window = rows[list(view["columns"].values())].set_axis(list(view["columns"]), axis=1)
            for answer in _answers(judge, settings, window, view):
                print(json.dumps(answer), file=out, flush=True)


def _answers(
    judge: Judge, settings: list[str], window: pd.DataFrame, view: dict[str, Any]
) -> list[dict[str, Any]]:
    if view["plain"]:
        return [_tried(lambda s=setting: judge.plain(s, window)) for setting in settings]
    names = view["names"]
    seen = _tried(lambda: judge.look(window))
    if seen["error"]:
        return [seen for _ in settings]
    found = seen["alerts"]
    answers = [_tried(lambda s=setting: judge.alerts(s, found, names)) for setting in settings]
    return [answer | {"seconds": answer["seconds"] + seen["seconds"]} for answer in answers]


def _tried(work: Callable[[], Any]) -> dict[str, Any]:
    begin = time.perf_counter()
    found, error = [], None
    try:
        found = work()
    except Exception as raised:  # noqa: BLE001 - whatever a peer raises is its answer
        error = f"{type(raised).__name__}: {raised}"[:200]
    return {"alerts": found, "error": error, "seconds": round(time.perf_counter() - begin, 4)}
