"""One event's features, one at a time, by all rules: whatever its names and values are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from driftlog._guard import attempt
from driftlog._redaction import Action
from driftlog._strings import SHORT, clean, shorten
from driftlog._tally import Tally
from driftlog._text import MAX_CHARACTERS, Text
from driftlog._values import MAX_ITEMS, Classified, category, classify

__all__ = ["Ambiguous", "Careful", "Parts", "Route"]

Parts = dict[str, Any]

MAX_DEPTH = 16
MAX_FEATURES = 20_000


@dataclass(frozen=True, slots=True)
class Route:
    """What is known of a flattened name beforehand."""

    action: Action = None
    text: Text | None = None
    categorical: bool = False


class Ambiguous(Exception):  # noqa: N818 - a signal to whoever began the event
    """A derived name may clash with another: the order of the features must be looked at."""


class Owner(Protocol):
    """What is known of all events of a logger; the splitter."""

    tally: Tally

    @property
    def nan(self) -> str:
        """The part that NaN belongs to, ``"nonfinite"`` or ``"na"``."""

    def route(self, name: str) -> Route:
        """Say what is to be done with the values of a flattened name."""

    def learn(self, name: str) -> None:
        """Note a clean name that needs no second look."""

    def clean(self, name: Any) -> str:
        """Give a name that every store takes; the name itself where it is one."""

    def redact(self, action: Action, plain: Classified) -> Classified:
        """Hash or cut a classified value."""


class Careful:
    """Takes the features of one event that the short way cannot: one at a time, all rules."""

    __slots__ = ("_count", "_derived", "_features", "_owner", "_parts", "_seen")

    def __init__(
        self,
        owner: Owner,
        parts: Parts,
        features: Mapping[Any, Any],
        seen: set[str] | None = None,
    ) -> None:
        self._owner = owner
        self._parts = parts
        self._features = features
        self._seen = seen
        self._derived: set[str] = set()
        self._count = 0

    def add(self, name: Any, value: Any) -> None:
        """Place a feature, however it is called and whatever it is."""
        clean = self._owner.clean(name)
        if clean is name and self._seen is None:
            self._owner.learn(clean)
        self._place(clean, value, (), derived=clean is not name)

    def _place(self, name: str, value: Any, path: tuple[int, ...], *, derived: bool) -> None:
        """Place a value under a flattened name; mappings hand on their own."""
        kind, plain = attempt(
            lambda: self._classify(name, value), lambda _: self._at_fault(name, value)
        )
        if kind == "map":
            self._flatten(name, plain, path)
        elif kind != "none" and self._free(name, derived=derived):
            self._write(name, kind, plain)

    def _classify(self, name: str, value: Any) -> tuple[str, Any]:
        route = self._owner.route(name)
        if route.action == "deny":  # an allow-list may still name what is inside a mapping
            return ("map", value) if isinstance(value, Mapping) else ("none", None)
        kind, plain = classify(value)
        if route.action is not None:
            kind, plain = self._owner.redact(route.action, (kind, plain))
        if kind == "cat" and route.text is not None and route.action != "hash":
            return "text", route.text.measure(clean(plain[:MAX_CHARACTERS]))
        if kind == "num" and route.categorical:
            return "cat", category(kind, plain)
        return kind, plain

    def _at_fault(self, name: str, value: Any) -> tuple[str, Any]:
        self._owner.tally.change("value raised an error")
        if self._owner.route(name).action is not None:
            return "redacted", None
        return "other", type(value).__name__

    def _flatten(self, name: str, value: Mapping[Any, Any], path: tuple[int, ...]) -> None:
        if id(value) in path or len(path) >= MAX_DEPTH:
            self._owner.tally.change("nested too deep")
            if self._owner.route(name).action != "deny" and self._free(name, derived=True):
                self._write(name, "other", type(value).__name__)
            return
        items = attempt(lambda: list(value.items()), lambda _: None)
        if items is None:
            self._write(name, *self._at_fault(name, value))
            return
        for key, below in items:
            if self._count > MAX_FEATURES:
                return
            self._place(f"{name}.{self._owner.clean(key)}", below, (*path, id(value)), derived=True)

    def _free(self, name: str, *, derived: bool) -> bool:
        """Say whether a name is still to be had; of two features with one name the first stays."""
        self._count += 1
        if self._count > MAX_FEATURES:
            self._owner.tally.change("too many features in one event")
            return False
        if self._seen is None:
            if derived and (name in self._features or name in self._derived):
                raise Ambiguous
            if derived:
                self._derived.add(name)
            return True
        if name in self._seen:
            self._owner.tally.change("two features with one name")
            return False
        self._seen.add(name)
        return True

    def _write(self, name: str, kind: str, value: Any) -> None:
        if kind == "cat":
            self._named("cat", name, self._fit(name, value))
        elif kind == "list":
            if len(value) > MAX_ITEMS:
                self._mark("truncated", name)
            self._named("list", name, [self._fit(name, item) for item in value[:MAX_ITEMS]])
            if not value:
                self._mark("empty", name)
        elif kind == "text":
            counts, tokens_kind, tokens = value
            self._named("text", name, counts)
            self._named(tokens_kind, name, [self._fit(name, token) for token in tokens])
        elif kind in ("na", "redacted"):
            self._mark(kind, name)
        elif kind in ("nan", "inf"):
            self._mark(self._owner.nan if kind == "nan" else "nonfinite", name)
        elif kind == "other":
            self._owner.tally.change("value of no known kind")
            self._named("other", name, clean(value))
        else:
            self._named(kind, name, value)

    def _named(self, kind: str, name: str, value: Any) -> None:
        self._parts.setdefault(kind, {})[name] = value

    def _mark(self, kind: str, name: str) -> None:
        marks = self._parts.setdefault(kind, [])
        if name not in marks[-1:]:
            marks.append(name)

    def _fit(self, name: str, text: str) -> str:
        fit = clean(text)
        if fit != text:
            self._owner.tally.change("characters replaced")
        if len(fit) <= SHORT:
            return fit
        short = shorten(fit)
        if short is not fit:
            self._owner.tally.change("string cut")
            self._mark("truncated", name)
        return short
