"""Subject and body of a message: Jinja templates, checked before they are needed."""

import re
import traceback
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from driftlog_analyzers._notify._digest import Digest
from driftlog_analyzers._notify._routes import Format, Route
from driftlog_analyzers._notify._sample import samples
from driftlog_analyzers.errors import ConfigError

_LONGEST_SUBJECT = 200
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")


@dataclass(frozen=True, slots=True)
class Text:
    """A message as it is sent.

    Attributes:
        subject: one line.
        body: in the receiver's format.
        trouble: why it is not what the route's templates make of it; empty if it is.
    """

    subject: str
    body: str
    trouble: str = ""


class Templates:
    """The templates of one route.

    Args:
        route: names them; where it names none, driftlog's own are used.
        preferred: the receiver's format, where the route asks for no other.

    Raises:
        ConfigError: a template cannot be read or is broken; with file, line and what.
    """

    def __init__(self, route: Route, preferred: Format) -> None:
        self.format: Format = route.format or preferred
        own_subject = _default("subject.j2", "text")
        own_body = _default(f"body.{self.format}.j2", self.format)
        subject = _checked("subject", route.subject, route.subject_file, "text", route)
        body = _checked("body", route.body, route.body_file, self.format, route)
        self._own = own_subject, own_body
        self._wanted = subject or own_subject, body or own_body

    def render(self, digest: Digest) -> Text:
        """The message; where the route's templates fail after all, in driftlog's own words."""
        try:
            return _text(*self._wanted, digest)
        except Exception as error:  # noqa: BLE001 - it runs what people wrote
            subject, body = self._own
            trouble = f"a template of the route failed ({_said(error)}); driftlog's own was used"
            text = _text(subject, body, digest)
            return Text(text.subject, text.body, trouble)


def _text(subject: Template, body: Template, digest: Digest) -> Text:
    """The message.

    Raises:
        ValueError: it would be empty, and nobody told of anything.
    """
    line = " ".join(subject.render(digest=digest).split())[:_LONGEST_SUBJECT]
    said = body.render(digest=digest).strip()
    if not said:
        raise ValueError("it says nothing")
    return Text(line, said + "\n")


def _default(name: str, kind: Format) -> Template:
    source = (files("driftlog_analyzers._notify") / "templates" / name).read_text(encoding="utf-8")
    return _environment(kind).from_string(source)


def _checked(
    what: str, inline: str | None, path: Path | None, kind: Format, route: Route
) -> Template | None:
    if inline is None and path is None:
        return None
    place = str(path) if path else what
    source = inline if inline is not None else _read(path or Path())
    if not source.strip():
        raise ConfigError(f"{place} is empty; write the template, or leave it out")
    try:
        template = _environment(kind).from_string(source)
        for sample in samples(route):
            template.render(digest=sample)
    except TemplateSyntaxError as error:
        raise ConfigError(
            f"{place}, line {error.lineno}: {error.message}; correct the template"
        ) from None
    except Exception as error:  # noqa: BLE001 - it runs what people wrote
        raise ConfigError(
            f"{place}, line {_line(error)}: {_said(error)}; correct the template"
        ) from None
    return template


def _environment(kind: Format) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=kind == "html",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_markdown if kind == "markdown" else None,
    )
    environment.filters["moment"] = _moment
    return environment


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _markdown(value: Any) -> Any:
    """A logged value must not become a link, a mention or a heading."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _SPECIAL.sub(r"\\\1", value)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"template {path} cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"template {path} is not UTF-8 text; save it in that encoding") from error


def _line(error: Exception) -> int:
    """The template's line in which an error arose; Jinja puts it into the trace."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == "<template>"
    ]
    return (lines[-1] if lines else None) or 1


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_SUBJECT] or type(error).__name__
