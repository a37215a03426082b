"""The demo in Elasticsearch: the simulated service's last two weeks, shipped and analyzed there, for Kibana to show."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from driftlog_analyzers._demo._beats import beats
from driftlog_analyzers._demo._live import Play, damage, log_live
from driftlog_analyzers._demo._run import Bar, Played, Told, analyzed
from driftlog_analyzers._demo._score import Onsets
from driftlog_analyzers._demo._service import MODEL, VERSION
from driftlog_analyzers._elasticsearch._baselines import ElasticsearchBaselines
from driftlog_analyzers._elasticsearch._errors import explained, reason
from driftlog_analyzers._elasticsearch._setup import install
from driftlog_analyzers._elasticsearch._state import ElasticsearchState
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._episode import Episode
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._review import Action, ActionKind, about
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._window import TimeSize
from driftlog_analyzers.errors import StoreError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from driftlog import Upload

_HOUR = timedelta(hours=1)
_PATIENCE = 120.0


def play_there(
    play: Play, folder: Path, client: "Elasticsearch", upload: "Upload", bar: Bar
) -> Played:
    """Log, set up, ship, build the baseline of the good first half, analyze, and write the report.

    Args:
        play: when what happens.
        folder: a prepared folder.
        client: a connection to the cluster, with a key that may set up and write.
        upload: where the spool is shipped to; its namespace is that of everything.
        bar: makes a progress bar from a few words.

    Raises:
        StoreError: the cluster does not do as it is asked.
    """
    spool, namespace, size = folder / "spool", upload.namespace, TimeSize(_HOUR)
    onsets = Onsets(play.faults)
    with bar("logging") as advance:
        events = log_live(play, play.rows(onsets), spool, advance)
    damage(spool)
    with bar("building the baseline"), SpoolStore(spool) as local:
        baseline = baseline_from_store(
            local, model=MODEL, version=VERSION, start=play.start, end=play.good_until
        )
    install(client, upload.url, namespace=namespace)
    _ship(spool, replace(upload, heartbeat=None), bar)
    _tell_of_them(client, upload, play)
    ElasticsearchBaselines(client, namespace).save(baseline)
    client.indices.refresh(index=f"logs-driftlog.*-{namespace}")
    state = ElasticsearchState(client, namespace)
    store = ElasticsearchStore(client, namespace)
    played = analyzed(folder, store, state, baseline, Told(onsets, events, size), bar)
    state.save_actions(_reviewed(state.episodes(MODEL, size=size)))
    return played


def _reviewed(episodes: Iterable[Episode]) -> Iterator[Action]:
    """Somebody has seen the first fault already."""
    for episode in episodes:
        if episode.detector == "vanished" and episode.open:
            at = episode.opened.end + _HOUR / 2
            why = "the billing team is on it"
            yield replace(about(episode, ActionKind.ACK, by="ana", at=at, reason=why), number=1)


def _tell_of_them(client: "Elasticsearch", upload: "Upload", play: Play) -> None:
    """Index the heartbeats of shipper and analyzer.

    Raises:
        StoreError: the cluster refuses one.
    """
    lines: list[dict[str, object]] = []
    for dataset, document in beats(play):
        lines += [{"create": {"_index": f"metrics-{dataset}-{upload.namespace}"}}, document]
    with explained(upload.url):
        answer = client.bulk(operations=lines, refresh=True)
    if answer["errors"]:
        bad = next(i["create"] for i in answer["items"] if "error" in i["create"])
        raise StoreError(f"{bad['_index']} refused a heartbeat: {reason(bad)}")


def _ship(spool: Path, upload: "Upload", bar: Bar) -> None:
    from driftlog._upload import ship  # noqa: PLC0415 - an extra

    with bar("shipping"):
        done = ship(spool, upload, stop=threading.Event(), until_empty=True, give_up=_PATIENCE)
    if done.gave_up:
        raise StoreError(f"{done.unsent:,} events of {spool} were not shipped; {done.gave_up}")
