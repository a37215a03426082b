"""``driftlog.toml``: where events and state are, how models are watched, when to alert."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from driftlog._upload._settings import check_url
from driftlog.errors import SettingsError
from driftlog_analyzers._config_review import Kibana, SilenceRule
from driftlog_analyzers._elasticsearch._names import check_namespace, check_retention, shown
from driftlog_analyzers._episode import LOOK_BACK, EpisodeSettings
from driftlog_analyzers._notify._routes import Route, checked, describe_route
from driftlog_analyzers._overrides import named, overridden
from driftlog_analyzers._schedule._settings import Schedule
from driftlog_analyzers._toml import all_problems, config_error, key_path, nearest, read_toml
from driftlog_analyzers._window import CountSize, TimeSize, WindowSize, parse_size
from driftlog_analyzers.errors import ConfigError

DetectorName = Literal[
    "vanished",
    "new_feature",
    "na_spike",
    "nonfinite",
    "type_change",
    "category_shift",
    "unseen_category",
    "oov_rate",
    "text_length",
    "range",
    "numeric_shift",
    "stuck",
    "prediction_shift",
    "prediction_collapse",
    "deployment",
    "staleness",
    "latency",
    "error_rate",
    "quality",
    "feedback",
    "multivariate",
    "resources",
    "volume",
    "log_damage",
    "monitor",
]
DETECTORS: tuple[DetectorName, ...] = get_args(DetectorName)


def _size(value: object) -> WindowSize:
    if isinstance(value, TimeSize | CountSize):
        return value
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError(f"{value!r} is no window size; write a time such as 1h or a count")  # noqa: TRY004 - pydantic collects ValueErrors only
    try:
        return parse_size(str(value))
    except ConfigError as error:
        raise ValueError(str(error)) from error


def _age(value: object) -> timedelta:
    size = value if isinstance(value, timedelta) else _size(value)
    if isinstance(size, CountSize):
        raise ValueError(f"{value!r} is no age; write one such as 90d or 12w")  # noqa: TRY004 - pydantic collects ValueErrors only
    return size.duration if isinstance(size, TimeSize) else size


def _span(value: object) -> TimeSize:
    size = _size(value)
    if not isinstance(size, TimeSize):
        raise ValueError(f"{value!r} is no span of time; write one such as 1d")  # noqa: TRY004 - as above
    return size


def _detector(name: object) -> DetectorName:
    for known in DETECTORS:
        if name == known:
            return known
    raise ValueError(f"there is no detector {name!r}; {nearest(str(name), DETECTORS)}")


def _threshold(key: str) -> str:
    _detector(key.partition(".")[0])
    return key


def _beside_file(path: Path, info: ValidationInfo) -> Path:
    return info.context / path if info.context else path


_CLOSED = ConfigDict(extra="forbid", frozen=True)
_Place = Annotated[Path, AfterValidator(_beside_file)]
_Size = Annotated[WindowSize, PlainValidator(_size)]


def _quiet_text(value: object) -> str:
    """What is there instead is not repeated: it may be a secret in the wrong place."""
    if not isinstance(value, str):
        raise ValueError("it should be a text in quotes")  # noqa: TRY004 - pydantic collects ValueErrors only
    return value


def _url(value: object) -> str:
    url = _quiet_text(value)
    try:
        check_url(url)
    except SettingsError as error:
        raise ValueError(str(error)) from error
    if shown(url) != url:
        raise ValueError(
            "user and password do not belong into this file; use an API key,"
            " or put the whole URL into ELASTICSEARCH_URL"
        )
    return url


def _namespace(value: object) -> str:
    try:
        check_namespace(name := _quiet_text(value))
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return name


def _retention(value: object) -> str:
    try:
        check_retention(time := _quiet_text(value))
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return time


_QuietPlace = Annotated[Path, BeforeValidator(_quiet_text), AfterValidator(_beside_file)]


class Elasticsearch(BaseModel):
    """Where Elasticsearch is. The file never holds a secret, because it is shared and kept in git.

    Attributes:
        url: of the server, without user and password.
        namespace: last part of all names.
        api_key_file: a file that holds the encoded API key and nothing else.
        ca_certs: file of the certificates to trust.
        retention: for how long ``driftlog setup`` has events kept at least, such as ``90d``; None, as long as now.
    """

    model_config = _CLOSED

    url: Annotated[str, PlainValidator(_url)] | None = None
    namespace: Annotated[str, PlainValidator(_namespace)] = "default"
    api_key_file: _QuietPlace | None = None
    ca_certs: _QuietPlace | None = None
    retention: Annotated[str, PlainValidator(_retention)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_secret(cls, data: object) -> object:
        if not isinstance(data, dict | cls):
            raise ValueError("it should be a table")  # noqa: TRY004 - pydantic collects ValueErrors only
        if isinstance(data, dict) and "api_key" in data:
            raise ValueError(
                "an API key does not belong into this file; put it into ELASTICSEARCH_API_KEY,"
                " or into a file of its own and name that with api_key_file"
            )
        return data

    def read_api_key(self) -> str | None:
        """The key in `api_key_file`; None if none is named.

        Raises:
            ConfigError: the file cannot be read or is empty. It is not named: a key may stand in the place of its name.
        """
        if self.api_key_file is None:
            return None
        what = "the file that elasticsearch.api_key_file names"
        try:
            key = self.api_key_file.read_text().strip()
        except OSError as error:
            raise ConfigError(
                f"{what} cannot be read ({error.strerror}); check the path and its permissions"
            ) from None
        except ValueError:
            raise ConfigError(f"{what} is not text; let it hold the encoded key alone") from None
        if not key:
            raise ConfigError(f"{what} is empty; let it hold the encoded key")
        return key


class Detection(BaseModel):
    """What is looked for, and how readily.

    Attributes:
        budget: false alerts to put up with per 1,000 clean feature-windows, above 0.
        min_events: a window with fewer events is ``insufficient_data``.
        disabled: detectors that stay silent.
    """

    model_config = _CLOSED

    budget: float = Field(default=1.0, strict=True, gt=0, le=1000, allow_inf_nan=False)
    min_events: int = Field(default=20, strict=True, ge=1)
    disabled: tuple[Annotated[DetectorName, PlainValidator(_detector)], ...] = ()

    @property
    def enabled(self) -> tuple[DetectorName, ...]:
        """The detectors that run."""
        return tuple(name for name in DETECTORS if name not in self.disabled)


class Feedback(BaseModel):
    """Which input could follow the model's own earlier output.

    Attributes:
        output: an output, such as the recommended item.
        input: the input that may repeat it.
        entity: the feature that names whom both are about.
        within: how long ago the output may be.
    """

    model_config = _CLOSED

    output: str
    input: str
    entity: str
    within: Annotated[TimeSize, PlainValidator(_span)] = TimeSize(timedelta(days=1))


class Monitor(BaseModel):
    """How one model is watched.

    Attributes:
        window: the size of its windows.
        windows: several sizes that ``driftlog run`` evaluates; None, that of ``window`` alone. What is made of smaller
            ones, such as a day of hours, is merged from them.
        schedule: what is different from ``[schedule]`` for this model.
        baseline: its baseline file; None, the newest of its stored baselines.
        version: the model version whose baseline counts; None, the newest.
        max_age: how old the serving version may become, such as ``90d``; None, as old as it likes.
        text: features whose strings are text, to be split into tokens.
        categorical: features whose numbers are codes.
        ignore: features that no detector looks at.
        segments: categorical features whose slices, the ten largest of the baseline, are watched by themselves.
        multivariate: whether the baseline keeps how features go together, and windows are held against that.
        thresholds: smallest effect of a finding instead of the detector's own or the calibrated one, by ``detector`` or
            ``detector.feature``, in the unit of the detector's effect.
        feedback: a loop to be watched: more and more inputs that are the model's own earlier output.
        sources: patterns of the features that come from one source each, so that their alerts are one incident.
    """

    model_config = _CLOSED

    window: _Size = parse_size("1h")
    windows: Annotated[tuple[_Size, ...], Field(min_length=1)] | None = None
    schedule: Schedule | None = None
    baseline: _Place | None = None
    version: str | None = None
    max_age: Annotated[timedelta, PlainValidator(_age)] | None = None
    text: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    multivariate: bool = Field(default=False, strict=True)
    thresholds: Mapping[
        Annotated[str, AfterValidator(_threshold)],
        Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)],
    ] = Field(default_factory=dict)
    feedback: Feedback | None = None
    sources: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def sizes(self) -> tuple[WindowSize, ...]:
        """The sizes of the windows that a schedule evaluates, each once: by time, the smallest first, then by count."""
        wanted = {str(size): size for size in self.windows or (self.window,)}
        times = [size for size in wanted.values() if isinstance(size, TimeSize)]
        counts = [size for size in wanted.values() if isinstance(size, CountSize)]
        return (
            *sorted(times, key=lambda size: size.duration),
            *sorted(counts, key=lambda size: size.events),
        )

    @model_validator(mode="after")
    def _one_role_each(self) -> Self:
        roles = {"text": self.text, "categorical": self.categorical, "ignore": self.ignore}
        for name in sorted({name for names in roles.values() for name in names}):
            lists = [role for role, names in roles.items() if name in names]
            if len(lists) > 1:
                raise ValueError(f"feature {name!r} is in {' and '.join(lists)}; keep one of them")
        return self


class Config(BaseModel):
    """All of ``driftlog.toml``.

    Attributes:
        store: where the events are.
        spool: folder of the spool, absolute or relative to the working directory.
        state: the state file, likewise; without it the state is beside the spool, or in Elasticsearch too.
        elasticsearch: how to get there.
        detection: what is looked for.
        alerts: when alerts open and close.
        silences: of which alerts nobody is told, and when.
        kibana: where people look at events.
        schedule: when windows are looked at.
        models: how each model is watched.
        routes: where alerts are told.
    """

    model_config = _CLOSED

    store: Literal["spool", "elasticsearch"] = "spool"
    spool: _Place | None = None
    state: _Place | None = None
    elasticsearch: Elasticsearch = Elasticsearch()
    detection: Detection = Detection()
    alerts: EpisodeSettings = EpisodeSettings()
    silences: tuple[SilenceRule, ...] = ()
    kibana: Kibana = Kibana()
    schedule: Schedule = Schedule()
    models: Mapping[str, Monitor] = Field(default_factory=dict)
    routes: Annotated[tuple[Route, ...], AfterValidator(partial(checked, detectors=DETECTORS))] = ()

    @model_validator(mode="after")
    def _windows_are_kept(self) -> Self:
        text = self.elasticsearch.retention
        kept = parse_size(text) if text else None
        for name, monitor in sorted(self.models.items()):
            for size in monitor.sizes:
                if _outlives(size, kept):
                    raise ValueError(
                        f"{key_path('models', name)} has windows of {size}, and events are kept for {text} alone"
                        " (elasticsearch.retention), so such a window is never whole; take smaller ones or keep events"
                        " for longer"
                    )
        return self

    def monitor(self, model: str) -> Monitor:
        """How the model is watched, be it named in the file or not."""
        return self.models.get(model) or Monitor()

    def episodes(self, model: str) -> EpisodeSettings:
        """When alerts of the model open and close, and which of its features come from one source."""
        sources = {**self.alerts.sources, **self.monitor(model).sources}
        return replace(self.alerts, sources=sources)


def _outlives(size: WindowSize, kept: WindowSize | None) -> bool:
    """Whether a window is longer than events are kept."""
    if not isinstance(size, TimeSize) or not isinstance(kept, TimeSize):
        return False
    return size.duration > kept.duration


def load_config(path: Path | None, environment: Mapping[str, str] | None = None) -> Config:
    """Read a ``driftlog.toml``; its paths are relative to its own folder.

    Args:
        path: the file; None, there is none.
        environment: variables, some of which may stand for keys of the file; see `_overrides`.

    Raises:
        ConfigError: the file cannot be read, or it or the environment has problems; all of them are named.
    """
    data = overridden(read_toml(path) if path else {}, environment or {})
    folder = path.parent if path else None
    try:
        return Config.model_validate(data, context=folder)
    except ValidationError as error:
        found = all_problems(error, data, Config, folder)
        raise config_error(_said(path, environment or {}), found) from error


def _said(path: Path | None, environment: Mapping[str, str]) -> str:
    """Where the configuration comes from, in words."""
    return ", with ".join(filter(None, [str(path or ""), ", ".join(named(environment))]))


def describe(config: Config) -> tuple[str, ...]:
    """Lines that say what would be done: where the events are, for all models together, for each."""
    detection, alerts = config.detection, config.alerts
    silent = f" (not {', '.join(detection.disabled)})" if detection.disabled else ""
    everywhere = (
        f"all models: {len(detection.enabled)} of {len(DETECTORS)} detectors{silent}, on windows of"
        f" {detection.min_events} events or more; {detection.budget:g} false alerts per 1,000 clean"
        f" feature-windows; an alert opens after {_delay(alerts)} bad and closes after {alerts.quiet}"
        f" good windows in a row{_flapping(alerts)}"
    )
    silences = tuple(f"silence: {rule.value()}" for rule in config.silences)
    models = (_describe_model(name, monitor) for name, monitor in sorted(config.models.items()))
    routes = (describe_route(route) for route in config.routes)
    return (_describe_store(config), everywhere, *silences, *models, *routes)


def _delay(alerts: EpisodeSettings) -> str:
    return str(alerts.delay or "1 (of windows shorter than an hour 2)")


def _flapping(alerts: EpisodeSettings) -> str:
    if not alerts.flapping:
        return ""
    return f", or {max(alerts.quiet, alerts.flapping)} once it changed {alerts.flapping} times in {LOOK_BACK}"


def _describe_store(config: Config) -> str:
    state = f"; state: {config.state}" if config.state else ""
    if config.store == "spool":
        return f"events: spool {config.spool or 'that --spool or DRIFTLOG_SPOOL names'}{state}"
    there = config.elasticsearch
    key = "in api_key_file" if there.api_key_file else "that ELASTICSEARCH_API_KEY holds, if any"
    return (
        f"events: Elasticsearch at {there.url or 'the URL that --url or ELASTICSEARCH_URL names'},"
        f" namespace {there.namespace}, with the API key {key}{state}"
    )


def _describe_model(name: str, monitor: Monitor) -> str:
    baseline = (
        str(monitor.baseline)
        if monitor.baseline
        else f"of version {monitor.version}"
        if monitor.version
        else "the newest"
    )
    roles = {"text": monitor.text, "categorical": monitor.categorical, "ignored": monitor.ignore}
    roles |= {"segments": monitor.segments}
    aged = f"; may become {TimeSize(monitor.max_age)} old" if monitor.max_age else ""
    further = aged + "".join(
        f"; {role}: {', '.join(names)}" for role, names in roles.items() if names
    )
    sizes = ", ".join(map(str, monitor.sizes))
    return f"{name}: windows of {sizes}; baseline: {baseline}{further}"
