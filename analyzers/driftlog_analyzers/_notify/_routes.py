"""``[[routes]]`` of ``driftlog.toml``: who is told of which incidents, and how."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    model_validator,
)

from driftlog_analyzers._finding import Severity
from driftlog_analyzers._incident import Incident
from driftlog_analyzers._toml import nearest
from driftlog_analyzers._window import TimeSize, parse_size
from driftlog_analyzers.errors import ConfigError

Format = Literal["text", "markdown", "html"]
_PLACES = ("url", "url_env", "url_file")
_MESSAGES_OWN = ("remind", "subject", "subject_file", "body", "body_file", "format", "interval")
_SEVERITIES = tuple(severity.value for severity in Severity)[1:]
_RANKS = tuple(Severity)


def _text(value: object) -> str:
    """What is there instead is not repeated: it may be a secret in the wrong place."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("it should be a text in quotes")
    return value


def _variable(value: object) -> str:
    """What is no name is not repeated either: it may be the URL itself."""
    name = _text(value)
    if not name.isidentifier():
        raise ValueError("it should be the name of the variable that holds the URL")
    return name


def _severity(value: object) -> Severity:
    if value in _SEVERITIES:
        return Severity(str(value))
    raise ValueError(f"there is no severity {value!r}; {nearest(str(value), _SEVERITIES)}")


def _span(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        size = parse_size(value if isinstance(value, str) else "")
    except ConfigError:
        size = None
    if not isinstance(size, TimeSize):
        raise ValueError(f"{value!r} is no span of time; write one such as 15m or 1d")  # noqa: TRY004 - as above
    return size.duration


def _span_or_never(value: object) -> timedelta | None:
    return None if value is None or value == "never" else _span(value)


def _glob(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("it should be a pattern in quotes, such as churn*")
    depth = value.replace("[[]", "").replace("[]]", "")
    if depth.count("[") != depth.count("]"):
        raise ValueError(f"pattern {value!r} has a bracket without its other half; write [[] for [")
    return value


def _some(patterns: tuple[str, ...]) -> tuple[str, ...]:
    if not patterns:
        raise ValueError("it is empty, so nothing would ever fit; leave it out for everything")
    return patterns


def _beside_file(path: Path, info: ValidationInfo) -> Path:
    return info.context / path if info.context else path


_Glob = Annotated[str, PlainValidator(_glob)]
_Globs = Annotated[tuple[_Glob, ...], AfterValidator(_some)]
_Text = Annotated[str, PlainValidator(_text)]
_Variable = Annotated[str, PlainValidator(_variable)]
_File = Annotated[Path, BeforeValidator(_text), AfterValidator(_beside_file)]
_Span = Annotated[timedelta, PlainValidator(_span)]


class Route(BaseModel):
    """Where incidents are told, and which. The file never holds a secret, because it is shared and kept in git.

    Attributes:
        name: of the route, unique; what was told is remembered by it.
        kind: ``message`` to people through Apprise, or ``trigger``: one HTTP call an incident.
        url: of the receiver, where it holds no secret; of a trigger ``http`` or ``https``.
        url_env: the environment variable that holds the URL.
        url_file: the file that holds the URL and nothing else.
        models: patterns of models, one of which must fit.
        severity: of an incident, at least.
        detectors: patterns of detectors; one alert of the incident must fit them and the segments.
        segments: patterns of segments such as ``country=*``; an alert about all events fits ``*`` only.
        grew: whether it is told when an incident's severity rises.
        resolved: whether it is told when an incident is over.
        remind: after how long an incident that is open and not acknowledged is told again; None for never.
        interval: the least time between two messages; what comes meanwhile waits for the next one.
        give_up: for how long a message is tried.
        timeout: of one attempt.
        format: of the body; None for the receiver's own.
        subject: a Jinja template of one line.
        subject_file: a file that holds it.
        body: a Jinja template.
        body_file: a file that holds it.
        dashboard: a link for people, in which ``{model}`` is replaced.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Text
    kind: Literal["message", "trigger"] = "message"
    url: _Text | None = Field(default=None, repr=False)
    url_env: _Variable | None = None
    url_file: _File | None = None
    models: _Globs = ("*",)
    severity: Annotated[Severity, PlainValidator(_severity)] = Severity.LOW
    detectors: _Globs = ("*",)
    segments: _Globs = ("*",)
    grew: bool = Field(default=True, strict=True)
    resolved: bool = Field(default=True, strict=True)
    remind: Annotated[timedelta | None, PlainValidator(_span_or_never)] = timedelta(days=1)
    interval: _Span | None = None
    give_up: _Span = timedelta(days=1)
    timeout: _Span = timedelta(seconds=10)
    format: Format | None = None
    subject: _Text | None = None
    subject_file: _File | None = None
    body: _Text | None = None
    body_file: _File | None = None
    dashboard: _Text | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _require_one_place(self)
        for name in ("subject", "body"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                raise ValueError(f"it has {name} and {name}_file; keep one of them")
        if self.kind == "trigger":
            foreign = sorted(self.model_fields_set & {*_MESSAGES_OWN})
            if foreign:
                raise ValueError(f"a trigger has no {', '.join(foreign)}; leave that out")
        if self.url:
            _require_receiver(self.kind, self.url)
        return self


def _require_one_place(route: Route) -> None:
    named = [name for name in _PLACES if getattr(route, name) is not None]
    if not named:
        raise ValueError(
            "it leads nowhere; add url_env, the variable that holds the receiver's URL,"
            " or url_file, or url where that holds no secret"
        )
    if len(named) > 1:
        raise ValueError(f"it has {' and '.join(named)}; keep one of them")


def _require_receiver(kind: str, url: str) -> None:
    if kind == "trigger":
        require_web(url)
        if urlsplit(url).password:
            raise ValueError("url holds a password; put it into a variable and name that: url_env")
        return
    from driftlog_analyzers._notify import _apprise  # noqa: PLC0415 - slow, and only routes need it

    if problem := _apprise.problem(url):
        raise ValueError(problem)
    if _apprise.secret(url):
        raise ValueError("url holds a secret; put it into a variable and name that: url_env")


def require_web(url: str) -> None:
    """Check that a trigger can be called.

    Raises:
        ValueError: the URL, which is not repeated, is not one of the web.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("a trigger's url begins with http:// or https:// and names a host")


def checked(routes: tuple[Route, ...], *, detectors: Sequence[str]) -> tuple[Route, ...]:
    """The routes, if they make sense together.

    Raises:
        ValueError: two have one name, or a pattern fits no detector.
    """
    names = [route.name for route in routes]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"several routes are named {', '.join(twice)}; give each its own name")
    for route in routes:
        for pattern in route.detectors:
            if not any(fnmatchcase(name, pattern) for name in detectors):
                raise ValueError(
                    f"route {route.name}: no detector fits {pattern!r}; {nearest(pattern, detectors)}"
                )
    return routes


def wants(route: Route, incident: Incident) -> bool:
    """Whether an incident is told on a route."""
    return (
        _fits(incident.model, route.models)
        and _RANKS.index(incident.severity) >= _RANKS.index(route.severity)
        and any(
            _fits(episode.detector, route.detectors) and _fits(episode.segment, route.segments)
            for episode in incident.episodes
        )
    )


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def describe_route(route: Route) -> str:
    """A line that says what a route does."""
    source = (
        f"the URL that the variable {route.url_env} holds"
        if route.url_env
        else f"the URL in {route.url_file}"
        if route.url_file
        else f"{route.url}"
    )
    told = f"severity {route.severity} and above of models {', '.join(route.models)}"
    if route.kind == "trigger":
        return f"route {route.name}: calls {source}, once an incident, {told}"
    remind = f"reminds every {TimeSize(route.remind)}" if route.remind else "never reminds"
    return f"route {route.name}: tells {source} of {told}; {remind}"
