"""From a mapping of features to the parts of an event document: one for each kind.

There are two ways through, with one result. Names seen before that need nothing special, with
values of the builtin types, take the short way in :meth:`Splitter.split`; everything else goes
through :class:`_Careful`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from driftlog._guard import attempt
from driftlog._redaction import Action, Redaction
from driftlog._strings import SHORT, clean, clean_name, shorten
from driftlog._tally import Tally
from driftlog._text import MAX_CHARACTERS, Text, tokenize
from driftlog._values import MAX_ITEMS, Classified, category, classify

__all__ = ["Parts", "Route", "Splitter"]

Parts = dict[str, Any]

MAX_DEPTH = 16
MAX_FEATURES = 20_000
MAX_KNOWN_NAMES = 20_000


@dataclass(frozen=True, slots=True)
class Route:
    """What is known of a flattened name beforehand."""

    action: Action = None
    text: Text | None = None
    categorical: bool = False


class _Ambiguous(Exception):  # noqa: N818 - a signal within this module
    """A derived name may clash with another: the order of the features must be looked at."""


class Splitter:
    """Splits features by kind, the same for every event of a logger.

    Args:
        categorical: Names whose numbers are categories.
        text: Declared text features.
        redaction: What is withheld.
        nan: The part that NaN belongs to, ``"nonfinite"`` or ``"na"``.
        tally: Where changed values are counted.
        outputs: Whether these are the fields of a prediction, which no allow-list need name.
    """

    def __init__(
        self,
        *,
        categorical: Collection[str] = (),
        text: Mapping[str, Text] | None = None,
        redaction: Redaction | None = None,
        nan: Literal["nonfinite", "na"] = "nonfinite",
        tally: Tally,
        outputs: bool = False,
    ) -> None:
        self._categorical = frozenset(categorical)
        self._text = dict(text or {})
        self._redaction = redaction or Redaction()
        self._outputs = outputs
        self._plain: set[str] = set()
        self._plain_texts: dict[str, Text] = {}
        self._routes: dict[str, Route] = {}
        self.nan = nan
        self.tally = tally

    def split(  # noqa: C901, PLR0912 - the hot loop: a branch for each type, no calls
        self, features: Mapping[Any, Any], *, careful: bool = False
    ) -> Parts:
        """Give the non-empty parts of a document for an event's features.

        Args:
            features: Any mapping.
            careful: Take nothing for granted, for strings that turned out not to be Unicode.
        """
        num: dict[str, Any] = {}
        cat: dict[str, str] = {}
        na: list[str] = []
        parts: Parts = {"num": num, "cat": cat, "na": na}
        plain: Collection[str] = () if careful else self._plain
        texts: Mapping[str, Text] = {} if careful else self._plain_texts
        seen: set[str] | None = set() if careful else None
        rest: _Careful | None = None
        if not isinstance(features, Mapping):  # a pandas Series may name a feature twice
            features, plain, texts, seen = dict(features.items()), (), {}, set()
        for name, value in features.items():
            if name in plain:
                kind = type(value)
                if kind is float:
                    if value - value == 0.0:  # neither NaN nor infinite
                        num[name] = value
                        continue
                elif kind is str:
                    if len(value) <= SHORT:
                        cat[name] = value
                        continue
                elif kind is int:
                    num[name] = value
                    continue
                elif value is None:
                    na.append(name)
                    continue
                elif kind is bool:
                    cat[name] = "true" if value else "false"
                    continue
            elif name in texts and type(value) is str and len(value) <= SHORT:
                counts, tokens_kind, tokens = texts[name].measure(value)
                parts.setdefault("text", {})[name] = counts
                parts.setdefault(tokens_kind, {})[name] = tokens
                continue
            if rest is None:
                rest = _Careful(self, parts, features, seen)
            try:
                rest.add(name, value)
            except _Ambiguous:
                return self.split(features, careful=True)
        return {kind: part for kind, part in parts.items() if part}

    def route(self, name: str) -> Route:
        """Say what is to be done with the values of a flattened name."""
        route = self._routes.get(name)
        if route is None:
            action = self._redaction.action(name, listed_only=self._outputs)
            route = Route(action, self._text.get(name), name in self._categorical)
            if len(self._routes) < MAX_KNOWN_NAMES:
                self._routes[name] = route
        return route

    def learn(self, name: str) -> None:
        """Note a clean name that the short way can take, as nothing special is declared for it."""
        route = self.route(name)
        if route == Route() and len(self._plain) < MAX_KNOWN_NAMES:
            self._plain.add(name)
        elif route.action is None and route.text and route.text.tokenizer is tokenize:
            self._plain_texts[name] = route.text

    def clean(self, name: Any) -> str:
        """Give a name that every store takes; the name itself where it is one."""
        if type(name) is str:
            if name in self._routes:
                return name
        else:
            self.tally.change("name is no string")
            name = attempt(lambda: str.__str__(str(name)), lambda _: type(name).__name__)
        fit = clean_name(name)
        if fit == name:
            return name  # type: ignore[no-any-return]
        self.tally.change("name not fit")
        return fit

    def redact(self, action: Action, plain: Classified) -> Classified:
        """Hash or cut a classified value; nulls and types are not secrets."""
        kind, value = plain
        if kind == "list":
            return kind, [self._cover(action, item) for item in value]
        if kind in ("num", "cat"):
            return "cat", self._cover(action, category(kind, value))
        return plain

    def _cover(self, action: Action, text: str) -> str:
        return text[:action] if isinstance(action, int) else self._redaction.digest(text)


class _Careful:
    """Takes the features of one event that the short way cannot: one at a time, all rules."""

    __slots__ = ("_count", "_derived", "_features", "_owner", "_parts", "_seen")

    def __init__(
        self,
        owner: Splitter,
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
                raise _Ambiguous
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
