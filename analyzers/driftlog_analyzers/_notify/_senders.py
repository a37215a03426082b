"""The receivers that the routes name, ready to be sent to; their secrets are read here."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from driftlog_analyzers._notify._digest import Digest
from driftlog_analyzers._notify._outbox import Outcome
from driftlog_analyzers._notify._routes import Route, require_web
from driftlog_analyzers._notify._templates import Templates
from driftlog_analyzers.errors import ConfigError


class Sender(Protocol):
    """One route's receiver."""

    @property
    def route(self) -> Route:
        """Whose it is."""

    def send(self, digest: Digest, timeout: timedelta) -> Outcome:
        """Send one message; a receiver may be silent for the timeout, but one that drips may hold this for ever."""


def senders(routes: Iterable[Route], environment: Mapping[str, str]) -> tuple[Sender, ...]:
    """The receivers of some routes, after every check that can be made without sending.

    Args:
        routes: of the configuration.
        environment: variables, some of which hold URLs.

    Raises:
        ConfigError: secrets are missing, receivers unknown or templates broken; all of it is told.
    """
    found: list[Sender] = []
    problems: list[str] = []
    for route in routes:
        try:
            found.append(_sender(route, environment))
        except ConfigError as error:
            problems.append(f"route {route.name}: {error}")
    if problems:
        many = f"the routes have {len(problems)} problems:"
        raise ConfigError(problems[0] if len(problems) == 1 else "\n  ".join([many, *problems]))
    return tuple(found)


def _sender(route: Route, environment: Mapping[str, str]) -> Sender:
    url = _url(route, environment)
    if route.kind == "trigger":
        from driftlog_analyzers._notify._trigger import Trigger  # noqa: PLC0415 - urllib3 only where it is used

        try:
            require_web(url)
        except ValueError as error:
            raise ConfigError(f"{_source(route)}: {error}") from None
        return Trigger(route, url)
    from driftlog_analyzers._notify import _apprise  # noqa: PLC0415 - slow

    if problem := _apprise.problem(url):
        raise ConfigError(f"{_source(route)}: {problem}")
    return _apprise.Receiver(route, url, Templates(route, _apprise.format_of(url)))


def _source(route: Route) -> str:
    if route.url_env:
        return f"the variable {route.url_env}"
    return "the file that url_file names" if route.url_file else "url"


def _url(route: Route, environment: Mapping[str, str]) -> str:
    """The URL; where it should be is told, and never what is there."""
    if route.url:
        return route.url
    if route.url_env:
        if found := environment.get(route.url_env, "").strip():
            return found
        raise ConfigError(
            f"the variable {route.url_env} is not set; let it hold the receiver's URL"
        )
    return _read(route.url_file) if route.url_file else ""


def _read(path: Path) -> str:
    what = f"url_file {path}"
    try:
        url = path.read_text().strip()
    except OSError as error:
        raise ConfigError(
            f"{what} cannot be read ({error.strerror}); check the path and its permissions"
        ) from None
    except ValueError:
        raise ConfigError(f"{what} is not text; let it hold the URL alone") from None
    if not url:
        raise ConfigError(f"{what} is empty; let it hold the receiver's URL")
    return url
