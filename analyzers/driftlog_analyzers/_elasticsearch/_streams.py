"""The data streams that are there when setup comes: which are ours, and what they still lack."""

from collections.abc import Sequence

from elasticsearch import ApiError, Elasticsearch

from driftlog_analyzers._elasticsearch._errors import FORBIDDEN, reason
from driftlog_analyzers._elasticsearch._names import (
    analyzer_stream,
    events_pattern,
    heartbeat_stream,
)

_LISTED = 3
_UNABLE = frozenset({400, FORBIDDEN, 404, 405})


def streams(client: Elasticsearch, names: str) -> dict[str, bool]:
    """The data streams of these names, sorted; whether the newest backing index has our mapping.

    Args:
        client: the connection.
        names: names or patterns with commas between them.
    """
    found = client.indices.resolve_index(name=names, ignore_unavailable=True, allow_no_indices=True)
    newest = {
        one["name"]: _listed(one["backing_indices"])[-1]
        for one in sorted(found["data_streams"], key=lambda one: str(one["name"]))
    }
    if not newest:
        return {}
    path = "*.mappings._meta.managed_by"
    marks = client.indices.get_mapping(index=names, ignore_unavailable=True, filter_path=path).body
    ours = {
        index
        for index, one in marks.items()
        if one["mappings"]["_meta"]["managed_by"] == "driftlog"
    }
    return {stream: index in ours for stream, index in newest.items()}


def foreign_note(stream: str) -> str:
    """Say what is wrong with a stream that has another's mapping, and what to do."""
    return (
        f"{stream} was made without driftlog's templates, so features may have the wrong type or none, and what is"
        f" found in them is not to be relied upon; after driftlog setup, run: POST /{stream}/_rollover"
    )


def stream_notes(client: Elasticsearch, namespace: str, retention: str | None) -> list[str]:
    """Bring a retention that is named to the streams that are there already; say what they still lack."""
    beats = f"{heartbeat_stream(namespace)},{analyzer_stream(namespace)}"
    found = streams(client, f"{events_pattern(namespace)},{beats}")
    notes = [foreign_note(stream) for stream, ours in found.items() if not ours]
    if ours := [stream for stream, ours in found.items() if ours]:
        notes.append(f"{_some(ours)} take a changed mapping with their next rollover.")
    if found and retention is not None:
        notes += _keep(client, list(found), retention)
    return notes


def _keep(client: Elasticsearch, names: Sequence[str], retention: str) -> list[str]:
    try:
        for stream in names:
            client.indices.put_data_lifecycle(name=stream, data_retention=retention)
    except ApiError as error:
        if error.status_code not in _UNABLE:
            raise
        return [
            f"{_some(names)} keep the retention they have ({reason(error.body)}); new ones keep {retention}."
        ]
    return []


def _some(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _listed(names: str | list[str]) -> list[str]:
    """Elasticsearch writes a list of one as its only member."""
    return [names] if isinstance(names, str) else names
