"""The report: one self-contained HTML file, made of values."""

from driftlog_analyzers._report._render import render_report
from driftlog_analyzers._report._view import ReportData

__all__ = ["ReportData", "render_report"]
