"""A window's profile as rows for charts: one for the window, one per feature, value, unknown token and version. Pure.

``@timestamp`` is the window's start. The window's row alone carries the profile that is read back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from driftlog_analyzers._baseline import main_kind
from driftlog_analyzers._charted import Charted
from driftlog_analyzers._elasticsearch._state_charts import (
    WHOLE,
    events_link,
    feature_charts,
    found_charts,
    shape,
    token_charts,
    value_charts,
    version_charts,
    window_charts,
)
from driftlog_analyzers._elasticsearch._state_documents import (
    Document,
    Json,
    Key,
    document,
    identity,
    packed,
    stored_window,
    unpacked,
    window_body,
)
from driftlog_analyzers._finding import Result
from driftlog_analyzers._profile import FeatureProfile, WindowProfile, most
from driftlog_analyzers._window import Window

_OUTPUT = "prediction."


@dataclass(frozen=True, slots=True)
class SavedProfile:
    """A profile that waits to be written, compressed: a run holds those of a thousand windows at once.

    Attributes:
        window: the window.
        revision: of the window.
        fingerprint: tells how the window was profiled.
        text: the profile, packed.
        charted: what its rows say beside it; None where nobody said.
    """

    window: Window
    revision: int
    fingerprint: str
    text: str = field(repr=False)
    charted: Charted | None = field(default=None, repr=False)

    @property
    def profile(self) -> WindowProfile:
        """The profile."""
        return unpacked(WindowProfile, self.text)


def saved(
    window: Window,
    revision: int,
    fingerprint: str,
    profile: WindowProfile,
    charted: Charted | None = None,
) -> SavedProfile:
    """A profile as it waits."""
    return SavedProfile(window, revision, fingerprint, packed(profile), charted)


def stored_profile(body: Json) -> SavedProfile:
    """The profile of a window's row."""
    window = stored_window(body["window"])
    return SavedProfile(window, body["revision"], body["fingerprint"], body["profile"])


def profile_rows(key: Key, kept: SavedProfile, results: Sequence[Result]) -> Iterator[Document]:
    """All rows of one window.

    Args:
        key: the window's key.
        kept: its profile, with what is charted beside it.
        results: what the window's evaluation says.
    """
    rows = _Rows(key, kept)
    profile = rows.profile
    for role, name, feature in _features(profile, results):
        yield from _of_feature(rows, (role, name), feature, results)
    whole = [result for result in results if not result.feature]
    named = {"role": "window", "feature": WHOLE}
    yield rows.row("feature", ("window", ""), named | found_charts(whole))
    for version in version_charts(profile.versions):
        more = {"value": version, "model": {"name": key.model, "version": [version["name"]]}}
        yield rows.row("version", (version["name"],), more)
    charts = window_charts(kept.window, profile, kept.charted) | found_charts(results)
    yield rows.row("window", (), charts | {"profile": kept.text})


class _Rows:
    """Makes the rows of one window, which all tell where they belong."""

    def __init__(self, key: Key, kept: SavedProfile) -> None:
        self.key, self.kept, self.profile = key, kept, kept.profile
        self._common: Json = {
            "key": key.id,
            "model": {"name": key.model, "version": most(self.profile.versions)},
            "window": window_body(kept.window, key.size),
            "revision": kept.revision,
            "events": self.profile.events,
            "fingerprint": kept.fingerprint,
        }

    def row(self, kind: str, parts: Sequence[str], more: Json, link: str = "") -> Document:
        """A row of some kind; with the address of its events, where that is given."""
        name = f"{self.key.id}-{identity(kind, *parts)}" if parts else self.key.id
        event = {"kind": "metric"} | ({"url": link} if link else {})
        body: Json = {"@timestamp": self._common["window"]["start"], "event": event}
        return document(name, body | {"driftlog": self._common | {"row": kind} | more})


def _of_feature(
    rows: _Rows, about: tuple[str, str], feature: FeatureProfile, results: Sequence[Result]
) -> Iterator[Document]:
    """A feature's own row, and those of its values and unknown tokens."""
    role, name = about
    output, charted = role == "prediction", rows.kept.charted
    shown = _OUTPUT + name if output else name
    found = [result for result in results if result.feature == shown]
    named = {"role": role, "feature": shown, "kind": main_kind(feature)}
    own = _feature(feature, rows.profile.events)
    charts = feature_charts(name, feature, charted, output=output)
    own["rate"] |= charts.pop("rate", {})
    link = events_link(rows.key.model, rows.kept.window, (shown, feature), found)
    yield rows.row("feature", (role, name), named | own | charts | found_charts(found), link)
    for value in value_charts(name, feature, charted, found, output=output):
        yield rows.row("value", (role, name, value["name"]), named | {"value": value})
    usual = charted.usual(name, output=output) if charted else None
    for token in token_charts(feature, usual):
        yield rows.row("token", (role, name, token["name"]), named | {"value": token})


def _features(
    profile: WindowProfile, results: Sequence[Result]
) -> Iterator[tuple[str, str, FeatureProfile]]:
    """Role, name and profile of what there is, and of what results say is not."""
    yield from (("feature", name, feature) for name, feature in profile.features.items())
    yield from (("prediction", name, feature) for name, feature in profile.predictions.items())
    there = profile.features.keys() | {_OUTPUT + name for name in profile.predictions}
    for name in sorted({result.feature for result in results} - there - {""}):
        role = "prediction" if name.startswith(_OUTPUT) else "feature"
        plain = name.removeprefix(_OUTPUT) if role == "prediction" else name
        yield role, plain, FeatureProfile()


def _feature(feature: FeatureProfile, events: int) -> Json:
    count: Json = {
        "events": events,
        "present": feature.present,
        "values": feature.values,
        "numbers": feature.numbers,
        "strings": feature.strings,
        "lists": feature.lists,
        "texts": feature.texts,
        "others": sum(feature.others.values()),
        "null": feature.nulls,
        "nonfinite": feature.nonfinite,
    }
    rates = {
        "present": _share(feature.present, events),
        "absent": _share(events - feature.present, events),
        "null": _share(feature.nulls, feature.present),
        "nonfinite": _share(feature.nonfinite, feature.present),
    }
    found: Json = {"count": count, "rate": rates}
    if categorical := feature.categorical:
        count["distinct"] = len(categorical.counts) + categorical.tail_distinct
    if text := feature.text:
        count |= {"tokens": text.tokens, "oov": text.oov}
        rates["oov"] = _share(text.oov, text.tokens)
    if numeric := feature.numeric:
        rates |= {
            "below": _share(numeric.below, numeric.n),
            "above": _share(numeric.above, numeric.n),
        }
        found["numeric"] = {"n": numeric.n, **shape(numeric)}
        found["histogram"] = {"edges": numeric.edges, "bins": numeric.bins}
    return found


def _share(hits: int, n: int) -> float:
    return hits / n if n else 0.0
