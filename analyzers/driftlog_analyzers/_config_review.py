"""What ``driftlog.toml`` says for those who review alerts: silences, and where Kibana is."""

from datetime import UTC, date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from driftlog_analyzers._silence import Silence, checked, parse_weekly
from driftlog_analyzers.errors import InputError

_CLOSED = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _moment(value: object) -> datetime:
    """A TOML time or date, or a text; without an offset it is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is no time such as 2026-11-22T14:00:00Z") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise ValueError("it should be a time such as 2026-11-22T14:00:00Z")  # noqa: TRY004 - pydantic collects ValueErrors only
    try:
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:  # an offset can lead out of the calendar
        raise ValueError(f"{value} is no time such as 2026-11-22T14:00:00Z") from None


_Moment = Annotated[datetime, BeforeValidator(_moment)]


class SilenceRule(BaseModel):
    """A silence or a maintenance window.

    Attributes:
        reason: why.
        by: who says so.
        model: pattern of the models, with ``*`` and ``?``.
        feature: pattern of the features.
        detector: pattern of the detectors.
        start: ``from``, a time.
        end: ``to``, a time.
        weekly: a schedule such as ``sun 02:00-04:00``.
        timezone: of the schedule.
    """

    model_config = _CLOSED

    reason: str
    by: str = "driftlog.toml"
    model: str = "*"
    feature: str = "*"
    detector: str = "*"
    start: _Moment | None = Field(default=None, alias="from")
    end: _Moment | None = Field(default=None, alias="to")
    weekly: str | None = None
    timezone: str = "UTC"

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        try:
            self.value()
        except InputError as error:
            raise ValueError(str(error)) from error
        return self

    def value(self) -> Silence:
        """The silence.

        Raises:
            InputError: it makes no sense.
        """
        weekly = None if self.weekly is None else parse_weekly(self.weekly, self.timezone)
        return checked(
            Silence(
                self.reason,
                self.by,
                self.model,
                self.feature,
                self.detector,
                self.start,
                self.end,
                weekly,
            )
        )


class Kibana(BaseModel):
    """Where people look at events.

    Attributes:
        url: Kibana's, such as ``https://kibana.example.com``; None, no links.
        space: the space, where it is not the default one.
    """

    model_config = _CLOSED

    url: Annotated[str, Field(pattern="^https?://")] | None = None
    space: str | None = None
