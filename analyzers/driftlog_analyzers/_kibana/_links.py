"""Links into Kibana. Pure."""

from datetime import UTC, datetime
from urllib.parse import quote

from driftlog_analyzers._window import Window


def events_link(url: str, space: str | None, stream: str, window: Window) -> str:
    """Discover, on the predictions of a window; it needs no saved object (ES|QL, Kibana 8.14 and later).

    Args:
        url: Kibana's.
        space: None for the default one.
        stream: the data stream of the model.
        window: the window.
    """
    place = f"/s/{quote(space)}" if space else ""
    query = f'FROM {stream} | WHERE event.action == "prediction"'
    state = f"(dataSource:(type:esql),query:(esql:'{_rison(query)}'))"
    times = f"(time:(from:'{_moment(window.start)}',to:'{_moment(window.end)}'))"
    return f"{url.rstrip('/')}{place}/app/discover#/?_g={_encoded(times)}&_a={_encoded(state)}"


def _rison(text: str) -> str:
    return text.replace("!", "!!").replace("'", "!'")


def _encoded(text: str) -> str:
    return quote(text, safe="(),:'!*")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
