"""``driftlog compare-models``: a live and a shadow version on the same traffic."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._chart import short
from driftlog_analyzers.cli._console import moment, show, show_json, table
from driftlog_analyzers.cli._options import JsonOption, ModelOption, at_place
from driftlog_analyzers.cli._place import Place, pick_model

if TYPE_CHECKING:
    from driftlog_analyzers._comparing import Agreement, ModelComparison
    from driftlog_analyzers._quality import Quality
    from driftlog_analyzers._store import EventStore
    from driftlog_analyzers._window import Window

_SHOWN = 10


class By(StrEnum):
    """What one request has in common in both versions."""

    TRACE = "trace"
    ID = "id"


@at_place
def compare_models(
    where: Place,
    *,
    live: Annotated[str, typer.Option("--live", help="The version that answers.")],
    shadow: Annotated[str, typer.Option("--shadow", help="The version beside it.")],
    model: ModelOption = None,
    by: Annotated[
        By, typer.Option("--by", help="Join requests by their trace id or their event id.")
    ] = By.TRACE,
    segment: Annotated[
        str | None,
        typer.Option("--segment", help="A categorical feature, to compare by its values, too."),
    ] = None,
    score: Annotated[str | None, typer.Option("--score", help="The numeric output.")] = None,
    label: Annotated[str | None, typer.Option("--label", help="The categorical output.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="Events from this time on.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Events up to this time.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two versions of a model on the same traffic.

    Their predictions are joined by trace id or event id, and compared request by request.
    """
    from driftlog_analyzers._comparing import compare_models as compared  # noqa: PLC0415 - when needed
    from driftlog_analyzers._quality import Compared  # noqa: PLC0415 - as above

    if live == shadow:
        raise typer.BadParameter("name another version than the live one", param_hint="--shadow")
    with where.open_store() as store:
        name = pick_model(store, where, model)
        found = compared(
            store,
            name,
            (live, shadow),
            by=by.value,
            window=_window(store, name, start, end),
            segment=segment,
            outputs=Compared(score, label) if score or label else None,
        )
    if as_json:
        show_json(_document(found))
    else:
        show(*_lines(found))


def _window(store: "EventStore", model: str, start: str | None, end: str | None) -> "Window":
    from driftlog_analyzers._window import Window  # noqa: PLC0415 - when needed

    extent = store.extent(model)
    first = moment(start, "--from") if start else None
    last = moment(end, "--to") if end else None
    if extent is None:
        raise typer.BadParameter(f"model {model!r} has no events", param_hint="--model")
    return Window(first or extent.first, last or extent.last, end_id="" if last else "\U0010ffff")


def _document(found: "ModelComparison") -> dict[str, object]:
    spec = found.spec
    return {
        "model": spec.model,
        "live": spec.live,
        "shadow": spec.shadow,
        "by": spec.by,
        "from": spec.window.start,
        "to": spec.window.end,
        "live_requests": found.shadow.live,
        "shadow_requests": found.shadow.shadow,
        "repeated": found.shadow.repeated,
        **_agreement(found.agreement),
        "disagreements": [
            {"live": old, "shadow": new, "requests": n}
            for (old, new), n in found.disagreements.items()
        ],
        "shifts": found.shifts,
        "quality": {version: _quality(one) for version, one in found.quality.items()},
        "segment": spec.segment,
        "slices": [
            {
                "value": one.value,
                **_agreement(one.agreement),
                "p_value": one.p_value,
                "stands_out": one.stands_out,
            }
            for one in found.slices
        ],
    }


def _agreement(one: "Agreement") -> dict[str, object]:
    return {
        "joined": one.n,
        "enough": one.enough,
        "labels": one.labelled,
        "agreement": one.agreement,
        "agreement_interval": one.agreement_interval,
        "scores": one.scored,
        "difference": one.difference,
        "difference_interval": one.difference_interval if one.scored else None,
        "difference_sd": one.sd,
        "difference_quantiles": {f"{at:g}": value for at, value in one.quantiles.items()},
        "correlation": one.correlation,
        "correlation_interval": one.correlation_interval,
    }


def _quality(one: "Quality") -> dict[str, object]:
    return {"predictions": one.predictions, "labelled": one.labelled} | dict(_figures(one))


def _figures(one: "Quality") -> list[tuple[str, float]]:
    score = one.calibration.n >= max(1, one.deviation.n)
    named = [("accuracy", one.confusion.accuracy), ("F1", one.confusion.f1)]
    if score:
        of = one.calibration
        named += [
            ("log loss", of.log_loss),
            ("Brier score", of.brier),
            ("calibration error", of.ece),
        ]
    else:
        named += [("MAE", one.deviation.mae), ("RMSE", one.deviation.rmse)]
    return [(name, value) for name, value in named if value is not None]


def _lines(found: "ModelComparison") -> list[object]:
    spec, joined, all_ = found.spec, found.shadow, found.agreement
    title = (
        f"Model {spec.model}, live {spec.live} and shadow {spec.shadow}: {all_.n:,} requests answered by both, "
        f"joined by {'trace' if spec.by == 'trace' else 'event'} id; {joined.live - all_.n:,} by the live one only,"
        f" {joined.shadow - all_.n:,} by the shadow only."
    )
    lines: list[object] = [title]
    if joined.repeated:
        lines.append(f"{joined.repeated:,} further predictions for a request are left out.")
    if not all_.enough:
        lines.append("Fewer than 30 requests: nothing can be concluded.")
    lines += ["", table(("what ", "value", "95 % interval"), _rows(all_)), ""]
    for (old, new), n in list(found.disagreements.items())[:_SHOWN]:
        lines.append(f"  {n:,} requests: live {short(old)}, shadow {short(new)}")
    lines += [
        f"  {result.outcome:8}  {result.detector}: {result.summary}" for result in found.shifts
    ]
    if found.quality:
        lines += ["", *_qualities(found)]
    if found.slices:
        rows = [
            (one.value or "(others)", *_short(one.agreement), "yes" if one.stands_out else "")
            for one in found.slices
        ]
        columns = (spec.segment or "", "requests ", "agreement", "mean difference", "stands out")
        lines += ["", table(columns, rows)]
    return lines


def _rows(one: "Agreement") -> list[tuple[str, str, str]]:
    rows = []
    if one.agreement is not None:
        rows.append(("same label", f"{one.agreement:.2%}", _share(one.agreement_interval)))
    if one.difference is not None:
        low, high = one.difference_interval
        rows.append(("mean of shadow - live", f"{one.difference:.4g}", f"{low:.4g} to {high:.4g}"))
        rows.append(("standard deviation", f"{one.sd:.4g}", ""))
        rows += [(f"{at:.0%} quantile", f"{value:.4g}", "") for at, value in one.quantiles.items()]
    if one.correlation is not None:
        low, high = one.correlation_interval
        rows.append(("correlation", f"{one.correlation:.4f}", f"{low:.4f} to {high:.4f}"))
    return rows


def _short(one: "Agreement") -> tuple[str, str, str]:
    share = one.agreement
    labels = "" if share is None else f"{share:.2%} ({_share(one.agreement_interval)})"
    low, high = one.difference_interval
    score = "" if one.difference is None else f"{one.difference:.4g} ({low:.4g} to {high:.4g})"
    return f"{one.n:,}", labels, score


def _share(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.2%} to {interval[1]:.2%}"


def _qualities(found: "ModelComparison") -> list[str]:
    return [
        f"version {version}, {one.labelled:,} labelled predictions: "
        + ", ".join(f"{name} {value:.4g}" for name, value in _figures(one))
        for version, one in found.quality.items()
    ]
