"""From a mapping of features to the parts of an event document: one for each kind.

There are three ways through, with one result. An event of a shape that came often goes through the
function made for it (`_shapes`). Names seen before that need nothing special, with values of the
builtin types, take a loop without calls; everything else goes through `Careful`, value by value.
"""

from collections.abc import Collection, Mapping
from copy import copy
from typing import Any, Literal

from driftlog._careful import Ambiguous, Careful, Parts, Route
from driftlog._guard import attempt
from driftlog._redaction import Action, Redaction
from driftlog._shapes import Shapes
from driftlog._strings import SHORT, clean_name
from driftlog._tally import Tally
from driftlog._text import Text, tokenize
from driftlog._values import Classified, category

__all__ = ["Parts", "Route", "Splitter"]

MAX_KNOWN_NAMES = 20_000


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
        self._shapes = Shapes()
        self._plans = self._shapes.plans
        self.nan = nan
        self.tally = tally

    def split(self, features: Mapping[Any, Any], *, careful: bool = False) -> Parts:
        """Give the non-empty parts of a document for an event's features.

        Args:
            features: Any mapping.
            careful: Take nothing for granted, for strings that turned out not to be Unicode.
        """
        if careful or type(features) is not dict:
            return self._split_any(features, careful=careful)
        values = [*features.values()]
        types = (*map(type, values),)
        plan = self._plans.get(types)
        if plan is None:
            parts = self._split_any(features, careful=False)
            self._shapes.note(types, [*features], self._plain, self._plain_texts)
            return parts
        if plan.names == [*features]:
            planned = plan.build(values)
            if planned is not None:
                return planned
        return self._split_any(features, careful=False)

    def _split_any(  # noqa: C901, PLR0912 - the hot loop: a branch for each type, no calls
        self, features: Mapping[Any, Any], *, careful: bool
    ) -> Parts:
        num: dict[str, Any] = {}
        cat: dict[str, str] = {}
        na: list[str] = []
        parts: Parts = {"num": num, "cat": cat, "na": na}
        plain: Collection[str] = () if careful else self._plain
        texts: Mapping[str, Text] = {} if careful else self._plain_texts
        seen: set[str] | None = set() if careful else None
        rest: Careful | None = None
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
                rest = Careful(self, parts, features, seen)
            try:
                rest.add(name, value)
            except Ambiguous:
                return self._split_any(features, careful=True)
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

    def counting(self, tally: Tally) -> "Splitter":
        """Give the same splitter, counting elsewhere."""
        other = copy(self)
        other.tally = tally
        return other

    def clean(self, name: Any, count: int = 1) -> str:
        """Give a name that every store takes; the name itself where it is one.

        Args:
            name: Of a feature.
            count: Of the events that have it.
        """
        if type(name) is str:
            if name in self._routes:
                return name
        else:
            self.tally.change("name is no string", count)
            name = attempt(lambda: str.__str__(str(name)), lambda _: type(name).__name__)
        fit = clean_name(name)
        if fit == name:
            return name  # type: ignore[no-any-return]
        self.tally.change("name not fit", count)
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
