"""``driftlog status``: what is in a spool, what has become of it, what stands in the way, and how the analyzers are."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftlog_analyzers.cli._cluster import Cluster, cluster
from driftlog_analyzers.cli._console import show, show_json, table
from driftlog_analyzers.cli._options import (
    ApiKeyOption,
    CertificatesOption,
    ConfigOption,
    JsonOption,
    NamespaceOption,
    SpoolsOption,
    StateOption,
    Store,
    StoreOption,
    UrlOption,
)
from driftlog_analyzers.cli._place import configuration, spool_folder
from driftlog_analyzers.cli._untold import STATE, counts, line

if TYPE_CHECKING:
    from driftlog._upload import Status


def status(
    *,
    store: StoreOption = None,
    spool: SpoolsOption = None,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    ca_certs: CertificatesOption = None,
    namespace: NamespaceOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Account for every event, and say how the analyzers are.

    accepted = indexed + duplicate + quarantined + dropped + unsent.
    """
    from driftlog._upload import read_status  # noqa: PLC0415 - when needed
    from driftlog_analyzers.cli._analyzers import read_beats, show_beats  # noqa: PLC0415 - when needed

    settings = configuration(config)
    remote = (store or Store(settings.store)) is Store.ELASTICSEARCH
    named = spool or ([settings.spool] if settings.spool else [])
    spools = named if named or remote else [spool_folder(None, settings)]
    folders = list(dict.fromkeys(map(Path.resolve, spools)))
    file = settings.state if state is None else state / "state.sqlite"
    if file is not None:
        homes: list[Path | Cluster] = [file]
    elif remote:
        homes = [cluster(url, api_key, ca_certs, namespace, settings)]
    else:
        homes = [folder / "analysis" / "state.sqlite" for folder in folders]
    found = [read_status(folder) for folder in folders]
    told = {one.spool: counts(file or one.spool / STATE) for one in found}
    if not as_json:
        for one in found:
            _show(one)
            if sentence := line(told[one.spool]):
                show(sentence)
    beats, unread = read_beats(homes)
    if as_json:
        spools_told = [_document(one) | {"notifications": told[one.spool]} for one in found]
        show_json({"spools": spools_told, "analyzers": beats})
    elif beats or (remote and not unread):
        show_beats(beats)
    if unread:
        raise unread


def _document(one: "Status") -> dict[str, Any]:
    account, trouble = one.account, one.trouble
    return {
        "spool": one.spool,
        "uploader": one.uploader,
        "accepted": one.accepted,
        "indexed": account.indexed,
        "duplicate": account.duplicate,
        "quarantined": account.quarantined,
        "dropped": account.dropped,
        "unsent": one.unsent.events,
        "not_accepted": one.losses.dropped,
        "changed": one.losses.changed,
        "unsent_bytes": one.unsent.size,
        "oldest_unsent": one.unsent.oldest,
        "lag_seconds": round(one.lag, 3),
        "acknowledged": one.acknowledged,
        "since": one.since,
        "error": None
        if trouble is None
        else {
            "at": datetime.fromtimestamp(trouble.at, UTC),
            "sentence": trouble.sentence,
            "lasting": trouble.lasting,
        },
        "note": one.note or None,
        "segments": [
            {
                "id": segment.id,
                "path": segment.path,
                "live": segment.live,
                "bytes": segment.size,
                "sent_bytes": segment.offset,
                "unsent": segment.unsent,
            }
            for segment in one.segments
        ],
    }


def _show(one: "Status") -> None:
    account = one.account
    shipped = f"shipped by process {one.uploader}" if one.uploader else "not being shipped"
    show(f"{one.spool}: {shipped}")
    rows: list[tuple[str, int, str]] = [
        ("accepted", one.accepted, f"in {len(one.segments):,} segments on disk, and before"),
        ("indexed", account.indexed, ""),
        ("duplicate", account.duplicate, "sent before, and counted once"),
        ("quarantined", sum(account.quarantined.values()), _reasons(account.quarantined)),
        ("dropped", sum(account.dropped.values()), _reasons(account.dropped)),
        ("unsent", one.unsent.events or 0, _waiting(one)),
    ]
    if lost := one.losses.dropped:
        rows.append(("not accepted", sum(lost.values()), _reasons(lost)))
    show(table(["", "events ", "about"], [(name, f"{count:,}", why) for name, count, why in rows]))
    if account.quarantined:
        show(f"What was quarantined, and why: {one.spool / 'upload' / 'quarantine'}")
    if one.acknowledged:
        show(f"Elasticsearch last took events at {one.acknowledged:%Y-%m-%d %H:%M:%S} UTC.")
    if one.note:
        show(f"Note: {one.note}; all events will be sent again, under the same ids.")
    if one.trouble:
        at = datetime.fromtimestamp(one.trouble.at, UTC)
        still = "since" if one.trouble.lasting else "over; it was at"
        show(f"Trouble ({still} {at:%Y-%m-%d %H:%M:%S} UTC): {one.trouble.sentence}")


def _reasons(counts: "dict[str, int] | Any") -> str:
    return ", ".join(f"{reason}: {count:,}" for reason, count in sorted(counts.items()))


def _waiting(one: "Status") -> str:
    if not one.unsent.oldest:
        return ""
    return f"{one.unsent.size:,} bytes, the oldest from {one.unsent.oldest}, {one.lag:,.0f} s ago"
