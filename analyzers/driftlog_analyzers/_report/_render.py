"""The view as one self-contained HTML page."""

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from driftlog_analyzers._report import _heatmap, _plots
from driftlog_analyzers._report._format import clip, number
from driftlog_analyzers._report._view import ReportData, build_view

_PACKAGE = "driftlog_analyzers._report"


def render_report(data: ReportData) -> str:
    """Write the report of one model.

    The page needs no network and no script. It stays under 2 MB with 60 features, 400 windows and
    100 alerts; beyond that, cells and lists are cut, and the page says so.

    Args:
        data: what was analysed, and what came of it.
    """
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["plots"] = _plots
    environment.globals["heatmap"] = _heatmap
    environment.filters.update(figures=number, short=_short)
    style = (files(_PACKAGE) / "style.css").read_text(encoding="utf-8")
    template = environment.get_template("report.html.j2")
    return template.render(view=build_view(data), style=Markup(style), letters=_heatmap.LETTERS)  # noqa: S704  our own file


def _short(text: str, length: int) -> Markup:
    shown = clip(text, length)
    title = Markup("") if shown == text else Markup(' title="{}"').format(text)
    return Markup("<bdi{}>{}</bdi>").format(title, shown)
